"""Closing one's account: never leaving an establishment without an administrator, at whatever moment (rule 4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import closing
from accounts.closing import LastAdministratorError, TeamAccountError, alone_in, close_account
from accounts.document_types import DocumentType
from accounts.models import Access, AccessEvent, Company, Establishment, EstablishmentGrant, RemovedAccess, User
from accounts.notifications import NotificationKind, choose
from accounts.roles import Role
from accounts.services import remove_access
from documents.models import Document
from enrolments.models import Order
from tests.accounts.test_accounts import log_in
from tests.conftest import ClientFor
from tests.constraints import at_the_same_time
from tests.worlds import PASSWORD, World, give_access, make_siren, make_siret, make_user


def test_everything_of_ones_own_ends_and_the_history_stays(world: World) -> None:
    user = world.personas["member_of_two"]
    User.objects.filter(pk=user.pk).update(phone="06", job_title="DAF", shown_establishments=[world.nice.pk])
    choose(user=user, wanted=[NotificationKind.ORDERS])
    client, _status = log_in(user.email)
    orders, documents = Order.objects.count(), Document.objects.count()
    close_account(user=user)
    assert client.get(reverse("dashboard")).status_code == 302
    assert log_in(user.email)[0].get(reverse("dashboard")).status_code == 302
    closed = User.objects.get(pk=user.pk)
    assert not closed.is_active
    assert closed.closed_at
    assert closed.get_full_name() == user.get_full_name()
    assert (closed.phone, closed.job_title, closed.shown_establishments) == ("", "", [])
    assert not closed.has_usable_password()
    assert not Access.objects.filter(user=user).exists()
    assert not EstablishmentGrant.objects.filter(user=user).exists()
    assert RemovedAccess.objects.filter(user=user).count() == 2, "no ERP drop gives them back"
    assert not EmailAddress.objects.get(user=user).verified, "whoever reopens it has to prove the address anew"
    assert (Order.objects.count(), Document.objects.count()) == (orders, documents)
    told = AccessEvent.objects.filter(event="account_closed").values_list("establishment_name", flat=True)
    assert sorted(told) == ["", "Armor Lille", "Armor Nice"]
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([user.email], "Votre compte est fermé")
    close_account(user=user)
    assert len(mail.outbox) == 1, "closing twice closes once"


def test_the_last_administrator_is_refused_and_told_why(world: World) -> None:
    user = world.personas["administrator"]
    Access.objects.filter(user=world.personas["member_of_two"], establishment=world.lille).delete()
    assert alone_in(user) == [world.lille], "the delegation that ended does not count"
    with pytest.raises(LastAdministratorError, match="Armor Lille"):
        close_account(user=user)
    assert User.objects.get(pk=user.pk).is_active
    temporary = make_user("interim@armor.example")
    give_access(temporary, world.lille, Role.ADMINISTRATOR, ends_at=timezone.now() + timedelta(days=9))
    with pytest.raises(LastAdministratorError):
        close_account(user=user)
    inactive = make_user("parti@armor.example", is_active=False)
    give_access(inactive, world.lille, Role.ADMINISTRATOR)
    with pytest.raises(LastAdministratorError):
        close_account(user=user)
    give_access(make_user("autre.chef@armor.example"), world.lille, Role.ADMINISTRATOR)
    close_account(user=user)
    assert not User.objects.get(pk=user.pk).is_active


@pytest.mark.parametrize("persona", ["standard", "responsable", "unverified", "ex_member", "delegate_ended"])
def test_whoever_administers_nothing_closes_freely(persona: str, world: World) -> None:
    close_account(user=world.personas[persona])
    assert not User.objects.get(pk=world.personas[persona].pk).is_active


def test_an_account_of_the_team_is_not_closed_here(world: World) -> None:
    with pytest.raises(TeamAccountError):
        close_account(user=world.personas["staff"])


# --- The page -----------------------------------------------------------------------------------------------------


def reauthenticated(email: str) -> Client:
    """A browser in which the person has just given their password."""
    client, _status = log_in(email)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_the_page_asks_who_one_is_and_says_what_will_happen(world: World, client_for: ClientFor) -> None:
    user = world.personas["member_of_two"]
    stranger = client_for(user)
    for answer in (stranger.get(reverse("account_close")), stranger.post(reverse("account_close"))):
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert User.objects.get(pk=user.pk).is_active
    client = reauthenticated(user.email)
    page = client.get(reverse("account_close")).text
    assert "Vos accès à 2 établissements prennent fin." in page
    assert "8 inscriptions" in page
    answer = client.post(reverse("account_close"), follow=True)
    assert answer.redirect_chain == [(reverse("account_login"), 302)]
    assert "Votre compte est fermé" in answer.text
    assert not User.objects.get(pk=user.pk).is_active


def test_the_page_names_what_holds_one_back(world: World) -> None:
    client = reauthenticated("voisin@brume.example")
    for answer in (client.get(reverse("account_close")), client.post(reverse("account_close"))):
        assert answer.status_code == 200
        assert "Brume Lyon" in answer.text
        assert "Fermer définitivement" not in answer.text
    team = reauthenticated("equipe@ib.example")
    assert team.post(reverse("account_close")).status_code == 200
    assert User.objects.filter(is_active=True, email="equipe@ib.example").exists()


# --- At the same moment -------------------------------------------------------------------------------------------


@pytest.fixture
def pair(transactional_db: None) -> tuple[User, User]:
    """The two administrators of one establishment."""
    siren = make_siren(82281866)
    company = Company.objects.create(siren=siren, name="Armor")
    place = Establishment.objects.create(company=company, siret=make_siret(siren, 1), name="Armor Lille")
    people = make_user("un@armor.example"), make_user("deux@armor.example")
    for one in people:
        give_access(one, place, Role.ADMINISTRATOR)
    return people


def administrators() -> int:
    return Access.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True).count()


def closes(user: User) -> bool:
    try:
        close_account(user=user)
    except LastAdministratorError:
        return False
    return True


def both_close(pair: tuple[User, User]) -> list[bool]:
    done: list[bool] = []
    assert not at_the_same_time(lambda: done.append(closes(pair[0])), lambda: done.append(closes(pair[1])))
    return done


def test_two_administrators_who_close_at_once_leave_exactly_one(pair: tuple[User, User]) -> None:
    assert sorted(both_close(pair)) == [False, True]
    assert administrators() == 1


def test_without_the_lock_both_would_be_gone(pair: tuple[User, User], monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that the test above sees the race."""
    monkeypatch.setattr(closing, "_lock_establishments", lambda user: None)
    assert both_close(pair) == [True, True]
    assert administrators() == 0


def test_one_who_closes_while_the_other_is_removed_stays(pair: tuple[User, User]) -> None:
    first, second = pair
    done: list[bool] = []
    access = Access.objects.select_related("user", "establishment").get(user=second)
    assert not at_the_same_time(lambda: remove_access(access=access, actor=first), lambda: done.append(closes(first)))
    assert done == [False]
    assert administrators() == 1


def test_a_standard_access_given_meanwhile_ends_too(world: World) -> None:
    user = world.personas["responsable"]
    give_access(user, world.nice, Role.STANDARD, [DocumentType.FACTURE])
    close_account(user=user)
    assert not User.objects.rights_of(user.pk).establishments
