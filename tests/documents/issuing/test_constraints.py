"""What is never false about what is issued: once, with its number; figures that stay; numbers that only go on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Model

from accounts.document_types import DocumentType
from documents.models import (
    Document,
    FundingAgreement,
    Invoice,
    InvoicedSeat,
    Issue,
    IssueBatch,
    IssueState,
    NumberSeries,
)
from tests.constraints import Side, refused, sides, without_triggers

__all__ = ["sides"]
Sides = tuple[Side, Side]


def issue(side: Side, **fields: Any) -> Issue:
    values = {"kind": "convention", "order": side.order, "batch": IssueBatch.objects.create(reason="Essai"), **fields}
    return Issue.objects.create(**values)


def invoice(side: Side, **fields: Any) -> Invoice:
    values = {"net": Decimal(100), "vat": Decimal(20), "total": Decimal(120), **fields}
    return Invoice.objects.create(document=side.document(DocumentType.FACTURE), **values)


def seat(side: Side, document: Document, **fields: Any) -> InvoicedSeat:
    values = {"line": 0, "title": "T", "reference": "R", "session_code": "S", "trainee": "N", "vat_rate": 20, **fields}
    return InvoicedSeat.objects.create(
        invoice=document, enrolment=side.enrolment, public_price=100, price=100, **values
    )


def test_a_paper_is_asked_for_once_a_version(sides: Sides) -> None:
    first = issue(sides[0])
    with refused("issue_once"):
        issue(sides[0])
    issue(sides[0], version=2)
    issue(sides[1], number="CNV2026-00001")
    with refused("issue_number_once"):
        Issue.objects.filter(pk=first.pk).update(number="CNV2026-00001")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"kind": "poem"}, "issue_kind_known"),
        ({"state": IssueState.DONE}, "issue_done_has_its_document"),
        ({"state": "lost"}, "issue_done_has_its_document"),
        ({"kind": "avoir"}, "issue_avoir_names_its_invoice"),
        ({"order": None}, "issue_is_about_something"),
        ({"order": None, "kind": "emargement"}, "issue_is_about_something"),
    ],
)
def test_an_issue_is_sound(sides: Sides, fields: dict[str, Any], constraint: str) -> None:
    with refused(constraint):
        issue(sides[0], **fields)


def test_only_an_avoir_credits(sides: Sides) -> None:
    with refused("issue_avoir_names_its_invoice"):
        issue(sides[0], credits=sides[0].document(DocumentType.FACTURE))


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"total": Decimal(121)}, "invoice_total_adds_up"),
        ({"net": Decimal(-100), "vat": Decimal(-20), "total": Decimal(-120)}, "invoice_sign_says_what_it_is"),
        ({"funder_part": Decimal(121)}, "invoice_funder_pays_a_part"),
        ({"funder_part": Decimal(-1)}, "invoice_funder_pays_a_part"),
        ({"platform_status": "lost"}, "invoice_platform_status_known"),
    ],
)
def test_an_invoice_is_sound(sides: Sides, fields: dict[str, Any], constraint: str) -> None:
    with refused(constraint):
        invoice(sides[0], **fields)


def test_an_avoir_is_negative(sides: Sides) -> None:
    with refused("invoice_sign_says_what_it_is"):
        invoice(sides[0], credits=sides[0].document(DocumentType.FACTURE))


def test_a_funder_grants_something(sides: Sides) -> None:
    with refused("funding_grants_something"):
        FundingAgreement.objects.create(document=sides[0].document(DocumentType.PRISE_EN_CHARGE), granted=0)


def test_a_seat_is_billed_once_until_it_is_credited(sides: Sides) -> None:
    armor = sides[0]
    first, second = armor.document(DocumentType.FACTURE), armor.document(DocumentType.FACTURE)
    billed = seat(armor, first)
    with refused("seat_billed_once"):
        seat(armor, second)
    billed.credited_by = issue(armor, kind="avoir", credits=first)
    billed.save()
    seat(armor, second)
    with refused("seat_once_an_invoice"):
        seat(armor, first, credited_by=billed.credited_by)


def test_what_was_billed_stays(sides: Sides) -> None:
    armor = sides[0]
    kept = invoice(armor)
    billed = seat(armor, kept.document)
    kept.platform_status = "deposited"
    kept.save()
    refusals: list[tuple[str, Model, dict[str, Any]]] = [
        ("invoice_figures_never_change", kept, {"net": 1, "total": 21}),
        ("seat_as_billed_never_changes", billed, {"price": 1}),
    ]
    for constraint, row, changes in refusals:
        with refused(constraint):
            type(row)._default_manager.filter(pk=row.pk).update(**changes)
    with refused("invoice_never_goes"):
        kept.delete()
    with refused("seat_as_billed_never_goes"):
        billed.delete()
    credit = issue(armor, kind="avoir", credits=kept.document)
    InvoicedSeat.objects.update(credited_by=credit)
    with refused("seat_as_billed_never_changes"):
        InvoicedSeat.objects.update(credited_by=None)


@pytest.mark.parametrize("changes", [{"last": 4}, {"last_on": date(2026, 1, 1)}, {"last_on": None}, {"name": "FA2027"}])
def test_a_series_only_goes_on(db: None, changes: dict[str, Any]) -> None:
    series = NumberSeries.objects.create(name="FA2026", last=5, last_on=date(2026, 2, 1))
    with refused("series_only_goes_on"):
        NumberSeries.objects.filter(pk=series.pk).update(**changes)
    with refused("series_never_goes"):
        series.delete()


def test_checks_speak_behind_the_triggers(sides: Sides) -> None:
    kept = invoice(sides[0])
    with refused("invoice_total_adds_up"):
        without_triggers(Invoice)
        Invoice.objects.filter(pk=kept.pk).update(total=1)
