"""acces.csv: rights, which the portal's own decisions always win."""

from __future__ import annotations

import pytest

from accounts.document_types import DocumentType
from accounts.models import Access, EstablishmentGrant, User
from accounts.roles import Role
from accounts.services import remove_access, save_access
from tests.espace_client.drops import (
    LEA,
    LILLE,
    PAUL,
    RENNES,
    STRASBOURG,
    Drop,
    counted,
    establishment,
    reasons,
    refused,
)


def access(email: str, siret: str) -> Access:
    return Access.objects.select_related("user", "establishment").get(user__email=email, establishment__siret=siret)


def types(email: str, siret: str) -> frozenset[DocumentType]:
    """What the person's rights say, read as the portal reads them."""
    return User.objects.get(email=email).rights.types_in(establishment(siret).pk)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("staff@ib.example", "Un-mot-de-passe-1")


def test_administrators_and_standard_accesses(drop: Drop) -> None:
    drop.run()
    assert access(LEA, LILLE).role == Role.ADMINISTRATOR
    assert types(LEA, LILLE) == frozenset(DocumentType)
    assert access(LEA, STRASBOURG).role == Role.STANDARD
    assert types(LEA, STRASBOURG) == {DocumentType.FACTURE, DocumentType.ATTESTATION}
    assert EstablishmentGrant.objects.count() == 2  # administrators have none


def test_a_later_drop_changes_role_and_types(drop: Drop) -> None:
    drop.run()
    drop.rows["acces"][1]["documents"] = "convocation"
    assert counted(drop.run(), "acces") == (0, 1, 2, 0)
    assert types(LEA, STRASBOURG) == {DocumentType.CONVOCATION}
    drop.rows["acces"][1].update(niveau="Administrateur", documents="")
    assert counted(drop.run(), "acces") == (0, 1, 2, 0)
    assert types(LEA, STRASBOURG) == frozenset(DocumentType)
    assert not EstablishmentGrant.objects.exists()


def test_an_empty_list_of_types_opens_none(drop: Drop) -> None:
    drop.run()
    drop.rows["acces"][1]["documents"] = ""
    assert counted(drop.run(), "acces") == (0, 1, 2, 0)
    assert types(LEA, STRASBOURG) == frozenset()
    for row in drop.rows["acces"]:
        del row["documents"]
    drop.raw["acces"] = b"email;siret;niveau\n"
    assert "il manque documents" in reasons(drop.run())


def test_types_ticked_in_the_portal_stay(drop: Drop, staff: User) -> None:
    drop.run()
    save_access(access=access(LEA, STRASBOURG), types=[DocumentType.EVALUATION], actor=staff)
    drop.rows["acces"][1].update(niveau="administrateur")
    assert counted(drop.run(), "acces") == (0, 0, 3, 0)
    assert access(LEA, STRASBOURG).role == Role.STANDARD
    assert types(LEA, STRASBOURG) == {DocumentType.EVALUATION}


def test_only_what_was_decided_is_kept(drop: Drop) -> None:
    drop.run()
    decided = access(LEA, STRASBOURG)
    decided.decide(["types"])
    decided.save()
    drop.rows["acces"][1].update(niveau="administrateur", documents="")
    assert counted(drop.run(), "acces") == (0, 1, 2, 0)
    assert access(LEA, STRASBOURG).role == Role.ADMINISTRATOR


def test_an_access_removed_in_the_portal_is_not_given_back(drop: Drop, staff: User) -> None:
    drop.run()
    remove_access(access=access(LEA, STRASBOURG), actor=staff)
    assert counted(drop.run(), "acces") == (0, 0, 3, 0)
    assert not Access.objects.filter(user__email=LEA, establishment__siret=STRASBOURG).exists()
    assert types(LEA, STRASBOURG) == frozenset()


def test_an_access_given_in_the_portal_is_not_taken_away(drop: Drop, staff: User) -> None:
    drop.run()
    given = Access(user=User.objects.get(email=PAUL), establishment=establishment(LILLE), role=Role.STANDARD)
    save_access(access=given, types=[DocumentType.FACTURE], actor=staff)
    drop.run()
    assert types(PAUL, LILLE) == {DocumentType.FACTURE}


def test_an_access_to_an_establishment_that_is_not_there(drop: Drop) -> None:
    drop.rows["etablissements"].pop(1)
    run = drop.run()
    assert refused(run) == [("acces.csv", 3, "siret", STRASBOURG)]


def test_an_access_of_a_person_who_is_not_there(drop: Drop) -> None:
    drop.rows["acces"][2]["email"] = "nobody@valdoise.example"
    run = drop.run()
    assert refused(run) == [("acces.csv", 4, "email", "nobody@valdoise.example")]


@pytest.mark.parametrize(
    ("column", "value"), [("niveau", "invité"), ("niveau", ""), ("documents", "facture|devis"), ("siret", "")]
)
def test_accesses_that_can_not_be_taken(drop: Drop, column: str, value: str) -> None:
    drop.rows["acces"][1][column] = value
    run = drop.run()
    assert refused(run) == [("acces.csv", 3, column, value)]
    assert not Access.objects.filter(establishment__siret=STRASBOURG).exists()


def test_a_drop_never_takes_the_last_administrator(drop: Drop) -> None:
    drop.run()
    drop.row("acces", LEA)["niveau"] = "standard"
    run = drop.run()
    assert refused(run) == [("acces.csv", 2, "niveau", "standard")]
    assert access(LEA, LILLE).role == Role.ADMINISTRATOR


def test_but_one_may_follow_another_wherever_their_lines_are(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("espace_client.erp.engine.LINES", 1)
    drop.run()
    drop.row("acces", LEA).update(niveau="standard", documents="facture")
    drop.add("acces", email=PAUL, siret=LILLE, niveau="administrateur")
    run = drop.run()
    assert counted(run, "acces") == (1, 1, 2, 0)
    assert types(LEA, LILLE) == {DocumentType.FACTURE}
    assert access(PAUL, LILLE).role == Role.ADMINISTRATOR


def test_two_last_administrators_are_not_taken_together(drop: Drop) -> None:
    drop.add("acces", email=PAUL, siret=LILLE, niveau="administrateur")
    drop.run()
    for row in drop.rows["acces"]:
        if row["siret"] == LILLE:
            row["niveau"] = "standard"
    run = drop.run()
    assert counted(run, "acces") == (0, 1, 2, 1)
    assert Access.objects.filter(establishment__siret=LILLE, role=Role.ADMINISTRATOR).count() == 1


def test_rights_of_one_establishment_open_no_other(drop: Drop) -> None:
    drop.run()
    assert types(PAUL, LILLE) == frozenset()
    assert types(LEA, RENNES) == frozenset()
