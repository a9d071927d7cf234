"""What the pages of this app show beside the rows themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from enrolments.listing import ListedOrder, ListedParticipant


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool


@cache
def tabs(path: str) -> tuple[Tab, ...]:
    """Enrolments and orders are two readings of the same history; beside them, what waits, and the calendar.

    `path`: of the page, one of the four.
    """
    places = [
        (_("Inscriptions"), reverse("enrolment_list")),
        (_("Commandes"), reverse("order_list")),
        (_("Liste d’attente"), reverse("waiting_list")),
        (_("Mon agenda"), reverse("calendar_settings")),
    ]
    return tuple(Tab(label, url, path == url) for label, url in places)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list: `summary` names its courses, `amount` is EUR HT of its active enrolments, None if hidden.

    `orderer`: its email, unless that is the person's own.
    """

    CHOICES: ClassVar = ("seats",)

    order: ListedOrder
    summary: str
    seats: int
    amount: Decimal | None
    orderer: str | None


def present_orders(orders: Iterable[ListedOrder], user: User) -> list[OrderRow]:
    """Rows for these orders, with their amounts where the person may see them (rule 6)."""
    return [
        OrderRow(
            order=order,
            summary=", ".join(dict.fromkeys(order.titles)),
            seats=len(order.titles),
            amount=order.amount or Decimal(0)
            if user.rights.sees_amounts(order.establishment_id, order.order_email)
            else None,
            orderer=None if order.order_email == user.email else order.order_email,
        )
        for order in orders
    ]


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """A colleague in a list, counted over the enrolments that the person may see. `hours`: attended."""

    participant: ListedParticipant
    enrolment_count: int
    hours: Decimal
    last_on: date | None
    next_on: date | None


def present_participants(participants: Sequence[ListedParticipant]) -> list[ParticipantRow]:
    """Rows for these people."""
    rows = []
    for participant in participants:
        figures = participant.figures or {}
        rows.append(
            ParticipantRow(
                participant=participant,
                enrolment_count=figures.get("count", 0),
                hours=Decimal(figures.get("hours") or 0),
                last_on=_day(figures.get("last")),
                next_on=_day(figures.get("next")),
            )
        )
    return rows


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
