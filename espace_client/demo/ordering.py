"""What the pages of ordering show from the first day: internal approval, drafts, what happened to orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

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
from .orders import APPROVING_FROM, APPROVING_PLACE, waits_for_approval
from .story import Story

APPROVER = "nadia.benali@solvane.example"
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
    lyon = story.places[APPROVING_PLACE]
    ApprovalPolicy.objects.create(establishment=lyon, active=True, threshold=APPROVING_FROM)
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
    """Placed at nine; approved at noon where that is asked; decided by our team the next morning, or not yet."""
    placed = story.at(order.placed_on)
    yield OrderEvent(order=order, kind=OrderEventKind.PLACED, at=placed, by=order.ordered_by)
    if order.state == OrderState.PENDING and _was_approved(story, order):
        approved = placed + timedelta(hours=3)
        yield OrderEvent(order=order, kind=OrderEventKind.APPROVED, at=approved, by=story.people[APPROVER])
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


def _was_approved(story: Story, order: Order) -> bool:
    place = next((key for key, one in story.places.items() if one.pk == order.establishment_id), None)
    return waits_for_approval(place, order.order_email, story.enrolments[order.pk])
