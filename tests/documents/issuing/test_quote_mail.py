"""The quote follows the acknowledgement by mail, attached, as soon as it is issued; once."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from accounts.document_types import DocumentType
from documents.issuing import asking, due, making
from documents.issuing.mailing import mail_quote
from documents.models import Document, Issue
from documents.papers import Paper
from enrolments.approving import approve_order, withdraw_order
from enrolments.models import ApprovalPolicy, Order, OrderState
from espace_client.models import OutgoingMail
from tests.conftest import RunTasks
from tests.enrolments.orders import coming_session, place, prepare
from tests.worlds import World, make_document

Printed = Callable[[], list[Paper]]
pytestmark = pytest.mark.django_db


def quotes_mailed() -> list[EmailMessage]:
    return [one for one in mail.outbox if "devis à signer" in one.subject]


def order_of(world: World, persona: str) -> Order:
    return place(prepare(world.personas[persona], coming_session(world), world.lille, known=1))


def test_it_leaves_with_what_was_issued(world: World, run_tasks: RunTasks) -> None:
    """Really printed: the bytes attached are those that were filed."""
    order = order_of(world, "administrator")
    assert [one.subject for one in mail.outbox] == [f"Commande {order.number} bien reçue"], "which waits for nothing"
    run_tasks()
    document = Document.objects.get(order=order)
    (sent,) = quotes_mailed()
    assert sent.to == [order.order_email]
    name, content, media_type = sent.attachments[0]
    assert isinstance(content, bytes)
    assert sha256(content).hexdigest() == document.sha256
    assert str(name).endswith(f"{document.number}.pdf")
    assert media_type == "application/pdf"
    assert f"/documents/{document.pk}/" in str(sent.body)
    assert "1\xa0500,00" in str(sent.body).replace("\u202f", "\xa0")


def test_made_twice_it_leaves_once(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    order = order_of(world, "administrator")
    run_tasks()
    making.make(Issue.objects.get(order=order).pk)
    due.when_placed(order)
    run_tasks()
    assert len(quotes_mailed()) == 1


def test_a_new_version_leaves_too(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    order = order_of(world, "administrator")
    run_tasks()
    asking.correct(documents=list(Document.objects.filter(order=order)), reason="Prix", actor=world.personas["staff"])
    run_tasks()
    first, second = quotes_mailed()
    assert "Il remplace" not in str(first.body)
    assert "Il remplace la version précédente." in str(second.body)


def test_an_order_to_approve_gets_its_quote_once_approved(
    world: World, quick_press: Printed, run_tasks: RunTasks
) -> None:
    ApprovalPolicy.objects.create(establishment=world.lille, active=True)
    order = order_of(world, "responsable")
    run_tasks()
    assert (order.state, quotes_mailed()) == (OrderState.TO_APPROVE, [])
    approve_order(order=order, actor=world.personas["administrator"])
    run_tasks()
    assert [one.to for one in quotes_mailed()] == [[order.order_email]]


def test_an_order_that_ended_meanwhile_gets_none(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    order = order_of(world, "administrator")
    withdraw_order(order=order, actor=world.personas["administrator"])
    run_tasks()
    assert not quotes_mailed()


def test_a_quote_made_while_its_order_ended_stays_here(world: World) -> None:
    order = order_of(world, "administrator")
    document = make_document(DocumentType.BON_POUR_ACCORD, order)
    withdraw_order(order=order, actor=world.personas["administrator"])
    mail_quote(Document.objects.get(pk=document.pk), b"%PDF")
    assert not quotes_mailed()


def test_a_printer_that_fails_holds_no_order_back(
    world: World, monkeypatch: pytest.MonkeyPatch, run_tasks: RunTasks
) -> None:
    def broken(paper: Paper) -> bytes:
        raise OSError

    monkeypatch.setattr(making, "_checked", broken)
    order = order_of(world, "administrator")
    run_tasks()
    assert order.state == OrderState.PENDING
    assert not quotes_mailed()
    assert not OutgoingMail.objects.filter(subject__contains="devis").exists()
    assert len(mail.outbox) == 1
