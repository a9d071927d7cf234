"""The orders that wait for staff, each with what they need to decide: company, accord, seats, doubles, price."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Establishment, User
from catalogue.models import AccordCadre, Session, SessionState
from enrolments.models import Enrolment, Order, OrderState

from .seats import Seats, seats_by_session

SHOWN = 50


@dataclass
class WaitingOrder:
    """An order that waits. Amounts are EUR HT; `problems` are what speaks against validating it, in French.

    `match`: the establishment whose SIRET was declared, to which the order can be attached in one click.
    """

    order: Order
    enrolments: list[Enrolment]
    sessions: list[tuple[Session, Seats, int]]
    has_account: bool
    accords: list[str]
    match: Establishment | None = None
    covered_by: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        return sum((one.price for one in self.enrolments), Decimal(0))

    @property
    def public_total(self) -> Decimal:
        return sum((one.public_price for one in self.enrolments), Decimal(0))


def waiting_orders(rows: QuerySet[Order], today: date) -> list[WaitingOrder]:
    """The oldest of these orders that wait for staff, in a number of queries that does not depend on theirs."""
    waiting = rows.filter(state=OrderState.PENDING).select_related("establishment__company", "ordered_by")
    orders = list(waiting.order_by("placed_on", "pk")[:SHOWN])
    by_order: dict[int, list[Enrolment]] = {order.pk: [] for order in orders}
    enrolments = Enrolment.objects.active().filter(order__in=by_order)
    for one in enrolments.select_related("session__course", "participant", "accord").order_by("starts_on", "pk"):
        by_order[one.order_id].append(one)
    every = [one for group in by_order.values() for one in group]
    seats = seats_by_session(list({one.session_id: one.session for one in every}.values()))
    known = set(User.objects.filter(email__in={order.order_email for order in orders}).values_list("email", flat=True))
    sirets = {
        one.siret: one for one in Establishment.objects.select_related("company").filter(siret__in=_declared(orders))
    }
    accords = _accords_in_force(orders, today)
    doubles = _doubles(every)
    found = []
    for order in orders:
        entry = WaitingOrder(
            order=order,
            enrolments=by_order[order.pk],
            sessions=_sessions(by_order[order.pk], seats),
            has_account=order.order_email in known,
            accords=sorted({one.accord.reference for one in by_order[order.pk] if one.accord}),
            match=sirets.get(order.declared_siret) if order.establishment_id is None else None,
            covered_by=accords.get(order.establishment_id or 0, ""),
        )
        entry.problems = list(_problems(entry, doubles, today))
        found.append(entry)
    return found


def _declared(orders: Sequence[Order]) -> set[str]:
    return {order.declared_siret for order in orders if order.establishment_id is None and order.declared_siret}


def _sessions(enrolments: Sequence[Enrolment], seats: dict[int, Seats]) -> list[tuple[Session, Seats, int]]:
    sessions = {one.session_id: one.session for one in enrolments}
    return [(session, seats[pk], sum(one.session_id == pk for one in enrolments)) for pk, session in sessions.items()]


def _accords_in_force(orders: Sequence[Order], today: date) -> dict[int, str]:
    """The reference of an accord that covers each establishment today, by its id: the company has negotiated prices."""
    places = {order.establishment_id: order.establishment for order in orders if order.establishment is not None}
    rows = (
        AccordCadre.objects.in_force(today)
        .filter(company__in={one.company_id for one in places.values()})
        .prefetch_related("coverage")
    )
    found: dict[int, str] = {}
    for accord in rows:
        listed = {row.establishment_id for row in accord.coverage.all()}
        for pk, place in places.items():
            if pk and place.company_id == accord.company_id and (accord.covers_all or pk in listed):
                found.setdefault(pk, accord.reference)
    return found


def _doubles(enrolments: Sequence[Enrolment]) -> dict[int, list[Enrolment]]:
    """For each enrolment, by its id, the others of the same person that have a day in common with it."""
    people = {one.participant_id for one in enrolments if one.participant_id}
    if not people:
        return {}
    first = min(one.session.starts_on for one in enrolments)
    last = max(one.session.ends_on for one in enrolments)
    others = Enrolment.objects.active().filter(
        Q(session__starts_on__lte=last, session__ends_on__gte=first), participant__in=people
    )
    seated: dict[int, list[Enrolment]] = {}
    for one in others.select_related("session", "order"):
        seated.setdefault(one.participant_id or 0, []).append(one)
    return {
        one.pk: [
            other
            for other in seated.get(one.participant_id or 0, [])
            if other.pk != one.pk
            and other.session.starts_on <= one.session.ends_on
            and other.session.ends_on >= one.session.starts_on
        ]
        for one in enrolments
    }


def _problems(entry: WaitingOrder, doubles: dict[int, list[Enrolment]], today: date) -> Iterator[str]:
    if entry.order.establishment_id is None:
        yield _("Aucun établissement : à rattacher.")
    if not entry.enrolments:
        yield _("Plus aucune inscription.")
    for session, seats, _count in entry.sessions:
        if session.state in (SessionState.CANCELLED, SessionState.DONE):
            state = session.get_state_display().lower()
            yield _("Session %(code)s : %(state)s.") % {"code": session.code, "state": state}
        elif session.starts_on <= today:
            yield _("Session %(code)s : déjà commencée.") % {"code": session.code}
        if seats.taken > seats.capacity:
            figures = {"code": session.code, "taken": seats.taken, "seats": seats.capacity}
            yield _("Session %(code)s : %(taken)s inscrits pour %(seats)s places.") % figures
    yield from _double_sentences(entry.enrolments, doubles)


def _double_sentences(enrolments: Collection[Enrolment], doubles: dict[int, list[Enrolment]]) -> Iterator[str]:
    for one in enrolments:
        for other in doubles.get(one.pk, []):
            values = {"name": one.participant, "order": other.order.number, "session": other.session.code}
            yield _("%(name)s est aussi dans la commande %(order)s (session %(session)s).") % values
