"""What is billed and what is credited. Amounts are EUR; HT or TTC is said each time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from catalogue.models import SessionState
from documents.issuing.errors import NotIssuableError
from documents.issuing.fees import billed_fee
from documents.models import Document, FundingAgreement, Invoice, InvoicedSeat, Issue, IssueState
from documents.papers import Paper
from documents.papers.bill import Bill, BillLine, Funding, bill_of, groups_of
from documents.papers.training import trainee_name
from enrolments.models import Enrolment, EnrolmentEvent, Order


def billable(order: Order, session_id: int | None = None) -> QuerySet[Enrolment]:
    """The seats of an order to bill now: kept, of sessions that took place (of one, if given), not billed yet.

    A seat is due once the service is done (Code de commerce L441-9), whoever was absent. A seat whose invoice was
    credited is to bill again.
    """
    billed = InvoicedSeat.objects.filter(credited_by__isnull=True, fee__isnull=True).values("enrolment")
    seats = order.enrolments.active().filter(session__state=SessionState.DONE).exclude(pk__in=billed)
    return seats if session_id is None else seats.filter(session_id=session_id)


def require_billable(order: Order, enrolments: Sequence[Enrolment], fees: Sequence[EnrolmentEvent] = ()) -> None:
    """NotIssuableError, in French, when these seats and fees of the order cannot be billed now."""
    if order.establishment is None:
        raise NotIssuableError(_("La commande %s n’est rattachée à aucun établissement : à qui la facturer ?") % order)
    if not enrolments and not fees:
        raise NotIssuableError(_("La commande %s n’a rien à facturer.") % order.number)
    if found := billed_elsewhere(order, _sessions(enrolments, fees)):
        raise NotIssuableError(_("La commande %(order)s a déjà la facture %(invoice)s.") % {"order": order, **found})
    before = Q(enrolment__in=enrolments, fee__isnull=True) | Q(fee__in=fees)
    if InvoicedSeat.objects.filter(before).exclude(credited_by__state=IssueState.DONE).exists():
        raise NotIssuableError(_("L’avoir sur la facture précédente n’est pas encore émis."))


def _sessions(enrolments: Sequence[Enrolment], fees: Sequence[EnrolmentEvent]) -> set[int]:
    left = {one.session_before_id or one.enrolment.session_id for one in fees}
    return left | {one.session_id for one in enrolments}


def billed_elsewhere(order: Order, sessions: Iterable[int]) -> dict[str, str]:
    """An invoice of the order for these sessions that the ERP issued, unless it was credited."""
    others = Document.objects.filter(
        Q(session__isnull=True) | Q(session__in=list(sessions)),
        order=order,
        type=DocumentType.FACTURE,
        invoice__isnull=True,
        replaced_by__isnull=True,
    ).order_by("issued_on", "pk")
    found = list(others.values_list("number", "amount"))
    credited = all(amount is not None for _number, amount in found) and sum(amount or 0 for _n, amount in found) <= 0
    return {} if credited else {"invoice": found[0][0]}


def funding_of(order: Order, enrolments: Sequence[Enrolment]) -> Funding | None:
    """What an OPCO pays of the invoice of these seats by subrogation: what it granted, HT, less what it pays already.

    An OPCO pays the price without its VAT, hence never more than the total HT; the client owes the rest of the TTC.
    """
    agreement = (
        FundingAgreement.objects.filter(document__order=order, document__replaced_by__isnull=True, subrogation=True)
        .order_by("-pk")
        .first()
    )
    if agreement is None:
        return None
    used = Invoice.objects.filter(document__order=order).aggregate(used=Sum("funder_part"))["used"] or Decimal(0)
    part = min(agreement.granted - used, bill_of(enrolments).net)
    return Funding(agreement.funder, agreement.file_number, part) if part > 0 else None


def invoice_credited(issue: Issue) -> Document:
    """The invoice that an avoir corrects."""
    return Document.objects.get(avoirs_asked=issue)


def invoice_of(credits: Document | None, document: Document, paper: Paper) -> Invoice:
    """The figures of an invoice, or of the avoir that `credits` one, as they are printed; not saved yet."""
    bill: Bill = paper.facts["bill"]
    funding: Funding | None = paper.facts.get("funding")
    return Invoice(
        document=document,
        credits=credits,
        net=bill.net,
        vat=bill.total - bill.net,
        total=bill.total,
        due_on=paper.facts.get("due_on"),
        funder=funding.opco if funding else "",
        funder_part=funding.part if funding else Decimal(0),
        platform=paper.facts["provider"].platform,
    )


def seats_of(
    document: Document, enrolments: Sequence[Enrolment], fees: Sequence[EnrolmentEvent], bill: Bill
) -> list[InvoicedSeat]:
    """Each seat and fee of an invoice as it bills it, not saved yet; the database refuses one billed already."""
    groups: list[list[Enrolment] | EnrolmentEvent] = [*groups_of(enrolments), *fees]
    rows = []
    for rank, (group, line) in enumerate(zip(groups, bill.lines, strict=True)):
        if isinstance(group, EnrolmentEvent):
            rows.append(billed_fee(document, group, rank, line))
        else:
            rows += [_seat(document, enrolment, rank, line) for enrolment in group]
    return rows


def _seat(document: Document, enrolment: Enrolment, rank: int, line: BillLine) -> InvoicedSeat:
    return InvoicedSeat(
        invoice=document,
        enrolment=enrolment,
        line=rank,
        title=line.title,
        reference=line.reference,
        session_code=line.session_code,
        trainee=trainee_name(enrolment),
        public_price=line.public_price,
        price=line.price,
        accord=line.accord,
        vat_rate=line.vat_rate,
    )


def bill_of_seats(seats: Iterable[InvoicedSeat]) -> Bill:
    """What an invoice bore for these seats, given in the order of its lines; an avoir bears its opposite."""
    return Bill(tuple(_line(list(group)) for _rank, group in groupby(seats, key=lambda seat: seat.line)))


def _line(seats: Sequence[InvoicedSeat]) -> BillLine:
    first = seats[0]
    return BillLine(
        title=first.title,
        reference=first.reference,
        session_code=first.session_code,
        trainees=tuple(seat.trainee for seat in seats),
        quantity=len(seats),
        public_price=first.public_price,
        price=first.price,
        accord=first.accord,
        vat_rate=first.vat_rate,
    )
