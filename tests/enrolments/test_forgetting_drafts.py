"""Drafts name people: they are kept as long as they serve, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from catalogue.models import Session
from enrolments.drafts import KEPT, KEPT_ONCE_PLACED, forget_drafts
from enrolments.models import DraftSeat, Order, OrderDraft
from enrolments.rosters import Named
from tests.enrolments.orders import coming_session, place, prepare
from tests.worlds import World

PERSON = (Named("Durand", "Luc", "luc.durand@armor.example"),)


def forgotten(draft: OrderDraft) -> bool:
    """Whether the chore, run now, forgets the draft and the names in it."""
    forget_drafts.call()
    is_gone = not OrderDraft.objects.filter(pk=draft.pk).exists()
    assert DraftSeat.objects.filter(draft=draft.pk).exists() is not is_gone
    return is_gone


def age(draft: OrderDraft, by: timedelta) -> None:
    OrderDraft.objects.filter(pk=draft.pk).update(updated_at=timezone.now() - by)


@pytest.fixture
def draft(world: World) -> OrderDraft:
    return prepare(world.personas["administrator"], coming_session(world), world.lille, named=PERSON)


@pytest.mark.parametrize(("later", "is_gone"), [(timedelta(hours=-1), False), (timedelta(hours=1), True)])
def test_one_that_nobody_touches(draft: OrderDraft, later: timedelta, is_gone: bool) -> None:
    age(draft, KEPT + later)
    assert forgotten(draft) is is_gone


@pytest.mark.parametrize(("days", "is_gone"), [(0, False), (1, True)])
def test_one_whose_session_began(draft: OrderDraft, days: int, is_gone: bool) -> None:
    began = timezone.localdate() - timedelta(days=days)
    Session.objects.filter(pk=draft.session_id).update(starts_on=began, ends_on=began + timedelta(days=2))
    assert forgotten(draft) is is_gone


@pytest.mark.parametrize(("later", "is_gone"), [(timedelta(hours=-1), False), (timedelta(hours=1), True)])
def test_one_that_became_an_order_leaves_the_order(draft: OrderDraft, later: timedelta, is_gone: bool) -> None:
    order = place(draft)
    age(draft, KEPT_ONCE_PLACED + later)
    assert forgotten(draft) is is_gone
    assert Order.objects.get(pk=order.pk).enrolments.count() == 1
