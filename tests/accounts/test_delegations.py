"""Accesses with an end date, and what somebody whose own right ends may do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.changing import change_access, take_away
from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.roles import Role
from tests.accounts.test_changing import LIST, accountant, browser, change, remove
from tests.conftest import ClientFor
from tests.worlds import World, give_access, make_user

__all__ = ["accountant", "browser"]


def test_a_delegation_stops_by_itself(world: World, browser: Client, accountant: Access, client_for: ClientFor) -> None:
    today = timezone.localdate()
    posted = {"role": "administrator", "ends_on": today.isoformat()}
    browser.post(change(accountant) + "?confirme=1", posted)
    accountant.refresh_from_db()
    assert accountant.ends_at is not None
    local = timezone.localtime(accountant.ends_at)
    assert (local.date(), local.hour) == (today + timedelta(days=1), 0), "until the end of that day, in Paris"
    session = client_for(accountant.user)
    assert session.get(LIST).status_code == 200
    Access.objects.filter(pk=accountant.pk).update(
        granted_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(seconds=1)
    )
    assert session.get(LIST).status_code == 404, "no job had to run"
    assert not User.objects.rights_of(accountant.user_id).establishments


def test_an_ended_access_is_given_anew(world: World, browser: Client) -> None:
    ended = Access.objects.get(user=world.personas["delegate_ended"])
    browser.post(change(ended) + "?confirme=1", {"role": "standard", "preset": "factures"})
    ended.refresh_from_db()
    assert (ended.role, ended.ends_at, ended.granted_by) == (Role.STANDARD, None, world.personas["administrator"])
    assert "ends_at" in ended.decided_in_portal
    assert User.objects.rights_of(ended.user_id).granted == {world.lille.pk: {DocumentType.FACTURE}}


def test_a_delegate_never_leaves_the_establishment_without_a_lasting_administrator(world: World) -> None:
    neighbour = world.personas["neighbour"]
    lyon = world.brume.establishments[0]
    delegate = make_user("interim@brume.example")
    give_access(delegate, lyon, Role.ADMINISTRATOR, ends_at=timezone.now() + timedelta(days=9))
    last = Access.objects.get(user=neighbour)
    soon = timezone.now() + timedelta(days=3)
    with pytest.raises(ValidationError, match="dernier administrateur permanent"):
        take_away(access=last, actor=delegate)
    with pytest.raises(ValidationError, match="dernier administrateur permanent"):
        change_access(access=last, role=Role.STANDARD, types=[], ends_at=None, actor=delegate)
    with pytest.raises(ValidationError, match="dernier administrateur permanent"):
        change_access(access=last, role=Role.ADMINISTRATOR, types=[], ends_at=soon, actor=delegate)
    User.objects.filter(pk=give_access(make_user("b@brume.example"), lyon, Role.ADMINISTRATOR).user_id).update(
        is_active=False
    )
    with pytest.raises(ValidationError):
        take_away(access=last, actor=delegate)
    give_access(make_user("c@brume.example"), lyon, Role.ADMINISTRATOR)
    assert take_away(access=last, actor=delegate)


def test_a_delegate_does_not_lengthen_their_own_kind(world: World, accountant: Access) -> None:
    delegate, end = make_user("interim@armor.example"), timezone.now() + timedelta(days=9)
    give_access(delegate, world.lille, Role.ADMINISTRATOR, ends_at=end)
    for ends_at in (None, end + timedelta(days=1)):
        with pytest.raises(ValidationError, match="au-delà"):
            change_access(access=accountant, role=Role.ADMINISTRATOR, types=[], ends_at=ends_at, actor=delegate)
    assert change_access(access=accountant, role=Role.ADMINISTRATOR, types=[], ends_at=end, actor=delegate)


def test_the_page_says_why_a_delegate_may_not(world: World, client_for: ClientFor) -> None:
    lyon = world.brume.establishments[0]
    delegate = make_user("interim@brume.example")
    give_access(delegate, lyon, Role.ADMINISTRATOR, ends_at=timezone.now() + timedelta(days=9))
    last = Access.objects.get(user=world.personas["neighbour"])
    browser = client_for(delegate)
    assert "dernier administrateur permanent" in browser.post(remove(last)).text
    posted = {"role": "standard", "preset": "tout"}
    assert "dernier administrateur permanent" in browser.post(change(last) + "?confirme=1", posted).text
    last.refresh_from_db()
    assert last.role == Role.ADMINISTRATOR
