"""A line of an accord that gave a price is never rewritten, only ended.

Triggers accord_line_in_use, and enrolment_holds_line, which makes an enrolment wait for whoever changes its line.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import ProtectedError
from django.utils import timezone

from catalogue.models import AccordLine
from enrolments.models import Enrolment
from tests.constraints import Side, at_the_same_time, make_side, refused, sides
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
