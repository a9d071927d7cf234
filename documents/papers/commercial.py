"""The priced papers that the provider issues about an order: bon pour accord, convention, facture and avoir."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from catalogue.models import Session
from enrolments.models import Enrolment, EnrolmentEvent, Order

from .bill import Bill, Funding, bill_of, fee_line
from .mentions import FLAT_INDEMNITY, LATE_PENALTIES, NO_DISCOUNT
from .paper import Paper
from .parties import Party, Provider
from .training import actions_of

OFFER_DAYS = 30  # how long an offer stands
PAYMENT_DAYS = 30  # the term that Code de commerce L441-10 I gives when nothing else was agreed


def _subject(enrolments: Sequence[Enrolment]) -> str:
    titles = sorted({enrolment.session.course.title for enrolment in enrolments})
    return "\u202f; ".join(titles)


def _facts(provider: Provider, order: Order, enrolments: Sequence[Enrolment]) -> dict[str, Any]:
    return {
        "provider": provider,
        "client": Party.of_order(order),
        "order_number": order.number,
        "placed_on": order.placed_on,
        "purchase_order_number": order.purchase_order_number,
        "opco": order.opco,
        "contact_email": order.order_email,
        "actions": actions_of(enrolments),
        "bill": bill_of(enrolments),
    }


def bon_pour_accord(
    *, provider: Provider, order: Order, enrolments: Sequence[Enrolment], number: str, issued_on: date
) -> Paper:
    """The offer that the client signs; it may stand for the convention (Code du travail D6353-1 II)."""
    facts = _facts(provider, order, enrolments) | {"valid_until": issued_on + timedelta(days=OFFER_DAYS)}
    return Paper(
        type=DocumentType.BON_POUR_ACCORD,
        number=number,
        issued_on=issued_on,
        title=_("Bon pour accord %(number)s") % {"number": number},
        subject=_subject(enrolments),
        facts=facts,
        amount=facts["bill"].net,
    )


def convention(
    *, provider: Provider, order: Order, enrolments: Sequence[Enrolment], number: str, issued_on: date
) -> Paper:
    """The training agreement (Code du travail L6353-1, D6353-1 I)."""
    facts = _facts(provider, order, enrolments) | {"payment_days": PAYMENT_DAYS}
    return Paper(
        type=DocumentType.CONVENTION,
        number=number,
        issued_on=issued_on,
        title=_("Convention de formation professionnelle %(number)s") % {"number": number},
        subject=_subject(enrolments),
        facts=facts,
        amount=facts["bill"].net,
    )


def _sessions(fees: Sequence[EnrolmentEvent]) -> list[Session]:
    """The sessions that were left."""
    return [one.session_before or one.enrolment.session for one in fees]


def _service_dates(sessions: Sequence[Session]) -> tuple[date, date]:
    """First and last day of what was given (CGI annexe II art. 242 nonies A I-10°)."""
    return min(one.starts_on for one in sessions), max(one.ends_on for one in sessions)


def facture(
    *,
    provider: Provider,
    order: Order,
    enrolments: Sequence[Enrolment],
    number: str,
    issued_on: date,
    funding: Funding | None = None,
    fees: Sequence[EnrolmentEvent] = (),
) -> Paper:
    """The invoice (Code de commerce L441-9, CGI annexe II art. 242 nonies A), due `PAYMENT_DAYS` after its date.

    `funding`: what an OPCO pays directly, by subrogation, out of the total TTC. `fees`: what late changes cost, on
    lines of their own after those of the seats; there may be nothing else.
    """
    bill = Bill(bill_of(enrolments).lines + tuple(fee_line(one) for one in fees))
    facts = _facts(provider, order, enrolments) | {
        "heading": _("Facture"),
        "bill": bill,
        "due_on": issued_on + timedelta(days=PAYMENT_DAYS),
        "payment_days": PAYMENT_DAYS,
        "service_dates": _service_dates([one.session for one in enrolments] or _sessions(fees)),
        "funding": funding,
        "remainder": None if funding is None else funding.remainder_of(bill.total),
        "mentions": (NO_DISCOUNT, LATE_PENALTIES, FLAT_INDEMNITY),
    }
    return Paper(
        type=DocumentType.FACTURE,
        number=number,
        issued_on=issued_on,
        title=_("Facture %(number)s") % {"number": number},
        subject=_subject(enrolments) or "\u202f; ".join(line.title for line in bill.lines),
        facts=facts,
        amount=facts["bill"].net,
    )


def avoir(
    *,
    provider: Provider,
    order: Order,
    enrolments: Sequence[Enrolment],
    number: str,
    issued_on: date,
    invoice_number: str,
    invoice_date: date,
    reason: str,
    bill: Bill | None = None,
) -> Paper:
    """The credit note on `enrolments`: an invoice itself, that names the one it corrects (CGI art. 289 I-5).

    `bill`: what the invoice bore for them, when that is kept; its amounts positive. Otherwise their prices of today.
    """
    facts = _facts(provider, order, enrolments) | {
        "heading": _("Avoir"),
        "bill": bill_of(enrolments, sign=-1) if bill is None else bill.reversed(),
        "service_dates": _service_dates([one.session for one in enrolments]),
        "credited": {"number": invoice_number, "date": invoice_date, "reason": reason},
    }
    return Paper(
        type=DocumentType.FACTURE,
        number=number,
        issued_on=issued_on,
        title=_("Avoir %(number)s") % {"number": number},
        subject=_subject(enrolments),
        facts=facts,
        amount=facts["bill"].net,
    )
