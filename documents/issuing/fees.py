"""The fees of late changes, which are billed like seats: with the session that was left, once it took place."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from catalogue.models import Session, SessionState
from documents.models import Document, InvoicedSeat
from documents.papers.bill import BillLine
from enrolments.fee_sums import of_session
from enrolments.models import EnrolmentEvent, Order, OrderState


def fees_owed(events: QuerySet[EnrolmentEvent]) -> QuerySet[EnrolmentEvent]:
    """The fees to bill now among these events: of validated orders, not billed yet, or credited since.

    A fee is owed for the session that the seat was in, and is billed once that session took place: what the company
    cancelled itself costs nothing.
    """
    billed = InvoicedSeat.objects.filter(credited_by__isnull=True, fee__isnull=False).values("fee")
    took_place = of_session(state=SessionState.DONE)
    owed = events.filter(took_place, fee__gt=0, enrolment__order__state=OrderState.VALIDATED)
    related = ("enrolment__participant", "enrolment__order__establishment", "enrolment__session__course")
    rows = owed.exclude(pk__in=billed).select_related(*related, "session_before__course", "participant_before")
    return rows.order_by("at", "pk")


def fees_of_order(order: Order, session_id: int | None = None) -> QuerySet[EnrolmentEvent]:
    """What an order owes so, for one session if given."""
    events = EnrolmentEvent.objects.filter(enrolment__order=order)
    return fees_owed(events if session_id is None else events.filter(of_session(pk=session_id)))


def fees_of_sessions(sessions: Iterable[Session]) -> QuerySet[EnrolmentEvent]:
    """What is owed so for these sessions, by any order."""
    return fees_owed(EnrolmentEvent.objects.filter(of_session(pk__in=[one.pk for one in sessions])))


def billed_fee(document: Document, event: EnrolmentEvent, rank: int, line: BillLine) -> InvoicedSeat:
    """The fee as an invoice bills it, on its line `rank`; not saved yet."""
    return InvoicedSeat(
        invoice=document,
        enrolment=event.enrolment,
        fee=event,
        line=rank,
        title=line.title,
        reference=line.reference,
        session_code=line.session_code,
        trainee=line.trainees[0],
        public_price=line.public_price,
        price=line.price,
        accord=line.accord,
        vat_rate=line.vat_rate,
    )
