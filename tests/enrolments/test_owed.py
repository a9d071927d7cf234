"""What a change of mind costs reaches whoever invoices: each fee once, with its reason, its amount and its VAT."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from catalogue.models import Course
from enrolments.changing import NewPerson, cancel, move, substitute
from enrolments.models import CancellationTerms, Enrolment, Order, OrderState
from enrolments.owed import OwedFee, fees_owed, orders_owing
from enrolments.validating import cancel_order
from tests.enrolments.changes import coming, enrolled, make_terms
from tests.worlds import World, make_order

HALF, ALL, QUARTER = Decimal(50), Decimal(100), Decimal(25)


@pytest.fixture
def actor(world: World) -> User:
    make_terms()
    return world.personas["responsable"]


def owed(enrolment: Enrolment) -> list[OwedFee]:
    return fees_owed(Order.objects.get(pk=enrolment.order_id))


def test_a_late_cancellation_is_owed(world: World, actor: User) -> None:
    session = coming(world, 9)
    enrolment = enrolled(world, session)
    assert owed(enrolment) == []
    cancel(actor=actor, enrolment=enrolment, agreed=HALF)
    (fee,) = owed(enrolment)
    assert (fee.amount, fee.rate, fee.vat_rate) == (enrolment.price / 2, HALF, session.course.vat_rate)
    assert (fee.enrolment_number, fee.session_code, fee.on) == (enrolment.number, session.code, timezone.localdate())
    assert str(enrolment.participant) in fee.label
    assert "Inscription annulée" in fee.label
    assert "50\u00a0% du prix HT" in fee.label
    assert "une annulation coûte 50" in fee.reason
    assert [order.pk for order in orders_owing()] == [enrolment.order_id]
    assert Order.objects.get(pk=enrolment.order_id).state == OrderState.VALIDATED, "something is left to invoice"


def test_each_change_is_owed_once_and_is_about_the_session_that_was_left(world: World, actor: User) -> None:
    CancellationTerms.objects.update(free_substitution_days=30, substitution_rate=10)
    first, second = coming(world, 9), coming(world, 8)
    enrolment = enrolled(world, first)
    before = enrolment.participant
    substitute(actor=actor, enrolment=enrolment, person=NewPerson("Roy", "Ana"), agreed=Decimal(10))
    move(actor=actor, enrolment=enrolment, session=second, agreed=QUARTER)
    cancel(actor=actor, enrolment=enrolment, agreed=HALF)
    fees = owed(enrolment)
    assert [fee.session_code for fee in fees] == [first.code, first.code, second.code]
    assert [fee.rate for fee in fees] == [Decimal(10), QUARTER, HALF]
    assert str(before) in fees[0].label
    assert "Ana Roy" in fees[1].label
    assert len({fee.event_id for fee in fees}) == 3


def test_what_is_free_owes_nothing(world: World, actor: User) -> None:
    enrolment = enrolled(world, coming(world, 40))
    cancel(actor=actor, enrolment=enrolment, agreed=Decimal(0))
    assert owed(enrolment) == []
    assert not orders_owing().exists()


def test_the_vat_is_that_of_the_course(world: World, actor: User) -> None:
    session = coming(world, 3)
    Course.objects.filter(pk=session.course_id).update(vat_rate=0)
    enrolment = enrolled(world, session)
    cancel(actor=actor, enrolment=enrolment, agreed=ALL)
    (fee,) = owed(enrolment)
    assert (fee.vat_rate, fee.amount) == (Decimal(0), enrolment.price)


def test_a_fee_that_was_not_agreed_is_not_owed(world: World, actor: User) -> None:
    enrolment = enrolled(world, coming(world, 9))
    with pytest.raises(ValidationError):
        cancel(actor=actor, enrolment=enrolment, agreed=Decimal(0))
    assert owed(enrolment) == []


def test_an_order_that_our_team_undoes_owes_nothing(world: World, actor: User) -> None:
    session = coming(world, 9)
    order = make_order(world.lille, actor.email, [session, session], papers=False)
    enrolment = order.enrolments.order_by("pk")[0]
    cancel(actor=actor, enrolment=enrolment, agreed=HALF)
    assert len(owed(enrolment)) == 1
    cancel_order(order=order, actor=world.personas["staff"], reason="Commande passée en double.")
    assert owed(enrolment) == []


@pytest.mark.parametrize("seats", [1, 3])
def test_it_takes_one_query(world: World, actor: User, seats: int) -> None:
    session = coming(world, 9)
    order: Any = make_order(world.lille, actor.email, [session] * seats, papers=False)
    for enrolment in order.enrolments.all():
        cancel(actor=actor, enrolment=enrolment, agreed=HALF)
    with CaptureQueriesContext(connection) as queries:
        assert len(fees_owed(order)) == seats
    assert len(queries) == 1
