"""What waits for a person on the dashboard: each sort, for whom it waits and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import User
from documents.models import Document
from enrolments.models import OrderDraft, OrderState, SessionProposal, WaitingEntry, WaitingState
from espace_client.views.todo import Task, todo_of
from tests.conftest import ClientFor
from tests.worlds import World, make_order

MINE = "responsable@armor.example"


def of(user: User, label: str) -> list[Task]:
    """As the next request sees it."""
    return [task for task in todo_of(User.objects.get(pk=user.pk)) if task.label == label]


def test_a_seat_that_is_held(world: World) -> None:
    entry = WaitingEntry.objects.create(
        session=world.sessions[1],
        establishment=world.lille,
        order_email=MINE,
        state=WaitingState.OFFERED,
        held_until=timezone.now() + timedelta(days=2),
    )
    for persona in ("responsable", "administrator", "standard"):
        (task,) = of(world.personas[persona], "Place proposée")
        assert task.url == reverse("waiting_detail", args=[entry.pk])
    assert of(world.personas["neighbour"], "Place proposée") == []
    WaitingEntry.objects.update(held_until=timezone.now() - timedelta(minutes=1))
    assert of(world.personas["responsable"], "Place proposée") == []


def test_a_session_that_we_cancelled(world: World) -> None:
    order, day = world.armor.orders[world.lille.pk][0], timezone.localdate()
    proposal = SessionProposal.objects.create(
        order=order, session=world.sessions[1], kind="cancelled", previous_starts_on=day, previous_ends_on=day
    )
    (task,) = of(world.personas["administrator"], "Session annulée")
    assert task.url == reverse("proposal_detail", args=[proposal.pk])
    assert of(world.personas["neighbour"], "Session annulée") == []
    SessionProposal.objects.update(answered_at=timezone.now())
    assert of(world.personas["administrator"], "Session annulée") == []


def test_a_draft_to_come_back_to(world: World) -> None:
    person, session = world.personas["responsable"], world.sessions[1]
    OrderDraft.objects.create(owner=person, session=session, order_email=MINE, unnamed_seats=2)
    (task,) = of(person, "En préparation")
    assert task.url == reverse("enrol_start", args=[session.pk])
    assert "2 places" in task.detail
    assert of(world.personas["administrator"], "En préparation") == [], "a draft is its owner's alone"


def test_a_quote_to_sign(world: World) -> None:
    order = make_order(world.lille, MINE, [world.sessions[1]])
    quote = Document.objects.get(order=order, type=DocumentType.BON_POUR_ACCORD)
    urls = [task.url for task in of(world.personas["responsable"], "À signer")]
    assert reverse("document_sign", args=[quote.pk]) in urls
    assert of(world.personas["standard"], "À signer") == [], "a type that was not ticked"


def test_an_order_waits_for_the_approval_of_an_administrator_and_is_only_seen_by_others(world: World) -> None:
    order = make_order(world.lille, MINE, [world.sessions[1]], state=OrderState.TO_APPROVE, papers=False)
    (decides,) = of(world.personas["administrator"], "À approuver")
    assert decides.url == reverse("order_approval", args=[order.pk])
    (watches,) = of(world.personas["responsable"], "À approuver")
    assert watches.url == reverse("order_detail", args=[order.pk])
    assert of(world.personas["neighbour"], "À approuver") == []


@pytest.mark.parametrize("count", [4, 6])
def test_what_does_not_fit_is_folded_away_not_lost(world: World, client_for: ClientFor, count: int) -> None:
    person = world.personas["ex_member"]
    for _ in range(count):
        make_order(None, person.email, [world.sessions[1]], state=OrderState.PENDING, papers=False)
    page = client_for(person).get(reverse("dashboard")).text
    assert page.count("En attente de validation") == count
    assert ("Voir les 2 autres" in page) is (count == 6)
