"""Waiting lists: joined when full, served in turn, held for 48 hours, answered once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from catalogue.models import Session, SessionState
from enrolments.accepting import accept
from enrolments.approving import decline_order, withdraw_order
from enrolments.changing import cancel
from enrolments.models import (
    ApprovalPolicy,
    Enrolment,
    EnrolmentEvent,
    EventKind,
    OrderState,
    WaitingEntry,
    WaitingState,
)
from enrolments.seats import seats_of
from enrolments.signals import session_confirmed
from enrolments.validating import cancel_order, refuse_order, validate_order
from enrolments.waiting import HELD_FOR, join, leave, move_list_of, move_waiting_lists, positions
from tests.conftest import RunTasks
from tests.constraints import refused
from tests.enrolments.changes import coming, enrolled
from tests.enrolments.orders import coming_session, place, prepare
from tests.worlds import World

FREE, PRICE = Decimal(0), Decimal(1500)


def wait(world: World, session: Session, name: str = "administrator") -> WaitingEntry:
    user = User.objects.get(pk=world.personas[name].pk)
    place = world.brume.establishments[0] if name == "neighbour" else world.lille
    return join(actor=user, session=session, establishment=place)


@pytest.fixture
def full(world: World) -> Session:
    """A session of one seat, in which somebody sits."""
    session = coming(world, 30, seats=1)
    enrolled(world, session)
    return session


def states(*entries: WaitingEntry) -> list[str]:
    for entry in entries:
        entry.refresh_from_db()
    return [entry.state for entry in entries]


def free_the_seat(world: World, session: Session) -> None:
    enrolment = Enrolment.objects.active().get(session=session)
    cancel(actor=world.personas["responsable"], enrolment=enrolment, agreed=FREE)


def test_a_freed_seat_goes_to_the_first_and_is_held(world: World, full: Session) -> None:
    first, second = wait(world, full), wait(world, full, "neighbour")
    assert positions([first, second]) == {first.pk: 1, second.pk: 2}
    mail.outbox.clear()
    free_the_seat(world, full)
    assert states(first, second) == [WaitingState.OFFERED, WaitingState.WAITING]
    assert first.held_until is not None
    assert abs(first.held_until - timezone.now() - HELD_FOR) < timedelta(minutes=1)
    assert positions([first, second]) == {second.pk: 1}
    assert seats_of(full).left == 0, "a seat that is held is not for sale"
    assert [one.to for one in mail.outbox if "libérée" in one.subject] == [["administratrice@armor.example"]]


def test_without_an_answer_it_goes_to_the_next(world: World, full: Session, run_tasks: RunTasks) -> None:
    first, second = wait(world, full), wait(world, full, "neighbour")
    free_the_seat(world, full)
    move_list_of(full.pk, timezone.now() + HELD_FOR - timedelta(minutes=1))
    assert states(first, second) == [WaitingState.OFFERED, WaitingState.WAITING]
    WaitingEntry.objects.filter(pk=first.pk).update(held_until=timezone.now() - timedelta(seconds=1))
    with pytest.raises(ValidationError, match="délai est passé"):
        accept(actor=world.personas["administrator"], entry=first, total=PRICE)
    move_waiting_lists.enqueue()
    run_tasks()
    assert states(first, second) == [WaitingState.EXPIRED, WaitingState.OFFERED]
    assert "plus réservée" in " ".join(str(one.subject) for one in mail.outbox)


def test_declining_passes_the_seat_on_at_once(world: World, full: Session) -> None:
    first, second, third = (wait(world, full, name) for name in ("administrator", "neighbour", "administrator"))
    free_the_seat(world, full)
    leave(actor=world.personas["administrator"], entry=third)
    leave(actor=world.personas["administrator"], entry=first)
    assert states(first, second, third) == [WaitingState.DECLINED, WaitingState.OFFERED, WaitingState.LEFT]


def test_accepting_makes_an_order_of_the_seat(world: World, full: Session) -> None:
    entry = wait(world, full)
    with pytest.raises(ValidationError, match="toujours sur la liste"):
        accept(actor=world.personas["administrator"], entry=entry, total=PRICE)
    free_the_seat(world, full)
    with pytest.raises(ValidationError, match="prix a changé"):
        accept(actor=world.personas["administrator"], entry=entry, total=Decimal(1))
    order = accept(actor=world.personas["administrator"], entry=entry, total=PRICE)
    enrolment = order.enrolments.get()
    assert states(entry) == [WaitingState.ACCEPTED]
    assert (entry.enrolment, order.state, order.establishment) == (enrolment, OrderState.PENDING, world.lille)
    assert order.order_email == "administratrice@armor.example"
    assert EnrolmentEvent.objects.filter(enrolment=enrolment, kind=EventKind.FROM_WAITING_LIST).exists()
    assert seats_of(full).left == 0
    with pytest.raises(ValidationError, match="déjà répondu"):
        accept(actor=world.personas["administrator"], entry=entry, total=PRICE)


def test_a_session_that_was_called_full_is_on_sale_again_with_nobody_waiting(world: World, full: Session) -> None:
    Session.objects.filter(pk=full.pk).update(state=SessionState.FULL)
    entry = wait(world, full)
    free_the_seat(world, full)
    full.refresh_from_db()
    assert full.state == SessionState.FULL
    leave(actor=world.personas["administrator"], entry=entry)
    full.refresh_from_db()
    assert full.state == SessionState.OPEN


def test_a_session_called_full_keeps_the_seats_that_it_has_not_sold(world: World) -> None:
    session = coming(world, 30, seats=9, state=SessionState.FULL)
    entry = wait(world, session)
    move_list_of(session.pk)
    assert states(entry) == [WaitingState.WAITING]


def test_who_may_join(world: World, full: Session) -> None:
    free = coming(world, 31)
    with pytest.raises(ValidationError, match="pas de liste d’attente"):
        wait(world, free)
    for name in ("unverified", "ex_member", "neighbour"):
        with pytest.raises(ValidationError, match="ne pouvez pas"):
            join(actor=world.personas[name], session=full, establishment=world.lille)
    user, person = world.personas["administrator"], Enrolment.objects.get(session=full).participant
    with pytest.raises(ValidationError, match="déjà inscrit"):
        join(actor=user, session=full, establishment=world.lille, participant=person)
    stranger = Enrolment.objects.filter(establishment=world.brume.establishments[0]).earliest("pk").participant
    with pytest.raises(ValidationError, match="pas de cet établissement"):
        join(actor=user, session=full, establishment=world.lille, participant=stranger)


def test_an_entry_is_its_owners(world: World, full: Session) -> None:
    entry = wait(world, full)
    free_the_seat(world, full)
    for name in ("neighbour", "ex_member", "unverified", "responsable"):
        with pytest.raises(WaitingEntry.DoesNotExist):
            leave(actor=world.personas[name], entry=entry)
        with pytest.raises(WaitingEntry.DoesNotExist):
            accept(actor=world.personas[name], entry=entry, total=PRICE)


def test_the_database_keeps_entries_sound(world: World, full: Session) -> None:
    entry = wait(world, full)
    rows = WaitingEntry.objects.filter(pk=entry.pk)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"state": "offered"}, "waiting_holds_while_offered"),
        ({"held_until": timezone.now()}, "waiting_holds_while_offered"),
        ({"state": "accepted"}, "waiting_accepted_is_enrolled"),
        ({"order_email": "A@b.fr"}, "waiting_email_lower_case"),
        ({"order_email": ""}, "waiting_has_an_email"),
    ]
    for values, constraint in wrong:
        with refused(constraint):
            rows.update(**values)
    person = world.brume.company.participants.earliest("pk")
    rows.update(participant=person)
    with refused("waiting_once_per_participant"):
        WaitingEntry.objects.create(session=full, order_email="a@b.fr", participant=person)


@pytest.mark.parametrize("road", ["refused", "declined", "withdrawn", "cancelled"])
def test_seats_that_an_order_frees_go_to_the_list_at_once(world: World, road: str) -> None:
    """By whichever road the order ends: no chore is needed."""
    session, staff = coming_session(world, seats=2), world.personas["staff"]
    if road == "declined":
        ApprovalPolicy.objects.create(establishment=world.lille, active=True)
    responsable, administrator = world.personas["responsable"], world.personas["administrator"]
    order = place(prepare(responsable, session, world.lille, unnamed=2))
    entries = [wait(world, session), wait(world, session, "neighbour"), wait(world, session)]
    mail.outbox.clear()
    if road == "refused":
        refuse_order(order=order, actor=staff, reason="Doublon")
    elif road == "declined":
        decline_order(order=order, actor=administrator, word="Non")
    elif road == "withdrawn":
        withdraw_order(order=order, actor=responsable)
    else:
        validate_order(order=order, actor=staff)
        cancel_order(order=order, actor=staff, reason="Erreur")
    assert states(*entries) == [WaitingState.OFFERED, WaitingState.OFFERED, WaitingState.WAITING]
    assert sum("Une place s’est libérée" in one.subject for one in mail.outbox) == 2
    assert seats_of(session).left == 0, "held for those to whom they are offered"


def test_a_full_session_that_is_confirmed_as_it_comes_back_on_sale_says_so(world: World, full: Session) -> None:
    other = enrolled(world, full)
    Session.objects.filter(pk=full.pk).update(state=SessionState.FULL, seats=2, minimum=1)
    told: list[int] = []
    session_confirmed.connect(lambda session, **kwargs: told.append(session.pk), weak=False, dispatch_uid="test")
    try:
        cancel(actor=world.personas["responsable"], enrolment=other, agreed=FREE)
    finally:
        session_confirmed.disconnect(dispatch_uid="test")
    full.refresh_from_db()
    assert (full.state, told) == (SessionState.CONFIRMED, [full.pk])


def test_the_chore_has_nothing_to_say_of_a_session_that_is_gone(world: World) -> None:
    move_list_of(0)
    assert not WaitingEntry.objects.exists()
