"""The page of an order: where it stands, and what is said of its invoice to whom."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.roles import Role
from enrolments.models import Order, OrderState
from espace_client.timeline import steps_of
from tests.conftest import ClientFor
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
