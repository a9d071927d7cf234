"""What the pages of this app show beside the rows themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from enrolments.models import EnrolmentQuerySet, EnrolmentState, Order, Participant

ATTENDED = (EnrolmentState.PRESENT, EnrolmentState.PARTIAL)


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


def tabs(request: HttpRequest) -> list[Tab]:
    """Enrolments and orders are two readings of the same history."""
    places = [(_("Inscriptions"), reverse("enrolment_list")), (_("Commandes"), reverse("order_list"))]
    return [Tab(label, url, request.path == url) for label, url in places]


@dataclass
class OrderRow:
    """An order in a list: `summary` names its courses, `amount` is EUR HT of its active enrolments, None if hidden."""

    order: Order
    summary: str
    seats: int
    amount: Decimal | None


def present_orders(orders: Sequence[Order], enrolments: EnrolmentQuerySet, user: User) -> list[OrderRow]:
    """Rows for these orders, in one query; `enrolments` are those that the person may see."""
    by_order: dict[int, list[tuple[str, Decimal]]] = {order.pk: [] for order in orders}
    lines = enrolments.active().filter(order__in=by_order)
    for order_id, title, price in lines.values_list("order_id", "session__course__title", "price").order_by("pk"):
        by_order[order_id].append((title, price))
    return [
        OrderRow(
            order=order,
            summary=", ".join(dict.fromkeys(title for title, _price in by_order[order.pk])),
            seats=len(by_order[order.pk]),
            amount=_total(by_order[order.pk]) if order.shows_amounts_to(user) else None,
        )
        for order in orders
    ]


def _total(lines: Iterable[tuple[str, Decimal]]) -> Decimal:
    return sum((price for _title, price in lines), Decimal(0))


@dataclass
class ParticipantRow:
    """A colleague in a list, counted over the enrolments that the person may see. `hours`: attended."""

    participant: Participant
    enrolment_count: int
    hours: Decimal
    last_on: date | None
    next_on: date | None


def present_participants(participants: Sequence[Participant], enrolments: EnrolmentQuerySet) -> list[ParticipantRow]:
    """Rows for these people, in one query; `enrolments` are those that the person may see."""
    today = timezone.localdate()
    figures: dict[int | None, Any] = {
        row["participant_id"]: row
        for row in enrolments.active()
        .filter(participant__in=[participant.pk for participant in participants])
        .order_by()
        .values("participant_id")
        .annotate(
            count=Count("pk"),
            attended=Sum("hours", filter=Q(state__in=ATTENDED)),
            last=Max("starts_on", filter=Q(starts_on__lt=today, state__in=ATTENDED)),
            next=Min("starts_on", filter=Q(starts_on__gte=today)),
        )
    }
    rows = []
    for participant in participants:
        row = figures.get(participant.pk, {})
        rows.append(
            ParticipantRow(
                participant=participant,
                enrolment_count=row.get("count", 0),
                hours=row.get("attended") or Decimal(0),
                last_on=row.get("last"),
                next_on=row.get("next"),
            )
        )
    return rows
