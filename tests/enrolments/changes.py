"""What tests about changing enrolments share: terms, full sessions, somebody in them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from catalogue.models import Session, SessionState
from enrolments.models import CancellationBand, CancellationTerms, DayCount, Enrolment, OrderState
from tests.worlds import World, make_order, make_session

MINE = "responsable@armor.example"


def make_terms(in_force_from: date = date(2020, 1, 1)) -> CancellationTerms:
    """In calendar days: under 10 days half the price to cancel and a quarter to move, under 5 all and half."""
    terms = CancellationTerms.objects.create(in_force_from=in_force_from, day_count=DayCount.CALENDAR)
    for under_days, cancel_rate, move_rate in [(10, 50, 25), (5, 100, 50)]:
        CancellationBand.objects.create(
            terms=terms, under_days=under_days, cancel_rate=Decimal(cancel_rate), move_rate=Decimal(move_rate)
        )
    return terms


def coming(world: World, days: int, *, seats: int = 12, state: SessionState = SessionState.OPEN) -> Session:
    """A session of the world's course that begins in so many days."""
    session = make_session(world.sessions[0].course, timezone.localdate() + timedelta(days=days), state)
    Session.objects.filter(pk=session.pk).update(seats=seats)
    session.refresh_from_db()
    return session


def enrolled(world: World, session: Session, email: str = MINE, state: OrderState = OrderState.VALIDATED) -> Enrolment:
    """Somebody of Lille in the session, at 1,275 € HT."""
    order = make_order(world.lille, email, [session], state=state, papers=False)
    return order.enrolments.select_related("order", "session__course", "participant").get()
