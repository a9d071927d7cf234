"""What changes of mind cost and is to be invoiced: each fee once, with its reason, its amount HT and its VAT.

A fee is the price that was agreed in advance for not keeping to what was ordered: what the client pays for a seat that
was held and given back late is the counterpart of that seat, and bears VAT as the price does (CJUE, C-250/14 and
C-295/17). So its rate is that of the course, and a course exempted by CGI art. 261-4-4° a has exempted fees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.typography import percent, short_date
from catalogue.models import Session
from enrolments.models import EnrolmentEvent, Order, OrderState


@dataclass(frozen=True, slots=True)
class OwedFee:
    """One line to invoice. `amount`: EUR HT, `vat_rate`: percent; `event_id`: what it is for, for ever the same.

    `label` says what was changed, for whom and in which session; `reason` the sentence that was shown and agreed to.
    The session is the one that was given back, or in which somebody was substituted.
    """

    event_id: int
    order_id: int
    enrolment_id: int
    enrolment_number: str
    on: date
    label: str
    reason: str
    reference: str
    session_id: int
    session_code: str
    price: Decimal
    rate: Decimal
    amount: Decimal
    vat_rate: Decimal


def events_owing() -> QuerySet[EnrolmentEvent]:
    """The changes with a fee, of orders that stand: one that our team undid whole owes nothing."""
    standing = EnrolmentEvent.objects.filter(fee__gt=0, enrolment__order__state=OrderState.VALIDATED)
    return standing.order_by("at", "pk")


def orders_owing() -> QuerySet[Order]:
    """The orders that owe a fee, whether or not it was invoiced: whoever invoices knows that."""
    return Order.objects.filter(pk__in=events_owing().order_by().values("enrolment__order"))


def fees_owed(order: Order) -> list[OwedFee]:
    """Everything that the order owes besides its seats, in the order in which it was agreed to; one query."""
    people = ("enrolment__participant", "participant_before", "participant_after")
    sessions = ("session_before__course", "enrolment__session__course")
    events = events_owing().filter(enrolment__order=order).select_related(*people, *sessions)
    return [_owed(event) for event in events]


def _owed(event: EnrolmentEvent) -> OwedFee:
    enrolment = event.enrolment
    session = event.session_before or enrolment.session
    return OwedFee(
        event_id=event.pk,
        order_id=enrolment.order_id,
        enrolment_id=enrolment.pk,
        enrolment_number=enrolment.number,
        on=timezone.localdate(event.at),
        label=_label(event, session),
        reason=event.reason,
        reference=session.course.reference,
        session_id=session.pk,
        session_code=session.code,
        price=enrolment.price,
        rate=event.rate,
        amount=event.fee,
        vat_rate=session.course.vat_rate,
    )


def _label(event: EnrolmentEvent, session: Session) -> str:
    """ "Inscription annulée : Ana Roy, Python, les bases du 12 janv. 2027 (50 % du prix HT)" """
    who = event.participant_before or event.participant_after or event.enrolment.participant or _("place à désigner")
    return _("%(what)s : %(who)s, %(title)s du %(day)s (%(rate)s du prix HT)") % {
        "what": event.get_kind_display(),
        "who": who,
        "title": session.course.title,
        "day": short_date(session.starts_on),
        "rate": percent(event.rate),
    }
