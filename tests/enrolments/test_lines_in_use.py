"""A line of an accord that gave a price is never rewritten, only ended."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.admin.base import constraint_of
from catalogue.models import AccordLine
from enrolments.models import Enrolment
from tests.constraints import Side, at_the_same_time, make_side, refused, sides, taken_out
from tests.worlds import make_sessions

__all__ = ["sides"]
Sides = tuple[Side, Side]


def use(side: Side) -> None:
    Enrolment.objects.filter(pk=side.enrolment.pk).update(accord=side.accord, accord_line=side.line)


REWRITTEN: list[dict[str, Any]] = [
    {"discount_rate": Decimal(11)},
    {"from_seats": 1},
    {"starts_on": timezone.localdate() - timedelta(days=3)},
]


@pytest.mark.parametrize("fields", REWRITTEN)
def test_a_line_in_use_is_not_rewritten(sides: Sides, fields: dict[str, Any]) -> None:
    rows = AccordLine.objects.filter(pk=sides[0].line.pk)
    rows.update(**fields)
    use(sides[0])
    with refused("accord_line_in_use"):
        rows.update(discount_rate=Decimal(25), from_seats=7)
    course = sides[0].session.course
    with refused("accord_line_in_use"):
        rows.update(scope="course", course=course)
    with refused("accord_line_in_use"):
        rows.update(scope="domain", domain=course.domain)
    with refused("accord_line_in_use"):
        rows.update(scope="course", course=course, kind="price", discount_rate=None, fixed_price=Decimal(5))
    rows.update(**fields)  # to itself: nothing is rewritten
    with pytest.raises(ProtectedError):
        AccordLine.objects.get(pk=sides[0].line.pk).delete()


def test_a_line_in_use_is_ended_but_not_before_its_last_order(sides: Sides) -> None:
    use(sides[0])
    rows, placed_on = AccordLine.objects.filter(pk=sides[0].line.pk), sides[0].order.placed_on
    with refused("accord_line_ends_after_its_orders"):
        rows.update(ends_on=placed_on - timedelta(days=1))
    rows.update(ends_on=placed_on)
    rows.update(ends_on=placed_on + timedelta(days=9))
    rows.update(ends_on=None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["enrolment", "line"])
def test_a_line_is_used_or_rewritten_at_one_moment_never_both(first: str) -> None:
    armor = make_side("Armor", 82281866, make_sessions()[0])

    def enrol() -> None:
        use(armor)

    def rewrite() -> None:
        AccordLine.objects.filter(pk=armor.line.pk).update(discount_rate=Decimal(50))

    errors = at_the_same_time(*((enrol, rewrite) if first == "enrolment" else (rewrite, enrol)))
    armor.line.refresh_from_db()
    if first == "enrolment":
        assert len(errors) == 1
        assert armor.line.discount_rate == Decimal(10)
    else:
        assert errors == []
        assert armor.line.discount_rate == Decimal(50)


@pytest.mark.django_db(transaction=True)
def test_an_enrolment_holds_its_line_until_it_is_committed() -> None:
    """Without enrolment_holds_line, a line is rewritten while the enrolment that it gives a price to is being made."""
    armor = make_side("Armor", 82281866, make_sessions()[0])

    def use_it() -> None:
        _execute("UPDATE enrolments_enrolment SET accord_line_id = %s WHERE id = %s", armor.line.pk, armor.enrolment.pk)

    def rewrite() -> None:
        _execute("UPDATE catalogue_accordline SET discount_rate = 50 WHERE id = %s", armor.line.pk)

    Enrolment.objects.filter(pk=armor.enrolment.pk).update(accord=armor.accord)
    (refusal,) = at_the_same_time(use_it, rewrite)
    assert isinstance(refusal, IntegrityError)
    assert constraint_of(refusal) == "accord_line_in_use"
    Enrolment.objects.filter(pk=armor.enrolment.pk).update(accord_line=None)
    with taken_out("enrolment_holds_line"):
        assert at_the_same_time(use_it, rewrite) == []
    armor.line.refresh_from_db()
    assert armor.line.discount_rate == Decimal(50), "what the trigger is there to prevent"


def _execute(statement: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
