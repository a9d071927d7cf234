"""The prices of a list are those of a course's own page, whatever was kept of the lines, and whatever changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.roles import Role
from catalogue.models import AccordCadre, AccordLine, Course, Domain, LineKind
from catalogue.prices import subjects_of
from enrolments import kept_tariffs
from enrolments.accord_lines import replace_line
from enrolments.list_prices import ListPrices, ask_list_prices
from enrolments.models import Enrolment, EnrolmentState
from enrolments.prices import prices_shown_to
from tests.accords import days_away, make_accord, make_course, make_line, today
from tests.constraints import kept_by
from tests.worlds import World, give_access, make_order, make_user


@pytest.fixture(autouse=True)
def nothing_is_kept() -> None:
    kept_tariffs.forget()


@pytest.fixture
def courses(world: World) -> list[Course]:
    """In a domain, in its sub-domain, and elsewhere."""
    domain = Domain.objects.create(code="CLD", label="Cloud")
    below = Domain.objects.create(code="CLD-CT", label="Conteneurs", parent=domain)
    return [make_course(one) for one in (domain, below, Domain.objects.create(code="X", label="X"))]


@pytest.fixture
def accord(world: World, courses: list[Course]) -> AccordCadre:
    """Five percent off everything, ten from nine seats on (eight are ordered), and a price for one course."""
    made = make_accord(world.armor.company)
    make_line(made, None, "5")
    make_line(made, courses[0].domain, "10", from_seats=9)
    make_line(made, courses[2], "700", fixed=True)
    return made


def listed(user: User | AnonymousUser, courses: list[Course], on: date | None = None) -> ListPrices:
    """As the next request sees it; never anything else than the page of the course would say."""
    on = on or today()
    fresh = User.objects.get(pk=user.pk) if isinstance(user, User) else user
    found = ask_list_prices(fresh, on)(subjects_of(courses))
    page = prices_shown_to(fresh, courses, on)
    assert found.negotiated == {course: price.negotiated for course, price in page.by_course.items()}
    assert (found.establishment, found.reason) == (page.establishment, page.reason)
    return found


def amounts(found: ListPrices) -> list[int | None]:
    return [None if amount is None else int(amount) for amount in found.negotiated.values()]


def version_of(accord: AccordCadre) -> Any:
    return AccordCadre.objects.values_list("prices_version", flat=True).get(pk=accord.pk)


@pytest.mark.parametrize(
    "persona",
    ["administrator", "standard", "member_of_two", "responsable", "neighbour", "ex_member", "staff", "unverified"],
)
def test_everybody_is_listed_the_prices_that_the_page_of_a_course_shows(
    world: World, accord: AccordCadre, courses: list[Course], persona: str
) -> None:
    for _again in range(2):
        found = listed(world.personas[persona], courses)
        opened = persona in ("administrator", "standard", "member_of_two", "responsable")
        assert amounts(found) == ([950, 950, 700] if opened else [None, None, None])


def test_a_visitor_is_listed_public_prices(world: World, accord: AccordCadre, courses: list[Course]) -> None:
    assert amounts(listed(AnonymousUser(), courses)) == [None, None, None]


def test_what_is_kept_is_not_read_again(
    world: World, accord: AccordCadre, courses: list[Course], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person, subjects = User.objects.get(pk=world.personas["administrator"].pk), subjects_of(courses)
    assert person.rights.establishments
    for queries in (2, 1, 1):
        with django_assert_num_queries(queries):
            assert amounts(ask_list_prices(person, today())(subjects)) == [950, 950, 700]


CHANGES: dict[str, tuple[Callable[[World, AccordCadre, list[Course]], Any], list[int | None]]] = {
    "a line more": (lambda _world, accord, courses: make_line(accord, courses[1], "20"), [950, 800, 700]),
    "several at once": (
        lambda _world, accord, courses: AccordLine.objects.bulk_create(
            AccordLine(accord=accord, scope="course", course=one, kind=LineKind.PRICE, fixed_price=Decimal(600))
            for one in courses[:2]
        ),
        [600, 600, 700],
    ),
    "a line rewritten": (
        lambda _world, accord, _courses: accord.lines.filter(scope="everything").update(discount_rate=Decimal(6)),
        [940, 940, 700],
    ),
    "a line taken away": (lambda _world, accord, _c: accord.lines.filter(scope="course").delete(), [950, 950, 950]),
    "a line replaced": (
        lambda _world, accord, _courses: replace_line(
            line=accord.lines.get(scope="course"),
            kind=LineKind.PRICE,
            value=Decimal(650),
        ),
        [950, 950, 650],
    ),
    "a line that ended": (
        lambda _world, accord, _courses: accord.lines.filter(scope="course").update(ends_on=days_away(-1)),
        [950, 950, 950],
    ),
    "a line that has not begun": (
        lambda _world, accord, _courses: accord.lines.filter(scope="course").update(starts_on=days_away(1)),
        [950, 950, 950],
    ),
    "no line left": (lambda _world, accord, _courses: accord.lines.all().delete(), [None, None, None]),
    "the accord ended": (
        lambda _world, accord, _courses: AccordCadre.objects.filter(pk=accord.pk).update(ends_on=days_away(-1)),
        [None, None, None],
    ),
    "for another establishment alone": (
        lambda world, accord, _courses: (
            AccordCadre.objects.filter(pk=accord.pk).update(covers_all=False),
            accord.coverage.create(establishment=world.nice),
        ),
        [None, None, None],
    ),
    "another accord": (
        lambda world, _accord, courses: make_line(make_accord(world.armor.company), courses[0].domain, "30"),
        [700, 700, 700],
    ),
    "a seat ordered": (
        lambda world, _accord, _courses: make_order(world.nice, "a@armor.example", world.sessions[:1], papers=False),
        [900, 900, 700],
    ),
    "all seats cancelled": (
        lambda _world, _accord, _courses: Enrolment.objects.update(state=EnrolmentState.CANCELLED),
        [950, 950, 700],
    ),
    "a threshold reached": (
        lambda _world, accord, _courses: accord.lines.filter(from_seats=9).update(from_seats=8),
        [900, 900, 700],
    ),
    "another public price": (
        lambda _world, _accord, courses: Course.objects.filter(pk=courses[2].pk).update(public_price=Decimal(600)),
        [950, 950, None],
    ),
    "the course filed elsewhere": (
        lambda _world, accord, courses: (
            accord.lines.filter(from_seats=9).update(from_seats=8),
            Course.objects.filter(pk=courses[1].pk).update(domain=courses[2].domain),
        ),
        [900, 950, 700],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_at_once_and_is_gone_when_it_is_taken_back(
    world: World, accord: AccordCadre, courses: list[Course], change: str
) -> None:
    person = world.personas["administrator"]
    make, expected = CHANGES[change]

    def read() -> list[int | None]:
        return amounts(listed(person, list(Course.objects.filter(pk__in=[one.pk for one in courses]).order_by("pk"))))

    assert read() == [950, 950, 700]
    for _again in range(2):
        with transaction.atomic():
            make(world, accord, courses)
            assert read() == expected
            transaction.set_rollback(True)
        assert read() == [950, 950, 700]


@kept_by(
    *("accord_has_new_version", "accord_lines_inserted", "accord_lines_updated", "accord_lines_deleted"),
    "accord_lines_truncated",
)
def test_nothing_that_changes_lines_leaves_the_version_as_it_was(
    world: World, accord: AccordCadre, courses: list[Course]
) -> None:
    other = make_accord(world.brume.company)
    seen, untouched = {version_of(accord)}, version_of(other)
    old = AccordCadre.objects.get(pk=accord.pk)
    line = make_line(accord, courses[1], "20")
    seen.add(version_of(accord))
    line.discount_rate = Decimal(21)
    line.save()
    seen.add(version_of(accord))
    line.delete()
    seen.add(version_of(accord))
    old.save()
    assert len(seen) == 4
    assert version_of(accord) not in seen, "whoever writes what they read before brings no version back"
    AccordCadre.objects.filter(pk=accord.pk).update(prices_version=old.prices_version)
    assert version_of(accord) != old.prices_version
    assert version_of(other) == untouched
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE catalogue_accordline CASCADE")
    assert version_of(other) != untouched


def test_what_changes_while_it_is_read_is_read_again(world: World, accord: AccordCadre, courses: list[Course]) -> None:
    person, subjects = User.objects.get(pk=world.personas["administrator"].pk), subjects_of(courses)
    asked = ask_list_prices(person, today())
    accord.lines.filter(scope="course").update(fixed_price=Decimal(640))
    found = asked(subjects)
    assert amounts(found) == [950, 950, 640], "the version that was asked is nobody's any more"
    assert found.establishment == world.lille
    assert amounts(listed(person, courses)) == [950, 950, 640]


def test_each_day_has_its_own(world: World, accord: AccordCadre, courses: list[Course]) -> None:
    person = world.personas["administrator"]
    accord.lines.filter(scope="course").update(ends_on=today())
    for _again in range(2):
        assert amounts(listed(person, courses)) == [950, 950, 700]
        assert amounts(listed(person, courses, days_away(1))) == [950, 950, 950]
        assert amounts(listed(person, courses, accord.ends_on)) == [950, 950, 950]
        assert amounts(listed(person, courses, days_away(400))) == [None, None, None]


def test_another_company_s_prices_are_kept_apart(world: World, accord: AccordCadre, courses: list[Course]) -> None:
    make_line(make_accord(world.brume.company), None, "50")
    of_nice = make_accord(world.armor.company, world.nice)
    make_line(of_nice, None, "40")
    at_nice = make_user("nice@armor.example")
    give_access(at_nice, world.nice, Role.STANDARD, [DocumentType.FACTURE])
    for _again in range(2):
        assert amounts(listed(world.personas["administrator"], courses)) == [950, 950, 700]
        assert amounts(listed(world.personas["neighbour"], courses)) == [500, 500, 500]
        assert amounts(listed(at_nice, courses)) == [600, 600, 700]


def test_what_is_kept_is_bounded(
    world: World, accord: AccordCadre, courses: list[Course], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_tariffs, "MOST_ACCORDS", 1)
    monkeypatch.setattr(kept_tariffs, "MOST_TARIFFS", 1)
    make_line(make_accord(world.brume.company), None, "50")
    for _again in range(2):
        assert amounts(listed(world.personas["administrator"], courses)) == [950, 950, 700]
        assert amounts(listed(world.personas["neighbour"], courses)) == [500, 500, 500]
        assert len(kept_tariffs._tariffs) == len(kept_tariffs._lines) == 1
