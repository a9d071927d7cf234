"""responsables.csv: accounts that open nothing until their address is proved."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from accounts.services import verify_login_address
from enrolments.models import Order
from tests.espace_client.drops import LEA, Drop, counted, refused


def test_what_is_kept_of_a_person(drop: Drop) -> None:
    drop.rows["responsables"][0]["email"] = " Lea@ARMOREL.Example"
    drop.run()
    lea = User.objects.get(email=LEA)
    assert (lea.civility, lea.last_name, lea.first_name) == ("Mme", "Noël", "Léa")
    assert (lea.job_title, lea.phone) == ("Responsable formation", "03 53 69 94 51")
    assert not lea.is_staff


def test_an_imported_address_opens_nothing_until_it_is_proved(drop: Drop) -> None:
    drop.run()
    lea = User.objects.get(email=LEA)
    assert not lea.has_usable_password()
    address = EmailAddress.objects.get(user=lea)
    assert (address.email, address.verified, address.primary) == (LEA, False, True)
    assert set(Order.objects.visible_to(lea).values_list("number", flat=True)) == {"CMD1"}  # by her access alone
    verify_login_address(user=lea)
    lea = User.objects.get(pk=lea.pk)
    assert set(Order.objects.visible_to(lea).values_list("number", flat=True)) == {"CMD1", "CMD3"}


def test_a_later_drop_leaves_password_and_proof_alone(drop: Drop) -> None:
    drop.run()
    lea = User.objects.get(email=LEA)
    verify_login_address(user=lea)
    lea.set_password("Un-mot-de-passe-1")
    lea.save()
    drop.rows["responsables"][0]["telephone"] = "01 02 03 04 05"
    run = drop.run()
    assert counted(run, "responsables") == (0, 1, 1, 0)
    lea.refresh_from_db()
    assert lea.phone == "01 02 03 04 05"
    assert lea.check_password("Un-mot-de-passe-1")
    assert EmailAddress.objects.get(user=lea).verified


def test_names_corrected_in_the_portal_stay(drop: Drop) -> None:
    drop.run()
    lea = User.objects.get(email=LEA)
    lea.last_name = "Noël-Dupont"
    lea.decide(["last_name"])
    lea.save()
    drop.rows["responsables"][0].update(nom="NOEL", prenom="Lea")
    run = drop.run()
    assert counted(run, "responsables") == (0, 1, 1, 0)
    lea.refresh_from_db()
    assert (lea.last_name, lea.first_name) == ("Noël-Dupont", "Lea")
    assert counted(drop.run(), "responsables") == (0, 0, 2, 0)


def test_someone_who_signed_up_before_is_recognised(drop: Drop) -> None:
    lea = User.objects.create_user(LEA, "Un-mot-de-passe-1")
    run = drop.run()
    assert counted(run, "responsables") == (1, 1, 0, 0)
    lea.refresh_from_db()
    assert lea.first_name == "Léa"
    assert lea.check_password("Un-mot-de-passe-1")


@pytest.mark.parametrize(
    ("column", "value"),
    [("email", "lea"), ("email", "léa@armorel.example"), ("civilite", "Docteur"), ("nom", "x" * 101)],
)
def test_people_who_can_not_be_taken(drop: Drop, column: str, value: str) -> None:
    drop.rows["responsables"][0][column] = value
    run = drop.run()
    assert refused(run)[0] == ("responsables.csv", 2, column, value)
    assert [line[:3] for line in refused(run)[1:]] == [("acces.csv", 2, "email"), ("acces.csv", 3, "email")]
    assert not User.objects.filter(email=LEA).exists()
