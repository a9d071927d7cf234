"""When the company cancels or moves a session: each order is asked, for free, and answers once for each person."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse

from catalogue.models import HalfDay, Session, SessionState
from enrolments.answering import Choice, answer_proposal
from enrolments.models import (
    Enrolment,
    EnrolmentEvent,
    EnrolmentState,
    EventKind,
    SessionProposal,
    WaitingEntry,
    WaitingState,
)
from enrolments.proposals import cancel_session, move_session, unanswered
from enrolments.quoting import Change, quote
from tests.conftest import ClientFor
from tests.constraints import refused
from tests.enrolments.changes import MINE, coming, enrolled, make_terms
from tests.worlds import World, make_order


@pytest.fixture
def session(world: World) -> Session:
    """Tomorrow's session, which it would cost to leave; two of ours and one of the neighbour's in it."""
    make_terms()
    found = coming(world, 3)
    HalfDay.objects.create(session=found, date=found.starts_on, starts_at=time(9), ends_at=time(12))
    HalfDay.objects.create(session=found, date=found.starts_on, starts_at=time(13), ends_at=time(17))
    HalfDay.objects.create(session=found, date=found.ends_on, starts_at=time(9), ends_at=time(12))
    make_order(world.lille, MINE, [found, found], papers=False)
    make_order(world.brume.establishments[0], "voisin@brume.example", [found], papers=False)
    return found


def ours(session: Session) -> list[Enrolment]:
    return list(Enrolment.objects.filter(session=session, order_email=MINE).order_by("pk"))


def test_a_cancelled_session_asks_each_order_once(world: World, session: Session) -> None:
    entry = WaitingEntry.objects.create(session=session, order_email=MINE)
    mail.outbox.clear()
    proposals = cancel_session(session=session, actor=world.personas["staff"], reason="Formateur souffrant.")
    session.refresh_from_db()
    entry.refresh_from_db()
    assert (session.state, len(proposals), entry.state) == (SessionState.CANCELLED, 2, WaitingState.LEFT)
    assert sorted(one.to[0] for one in mail.outbox) == [MINE, "voisin@brume.example"]
    assert all("Formateur souffrant." in one.body and "/propositions/" in one.body for one in mail.outbox)
    mine = next(one for one in mail.outbox if one.to == [MINE])
    assert mine.subject.endswith(f"Session annulée : {session.course.title}")
    who = ", ".join(str(one.participant) for one in ours(session))
    assert f"Commande {proposals[0].order.number}, pour : {who}." in " ".join(mine.body.split())
    assert EnrolmentEvent.objects.filter(kind=EventKind.SESSION_CANCELLED).count() == 3
    assert quote(ours(session)[0], Change.CANCEL, session.starts_on).fee.free
    with pytest.raises(ValidationError):
        cancel_session(session=session, actor=world.personas["staff"], reason="")


def test_each_person_gets_their_answer_and_none_pays(world: World, session: Session) -> None:
    [proposal, _other] = cancel_session(session=session, actor=world.personas["staff"], reason="")
    first, second = ours(session)
    elsewhere, user = coming(world, 40), world.personas["responsable"]
    with pytest.raises(ValidationError, match="n’aura pas lieu"):
        answer_proposal(actor=user, proposal=proposal, choices={first.pk: Choice(keep=True)})
    answer_proposal(actor=user, proposal=proposal, choices={first.pk: Choice(session=elsewhere)})
    proposal.refresh_from_db()
    assert proposal.answered_at is None
    assert list(unanswered(proposal)) == [second]
    answer_proposal(actor=user, proposal=proposal, choices={second.pk: Choice()})
    for row in (first, second, proposal):
        row.refresh_from_db()
    assert (first.session, second.state) == (elsewhere, EnrolmentState.CANCELLED)
    assert proposal.answered_at is not None
    assert not EnrolmentEvent.objects.filter(fee__gt=0).exists()
    with pytest.raises(ValidationError, match="déjà répondu"):
        answer_proposal(actor=user, proposal=proposal, choices={second.pk: Choice()})


def test_all_or_nothing(world: World, session: Session) -> None:
    [proposal, _other] = cancel_session(session=session, actor=world.personas["staff"], reason="")
    first, second = ours(session)
    small = coming(world, 40, seats=1)
    choices = {first.pk: Choice(session=small), second.pk: Choice(session=small)}
    with pytest.raises(ValidationError, match="dernière place"):
        answer_proposal(actor=world.personas["responsable"], proposal=proposal, choices=choices)
    assert [one.session for one in ours(session)] == [session, session]


def test_a_moved_session_takes_its_half_days_along(world: World, session: Session) -> None:
    starts_on = session.starts_on + timedelta(days=1)
    [proposal, _other] = move_session(
        session=session, actor=world.personas["staff"], starts_on=starts_on, ends_on=session.ends_on, reason="Grève."
    )
    dates = list(session.half_days.values_list("date", "starts_at"))
    assert dates == [(starts_on, time(9)), (starts_on, time(13))]
    assert {one.starts_on for one in ours(session)} == {starts_on}
    first, second = ours(session)
    user = world.personas["responsable"]
    answer_proposal(actor=user, proposal=proposal, choices={first.pk: Choice(keep=True), second.pk: Choice()})
    proposal.refresh_from_db()
    first.refresh_from_db()
    assert proposal.answered_at is not None
    assert first.state == EnrolmentState.CONFIRMED


def test_a_session_is_not_moved_to_yesterday(world: World, session: Session) -> None:
    past = session.starts_on - timedelta(days=10)
    with pytest.raises(ValidationError, match="à venir"):
        move_session(session=session, actor=world.personas["staff"], starts_on=past, ends_on=past, reason="")


def test_nobody_answers_for_another(world: World, session: Session) -> None:
    [proposal, _other] = cancel_session(session=session, actor=world.personas["staff"], reason="")
    first, _second = ours(session)
    for name in ("neighbour", "ex_member", "unverified"):
        with pytest.raises(Enrolment.DoesNotExist):
            answer_proposal(actor=world.personas[name], proposal=proposal, choices={first.pk: Choice()})
    theirs = Enrolment.objects.get(session=session, order_email="voisin@brume.example")
    with pytest.raises(ValidationError):
        answer_proposal(actor=world.personas["responsable"], proposal=proposal, choices={theirs.pk: Choice()})


def test_one_open_proposal_per_order_and_session(world: World, session: Session) -> None:
    [proposal, _other] = cancel_session(session=session, actor=world.personas["staff"], reason="")
    with refused("proposal_open_once"):
        SessionProposal.objects.create(
            order=proposal.order, session=session, kind="cancelled", previous_starts_on=session.starts_on,
            previous_ends_on=session.ends_on,
        )  # fmt: skip
    assert quote(enrolled(world, coming(world, 4)), Change.CANCEL, session.starts_on).fee.rate == Decimal(100)


def test_the_page_of_the_order_says_who_does_what_instead(
    world: World, session: Session, client_for: ClientFor
) -> None:
    later = session.starts_on + timedelta(days=30)
    [proposal, _other] = move_session(
        session=session, actor=world.personas["staff"], starts_on=later, ends_on=later, reason="Travaux."
    )
    first, second = ours(session)
    user = world.personas["responsable"]
    answer_proposal(
        actor=user,
        proposal=proposal,
        choices={first.pk: Choice(keep=True), second.pk: Choice(session=coming(world, 40))},
    )
    steps = client_for(user).get(reverse("order_detail", args=[first.order_id])).context["steps"]
    notes = {step.label: step.note for step in steps}
    assert notes["Nouvelles dates acceptées"].startswith(f"{first.participant}. ")
    assert notes["Inscription déplacée"].startswith(f"{second.participant}. De «")
    assert notes["Session déplacée par nos soins"].startswith("Prévue du ")
    assert f"elle aura lieu le {later.day}" in notes["Session déplacée par nos soins"].replace("1er", "1")
    assert "Travaux." in notes["Session déplacée par nos soins"]
