"""Giving and removing accesses: who may, and what is read again inside the lock (rule 4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import (
    Access,
    AccessEvent,
    AccessReview,
    Establishment,
    EstablishmentGrant,
    Invitation,
    User,
)
from accounts.requests import person
from accounts.roles import Role
from accounts.services import OwnAdministratorRightError, remove_access, save_access
from tests.admin_rows import ROWS
from tests.worlds import World


def types_of(user: User, establishment: Establishment) -> set[str]:
    rows = EstablishmentGrant.objects.filter(user=user, content_object=establishment)
    return set(rows.values_list("permission__codename", flat=True))


OUTSIDERS = ["standard", "neighbour", "ex_member", "delegate_ended", "responsable", "unverified"]


@pytest.mark.parametrize("persona", OUTSIDERS)
def test_only_staff_and_administrators_give_and_remove(world: World, persona: str) -> None:
    actor, access = world.personas[persona], Access.objects.get(user=world.personas["standard"])
    with pytest.raises(PermissionDenied):
        remove_access(access=access, actor=actor)
    access.role = Role.ADMINISTRATOR
    with pytest.raises(PermissionDenied):
        save_access(access=access, types=[], actor=actor)
    new = Access(user=world.personas["ex_member"], establishment=world.lille, role=Role.STANDARD)
    with pytest.raises(PermissionDenied):
        save_access(access=new, types=DocumentType, actor=actor)
    assert Access.objects.get(pk=access.pk).role == Role.STANDARD


def test_an_administrator_removes_another_and_never_themselves(world: World) -> None:
    first, second = world.personas["administrator"], world.personas["member_of_two"]
    own = Access.objects.get(user=first, establishment=world.lille)
    with pytest.raises(OwnAdministratorRightError):
        remove_access(access=own, actor=first)
    assert remove_access(access=Access.objects.get(user=second, establishment=world.lille), actor=first)
    assert not User.objects.rights_of(second.pk).administered
    assert types_of(second, world.nice) == {"view_convocation"}, "what they have elsewhere stays"


def test_the_actors_right_is_read_again_when_it_counts(world: World) -> None:
    actor = world.personas["administrator"]
    assert actor.rights.administered, "read and cached, as in the request that is about to lose it"
    Access.objects.filter(user=actor).delete()
    with pytest.raises(PermissionDenied):
        remove_access(access=Access.objects.get(user=world.personas["standard"]), actor=actor)


def test_removing_what_is_gone_says_so(world: World) -> None:
    access = Access.objects.get(user=world.personas["standard"])
    assert remove_access(access=access, actor=world.personas["staff"])
    assert not remove_access(access=access, actor=world.personas["staff"])


def test_staff_who_left_the_team_decide_nothing(world: World) -> None:
    boss = world.personas["staff"]
    User.objects.filter(pk=boss.pk).update(is_active=False)
    with pytest.raises(PermissionDenied):
        remove_access(access=Access.objects.get(user=world.personas["standard"]), actor=boss)


def test_an_administrator_whose_account_was_closed_decides_nothing(world: World) -> None:
    boss = world.personas["administrator"]
    User.objects.filter(pk=boss.pk).update(is_active=False)
    assert not User.objects.rights_of(boss.pk).establishments
    with pytest.raises(PermissionDenied):
        remove_access(access=Access.objects.get(user=world.personas["standard"]), actor=boss)


def test_nobody_lowers_or_ends_their_own_administrator_right(world: World) -> None:
    boss = world.personas["administrator"]
    for changed in ({"role": Role.STANDARD}, {"ends_at": timezone.now() + timedelta(days=9)}):
        own = Access.objects.get(user=boss)
        for name, value in changed.items():
            setattr(own, name, value)
        with pytest.raises(OwnAdministratorRightError):
            save_access(access=own, types=[], actor=boss)
    own = Access.objects.get(user=boss)
    assert (own.role, own.ends_at) == (Role.ADMINISTRATOR, None)


@pytest.mark.parametrize("model", [Access, AccessEvent, AccessReview, Establishment, Invitation])
def test_whoever_is_not_logged_in_sees_none(model: Any, world: World) -> None:
    AccessReview.objects.create(establishment=world.lille, accesses=3)
    ROWS[Invitation](world, 1)
    assert model.objects.exists()
    assert not model.objects.visible_to(AnonymousUser()).exists()


@pytest.mark.parametrize("model", [Access, Establishment])
def test_whoever_is_not_logged_in_manages_none(model: Any, world: World) -> None:
    assert model.objects.exists()
    assert not model.objects.manageable_by(AnonymousUser()).exists()


def test_a_view_that_forgot_to_ask_for_a_login_is_refused_the_person() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with pytest.raises(PermissionDenied):
        person(request)
    request.user = known = User(email="lea@armor.example")
    assert person(request) is known
