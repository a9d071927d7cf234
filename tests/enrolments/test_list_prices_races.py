"""What a page keeps of an accord while others change it, on real connections."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from threading import Event, Thread

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from accounts.models import User
from catalogue.models import AccordCadre, Course
from catalogue.prices import subjects_of
from enrolments import kept_tariffs
from enrolments.list_prices import ask_list_prices
from tests.accords import days_away, make_accord, make_course, make_line
from tests.worlds import World, make_world


@pytest.fixture
def open_world(transactional_db: None) -> World:
    """The tenants, committed, so that other connections see them."""
    cache.clear()
    kept_tariffs.forget()
    return make_world()


def held(change: Callable[[], object]) -> tuple[Thread, Event, Event]:
    """A transaction of another connection that has made a change, and waits to be told to commit it."""
    changed, go_on = Event(), Event()

    def run() -> None:
        try:
            with transaction.atomic():
                change()
                changed.set()
                assert go_on.wait(30)
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread, changed, go_on


def test_what_is_kept_before_a_commit_is_nobody_s_after_it(open_world: World) -> None:
    """Two write lines of one accord at once, and pages are asked at each step between."""
    course: Course = make_course(open_world.sessions[0].course.domain)
    accord: AccordCadre = make_accord(open_world.armor.company)
    make_line(accord, None, "5")
    person = User.objects.get(pk=open_world.personas["administrator"].pk)

    def price() -> Decimal | None:
        found = {ask_list_prices(person, days_away(0))(subjects_of([course])).negotiated[course.pk] for _ in range(2)}
        assert len(found) == 1, "kept or not, it is the same"
        return found.pop()

    assert price() == Decimal(950)
    first, first_changed, commit_first = held(lambda: make_line(accord, course.domain, "10"))
    assert first_changed.wait(30)
    assert price() == Decimal(950)
    second, second_changed, commit_second = held(lambda: make_line(accord, course, "20"))
    assert not second_changed.wait(0.5), "it waits for the accord, which the first holds"
    commit_first.set()
    first.join(30)
    assert second_changed.wait(30)
    assert price() == Decimal(900)
    commit_second.set()
    second.join(30)
    assert not first.is_alive()
    assert not second.is_alive()
    assert price() == Decimal(800)
