"""Races for a seat, on real connections; each is shown to be lost when the lock is taken out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from decimal import Decimal
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from catalogue.models import Session
from enrolments import changing, seats, waiting
from enrolments.accepting import accept
from enrolments.changing import cancel, move
from enrolments.models import Enrolment, WaitingEntry, WaitingState
from enrolments.seats import seats_of
from enrolments.waiting import join, leave
from tests.enrolments.changes import coming, enrolled
from tests.worlds import World, make_world

FREE = Decimal(0)


@pytest.fixture
def open_world(transactional_db: None) -> World:
    """The tenants, committed, so that other connections see them."""
    cache.clear()
    return make_world()


def unlocked(ids: Collection[int]) -> dict[int, Session]:
    """What `lock_sessions` would be without its lock."""
    return Session.objects.select_related("course").in_bulk(list(ids))


def together(*acts: Callable[[], object]) -> list[Exception]:
    """Do all of these at once, a connection each; what they refused."""
    errors: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except ValidationError as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    return errors


def meet_after_reading(monkeypatch: pytest.MonkeyPatch, module: Any, count: int) -> None:
    """Whoever has read the seats waits for the others to have read them too, or for a second."""
    barrier, read = Barrier(count), seats.seats_of

    def slow(session: Session) -> seats.Seats:
        found = read(session)
        with suppress(BrokenBarrierError):
            barrier.wait(1)
        return found

    monkeypatch.setattr(module, "seats_of", slow)


@pytest.mark.parametrize("locked", [True, False])
def test_two_move_into_the_last_seat(locked: bool, open_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    left, chosen = coming(open_world, 30), coming(open_world, 40, seats=1)
    people = [enrolled(open_world, left), enrolled(open_world, left)]
    if not locked:
        monkeypatch.setattr(changing, "lock_sessions", unlocked)
    meet_after_reading(monkeypatch, changing, 2)
    user = open_world.personas["responsable"]
    refusals = together(
        *(lambda one=one: move(actor=user, enrolment=one, session=chosen, agreed=FREE) for one in people)
    )
    moved = Enrolment.objects.filter(session=chosen).count()
    assert (moved, len(refusals)) == ((1, 1) if locked else (2, 0))


@pytest.mark.parametrize("locked", [True, False])
def test_a_seat_is_freed_while_the_list_moves(locked: bool, open_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seat is given back while another is declined: the next two get one each, and none is proposed twice."""
    session = coming(open_world, 30, seats=2)
    people = [enrolled(open_world, session), enrolled(open_world, session)]
    user = open_world.personas["administrator"]
    entries = [join(actor=user, session=session, establishment=open_world.lille) for _rank in range(4)]
    cancel(actor=user, enrolment=people[0], agreed=FREE)
    if not locked:
        monkeypatch.setattr(changing, "lock_sessions", unlocked)
        monkeypatch.setattr(waiting, "lock_sessions", unlocked)
        monkeypatch.setattr(WaitingEntry.objects.none().__class__, "select_for_update", lambda self, **kw: self)
    meet_after_reading(monkeypatch, waiting, 2)
    together(
        lambda: cancel(actor=user, enrolment=people[1], agreed=FREE),
        lambda: leave(actor=user, entry=entries[0]),
    )
    offered = set(WaitingEntry.objects.holding().values_list("pk", flat=True))
    right = {entries[1].pk, entries[2].pk}
    assert (offered == right) is locked, offered
    if locked:
        assert seats_of(session).left == 0


def test_accepted_and_left_at_once(open_world: World) -> None:
    session = coming(open_world, 30, seats=1)
    person, user = enrolled(open_world, session), open_world.personas["administrator"]
    entry = join(actor=user, session=session, establishment=open_world.lille)
    cancel(actor=user, enrolment=person, agreed=FREE)
    refusals = together(
        lambda: accept(actor=User.objects.get(pk=user.pk), entry=entry, total=Decimal(1500)),
        lambda: leave(actor=User.objects.get(pk=user.pk), entry=entry),
    )
    entry.refresh_from_db()
    assert len(refusals) == 1
    assert entry.state in (WaitingState.ACCEPTED, WaitingState.DECLINED)
    assert Enrolment.objects.active().filter(session=session).count() == (entry.state == WaitingState.ACCEPTED)
