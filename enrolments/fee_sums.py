"""The fees that changes cost: which are owed, for which session, and their sums."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from catalogue.models import Session, SessionState
from enrolments.models import EnrolmentEvent, OrderState

_LEFT_ONE = Q(session_before__isnull=False)


def of_session(**session: object) -> Q:
    """A condition on the session that an event is about: the one left, else the one of the seat."""
    left = Q(**{f"session_before__{name}": value for name, value in session.items()})
    kept = Q(**{f"enrolment__session__{name}": value for name, value in session.items()})
    return (_LEFT_ONE & left) | (~_LEFT_ONE & kept)


def owed() -> Q:
    """A condition on events: the fee is owed, of a validated order; what the company cancelled costs nothing."""
    return Q(enrolment__order__state=OrderState.VALIDATED) & ~of_session(state=SessionState.CANCELLED)


def is_owed(event: EnrolmentEvent, order_state: str, seat_session: Session) -> bool:
    """`owed`, of one event that was read with the session that it left. `seat_session`: the one of its seat."""
    session = event.session_before or seat_session
    return order_state == OrderState.VALIDATED and session.state != SessionState.CANCELLED


def with_fees(rows: QuerySet[Any, Any], about: str) -> QuerySet[Any, Any]:
    """The rows, each with `fees`: EUR HT owed for what happened to it; `about` is the way to it from an event."""
    summed = EnrolmentEvent.objects.filter(owed(), **{about: OuterRef("pk")}).order_by().values(about)
    found: QuerySet[Any, Any] = rows.annotate(
        fees=Coalesce(Subquery(summed.annotate(total=Sum("fee")).values("total")), Decimal(0))
    )
    return found
