"""What is never false about courses, sessions and accords."""

from __future__ import annotations

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from catalogue.models import (
    AccordCadre,
    AccordCoverage,
    AccordLine,
    Course,
    Domain,
    HalfDay,
    LineKind,
    LineScope,
    Session,
)
from tests.constraints import Side, refused, sides

__all__ = ["sides"]
Sides = tuple[Side, Side]


def test_domains_have_two_levels(db: None) -> None:
    domain = Domain.objects.create(code="D", label="Développement")
    child = Domain.objects.create(code="D1", label="Python", parent=domain)
    other = Domain.objects.create(code="E", label="Réseaux")
    with refused("domain_two_levels"):
        Domain.objects.create(code="D11", label="Django", parent=child)
    with refused("domain_two_levels"):
        Domain.objects.filter(pk=other.pk).update(parent=child)
    with refused("domain_two_levels"):
        Domain.objects.filter(pk=domain.pk).update(parent=other)
    with refused("domain_not_its_own_parent"):
        Domain.objects.filter(pk=other.pk).update(parent=other)
    Domain.objects.filter(pk=child.pk).update(parent=other)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"public_price": -1}, "course_price_not_negative"),
        ({"vat_rate": -1}, "course_vat_rate_percent"),
        ({"days": -1}, "course_duration_not_negative"),
        ({"hours": -1}, "course_duration_not_negative"),
        ({"mode": "telepathy"}, "course_mode_known"),
        ({"kind": "secret"}, "course_kind_known"),
    ],
)
def test_a_course_is_sound(sides: Sides, fields: dict[str, Any], constraint: str) -> None:
    rows = Course.objects.filter(pk=sides[0].session.course_id)
    if not constraint:
        rows.update(**fields)
        return
    with refused(constraint):
        rows.update(**fields)


def test_a_session_is_sound(sides: Sides) -> None:
    session = sides[0].session
    rows = Session.objects.filter(pk=session.pk)
    with refused("session_ends_after_it_starts"):
        rows.update(ends_on=session.starts_on - timedelta(days=1))
    with refused("session_state_known"):
        rows.update(state="maybe")
    rows.update(ends_on=session.starts_on)


def test_a_half_day_is_sound(sides: Sides) -> None:
    session = sides[0].session
    values = {"session": session, "date": session.starts_on, "starts_at": time(9)}
    HalfDay.objects.create(**values, ends_at=time(12))
    with refused("half_day_once_per_session"):
        HalfDay.objects.create(**values, ends_at=time(13))
    with refused("half_day_ends_after_it_starts"):
        HalfDay.objects.create(**{**values, "starts_at": time(14)}, ends_at=time(14))


def test_codes_are_keys_whatever_their_case(sides: Sides) -> None:
    session, accord = sides[0].session, sides[0].accord
    course, domain = session.course, session.course.domain
    with refused("domain_code_any_case"):
        Domain.objects.create(code=domain.code.lower(), label="Autre")
    with refused("course_reference_any_case"):
        Course.objects.create(
            reference=course.reference.lower(), title="x", domain=domain, days=1, hours=7, public_price=1
        )
    with refused("session_code_any_case"):
        Session.objects.create(
            code=session.code.lower(), course=course, starts_on=session.starts_on, ends_on=session.ends_on
        )
    with refused("accord_reference_any_case"):
        AccordCadre.objects.create(
            reference=accord.reference.lower(),
            company=accord.company,
            starts_on=accord.starts_on,
            ends_on=accord.ends_on,
        )


def test_an_accord_covers_establishments_of_its_company(sides: Sides) -> None:
    armor, brume = sides
    with refused("accord_covers_its_company"):
        AccordCoverage.objects.create(accord=armor.accord, establishment=brume.establishment)
    covered = AccordCoverage.objects.create(accord=armor.accord, establishment=armor.establishment)
    with refused("accord_covers_its_company"):
        AccordCoverage.objects.filter(pk=covered.pk).update(establishment=brume.establishment)
    with refused("accord_covers_its_company"):
        AccordCoverage.objects.filter(pk=covered.pk).update(accord=brume.accord)
    with refused("accord_covers_once"):
        AccordCoverage.objects.create(accord=armor.accord, establishment=armor.establishment)


