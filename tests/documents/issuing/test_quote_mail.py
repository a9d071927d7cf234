"""An order is acknowledged once, in one mail with its quote; the quote follows by itself when it is late."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.document_types import DocumentType
from accounts.models import User
from documents.issuing import asking, due, making
from documents.issuing.mailing import mail_quote
from documents.models import Document, Issue, IssueState
from documents.papers import Paper
from enrolments.approving import approve_order, withdraw_order
from enrolments.changing import cancel
from enrolments.models import ApprovalPolicy, Order, OrderDraft, OrderState
from enrolments.order_mails import acknowledge_alone
from enrolments.validating import refuse_order, validate_order
from tests.conftest import RunTasks
from tests.enrolments.orders import coming_session, place, prepare
from tests.worlds import World, make_document, make_user

Printed = Callable[[], list[Paper]]
pytestmark = pytest.mark.django_db


def order_of(world: World, persona: str, email: str = "") -> Order:
    draft = prepare(world.personas[persona], coming_session(world), world.lille, known=1)
    if email:
        OrderDraft.objects.filter(pk=draft.pk).update(order_email=email)
    return place(OrderDraft.objects.get(pk=draft.pk))


def subjects() -> list[str]:
    return [str(one.subject).replace("\xa0", " ") for one in mail.outbox]


def sent_to(address: str) -> EmailMessage:
    (sent,) = [one for one in mail.outbox if one.to == [address]]
    return sent


def patience_ends(run_tasks: RunTasks) -> None:
    """The two minutes are over."""
    waiting = DBTaskResult.objects.filter(task_path=acknowledge_alone.module_path, run_after__gt=timezone.now())
    assert waiting.update(run_after=timezone.now()) == 1
    run_tasks()


def test_it_leaves_with_the_quote(world: World, run_tasks: RunTasks) -> None:
    """Really printed: the bytes attached are those that were filed."""
    order = order_of(world, "administrator")
    assert mail.outbox == [], "which waits for the quote"
    run_tasks()
    document = Document.objects.get(order=order)
    (sent,) = mail.outbox
    assert sent.to == [order.order_email]
    assert subjects() == [f"Commande {order.number} bien reçue : votre devis à signer"]
    name, content, media_type = sent.attachments[0]
    assert isinstance(content, bytes)
    assert sha256(content).hexdigest() == document.sha256
    assert str(name).endswith(f"{document.number}.pdf")
    assert media_type == "application/pdf"
    assert f"/documents/{document.pk}/" in str(sent.body)
    assert "1 500,00 € HT, soit 1 800,00 € TTC." in str(sent.body).replace("\u202f", " ").replace("\xa0", " ")
    patience_ends(run_tasks)
    assert len(mail.outbox) == 1


def test_made_twice_it_leaves_once(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    order = order_of(world, "administrator")
    run_tasks()
    making.make(Issue.objects.get(order=order).pk)
    due.when_placed(order)
    run_tasks()
    acknowledge_alone.call(order.pk)
    acknowledge_alone.call(order.pk)
    assert len(mail.outbox) == 1


def test_a_late_quote_follows(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    order = order_of(world, "administrator")
    acknowledge_alone.call(order.pk)
    run_tasks()
    received, quote = mail.outbox
    assert subjects() == [f"Commande {order.number} bien reçue", f"Commande {order.number} : votre devis à signer"]
    assert (len(received.attachments), len(quote.attachments)) == (0, 1)
    assert "dès qu’il sera prêt" in str(received.body)
    assert f"/commandes/{order.pk}/" in str(received.body)
    assert "1\xa0500,00" in str(quote.body).replace("\u202f", "\xa0")


def test_a_printer_that_fails_holds_no_acknowledgement_back(
    world: World, monkeypatch: pytest.MonkeyPatch, run_tasks: RunTasks
) -> None:
    def broken(paper: Paper) -> bytes:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(making, "_checked", broken)
        order = order_of(world, "administrator")
        run_tasks()
        assert mail.outbox == []
        patience_ends(run_tasks)
    assert order.state == OrderState.PENDING
    assert subjects() == [f"Commande {order.number} bien reçue"]
    DBTaskResult.objects.filter(run_after__gt=timezone.now()).update(run_after=timezone.now())
    run_tasks()
    assert subjects()[1:] == [f"Commande {order.number} : votre devis à signer"]


def test_a_quote_that_cannot_be_made_holds_none_back(world: World, settings: Settings, run_tasks: RunTasks) -> None:
    settings.PROVIDER = {**settings.PROVIDER, "siret": ""}
    order = order_of(world, "administrator")
    run_tasks()
    assert Issue.objects.get(order=order).state == IssueState.FAILED
    patience_ends(run_tasks)
    assert subjects() == [f"Commande {order.number} bien reçue"]


def test_a_new_version_leaves_by_itself(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    order = order_of(world, "administrator")
    run_tasks()
    asking.correct(documents=list(Document.objects.filter(order=order)), reason="Prix", actor=world.personas["staff"])
    run_tasks()
    first, second = mail.outbox
    assert "Il remplace" not in str(first.body)
    assert "Il remplace la version précédente." in str(second.body)


def test_an_order_to_approve_is_acknowledged_at_once(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    """Its quote is made, and leaves, once it is approved."""
    ApprovalPolicy.objects.create(establishment=world.lille, active=True)
    order = order_of(world, "responsable")
    received = sent_to(order.order_email)
    assert "dès que la commande sera approuvée" in str(received.body)
    run_tasks()
    assert not any(one.attachments for one in mail.outbox)
    approve_order(order=order, actor=world.personas["administrator"])
    run_tasks()
    theirs = [one for one in mail.outbox if one.to == [order.order_email]]
    assert [len(one.attachments) for one in theirs] == [0, 0, 1]
    assert "devis à signer" in theirs[-1].subject


def test_an_order_without_establishment_too(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    user = world.personas["administrator"]
    order = place(prepare(user, coming_session(world), None, unnamed=1, siret=world.nice.siret))
    run_tasks()
    assert subjects() == [f"Commande {order.number} bien reçue : votre devis à signer"]


def test_an_order_that_ended_meanwhile_gets_no_quote(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    """It is acknowledged before the mail that says so."""
    order = order_of(world, "administrator")
    withdraw_order(order=order, actor=world.personas["administrator"])
    run_tasks()
    patience_ends(run_tasks)
    received, withdrawn = mail.outbox
    assert f"{order.number} bien reçue" in received.subject
    assert "retirée" in withdrawn.subject
    assert "Total" not in str(received.body)
    assert "devis" not in str(received.body)


@pytest.mark.parametrize("decide", ["validate", "refuse"])
def test_a_decision_waits_for_no_quote(world: World, quick_press: Printed, run_tasks: RunTasks, decide: str) -> None:
    order, staff = order_of(world, "administrator"), world.personas["staff"]
    if decide == "validate":
        validate_order(order=order, actor=staff)
    else:
        refuse_order(order=order, actor=staff, reason="Société inconnue")
    assert len(mail.outbox) == 2
    assert f"{order.number} bien reçue" in mail.outbox[0].subject
    run_tasks()
    quotes = [one for one in mail.outbox[2:] if "devis" in one.subject]
    assert len(quotes) == (decide == "validate")


def test_a_change_waits_for_no_quote(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    order = order_of(world, "administrator")
    cancel(actor=world.personas["administrator"], enrolment=order.enrolments.get(), agreed=Decimal(0))
    received, cancelled = mail.outbox
    assert f"{order.number} bien reçue" in received.subject
    assert "annulée" in cancelled.subject
    run_tasks()
    assert len(mail.outbox) == 2


def test_a_quote_made_while_its_order_ended_stays_here(world: World) -> None:
    order = order_of(world, "administrator")
    document = make_document(DocumentType.BON_POUR_ACCORD, order)
    withdraw_order(order=order, actor=world.personas["administrator"])
    mail.outbox.clear()
    mail_quote(Document.objects.get(pk=document.pk), b"%PDF")
    assert mail.outbox == []


def unverified(address: str) -> None:
    make_user(address, verified=False)


def closed(address: str) -> None:
    User.objects.filter(pk=make_user(address).pk).update(is_active=False)


@pytest.mark.parametrize("account", [None, unverified, closed])
@pytest.mark.parametrize("late", [False, True])
def test_whoever_may_not_open_it_is_told_where_it_is(
    world: World,
    quick_press: Printed,
    run_tasks: RunTasks,
    account: Callable[[str], None] | None,
    late: bool,
) -> None:
    """An address that nobody verified opens nothing (rule 1), and learns no amount (rule 6)."""
    chef = "chef@armor.example"
    if account is not None:
        account(chef)
    order = order_of(world, "administrator", chef)
    if late:
        acknowledge_alone.call(order.pk)
    run_tasks()
    theirs = [one for one in mail.outbox if one.to == [chef]]
    assert len(theirs) == 1 + late
    assert not any(one.attachments or "500,00" in str(one.body) for one in theirs)
    assert "créez votre compte avec elle" in str(theirs[-1].body)
    assert f"/documents/{Document.objects.get(order=order).pk}/signer/" in str(theirs[-1].body)


def test_the_right_is_that_of_the_moment(world: World, quick_press: Printed, run_tasks: RunTasks) -> None:
    """Verified since the order was placed, and looking at another establishment: it is theirs."""
    chef = make_user("chef@armor.example", verified=False)
    order = order_of(world, "administrator", chef.email)
    EmailAddress.objects.filter(user=chef).update(verified=True)
    User.objects.filter(pk=chef.pk).update(shown_establishments=[world.nice.pk])
    run_tasks()
    assert len(sent_to(chef.email).attachments) == 1
    made = sent_to(world.personas["administrator"].email)
    assert "n’apparaît pas dans votre historique" in str(made.body)
    assert not made.attachments
    assert order.order_email == chef.email
