"""Accesses, invitations and companies, as staff change them, and the services that accesses go through."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.admin.base import constraint_of
from accounts.admin.companies import EstablishmentForm
from accounts.document_types import DocumentType
from accounts.models import Access, Company, Establishment, EstablishmentGrant, Invitation, RemovedAccess, User
from accounts.roles import Role
from tests.admin_rows import ROWS, change, unchanged
from tests.conftest import ClientFor
from tests.worlds import World, give_access, make_siret, make_user

ACCESSES = reverse("admin:accounts_access_changelist")


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


def types_of(user: User, establishment: Establishment) -> set[str]:
    rows = EstablishmentGrant.objects.filter(user=user, content_object=establishment)
    return set(rows.values_list("permission__codename", flat=True))


def test_ticking_types_writes_the_grants_and_keeps_the_erp_away(world: World, staff: Client) -> None:
    access = Access.objects.get(user=world.personas["standard"])
    page = staff.get(change(access))
    assert page.context["adminform"].form["document_types"].value() == [DocumentType.FACTURE]
    answer = staff.post(change(access), {"role": Role.STANDARD, "document_types": ["convention", "attestation"]})
    assert answer.status_code == 302
    access.refresh_from_db()
    assert types_of(access.user, access.establishment) == {"view_convention", "view_attestation"}
    assert access.decided_in_portal == ["role", "types"]


def test_an_administrator_keeps_no_ticked_type(world: World, staff: Client) -> None:
    access = Access.objects.get(user=world.personas["standard"])
    staff.post(change(access), {"role": Role.ADMINISTRATOR, "document_types": ["convention"]})
    assert types_of(access.user, access.establishment) == set()
    assert world.lille.pk in User.objects.rights_of(access.user_id).administered


def test_giving_an_access_again_forgets_that_it_was_removed(world: World, staff: Client) -> None:
    user = world.personas["ex_member"]
    posted = {"user": user.pk, "establishment": world.lille.pk, "role": Role.STANDARD, "document_types": ["facture"]}
    assert staff.post(reverse("admin:accounts_access_add"), posted).status_code == 302
    access = Access.objects.get(user=user, establishment=world.lille)
    assert access.granted_by == world.personas["staff"]
    assert access.decided_in_portal == ["role", "types"]
    assert types_of(user, world.lille) == {"view_facture"}
    assert not RemovedAccess.objects.filter(user=user).exists()


def test_a_second_access_to_the_same_place_is_refused_in_french(world: World, staff: Client) -> None:
    posted = {"user": world.personas["standard"].pk, "establishment": world.lille.pk, "role": Role.STANDARD}
    answer = staff.post(reverse("admin:accounts_access_add"), posted)
    assert "Cette personne a déjà un accès à cet établissement." in answer.text


@pytest.mark.parametrize("road", ["page", "action"])
def test_removing_an_access_remembers_it(world: World, staff: Client, road: str) -> None:
    access = Access.objects.get(user=world.personas["standard"])
    if road == "page":
        staff.post(reverse("admin:accounts_access_delete", args=[access.pk]), {"post": "yes"})
    else:
        staff.post(ACCESSES, {"action": "delete_selected", "_selected_action": [access.pk], "post": "yes"})
    assert not Access.objects.filter(pk=access.pk).exists()
    assert types_of(access.user, access.establishment) == set()
    removed = RemovedAccess.objects.get(user=access.user, establishment=access.establishment)
    assert removed.removed_by == world.personas["staff"]


@pytest.mark.parametrize("road", ["page", "action", "lower", "end"])
def test_staff_do_not_remove_their_own_administrator_right(world: World, staff: Client, road: str) -> None:
    access = give_access(world.personas["staff"], world.nice, Role.ADMINISTRATOR)
    if road == "page":
        staff.post(reverse("admin:accounts_access_delete", args=[access.pk]), {"post": "yes"})
    elif road == "action":
        staff.post(ACCESSES, {"action": "delete_selected", "_selected_action": [access.pk], "post": "yes"})
    else:
        posted: dict[str, Any] = {"role": Role.STANDARD if road == "lower" else Role.ADMINISTRATOR}
        if road == "end":
            posted |= {"ends_at_0": "01/01/2099", "ends_at_1": "12:00"}
        answer = staff.post(change(access), posted)
        assert "Personne ne retire son propre droit" in answer.text
    access.refresh_from_db()
    assert (access.role, access.ends_at) == (Role.ADMINISTRATOR, None)


def test_staff_may_leave_an_establishment_without_administrator(world: World, staff: Client) -> None:
    lyon = world.brume.establishments[0]
    [access] = Access.objects.filter(establishment=lyon)
    url = reverse("admin:accounts_access_remove_last", args=[access.pk])
    staff.post(url, {"reason": "Le site a fermé, appel de la direction"})
    assert not Access.objects.filter(establishment=lyon).exists()
    listed = staff.get(reverse("admin:accounts_establishment_changelist"), {"administrateur": "sans"})
    assert {row.pk for row in listed.context["cl"].result_list} == {lyon.pk, world.nice.pk}


def test_whoever_may_not_delete_accesses_removes_none(world: World, client_for: ClientFor) -> None:
    clerk = make_user("commis@ib.example", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_access", "change_access"]))
    browser, access = client_for(clerk), Access.objects.get(user=world.personas["neighbour"])
    for route in ("delete", "remove_last"):
        url = reverse(f"admin:accounts_access_{route}", args=[access.pk])
        assert browser.post(url, {"post": "yes", "reason": "Le site a fermé, appel"}).status_code == 403
    assert Access.objects.filter(pk=access.pk).exists()


def test_nobody_of_the_team_removes_themselves_as_the_last(world: World, staff: Client) -> None:
    own = give_access(world.personas["staff"], world.nice, Role.ADMINISTRATOR)
    url = reverse("admin:accounts_access_remove_last", args=[own.pk])
    assert staff.get(url).status_code == 403
    assert staff.post(url, {"reason": "Le site a fermé, appel de la direction"}).status_code == 403
    assert Access.objects.filter(pk=own.pk).exists()


def test_staff_hand_a_decision_back_to_the_erp(world: World, staff: Client) -> None:
    access = Access.objects.get(user=world.personas["standard"])
    Access.objects.filter(pk=access.pk).update(decided_in_portal=["role", "types"])
    staff.post(ACCESSES, {"action": "give_back", "_selected_action": [access.pk]})
    access.refresh_from_db()
    assert access.decided_in_portal == []


def test_an_invitation_is_revoked_not_edited(world: World, staff: Client) -> None:
    ROWS[Invitation](world, 2)
    waiting, accepted = Invitation.objects.order_by("pk")
    Invitation.objects.filter(pk=accepted.pk).update(accepted_at=timezone.now())
    listing = reverse("admin:accounts_invitation_changelist")
    staff.post(listing, {"action": "revoke", "_selected_action": [waiting.pk, accepted.pk]})
    waiting.refresh_from_db()
    accepted.refresh_from_db()
    assert waiting.revoked_at is not None
    assert accepted.revoked_at is None
    assert staff.post(change(waiting), {"email": "x@y.example"}).status_code == 403


def test_a_siret_of_another_company_is_refused_in_french(world: World, staff: Client) -> None:
    add = reverse("admin:accounts_establishment_add")
    posted = {"company": world.armor.company.pk, "name": "Ailleurs", "siret": make_siret(world.brume.company.siren, 77)}
    answer = staff.post(add, posted)
    assert answer.status_code == 200
    assert "Les neuf premiers chiffres du SIRET" in str(answer.context["errors"])
    posted["siret"] = make_siret(world.armor.company.siren, 77)
    assert staff.post(add, posted).status_code == 302
    assert Establishment.objects.filter(siret=posted["siret"]).count() == 1


def test_a_refusal_of_the_database_that_nobody_foresaw_is_raised(
    world: World, staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EstablishmentForm, "refusals", {})
    siret = make_siret(world.brume.company.siren, 77)
    posted = {"company": world.armor.company.pk, "name": "Ailleurs", "siret": siret}
    with pytest.raises(IntegrityError) as caught:
        staff.post(reverse("admin:accounts_establishment_add"), posted)
    assert constraint_of(caught.value) == "establishment_siret_of_its_company"
    assert not Establishment.objects.filter(siret=siret).exists()


def test_the_keys_of_the_erp_do_not_change(world: World, staff: Client) -> None:
    company, lille = world.armor.company, world.lille
    siren, siret = company.siren, lille.siret
    staff.post(
        change(company),
        {
            "siren": "552081317",
            "name": "Armor SA",
            "email_domains": "armor.example,armor.fr",
            **unchanged("establishments"),
        },
    )
    staff.post(
        change(lille),
        {"siret": "x", "company": world.brume.company.pk, "name": "Armor Lille Centre", **unchanged("accesses")},
    )
    company.refresh_from_db()
    lille.refresh_from_db()
    assert (company.siren, company.name, company.email_domains) == (siren, "Armor SA", ["armor.example", "armor.fr"])
    assert (lille.siret, lille.company, lille.name) == (siret, company, "Armor Lille Centre")


def test_companies_without_a_domain_are_found(world: World, staff: Client) -> None:
    Company.objects.filter(pk=world.brume.company.pk).update(email_domains=[])
    listed = staff.get(reverse("admin:accounts_company_changelist"), {"domaines": "sans"}).context["cl"].result_list
    assert list(listed) == [world.brume.company]
