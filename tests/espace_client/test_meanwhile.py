"""What a page answers when what it showed has changed between its reading and the act: no error, nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Access, User
from accounts.roles import Role
from catalogue.models import Session
from enrolments.approving import decline_order, withdraw_order
from enrolments.merging import merge, undo_merge
from enrolments.models import (
    ApprovalPolicy,
    Enrolment,
    EnrolmentState,
    Order,
    OrderState,
    Participant,
    ParticipantMerge,
    SessionProposal,
    WaitingEntry,
)
from enrolments.proposals import cancel_session
from enrolments.waiting import join
from tests.conftest import ClientFor
from tests.enrolments.changes import coming, enrolled
from tests.enrolments.orders import coming_session, place, prepare
from tests.worlds import World, make_order

Meanwhile = Callable[[str, Callable[[], object]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """`meanwhile("approval.approve_order", act)`: `act` comes between what the view read and what its service locks."""

    def patch(where: str, act: Callable[[], object]) -> None:
        module, name = where.split(".")
        view = import_module(f"espace_client.views.{module}")
        service = getattr(view, name)

        def delayed(**arguments: Any) -> Any:
            act()
            return service(**arguments)

        monkeypatch.setattr(view, name, delayed)

    return patch


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


@pytest.fixture
def order(world: World) -> Order:
    """It waits for an administrator."""
    ApprovalPolicy.objects.create(establishment=world.lille, active=True)
    return place(prepare(world.personas["responsable"], coming_session(world), world.lille, unnamed=1))


def demoted(world: World) -> None:
    """The administrator of Lille is one no more."""
    Access.objects.filter(user=world.personas["administrator"]).update(role=Role.STANDARD)


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_an_order_that_somebody_else_decided(
    decision: str, world: World, client: Client, order: Order, meanwhile: Meanwhile
) -> None:
    other = world.personas["member_of_two"]
    meanwhile(f"approval.{decision}_order", lambda: decline_order(order=order, actor=other, word="Non"))
    url, data = reverse("order_approval", args=[order.pk]), {"decision": decision, "word": "Trop tard"}
    answer = client.post(url, data, follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["warning"]
    order.refresh_from_db()
    assert order.state == OrderState.REFUSED


def test_an_approver_who_lost_the_right(world: World, client: Client, order: Order, meanwhile: Meanwhile) -> None:
    meanwhile("approval.approve_order", lambda: demoted(world))
    answer = client.post(reverse("order_approval", args=[order.pk]), {"decision": "approve", "word": ""})
    order.refresh_from_db()
    assert (answer.status_code, order.state) == (404, OrderState.TO_APPROVE)


def test_an_order_that_was_taken_back_already(
    world: World, client_for: ClientFor, order: Order, meanwhile: Meanwhile
) -> None:
    user = world.personas["responsable"]
    browser, url = client_for(user), reverse("order_withdrawal", args=[order.pk])
    meanwhile("approval.withdraw_order", lambda: withdraw_order(order=order, actor=user))
    answer = browser.post(url, follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["warning"]
    assert "ne peut plus être retirée" in browser.get(url, follow=True).text


def test_an_order_that_is_no_longer_one_s_own(
    world: World, client_for: ClientFor, order: Order, meanwhile: Meanwhile
) -> None:
    user = world.personas["responsable"]
    meanwhile("approval.withdraw_order", lambda: user.emailaddress_set.update(verified=False))
    answer = client_for(user).post(reverse("order_withdrawal", args=[order.pk]))
    order.refresh_from_db()
    assert (answer.status_code, order.state) == (404, OrderState.TO_APPROVE)


def test_settings_of_an_establishment_that_is_no_longer_one_s_own(
    world: World, client: Client, meanwhile: Meanwhile
) -> None:
    meanwhile("approval.save_policy", lambda: demoted(world))
    answer = client.post(reverse("approval_policy", args=[world.lille.pk]), {"active": "on", "threshold": "0"})
    assert answer.status_code == 404
    assert not ApprovalPolicy.objects.exists()


# --- Waiting lists ----------------------------------------------------------------------------------------------------


@pytest.fixture
def full(world: World) -> Session:
    session = coming(world, 30, seats=1)
    enrolled(world, session)
    return session


def test_joining_the_list_of_a_session_that_is_not_full_or_not_there(
    world: World, client: Client, full: Session, meanwhile: Meanwhile
) -> None:
    url, data = reverse("waiting_join", args=[full.pk]), {"etablissement": str(world.lille.pk)}
    meanwhile("waiting.join", lambda: Session.objects.filter(pk=full.pk).update(seats=9))
    answer = client.post(url, data)
    assert "il y reste des places" in answer.text
    assert answer.context["form"]["etablissement"].value() == str(world.lille.pk), "what was chosen stays"
    assert not WaitingEntry.objects.exists()
    assert client.get(reverse("waiting_join", args=[0])).status_code == 404


def test_an_entry_that_is_no_longer_one_s_own(
    world: World, client: Client, full: Session, meanwhile: Meanwhile
) -> None:
    user = User.objects.get(pk=world.personas["administrator"].pk)
    entry = join(actor=user, session=full, establishment=world.lille)
    url = reverse("waiting_detail", args=[entry.pk])
    nonsense = client.post(url, {"accepter": "1", "total": "beaucoup"})
    assert "Relisez le prix" in nonsense.text

    def gone() -> None:
        Access.objects.filter(user=user).delete()
        user.emailaddress_set.update(verified=False)

    meanwhile("waiting.leave", gone)
    assert client.post(url, {"quitter": "1"}).status_code == 404
    assert WaitingEntry.objects.get().state == entry.state


# --- Proposals --------------------------------------------------------------------------------------------------------


@pytest.fixture
def proposal(world: World) -> SessionProposal:
    """A session of ours that the company cancels."""
    session = coming(world, 20)
    make_order(world.lille, "responsable@armor.example", [session], papers=False)
    cancel_session(session=session, actor=world.personas["staff"], reason="Formateur souffrant.")
    return SessionProposal.objects.get()


def choice(proposal: SessionProposal) -> tuple[str, dict[str, str]]:
    (seat,) = Enrolment.objects.filter(order=proposal.order_id)
    return reverse("proposal_detail", args=[proposal.pk]), {f"choix-{seat.pk}": "annuler"}


def test_a_proposal_that_somebody_else_answered(
    client: Client, client_for: ClientFor, world: World, proposal: SessionProposal, meanwhile: Meanwhile
) -> None:
    url, data = choice(proposal)
    again: list[str] = []

    def other_answers() -> None:
        if not again:  # the other's own answer passes here too
            again.append("once")
            client_for(world.personas["responsable"]).post(url, data)

    meanwhile("proposals.answer_proposal", other_answers)
    assert "déjà répondu à cette proposition" in client.post(url, data).text
    assert Enrolment.objects.get(order=proposal.order_id).state == EnrolmentState.CANCELLED


def test_a_proposal_about_people_who_are_no_longer_one_s_own(
    client: Client, world: World, proposal: SessionProposal, meanwhile: Meanwhile
) -> None:
    url, data = choice(proposal)
    meanwhile("proposals.answer_proposal", lambda: Access.objects.filter(user=world.personas["administrator"]).delete())
    assert client.post(url, data).status_code == 404
    assert Enrolment.objects.get(order=proposal.order_id).state != EnrolmentState.CANCELLED


# --- Colleagues -------------------------------------------------------------------------------------------------------


@pytest.fixture
def twins(world: World) -> tuple[Participant, Participant]:
    """The same person twice, known by one address."""
    one, other = (enrolled(world, coming(world, days)).participant for days in (5, 40))
    assert one is not None
    assert other is not None
    Participant.objects.filter(pk__in=[one.pk, other.pk]).update(email="zoe@armor.example")
    return one, other


def test_a_double_who_was_enrolled_beside_the_other(
    client: Client, twins: tuple[Participant, Participant], meanwhile: Meanwhile
) -> None:
    kept, double = twins
    url = reverse("participant_merge", args=[kept.pk])
    assert list(client.get(url).context["others"]) == [double], "found by the address, whatever the name"
    beside = kept.enrolments.get().session
    meanwhile("colleagues.merge", lambda: Enrolment.objects.filter(participant=double).update(session=beside))
    assert "inscrites à la même session" in client.post(url, {"avec": str(double.pk)}).text
    assert not ParticipantMerge.objects.exists()


def test_a_merge_that_somebody_else_took_back(
    client: Client, world: World, twins: tuple[Participant, Participant], meanwhile: Meanwhile
) -> None:
    kept, double = twins
    actor = world.personas["member_of_two"]
    found = merge(actor=actor, kept=kept, merged=double)
    meanwhile("colleagues.undo_merge", lambda: undo_merge(actor=actor, merge=found))
    answer = client.post(reverse("participant_unmerge", args=[found.pk]), follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]


def test_a_colleague_who_is_no_longer_one_s_own(
    client: Client, world: World, twins: tuple[Participant, Participant], meanwhile: Meanwhile
) -> None:
    meanwhile("colleagues.correct_name", lambda: demoted(world))
    answer = client.post(reverse("participant_correct", args=[twins[0].pk]), {"nom": "Roy", "prenom": "Ana"})
    assert answer.status_code == 404
    assert not Participant.objects.filter(last_name="Roy").exists()
