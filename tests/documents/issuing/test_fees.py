"""What a late change costs is billed with the session that was left: once, taxed like it, and by no OPCO."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.document_types import DocumentType
from catalogue.models import Session
from documents.facturx import checking, embedding
from documents.issuing import asking, due, making
from documents.issuing.fees import fees_of_order
from documents.models import Document, FundingAgreement, InvoicedSeat, Issue
from enrolments import signals
from enrolments.models import Enrolment, EnrolmentEvent, EnrolmentState, EventKind, Order
from enrolments.transitions import any_state
from tests.conftest import ClientFor, RunTasks
from tests.constraints import refused
from tests.documents.issuing.conftest import Deal
from tests.documents.issuing.reading import content_of
from tests.documents.reading import text_of
from tests.worlds import make_document

pytestmark = pytest.mark.django_db
FEE = Decimal("637.50")


def late(seat: Enrolment, kind: EventKind = EventKind.CANCELLED, **about: object) -> EnrolmentEvent:
    """The change that a client confirmed, with its fee: half of the price."""
    return EnrolmentEvent.objects.create(
        enrolment=seat, kind=kind, fee=FEE, rate=Decimal(50), actor_email="a@armor.example", **about
    )


def cancelled(deal: Deal) -> EnrolmentEvent:
    seat = deal.join()
    with any_state():
        Enrolment.objects.filter(pk=seat.pk).update(state=EnrolmentState.CANCELLED)
    return late(seat, session_before=deal.session)


def test_the_fee_of_a_late_cancellation_is_on_the_invoice(deal: Deal, run_tasks: RunTasks) -> None:
    """Really printed and checked: a line of its own, in the totals, its Factur-X lawful; and never twice."""
    event = cancelled(deal)
    assert not fees_of_order(deal.order).exists(), "before the session, nothing is billed"
    deal.close()
    for _time in range(2):
        signals.session_closed.send(Session, session=deal.session)
        run_tasks()
    invoice = Document.objects.get(issue__kind="facture")
    assert (invoice.invoice.net, invoice.invoice.total) == (Decimal("1912.50"), Decimal("2295.00"))
    content = content_of(invoice)
    text = text_of(content)
    for said in (
        "Dédit, annulation tardive (50 % du prix HT)",
        "637,50 €",
        "2 295,00 €",
        str(event.enrolment.participant),
    ):
        assert said.upper() in text.upper(), said
    checking.check(embedding.embedded_xml(content))
    row = InvoicedSeat.objects.get(fee=event)
    assert (row.enrolment, row.price, row.line, row.session_code) == (event.enrolment, FEE, 1, deal.session.code)
    assert not fees_of_order(deal.order).exists()


def test_an_order_of_which_only_a_fee_is_left(deal: Deal, run_tasks: RunTasks) -> None:
    with any_state():
        deal.order.enrolments.update(state=EnrolmentState.CANCELLED)
    late(deal.seat, session_before=deal.session)
    deal.close()
    assert due.when_closed(deal.session) is not None
    run_tasks()
    invoice = Document.objects.get(issue__kind="facture")
    assert invoice.amount == FEE
    assert InvoicedSeat.objects.get().fee is not None
    checking.check(embedding.embedded_xml(content_of(invoice)))


def test_who_moved_late_pays_for_the_session_that_was_left(deal: Deal, run_tasks: RunTasks) -> None:
    seat = deal.join(session=deal.world.sessions[1])
    late(seat, EventKind.MOVED, session_before=deal.session, session_after=deal.world.sessions[1])
    deal.close()
    due.when_closed(deal.session)
    run_tasks()
    row = InvoicedSeat.objects.get(fee__isnull=False)
    assert "report tardif" in row.title
    assert row.session_code == deal.session.code


def test_who_replaced_late_is_named(deal: Deal, run_tasks: RunTasks) -> None:
    """The line says who does not come; the seat itself is billed under the name of who does."""
    before = deal.join().participant
    late(deal.seat, EventKind.SUBSTITUTED, participant_before=before, participant_after=deal.seat.participant)
    deal.close()
    due.when_closed(deal.session)
    run_tasks()
    row = InvoicedSeat.objects.get(fee__isnull=False)
    assert before is not None
    assert "remplacement tardif" in row.title
    assert row.trainee == before.last_name.upper()


def test_an_opco_pays_no_fee(deal: Deal, run_tasks: RunTasks) -> None:
    agreement = make_document(DocumentType.PRISE_EN_CHARGE, deal.order)
    FundingAgreement.objects.create(document=agreement, funder="Opco Atlas", file_number="D-7", granted=Decimal(5000))
    cancelled(deal)
    deal.close()
    due.when_closed(deal.session)
    run_tasks()
    invoice = Document.objects.get(issue__kind="facture").invoice
    assert (invoice.funder_part, invoice.total) == (Decimal("1275.00"), Decimal("2295.00"))


def test_a_fee_is_credited_and_billed_again(deal: Deal, run_tasks: RunTasks) -> None:
    event = cancelled(deal)
    deal.close()
    due.when_closed(deal.session)
    run_tasks()
    invoice, staff = Document.objects.get(issue__kind="facture"), deal.world.personas["staff"]
    asking.credit(invoice=invoice, seats=list(invoice.seats.filter(fee=event)), reason="Geste", actor=staff)
    run_tasks()
    avoir = Document.objects.get(issue__kind="avoir")
    assert avoir.amount == -FEE
    assert list(fees_of_order(deal.order)) == [event]
    asking.credit(invoice=invoice, seats=list(invoice.seats.filter(fee=None)), reason="Erreur", actor=staff)
    asking.bill_again(invoice=invoice, actor=staff)
    making.make(Issue.objects.get(kind="facture", version=2).pk)
    assert "pas encore émis" in Issue.objects.get(kind="facture", version=2).error
    run_tasks()
    assert Document.objects.get(replaces=invoice).amount == Decimal("1912.50")


@pytest.mark.parametrize("url", ["enrolments_order", "catalogue_session"])
def test_staff_bill_what_is_left_of_an_order(url: str, deal: Deal, client_for: ClientFor) -> None:
    """From the order or from the session, though nobody is enrolled any more."""
    with any_state():
        deal.order.enrolments.update(state=EnrolmentState.CANCELLED)
    late(deal.seat, session_before=deal.session)
    deal.close()
    client: Client = client_for(deal.world.personas["staff"])
    chosen = deal.order.pk if url == "enrolments_order" else deal.session.pk
    client.post(reverse(f"admin:{url}_changelist"), {"action": "issue_facture", "_selected_action": [chosen]})
    issue = Issue.objects.get()
    assert (issue.kind, issue.order, issue.session) == ("facture", deal.order, deal.session)


def test_a_fee_is_billed_once(deal: Deal, run_tasks: RunTasks) -> None:
    cancelled(deal)
    deal.close()
    due.when_closed(deal.session)
    run_tasks()
    row = InvoicedSeat.objects.get(fee__isnull=False)
    row.pk, row.invoice = None, make_document(DocumentType.FACTURE, Order.objects.get(pk=deal.order.pk))
    with refused("fee_billed_once"):
        row.save()
