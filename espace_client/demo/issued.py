"""The demonstration's papers as the portal would have issued them: what was asked, the figures of invoices, numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from documents.issuing.invoicing import invoice_of, seats_of
from documents.issuing.verifying import check_at, printed_facts
from documents.models import (
    Document,
    FundingAgreement,
    Invoice,
    InvoicedSeat,
    Issue,
    IssueBatch,
    IssueState,
    NumberSeries,
    PaperKind,
)
from documents.papers.attendance import Check
from enrolments.models import Enrolment, EnrolmentState

from .filing import CREDIT_PREFIX, Sheet
from .story import Story

KINDS = {kind.document_type: kind for kind in PaperKind if kind != PaperKind.AVOIR}


def demo_check(number: str) -> Check:
    """The check of a demonstration attestation; its code follows from its number, so that every build has the same."""
    return check_at(hashlib.sha256(f"démonstration {number}".encode()).hexdigest()[:32])


def record_issues(story: Story, sheets: Sequence[Sheet], documents: Iterable[Document]) -> None:
    """Write down what the portal issued, not what it received, in a batch for each month; and how far numbers are."""
    by_number = {document.number: document for document in documents}
    made = [sheet for sheet in sheets if sheet.type in KINDS and not sheet.signed]
    batches = _batches(story, made)
    issues = [_issue(sheet, by_number[sheet.number], batches[sheet.issued_on.replace(day=1)]) for sheet in made]
    _credit(made, by_number, issues)
    Issue.objects.bulk_create(issues, batch_size=500)
    bills = [(sheet, by_number[sheet.number], issue) for sheet, issue in zip(made, issues, strict=True) if sheet.bills]
    Invoice.objects.bulk_create([invoice_of(issue.credits, document, sheet.drawn) for sheet, document, issue in bills])
    InvoicedSeat.objects.bulk_create(list(_seats(story, bills)), batch_size=500)
    _series(made)
    _agreements(sheets, by_number)


def _batches(story: Story, sheets: Sequence[Sheet]) -> dict[date, IssueBatch]:
    months = sorted({sheet.issued_on.replace(day=1) for sheet in sheets})
    rows = [
        IssueBatch(reason=_("Émissions du mois, de %s") % f"{month:%m/%Y}", asked_at=story.at(month, 8))
        for month in months
    ]
    return dict(zip(months, IssueBatch.objects.bulk_create(rows), strict=True))


def _issue(sheet: Sheet, document: Document, batch: IssueBatch) -> Issue:
    kind = PaperKind.AVOIR if sheet.prefix == CREDIT_PREFIX else KINDS[sheet.type]
    of_sheet = kind == PaperKind.EMARGEMENT
    attested = kind == PaperKind.ATTESTATION
    return Issue(
        batch=batch,
        kind=kind,
        order=None if of_sheet and sheet.order is None else sheet.order,
        enrolment=sheet.enrolment,
        session=sheet.session,
        establishment=sheet.establishment if of_sheet else None,
        version=2 if sheet.replaces is not None else 1,
        replaces=document.replaces,
        state=IssueState.DONE,
        number=sheet.number,
        issued_on=sheet.issued_on,
        document=document,
        check_code=sheet.drawn.facts["check"].code if attested else None,
        printed=printed_facts(sheet.drawn) if attested else {},
    )


def _credit(sheets: Sequence[Sheet], by_number: dict[str, Document], issues: Sequence[Issue]) -> None:
    for sheet, issue in zip(sheets, issues, strict=True):
        if issue.kind == PaperKind.AVOIR:
            issue.credits = by_number[sheet.drawn.facts["credited"]["number"]]
            issue.reason = sheet.drawn.facts["credited"]["reason"]


def _seats(story: Story, bills: Sequence[tuple[Sheet, Document, Issue]]) -> Iterable[InvoicedSeat]:
    credits = {issue.credits.pk: issue for _sheet, _document, issue in bills if issue.credits is not None}
    for sheet, document, issue in bills:
        if issue.credits is None and sheet.order is not None:
            for seat in seats_of(document, story.enrolments[sheet.order.pk], [], sheet.drawn.facts["bill"]):
                enrolment: Enrolment = seat.enrolment
                if enrolment.state == EnrolmentState.ABSENT:
                    seat.credited_by = credits.get(document.pk)
                yield seat


def _series(sheets: Sequence[Sheet]) -> None:
    """How far each series is: the sheets are in the order of their numbers."""
    last: dict[str, Any] = {}
    for sheet in sheets:
        name, rank = sheet.number.rsplit("-", 1)
        last[name] = NumberSeries(name=name, last=int(rank), last_on=sheet.issued_on)
    NumberSeries.objects.bulk_create(last.values())


def _agreements(sheets: Sequence[Sheet], by_number: dict[str, Document]) -> None:
    FundingAgreement.objects.bulk_create(
        FundingAgreement(
            document=by_number[sheet.number],
            funder=sheet.drawn.facts["opco"],
            file_number=sheet.number,
            granted=sheet.drawn.facts["granted"],
            subrogation=sheet.drawn.facts["subrogation"],
        )
        for sheet in sheets
        if sheet.type == DocumentType.PRISE_EN_CHARGE
    )
