"""What the pages of ordering show from the first day: internal approval, drafts, what happened to orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from enrolments.models import (
    ApprovalPolicy,
    DraftSeat,
    Order,
    OrderDraft,
    OrderEvent,
    OrderEventKind,
    OrderState,
)
from enrolments.seats import seats_by_session, sells_online

from .cast import STAFF_EMAIL
from .story import Story

REASON = "Cette session est réservée aux titulaires de la certification : choisissez d’abord le niveau 1."
# Who left a draft, for which place, with how many known colleagues and seats without a name.
DRAFTS = (
    ("claire.fontaine@solvane.example", "lyon", 2, 1),
    ("nadia.benali@solvane.example", "toulouse", 3, 0),
    ("yves.morvan@morvan-associes.example", "morvan", 1, 0),
)


def make_ordering(story: Story) -> None:
    """After the orders and the states of their sessions."""
    _make_policies(story)
    _make_drafts(story)
    OrderEvent.objects.bulk_create(event for order in story.orders for event in _events(story, order))


def _make_policies(story: Story) -> None:
    """Lyon approves everything from 1 000 € HT; Toulouse switched it off."""
    ApprovalPolicy.objects.create(establishment=story.places["lyon"], active=True, threshold=Decimal(1000))
    ApprovalPolicy.objects.create(establishment=story.places["toulouse"], active=False)


def _make_drafts(story: Story) -> None:
    coming = sorted((one for one in story.sessions if sells_online(one, story.today)), key=lambda one: one.starts_on)
    seats = seats_by_session(coming)
    free = [one for one in coming if seats[one.pk].left >= 4 and one.starts_on > story.today + timedelta(days=20)]
    for rank, (email, place, known, unnamed) in enumerate(DRAFTS):
        draft = OrderDraft.objects.create(
            owner=story.people[email],
            session=free[rank * 3 % len(free)],
            establishment=story.places[place],
            order_email=email,
            unnamed_seats=unnamed,
            created_at=story.ago(rank + 1),
        )
        colleagues = story.staff_pool[place][:known]
        DraftSeat.objects.bulk_create(DraftSeat(draft=draft, participant=one) for one in colleagues)


def _events(story: Story, order: Order) -> Iterator[OrderEvent]:
    """Placed at nine; decided by our team the next morning, or not yet."""
    placed = story.at(order.placed_on)
    yield OrderEvent(order=order, kind=OrderEventKind.PLACED, at=placed, by=order.ordered_by)
    kinds = {
        OrderState.VALIDATED: OrderEventKind.VALIDATED,
        OrderState.REFUSED: OrderEventKind.REFUSED,
        OrderState.CANCELLED: OrderEventKind.WITHDRAWN,
    }
    kind = kinds.get(OrderState(order.state))
    if kind is None:
        return
    by = order.ordered_by if kind == OrderEventKind.WITHDRAWN else story.people[STAFF_EMAIL]
    word = REASON if kind == OrderEventKind.REFUSED else ""
    yield OrderEvent(order=order, kind=kind, at=placed + timedelta(hours=20), by=by, word=word)
