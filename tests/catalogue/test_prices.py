"""Which lines hold for an establishment on a day, and prices of many courses from lines read once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from catalogue.models import AccordLine, Course, Domain, LineKind, LineScope
from catalogue.prices import Tariff, lines_in_force, subjects_of
from catalogue.pricing import Line, price_of
from tests.accords import days_away, make_accord, make_course, make_line
from tests.worlds import World, number

pytestmark = pytest.mark.django_db


@pytest.fixture
def domain() -> Domain:
    return Domain.objects.create(code=number("DOM"), label="Cloud")


@pytest.fixture
def subdomain(domain: Domain) -> Domain:
    return Domain.objects.create(code=number("DOM"), label="Conteneurs", parent=domain)


def test_a_line_is_read_with_what_its_explanation_needs(world: World, subdomain: Domain) -> None:
    accord = make_accord(world.armor.company, reference="AC-14", ends_on=days_away(30))
    course = make_course(subdomain, title="Kubernetes")
    fixed = make_line(accord, course, "900", fixed=True)
    discount = make_line(accord, subdomain, "12.5", from_seats=15, ends_on=days_away(10))
    everything = make_line(accord, None, "5")
    end = accord.ends_on
    scopes, kinds = LineScope, LineKind
    assert lines_in_force(world.lille, days_away(0)) == [
        Line(fixed.pk, accord.pk, "AC-14", end, scopes.COURSE, course.pk, "Kubernetes", kinds.PRICE, Decimal(900)),
        Line(
            discount.pk,
            accord.pk,
            "AC-14",
            days_away(10),
            scopes.SUBDOMAIN,
            subdomain.pk,
            "Conteneurs",
            kinds.DISCOUNT,
            Decimal("12.5"),
            15,
        ),
        Line(everything.pk, accord.pk, "AC-14", end, scopes.EVERYTHING, None, "", kinds.DISCOUNT, Decimal(5)),
    ]


def ids(lines: list[Line]) -> set[int]:
    return {line.id for line in lines}


def test_only_the_accords_that_cover_the_establishment_count(world: World) -> None:
    of_all = make_line(make_accord(world.armor.company), None, "5")
    of_lille = make_line(make_accord(world.armor.company, world.lille), None, "6")
    make_line(make_accord(world.brume.company), None, "50")
    assert ids(lines_in_force(world.lille, days_away(0))) == {of_all.pk, of_lille.pk}
    assert ids(lines_in_force(world.nice, days_away(0))) == {of_all.pk}


@pytest.mark.parametrize(("offset", "found"), [(-11, False), (-10, True), (10, True), (11, False)])
def test_the_first_and_the_last_day_of_an_accord_count(world: World, offset: int, found: bool) -> None:
    make_line(make_accord(world.armor.company, starts_on=days_away(-10), ends_on=days_away(10)), None, "5")
    assert bool(lines_in_force(world.lille, days_away(offset))) is found


@pytest.mark.parametrize(
    ("starts", "ends", "found"),
    [(0, None, True), (1, None, False), (None, 0, True), (None, -1, False), (-1, 1, True), (None, None, True)],
)
def test_a_line_may_have_days_of_its_own(world: World, starts: int | None, ends: int | None, found: bool) -> None:
    first, last = (None if offset is None else days_away(offset) for offset in (starts, ends))
    make_line(make_accord(world.armor.company), None, "5", starts_on=first, ends_on=last)
    assert bool(lines_in_force(world.lille, days_away(0))) is found


def test_a_line_that_outlives_its_accord_ends_with_it(world: World) -> None:
    accord = make_accord(world.armor.company, ends_on=days_away(5))
    make_line(accord, None, "5", ends_on=days_away(50))
    assert lines_in_force(world.lille, days_away(0))[0].ends_on == days_away(5)


def test_the_domain_of_a_course_is_found_whether_it_was_read_or_not(
    domain: Domain, subdomain: Domain, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    below, direct = make_course(subdomain), make_course(domain)
    with django_assert_num_queries(1):
        subjects = subjects_of([below, direct])
    assert [(one.domain_id, one.parent_domain_id) for one in subjects] == [
        (subdomain.pk, domain.pk),
        (domain.pk, None),
    ]
    courses = list(Course.objects.select_related("domain").filter(pk__in=[below.pk, direct.pk]).order_by("pk"))
    with django_assert_num_queries(0):
        assert subjects_of(courses) == subjects


def test_a_tariff_says_what_all_lines_together_say(
    world: World, domain: Domain, subdomain: Domain, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    accord = make_accord(world.armor.company)
    courses = [make_course(one, str(100 + rank)) for rank, one in enumerate([domain, subdomain] * 10)]
    for rank, course in enumerate(courses[::3]):
        make_line(accord, course, str(rank), from_seats=rank * 5)
    for about in (domain, subdomain, None):
        make_line(accord, about, "7")
        make_line(accord, about, "9", from_seats=20)
    with django_assert_num_queries(2):
        subjects = subjects_of(courses)
        lines = lines_in_force(world.lille, days_away(0))
        tariff = Tariff(lines, {accord.pk: 20})
        found = [tariff.price_of(subject) for subject in subjects]
    assert found == [price_of(subject, lines, {accord.pk: 20}) for subject in subjects]
    assert len({price.line for price in found}) > 5
    assert AccordLine.objects.count() == len(lines)
