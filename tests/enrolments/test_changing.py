"""Changing one's mind: who may, what it costs, what is kept of it, and what follows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from catalogue.models import SessionState
from enrolments.changing import NewPerson, cancel, move, substitute
from enrolments.models import (
    Enrolment,
    EnrolmentEvent,
    EnrolmentState,
    EventKind,
    OrderState,
    Participant,
)
from enrolments.quoting import Change, quote
from enrolments.signals import enrolment_cancelled, enrolment_moved, enrolment_substituted
from tests.constraints import refused
from tests.enrolments.changes import MINE, coming, enrolled, make_terms
from tests.worlds import World, make_session

FREE = Decimal(0)


@pytest.fixture
def told() -> Any:
    """What the signals said."""
    heard: list[tuple[str, Any]] = []
    signals = {"substituted": enrolment_substituted, "moved": enrolment_moved, "cancelled": enrolment_cancelled}
    receivers = []
    for name, signal in signals.items():

        def hear(sender: Any, name: str = name, **kwargs: Any) -> None:
            heard.append((name, kwargs.get("previous")))

        signal.connect(hear)
        receivers.append((signal, hear))
    yield heard
    for signal, hear in receivers:
        signal.disconnect(hear)


def test_a_seat_goes_to_somebody_else(world: World, told: list[Any]) -> None:
    make_terms()
    enrolment = enrolled(world, coming(world, 2))
    before, user = enrolment.participant, world.personas["responsable"]
    changed = substitute(actor=user, enrolment=enrolment, person=NewPerson("Le Goff", "Yann"), agreed=FREE)
    enrolment.refresh_from_db()
    assert str(enrolment.participant) == "Yann Le Goff"
    assert enrolment.participant is not None
    assert enrolment.participant.company == world.armor.company
    assert enrolment.decided_in_portal == ["participant"]
    event = EnrolmentEvent.objects.get(enrolment=enrolment)
    assert event.kind == EventKind.SUBSTITUTED
    assert (event.participant_before, event.participant_after) == (before, changed.participant)
    assert (event.actor_email, event.fee) == (user.email, FREE)
    assert told == [("substituted", before)]
    assert mail.outbox[-1].to == [MINE]
    assert "Yann Le Goff remplace" in str(mail.outbox[-1].body)


def test_a_seat_to_be_named_gets_its_name_for_free(world: World, told: list[Any]) -> None:
    make_terms()
    enrolment = enrolled(world, coming(world, 1))
    known = enrolment.participant
    assert known is not None
    Enrolment.objects.filter(pk=enrolment.pk).update(participant=None)
    substitute(actor=world.personas["administrator"], enrolment=enrolment, person=known, agreed=FREE)
    assert EnrolmentEvent.objects.get().kind == EventKind.NAMED
    assert told == [("substituted", None)]


def test_nobody_sits_twice_nor_comes_from_elsewhere(world: World) -> None:
    session = coming(world, 20)
    first, second = enrolled(world, session), enrolled(world, session)
    stranger = Participant.objects.filter(company=world.brume.company).earliest("pk")
    assert second.participant is not None
    for person, words in [(second.participant, "déjà inscrit"), (stranger, "pas de l’entreprise")]:
        with pytest.raises(ValidationError, match=words):
            substitute(actor=world.personas["responsable"], enrolment=first, person=person, agreed=FREE)
    assert not EnrolmentEvent.objects.exists()


@pytest.mark.parametrize(
    ("days", "cancelling", "moving"),
    [(30, 0, 0), (10, 0, 0), (9, 50, 25), (5, 50, 25), (4, 100, 50), (0, 100, 50)],
)
def test_the_fee_is_what_the_terms_say(days: int, cancelling: int, moving: int, world: World) -> None:
    make_terms()
    enrolment = enrolled(world, coming(world, days))
    today = timezone.localdate()
    for change, rate in [(Change.CANCEL, cancelling), (Change.MOVE, moving), (Change.SUBSTITUTE, 0)]:
        fee = quote(enrolment, change, today).fee
        assert (fee.rate, fee.amount) == (Decimal(rate), (enrolment.price * rate / 100).quantize(Decimal("0.01")))


def test_the_terms_are_those_of_the_day_of_the_order(world: World) -> None:
    enrolment = enrolled(world, coming(world, 4))
    today = timezone.localdate()
    make_terms(in_force_from=today + timedelta(days=1))
    assert quote(enrolment, Change.CANCEL, today).fee.free
    make_terms()
    assert quote(enrolment, Change.CANCEL, today).fee.rate == 100


def test_an_order_that_waits_is_changed_for_free(world: World) -> None:
    make_terms()
    enrolment = enrolled(world, coming(world, 4), state=OrderState.PENDING)
    assert quote(enrolment, Change.CANCEL, timezone.localdate()).fee.free


def test_cancelling_keeps_the_fee_and_its_reason(world: World, told: list[Any]) -> None:
    make_terms()
    enrolment = enrolled(world, coming(world, 7))
    user = world.personas["responsable"]
    with pytest.raises(ValidationError, match="conditions ont changé"):
        cancel(actor=user, enrolment=enrolment, agreed=FREE)
    cancel(actor=user, enrolment=enrolment, agreed=Decimal(50))
    enrolment.refresh_from_db()
    enrolment.order.refresh_from_db()
    event = EnrolmentEvent.objects.get()
    assert enrolment.state == EnrolmentState.CANCELLED
    assert (event.fee, event.rate) == (Decimal("637.50"), Decimal(50))
    assert "à moins de 10 jours" in event.reason
    assert enrolment.order.state == OrderState.VALIDATED  # a fee is due
    assert told == [("cancelled", None)]
    assert "637,50" in str(mail.outbox[-1].body)
    with pytest.raises(ValidationError, match="est annulée"):
        cancel(actor=user, enrolment=enrolment, agreed=Decimal(50))


def test_an_order_with_nobody_left_and_nothing_due_is_cancelled(world: World) -> None:
    enrolment = enrolled(world, coming(world, 30))
    cancel(actor=world.personas["administrator"], enrolment=enrolment, agreed=FREE)
    enrolment.order.refresh_from_db()
    assert enrolment.order.state == OrderState.CANCELLED


def test_moving_keeps_the_price_and_follows_the_dates(world: World, told: list[Any]) -> None:
    make_terms()
    left, chosen = coming(world, 7), coming(world, 40)
    enrolment = enrolled(world, left)
    move(actor=world.personas["responsable"], enrolment=enrolment, session=chosen, agreed=Decimal(25))
    enrolment.refresh_from_db()
    assert (enrolment.session, enrolment.starts_on, enrolment.price) == (chosen, chosen.starts_on, Decimal(1275))
    event = EnrolmentEvent.objects.get()
    assert (event.session_before, event.session_after, event.fee) == (left, chosen, Decimal("318.75"))
    assert told == [("moved", left)]


def test_one_moves_only_to_a_session_that_sells(world: World) -> None:
    enrolment, user = enrolled(world, coming(world, 30)), world.personas["responsable"]
    full = coming(world, 40, seats=1)
    enrolled(world, full)
    cancelled, past = coming(world, 41, state=SessionState.CANCELLED), coming(world, -3)
    domain = world.sessions[0].course.domain
    other_course = type(world.sessions[0].course).objects.create(
        reference="AUTRE", title="Autre", domain=domain, days=1, hours=7, public_price=Decimal(100)
    )
    elsewhere = make_session(other_course, date.today() + timedelta(days=50))  # noqa: DTZ011
    for session, words in [
        (full, "dernière place"),
        *((one, "On ne peut pas") for one in (cancelled, past, elsewhere, enrolment.session)),
    ]:
        with pytest.raises(ValidationError, match=words):
            move(actor=user, enrolment=enrolment, session=session, agreed=FREE)


def test_what_began_is_not_changed_here(world: World) -> None:
    enrolment = enrolled(world, coming(world, -1))
    with pytest.raises(ValidationError, match="a commencé"):
        cancel(actor=world.personas["responsable"], enrolment=enrolment, agreed=FREE)


@pytest.mark.parametrize("persona", ["neighbour", "ex_member", "unverified", "delegate_ended"])
def test_whoever_does_not_see_it_does_not_change_it(persona: str, world: World) -> None:
    enrolment, user = enrolled(world, coming(world, 30)), world.personas[persona]
    with pytest.raises(Enrolment.DoesNotExist):
        cancel(actor=user, enrolment=enrolment, agreed=FREE)
    with pytest.raises(Enrolment.DoesNotExist):
        move(actor=user, enrolment=enrolment, session=coming(world, 40), agreed=FREE)
    with pytest.raises(Enrolment.DoesNotExist):
        substitute(actor=user, enrolment=enrolment, person=NewPerson("X"), agreed=FREE)


def test_what_happened_is_never_rewritten(world: World) -> None:
    cancel(actor=world.personas["responsable"], enrolment=enrolled(world, coming(world, 30)), agreed=FREE)
    with refused("event_never_changes"):
        EnrolmentEvent.objects.update(fee=1)
    with refused("event_never_changes"):
        EnrolmentEvent.objects.all().delete()
