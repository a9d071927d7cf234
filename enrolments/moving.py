"""Giving orders another establishment or another email: what hangs on them follows, or nothing moves.

The database carries the reading keys to the enrolments and documents of an order. Participants can't follow by
themselves: each is known within one company, and other orders may name them. So the seats are emptied, the orders
moved, and the same people, as their new home knows them, seated again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import Establishment
from enrolments.models import Enrolment, Order, Participant
from enrolments.participants import Home, participants_by_key


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an order goes."""

    establishment: Establishment | None
    order_email: str

    @property
    def home(self) -> Home:
        return Home.of(self.establishment, self.order_email)


def bound_by_an_accord(destinations: Mapping[int, Destination]) -> set[int]:
    """Ids of the orders that can't go there: an enrolment of theirs has the price of another company's accord."""
    companies = {pk: destination.home.company_id for pk, destination in destinations.items()}
    accords = Enrolment.objects.filter(order__in=companies, accord__isnull=False)
    pairs = accords.values_list("order_id", "accord__company_id").distinct()
    return {order for order, company in pairs if company != companies[order]}


@transaction.atomic
def move_orders(destinations: Mapping[int, Destination]) -> None:
    """Move orders, by id, in a number of queries that does not depend on theirs.

    Check `bound_by_an_accord` first: the database raises IntegrityError for an order that it returns.
    """
    orders = list(
        Order.objects.select_for_update(of=["self"])
        .select_related("establishment")
        .filter(pk__in=destinations)
        .order_by("pk")
    )
    leaving = {
        order.pk for order in orders if Home.of(order.establishment, order.order_email) != destinations[order.pk].home
    }
    seats = list(
        Enrolment.objects.select_related("participant")
        .filter(order__in=leaving, participant__isnull=False)
        .order_by("pk")
    )
    Enrolment.objects.filter(pk__in=[seat.pk for seat in seats]).update(participant=None)
    for order in orders:
        order.establishment = destinations[order.pk].establishment
        order.order_email = destinations[order.pk].order_email
    Order.objects.bulk_update(orders, ["establishment", "order_email"], batch_size=500)
    _seat_again(seats, {seat.pk: destinations[seat.order_id].home for seat in seats})


def _seat_again(seats: Sequence[Enrolment], homes: Mapping[int, Home]) -> None:
    """Seat each participant's like in the new home: one that the ERP names so there, or the same row, or a copy."""
    wanted = {(homes[seat.pk], _participant(seat).pk): _participant(seat) for seat in seats}
    known = participants_by_key((home, source.erp_key) for (home, _pk), source in wanted.items() if source.erp_key)
    staying = _kept_by_others({source.pk for source in wanted.values()})
    like: dict[tuple[Home, int], Participant] = {}
    moved: list[Participant] = []
    copied: list[Participant] = []
    for (home, pk), source in wanted.items():
        found = known.get((home, source.erp_key)) if source.erp_key else None
        if found is None:
            found = _rehomed(source, home, as_copy=pk in staying or source.company_id is not None)
            (copied if found.pk is None else moved).append(found)
            staying.add(pk)  # the row itself moves once
            known[home, source.erp_key or f"#{pk}"] = found
        like[home, pk] = found
    Participant.objects.bulk_update(moved, ["company", "owner_email"])
    Participant.objects.bulk_create(copied)
    for seat in seats:
        seat.participant = like[homes[seat.pk], _participant(seat).pk]
    Enrolment.objects.bulk_update(seats, ["participant"], batch_size=500)


def _participant(seat: Enrolment) -> Participant:
    assert seat.participant is not None  # noqa: S101  # seats are read with their participant
    return seat.participant


def _kept_by_others(participants: Collection[int]) -> set[int]:
    """Those that still sit somewhere, now that the seats that move were emptied: their rows can't move."""
    others = Enrolment.objects.filter(participant__in=participants)
    return set(others.values_list("participant_id", flat=True).distinct())


def _rehomed(source: Participant, home: Home, *, as_copy: bool) -> Participant:
    """The row itself, or a copy of it, in another home."""
    participant = (
        Participant(
            last_name=source.last_name,
            first_name=source.first_name,
            email=source.email,
            erp_key=source.erp_key,
            decided_in_portal=source.decided_in_portal,
        )
        if as_copy
        else source
    )
    participant.company_id, participant.owner_email = home
    return participant
