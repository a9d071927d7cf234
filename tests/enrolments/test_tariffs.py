"""What one query gives of the accords of whoever buys is what the accords, their lines and the orders say apart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import Establishment
from catalogue.models import Course, Domain
from catalogue.prices import lines_in_force, subjects_of
from catalogue.pricing import Line, price_of
from enrolments.accord_seats import seats_ordered
from enrolments.tariffs import tariff_of
from tests.accords import days_away, make_accord, make_course, make_line, today
from tests.worlds import World, make_order


@pytest.fixture
def domain(world: World) -> Domain:
    return Domain.objects.create(code="CLD", label="Cloud")


@pytest.fixture
def subdomain(domain: Domain) -> Domain:
    return Domain.objects.create(code="CLD-CT", label="Conteneurs", parent=domain)


def lines_read(place: Establishment, courses: list[Course], on: date | None = None) -> set[Line]:
    subjects = subjects_of(courses)
    tariff = tariff_of(place, on or today(), subjects)
    return {line for subject in subjects for line in tariff.lines_about(subject)}


def test_only_the_lines_about_the_courses_are_read(
    world: World, domain: Domain, subdomain: Domain, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    accord = make_accord(world.armor.company)
    course, other = make_course(subdomain), make_course(Domain.objects.create(code="X", label="X"))
    about = [make_line(accord, one, "5") for one in (course, subdomain, domain, None)]
    unrelated = [make_line(accord, one, "5") for one in (other, other.domain)]
    subjects = subjects_of([course])
    with django_assert_num_queries(1):
        tariff = tariff_of(world.lille, today(), subjects)
    everything = [line for lines in tariff._lines.values() for line in lines]
    assert {line.id for line in everything} == {line.pk for line in about}
    whole = {line.id: line for line in lines_in_force(world.lille, today())}
    assert whole.keys() == {line.pk for line in (*about, *unrelated)}
    assert all(whole[line.id] == line for line in everything), "column by column"


def test_whose_accords_and_when_is_decided_as_elsewhere(world: World, domain: Domain) -> None:
    course = make_course(domain)
    own, nice = make_accord(world.armor.company), make_accord(world.armor.company, world.nice)
    old = make_accord(world.armor.company, starts_on=days_away(-9), ends_on=days_away(-1))
    foreign = make_accord(world.brume.company)
    for accord in (own, nice, old, foreign):
        make_line(accord, None, "10")
    make_line(own, course, "20", starts_on=days_away(1))
    make_line(own, course, "30", ends_on=days_away(-1))
    for place in (*world.armor.establishments, *world.brume.establishments):
        for day in (days_away(-5), today(), days_away(2)):
            assert lines_read(place, [course], day) == set(lines_in_force(place, day))


def test_seats_are_counted_as_far_as_the_highest_threshold_on_the_page(world: World, domain: Domain) -> None:
    accord, other = make_accord(world.armor.company), make_accord(world.armor.company)
    course, elsewhere = make_course(domain), make_course(Domain.objects.create(code="X", label="X"))
    make_line(accord, None, "5")
    make_line(accord, course, "10", from_seats=3)
    make_line(accord, elsewhere, "10", from_seats=50)
    make_line(other, domain, "7", from_seats=9)
    make_order(world.lille, "a@armor.example", world.sessions, papers=False)
    counted = seats_ordered([accord.pk, other.pk], today())
    assert counted == {accord.pk: 10, other.pk: 10}
    subjects = subjects_of([course])
    tariff = tariff_of(world.lille, today(), subjects)
    assert tariff.seats == {accord.pk: 9, other.pk: 9}, "nobody asks for more than nine"
    assert [tariff.price_of(one) for one in subjects] == [
        price_of(one, lines_in_force(world.lille, today()), counted) for one in subjects
    ]
    assert tariff_of(world.lille, today(), subjects_of([elsewhere])).seats == {accord.pk: 10}


def test_an_accord_without_thresholds_counts_nothing(world: World, domain: Domain) -> None:
    course = make_course(domain, "100")
    accord = make_accord(world.armor.company)
    make_line(accord, None, "10")
    tariff = tariff_of(world.lille, today(), subjects_of([course]))
    assert tariff.seats == {accord.pk: 0}
    assert tariff.price_of(subjects_of([course])[0]).amount == Decimal(90)
    assert tariff_of(world.brume.establishments[0], today(), subjects_of([course])).seats == {}