def test_an_accord_stays_with_its_company_and_a_line_with_its_accord(sides: Sides) -> None:
    armor, brume = sides
    with refused("accord_company_fixed"):
        AccordCadre.objects.filter(pk=armor.accord.pk).update(company=brume.company)
    with refused("accord_line_accord_fixed"):
        AccordLine.objects.filter(pk=armor.line.pk).update(accord=brume.accord)
    with refused("accord_ends_after_it_starts"):
        AccordCadre.objects.filter(pk=armor.accord.pk).update(ends_on=timezone.localdate() - timedelta(days=1))


def line(side: Side, **fields: Any) -> AccordLine:
    values: dict[str, Any] = {"scope": LineScope.EVERYTHING, "kind": LineKind.DISCOUNT, "from_seats": 5}
    if fields.get("kind", LineKind.DISCOUNT) == LineKind.DISCOUNT:
        values["discount_rate"] = Decimal(5)
    return AccordLine.objects.create(accord=side.accord, **{**values, **fields})


def test_a_line_is_there_once(sides: Sides) -> None:
    armor = sides[0]
    course = armor.session.course
    with refused("accord_line_once"):
        line(armor, from_seats=0)
    line(armor, scope=LineScope.COURSE, course=course)
    with refused("accord_line_once"):
        line(armor, scope=LineScope.COURSE, course=course, kind=LineKind.PRICE, fixed_price=Decimal(100))
    line(armor, scope=LineScope.COURSE, course=course, from_seats=10)


def test_a_line_that_was_ended_can_be_followed_by_another(sides: Sides) -> None:
    armor, today = sides[0], timezone.localdate()
    rows = AccordLine.objects.filter(pk=armor.line.pk)
    with refused("accord_line_once"):
        line(armor, from_seats=0, starts_on=today)
    rows.update(ends_on=today)
    after = line(armor, from_seats=0, starts_on=today + timedelta(days=1))
    with refused("accord_line_once"):
        rows.update(ends_on=None)
    with refused("accord_line_once_per_start"):
        line(armor, from_seats=0, starts_on=after.starts_on, ends_on=after.starts_on)
    with refused("accord_line_ends_after_it_starts"):
        AccordLine.objects.filter(pk=after.pk).update(ends_on=today)


@pytest.mark.parametrize("scope", [*LineScope.values, "planet"])
@pytest.mark.parametrize("named", ["nothing", "course", "domain", "both"])
def test_a_line_names_what_its_scope_says(sides: Sides, scope: str, named: str) -> None:
    course = sides[0].session.course
    objects: dict[str, Any] = {"course": course} if named in {"course", "both"} else {}
    objects |= {"domain": course.domain} if named in {"domain", "both"} else {}
    right = {"course": "course", "subdomain": "domain", "domain": "domain", "everything": "nothing"}
    if right.get(scope) == named:
        line(sides[0], scope=scope, **objects)
    else:
        with refused("accord_line_scope_names_its_object"):
            line(sides[0], scope=scope, **objects)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "price", "fixed_price": 100},
        {"kind": "price", "fixed_price": -1, "scope": "course"},
        {"kind": "price", "scope": "course"},
        {"kind": "price", "scope": "course", "fixed_price": 100, "discount_rate": 5},
        {"discount_rate": 101},
        {"discount_rate": -1},
        {"discount_rate": None},
        {"fixed_price": 100},
        {"kind": "gift"},
    ],
)
def test_a_line_is_a_price_for_a_course_or_a_discount(sides: Sides, fields: dict[str, Any]) -> None:
    if fields.get("scope") == "course":
        fields = {**fields, "course": sides[0].session.course}
    with refused("accord_line_price_or_discount"):
        line(sides[0], **fields)
