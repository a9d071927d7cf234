"""What is never false about people, companies and accesses: each rule of the database is broken here, and holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.journal import record
from accounts.models import (
    Access,
    AccessEvent,
    AccessEventType,
    Company,
    Establishment,
    Invitation,
    RemovedAccess,
    User,
)
from accounts.roles import Role
from tests.constraints import Side, refused, sides
from tests.worlds import make_siren, make_siret, make_user

__all__ = ["sides"]
Sides = tuple[Side, Side]


def test_an_address_is_one_account_in_lower_case(db: None) -> None:
    make_user("lea@armor.example")
    with refused("user_email_unique"):
        User.objects.create(email="lea@armor.example")
    with refused("user_email_lower_case"):
        User.objects.create(email="Lea@armor.example")
    with refused("user_email_lower_case"):
        User.objects.filter(email="lea@armor.example").update(email="LEA@armor.example")


@pytest.mark.parametrize("siren", ["12345678", "12345678A", "", "１２３４５６７８９"])
def test_a_siren_is_nine_digits(db: None, siren: str) -> None:
    with refused("company_siren_digits"):
        Company.objects.create(siren=siren, name="Armor")


@pytest.mark.parametrize("tail", ["0001", "0001X", "000 1"])
def test_a_siret_is_fourteen_digits(sides: Sides, tail: str) -> None:
    company = sides[0].company
    with refused("establishment_siret_digits"):
        Establishment.objects.create(company=company, siret=company.siren + tail, name="x")


def test_siren_and_siret_are_keys(sides: Sides) -> None:
    armor, _brume = sides
    with refused("accounts_company_siren_key"):
        Company.objects.create(siren=armor.company.siren, name="Autre")
    with refused("accounts_establishment_siret_key"):
        Establishment.objects.create(company=armor.company, siret=armor.establishment.siret, name="Autre")


def test_a_siret_begins_with_the_siren_of_its_company(sides: Sides) -> None:
    armor, brume = sides
    with refused("establishment_siret_of_its_company"):
        Establishment.objects.create(company=armor.company, siret=make_siret(brume.company.siren, 9), name="x")
    with refused("establishment_siret_of_its_company"):
        Establishment.objects.filter(pk=armor.second.pk).update(siret=make_siret(brume.company.siren, 9))
    Establishment.objects.filter(pk=armor.second.pk).update(siret=make_siret(armor.company.siren, 9))


def test_an_establishment_stays_in_its_company(sides: Sides) -> None:
    armor, brume = sides
    moved = make_siret(brume.company.siren, 9)
    with refused("establishment_company_fixed"):
        Establishment.objects.filter(pk=armor.establishment.pk).update(siret=moved, company=brume.company)


def test_a_company_with_establishments_keeps_its_siren(sides: Sides) -> None:
    armor, _brume = sides
    with refused("company_siren_fixed"):
        Company.objects.filter(pk=armor.company.pk).update(siren=make_siren(55208131))
    Company.objects.filter(pk=armor.company.pk).update(name="Armor SA", siren=armor.company.siren)
    alone = Company.objects.create(siren=make_siren(55208131), name="Seule")
    Company.objects.filter(pk=alone.pk).update(siren=make_siren(55208132))


def test_a_person_has_one_access_to_an_establishment(sides: Sides) -> None:
    armor, now = sides[0], timezone.now()
    user = make_user("lea@armor.example")
    access = Access.objects.create(user=user, establishment=armor.establishment, role=Role.STANDARD)
    with refused("access_one_per_person_and_establishment"):
        Access.objects.create(user=user, establishment=armor.establishment, role=Role.ADMINISTRATOR)
    with refused("access_role_known"):
        Access.objects.create(user=user, establishment=armor.second, role="owner")
    with refused("access_ends_after_it_begins"):
        Access.objects.filter(pk=access.pk).update(ends_at=now - timedelta(days=1))
    with refused("access_ends_after_it_begins"):
        Access.objects.filter(pk=access.pk).update(granted_at=now, ends_at=now)


def test_an_access_is_remembered_as_removed_once(sides: Sides) -> None:
    user = make_user("lea@armor.example")
    RemovedAccess.objects.create(user=user, establishment=sides[0].establishment)
    with refused("removed_access_once"):
        RemovedAccess.objects.create(user=user, establishment=sides[0].establishment)


def test_the_journal_of_accesses_only_grows(sides: Sides) -> None:
    line = record(
        actor=None,
        establishment=sides[0].establishment,
        subject_email="lea@armor.example",
        event=AccessEventType.GIVEN,
    )
    with refused("access_event_never_changes"):
        AccessEvent.objects.filter(pk=line.pk).update(subject_email="zoe@armor.example")
    with refused("access_event_never_changes"):
        AccessEvent.objects.filter(pk=line.pk).delete()
    with refused("access_event_known"):
        AccessEvent.objects.create(event="autre", subject_email="lea@armor.example")


def test_a_closed_account_is_inactive(sides: Sides) -> None:
    user = make_user("lea@armor.example")
    with refused("user_closed_is_inactive"):
        User.objects.filter(pk=user.pk).update(closed_at=timezone.now())
    User.objects.filter(pk=user.pk).update(closed_at=timezone.now(), is_active=False)


def invitation(side: Side, **fields: Any) -> Invitation:
    values = {"email": "lea@armor.example", "role": Role.STANDARD, "token_hash": str(Invitation.objects.count())}
    expires = timezone.now() + timedelta(days=14)
    return Invitation.objects.create(establishment=side.establishment, **{"expires_at": expires, **values, **fields})


def test_an_invitation_is_bound_to_one_address_and_one_end(sides: Sides) -> None:
    armor, now = sides[0], timezone.now()
    first = invitation(armor)
    with refused("invitation_one_open_per_address_and_establishment"):
        invitation(armor, token_hash="autre")
    with refused("accounts_invitation_token_hash_key"):
        invitation(armor, email="zoe@armor.example", token_hash=first.token_hash)
    with refused("invitation_email_lower_case"):
        invitation(armor, email="Zoe@armor.example")
    with refused("invitation_role_known"):
        invitation(armor, email="zoe@armor.example", role="")
    with refused("invitation_expires_after_sent"):
        invitation(armor, email="zoe@armor.example", expires_at=now - timedelta(days=1))
    with refused("invitation_not_both_accepted_and_revoked"):
        Invitation.objects.filter(pk=first.pk).update(accepted_at=now, revoked_at=now)
    Invitation.objects.filter(pk=first.pk).update(revoked_at=now)
    invitation(armor)
