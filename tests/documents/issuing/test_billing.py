"""What is billed, credited and billed again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.document_types import DocumentType
from documents.issuing import asking, making
from documents.issuing.asking import Subject
from documents.issuing.errors import NotIssuableError
from documents.models import (
    Document,
    FundingAgreement,
    InvoicedSeat,
    Issue,
)
from documents.papers import Paper
from enrolments.models import Enrolment, EnrolmentState
from enrolments.transitions import any_state
from tests.conftest import RunTasks
from tests.documents.issuing.conftest import Deal
from tests.worlds import make_document

Printed = Callable[[], list[Paper]]
pytestmark = pytest.mark.django_db


def test_subrogation_takes_what_the_opco_granted(deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    agreement = make_document(DocumentType.PRISE_EN_CHARGE, deal.order)
    FundingAgreement.objects.create(document=agreement, funder="Opco Atlas", file_number="D-7", granted=Decimal(2000))
    second = deal.join(session=deal.world.sessions[0])
    with any_state():
        Enrolment.objects.filter(pk=second.pk).update(state=EnrolmentState.PRESENT)
    deal.close()
    for session in (deal.session, deal.world.sessions[0]):
        asking.ask(subjects=[Subject.of_bill(deal.order, session)], reason="Essai")
    run_tasks()
    parts = [document.invoice.funder_part for document in Document.objects.filter(issue__kind="facture").order_by("pk")]
    assert parts == [Decimal("1275.00"), Decimal("725.00")]
    assert quick_press()[0].facts["remainder"] == Decimal("255.00")


def bill(deal: Deal, run_tasks: RunTasks) -> Document:
    deal.close()
    asking.ask(subjects=[Subject.of_bill(deal.order, deal.session)], reason="Essai")
    run_tasks()
    return Document.objects.get(issue__kind="facture")


def test_an_avoir_credits_the_seats_as_they_were_billed(deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    """Whatever the course's VAT or the participant's name has become."""
    deal.join()
    invoice = bill(deal, run_tasks)
    course = deal.session.course
    course.vat_rate = Decimal("5.50")
    course.save()
    staff = deal.world.personas["staff"]
    seat = invoice.seats.first()
    assert seat is not None
    asking.credit(invoice=invoice, seats=[seat], reason="Absence justifiée", actor=staff)
    with pytest.raises(NotIssuableError, match="déjà son avoir"):
        asking.credit(invoice=invoice, seats=[seat], reason="Encore", actor=staff)
    with pytest.raises(NotIssuableError, match="au moins une place"):
        asking.credit(invoice=invoice, seats=[], reason="Rien", actor=staff)
    run_tasks()
    avoir = Document.objects.get(issue__kind="avoir")
    assert avoir.number == f"AV{timezone.localdate().year}-00001"
    assert (avoir.amount, avoir.invoice.total) == (Decimal("-1275.00"), Decimal("-1530.00"))
    assert avoir.invoice.credits == invoice
    assert quick_press()[-1].facts["credited"]["number"] == invoice.number
    assert not hasattr(Document.objects.get(pk=invoice.pk), "replaced_by")


def test_an_invoice_credited_whole_is_made_again(deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    invoice = bill(deal, run_tasks)
    staff = deal.world.personas["staff"]
    with pytest.raises(NotIssuableError, match="pas créditée en entier"):
        asking.bill_again(invoice=invoice, actor=staff)
    with pytest.raises(NotIssuableError, match="établissez un avoir"):
        asking.correct(documents=[invoice], reason="Correction", actor=staff)
    asking.credit(invoice=invoice, seats=list(invoice.seats.all()), reason="Adresse erronée", actor=staff)
    asking.bill_again(invoice=invoice, actor=staff)
    newer = Issue.objects.get(kind="facture", version=2)
    making.make(newer.pk)
    assert "pas encore émis" in Issue.objects.get(pk=newer.pk).error
    run_tasks()
    again = Document.objects.get(replaces=invoice)
    assert again.seats.count() == 1
    assert InvoicedSeat.objects.filter(credited_by__isnull=True).count() == 1
    with pytest.raises(NotIssuableError, match="déjà remplacé"):
        asking.bill_again(invoice=invoice, actor=staff)
