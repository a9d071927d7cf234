"""The page of an order: where it stands, and what is said of its invoice to whom."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.roles import Role
from catalogue.models import Session
from enrolments.changing import cancel
from enrolments.fee_sums import with_fees
from enrolments.models import Enrolment, EnrolmentEvent, EnrolmentState, EventKind, Order, OrderState
from enrolments.transitions import any_state
from espace_client.timeline import steps_of
from tests.conftest import ClientFor
from tests.enrolments.changes import MINE, coming, enrolled, make_terms
from tests.worlds import World, give_access, make_order, make_user


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (OrderState.TO_APPROVE, ["done", "now", "next"]),
        (OrderState.PENDING, ["done", "now"]),
        (OrderState.VALIDATED, ["done", "done"]),
        (OrderState.REFUSED, ["done", "bad"]),
        (OrderState.CANCELLED, ["done", "bad"]),
    ],
)
def test_the_steps_follow_the_state(state: OrderState, expected: list[str]) -> None:
    order = Order(number="CMD1", state=state, placed_on=date(2026, 11, 23))
    assert [step.state for step in steps_of(order, [])] == expected


def test_sessions_are_steps_too(world: World, client_for: ClientFor) -> None:
    order = world.armor.orders[world.lille.pk][0]
    page = client_for(world.personas["administrator"]).get(reverse("order_detail", args=[order.pk]))
    states = [(step.label, step.state) for step in page.context["steps"]]
    assert states[2:] == [("Formation", "done"), ("Formation", "next"), ("Facture émise", "done")]


@pytest.mark.parametrize(("types", "said"), [([DocumentType.FACTURE], True), ([DocumentType.CONVENTION], False)])
def test_the_invoice_is_a_step_for_whom_it_is_open(
    types: list[DocumentType], said: bool, world: World, client_for: ClientFor
) -> None:
    user = make_user("etapes@armor.example")
    give_access(user, world.lille, Role.STANDARD, types)
    order = world.armor.orders[world.lille.pk][0]
    page = client_for(user).get(reverse("order_detail", args=[order.pk]))
    assert any("Facture" in step.label for step in page.context["steps"]) == said


def test_an_order_that_is_not_billed_yet_says_so_to_its_orderer(world: World, client_for: ClientFor) -> None:
    order = make_order(None, "responsable@armor.example", world.sessions, state=OrderState.PENDING, papers=False)
    page = client_for(world.personas["responsable"]).get(reverse("order_detail", args=[order.pk]))
    assert page.context["steps"][-1].label == "Facture"
    assert page.context["steps"][-1].state == "next"
    refused = make_order(None, "responsable@armor.example", [], state=OrderState.REFUSED, papers=False)
    page = client_for(world.personas["responsable"]).get(reverse("order_detail", args=[refused.pk]))
    assert [step.state for step in page.context["steps"]] == ["done", "bad"]


def test_a_cancelled_line_is_not_due_any_more(world: World, client_for: ClientFor) -> None:
    """What the lines say is due comes to the total, and the total is what the papers will bill: seats and fees."""
    make_terms()
    session = coming(world, 8)
    order = make_order(world.lille, MINE, [session] * 3, papers=False, state=OrderState.VALIDATED)
    late, free, kept = order.enrolments.order_by("pk")
    user = world.personas["responsable"]
    cancel(actor=user, enrolment=late, agreed=Decimal(50))
    EnrolmentEvent.objects.create(enrolment=kept, kind=EventKind.MOVED, fee=Decimal("318.75"), session_before=session)
    with any_state():
        Enrolment.objects.filter(pk=free.pk).update(state=EnrolmentState.CANCELLED)
    client = client_for(user)
    page = client.get(reverse("order_detail", args=[order.pk]))
    owed = {one.pk: one.fee + (0 if one.state == "cancelled" else one.price) for one in page.context["enrolments"]}
    assert owed == {late.pk: Decimal("637.50"), free.pk: 0, kept.pk: Decimal("1593.75")}
    assert sum(owed.values()) == page.context["total"] == page.context["amount"] + page.context["fees"]
    text = page.text.replace("\xa0", " ").replace("\u202f", " ")
    assert text.count("<s>1 275,00 €</s>") == 2
    for said in ("637,50 €<small>de frais</small>", "0,00 €", "et 318,75 € de frais", "2 231,25 €"):
        assert said in text
    assert "n’est plus dû" in client.get(reverse("enrolment_detail", args=[late.pk])).text
    listed = client.get(reverse("order_list"))
    (row,) = (one for one in listed.context["orders"] if one.order.pk == order.pk)
    assert row.amount == page.context["amount"]
    for one in (listed, page):
        assert "Montant HT <small>hors frais</small>" in one.text, "the same words for the same figure"


@pytest.mark.parametrize("ended", [Session, Order])
def test_what_the_company_cancelled_costs_nothing(
    ended: type[Session] | type[Order], world: World, client_for: ClientFor
) -> None:
    """The fee of having left a session that did not take place, or of an order that ended, is billed by nobody."""
    make_terms()
    enrolment = enrolled(world, coming(world, 8))
    cancel(actor=world.personas["responsable"], enrolment=enrolment, agreed=Decimal(50))
    client, path = client_for(world.personas["responsable"]), reverse("order_detail", args=[enrolment.order_id])
    assert client.get(path).context["total"] == Decimal("637.50")
    row = enrolment.session if ended is Session else enrolment.order
    with any_state():
        ended.objects.filter(pk=row.pk).update(state="cancelled")
    assert client.get(path).context["total"] == 0
    for rows in (Enrolment.objects.filter(pk=enrolment.pk), Order.objects.filter(pk=enrolment.order_id)):
        about = "enrolment" if rows.model is Enrolment else "enrolment__order"
        assert with_fees(rows, about).get().fees == 0


def test_no_fee_is_told_where_amounts_are_closed(world: World, client_for: ClientFor) -> None:
    enrolment = enrolled(world, coming(world, 8))
    EnrolmentEvent.objects.create(enrolment=enrolment, kind=EventKind.CANCELLED, fee=Decimal("77.10"))
    user = make_user("accueil@armor.example")
    give_access(user, world.lille, Role.STANDARD, [DocumentType.CONVOCATION])
    page = client_for(user).get(reverse("order_detail", args=[enrolment.order_id]))
    assert "77,10" not in page.text
    assert "total" not in page.context
