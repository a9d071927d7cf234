"""A process that dies while it makes an order leaves none, or a whole one, between whichever two statements it dies."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from enrolments.models import DraftSeat, Enrolment, Order, OrderDraft, OrderEvent, Participant
from tests.enrolments.orders import coming_session, place, prepare
from tests.enrolments.test_placing import ANA
from tests.worlds import make_world

MOST_STATEMENTS = 200


def dies_before_statement(rank: int, act: Callable[[], object]) -> bool:
    """Do `act` in a process of its own that is killed before its n-th statement; whether it was killed."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        left = [rank]

        def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, params, many, context)

        try:
            # Its own connection, even where the parent has a second one that `close_all` does not see: with a browser's
            # event loop at work in this thread (tests/e2e), Django keeps those of before apart, and a child finds them.
            connections["default"] = connections.create_connection("default")
            with connections["default"].execute_wrapper(count):
                act()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, f"the order failed by itself before statement {rank}"
    return False


@pytest.mark.django_db(transaction=True)
def test_an_order_is_there_whole_or_not_at_all() -> None:
    world = make_world()
    user, session = world.personas["administrator"], coming_session(world)
    draft = prepare(user, session, world.lille, known=1, unnamed=1, named=(ANA,))
    people = Participant.objects.count()
    killed = 0
    while dies_before_statement(killed + 1, lambda: place(OrderDraft.objects.get(pk=draft.pk))):
        killed += 1
        assert killed < MOST_STATEMENTS
        assert not Order.objects.filter(draft_token=draft.token).exists()
        assert not Enrolment.objects.filter(session=session).exists()
        assert (Participant.objects.count(), DraftSeat.objects.filter(draft=draft).count()) == (people, 2)
    assert killed > 15, "the process died nowhere"
    order = Order.objects.get(draft_token=draft.token)
    assert Enrolment.objects.filter(order=order, session=session).count() == 3
    assert OrderEvent.objects.filter(order=order).count() == 1
    assert OrderDraft.objects.get(pk=draft.pk).order == order
    assert Participant.objects.count() == people + 1
