"""The lines of the accords of an establishment, read once, and the prices of many courses computed from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce, Least

from accounts.models import Establishment
from accounts.statements import execute

from .models import AccordCadre, AccordLine, Course, Domain, LineKind, LineScope
from .pricing import NO_SEATS, Line, NextTier, Price, Subject, next_tier, price_of


def lines_in_force(establishment: Establishment, on: date, subjects: Iterable[Subject] | None = None) -> list[Line]:
    """The lines that hold for an establishment on a day, in one query; if `subjects` are given, only those about them.

    Of an accord of 200 lines, a page of 25 courses needs a few.
    """
    place: dict[str, int | date] = {"establishment": establishment.pk, "company": establishment.company_id, "on": on}
    if subjects is None:
        return [_line(row) for row in execute(_rows_in_force, (0, 0), **place)]
    courses, domains = _objects(subjects)
    named = {f"course_{rank}": pk for rank, pk in enumerate(courses)}
    named |= {f"domain_{rank}": pk for rank, pk in enumerate(domains)}
    return [_line(row) for row in execute(_rows_in_force, (len(courses), len(domains)), **place, **named)]


def read_lines(rows: QuerySet[AccordLine]) -> list[Line]:
    """Rows as the lines that `catalogue.pricing` computes with, in one query."""
    return [_line(row) for row in _as_lines(rows)]


def _rows_in_force(
    courses: int, domains: int, *, establishment: int, company: int, on: date, **ids: int
) -> QuerySet[AccordLine, Any]:
    """See accounts.statements: `courses` and `domains` are how many ids there are of each; none: all lines."""
    place = Establishment(pk=establishment, company_id=company)
    rows = AccordLine.objects.in_force(on).filter(accord__in=AccordCadre.objects.covering(place))
    if courses:
        about = Q(course__in=[ids[f"course_{rank}"] for rank in range(courses)])
        about |= Q(domain__in=[ids[f"domain_{rank}"] for rank in range(domains)])
        rows = rows.filter(about | Q(scope=LineScope.EVERYTHING))
    return _as_lines(rows)


def _as_lines(rows: QuerySet[AccordLine]) -> QuerySet[AccordLine, Any]:
    """The columns that `_line` takes."""
    return (
        rows.annotate(
            last_day=Least("ends_on", "accord__ends_on"),  # PostgreSQL's: NULL is left out
            target_id=Coalesce("course_id", "domain_id"),
            target=Coalesce("course__title", "domain__label", Value("")),
            value=Coalesce("fixed_price", "discount_rate"),
        )
        .order_by("pk")
        .values_list(
            *("pk", "accord_id", "accord__reference", "last_day", "scope"),
            *("target_id", "target", "kind", "value", "from_seats"),
        )
    )


def _line(row: Sequence[Any]) -> Line:
    pk, accord, reference, last_day, scope, target_id, target, kind, value, seats = row
    return Line(pk, accord, reference, last_day, LineScope(scope), target_id, target, LineKind(kind), value, seats)


def _objects(subjects: Iterable[Subject]) -> tuple[list[int], list[int]]:
    """The courses and domains that lines may be about, each list filled up to a multiple of five with its last id.

    So that there are few statements to make; never empty, a course being filed somewhere.
    """
    courses, domains = dict[int, None](), dict[int, None]()
    for subject in subjects:
        courses[subject.course_id] = None
        domains[subject.domain_id] = None
        if subject.parent_domain_id is not None:
            domains[subject.parent_domain_id] = None
    return _filled_up(list(courses)), _filled_up(list(domains))


def _filled_up(ids: list[int]) -> list[int]:
    return ids + [ids[-1] if ids else 0] * (-len(ids) % 5)


def subjects_of(courses: Sequence[Course]) -> list[Subject]:
    """Courses as `catalogue.pricing` computes with them; one query for domains that were not read with them."""
    cached = Course._meta.get_field("domain").is_cached
    unread = {course.domain_id for course in courses if not cached(course)}
    parents: Mapping[int, int | None] = (
        dict(Domain.objects.filter(pk__in=unread).values_list("pk", "parent_id")) if unread else {}
    )
    return [
        Subject(
            course.pk,
            course.domain_id,
            course.domain.parent_id if cached(course) else parents[course.domain_id],
            Decimal(course.public_price),
            Decimal(course.vat_rate),
        )
        for course in courses
    ]


class Tariff:
    """Lines by what they are about, so that a price looks at a handful of them however many there are."""

    def __init__(self, lines: Iterable[Line], seats: Mapping[int, int] = NO_SEATS) -> None:
        """`seats`: for each accord (id) the seats ordered so far in its period."""
        self.seats = seats
        self._lines: defaultdict[tuple[LineScope, int | None], list[Line]] = defaultdict(list)
        for line in lines:
            self._lines[line.scope, line.target_id].append(line)

    def lines_about(self, subject: Subject) -> list[Line]:
        """The lines that concern a course, those of unreached thresholds too."""
        places = [
            (LineScope.COURSE, subject.course_id),
            (LineScope.SUBDOMAIN, subject.domain_id),
            (LineScope.DOMAIN, subject.parent_domain_id or subject.domain_id),
            (LineScope.EVERYTHING, None),
        ]
        found = [line for place in places for line in self._lines.get(place, ())]
        return [line for line in found if subject.concerns(line)]

    def price_of(self, subject: Subject) -> Price:
        return price_of(subject, self.lines_about(subject), self.seats)

    def next_tier(self, subject: Subject) -> NextTier | None:
        return next_tier(subject, self.lines_about(subject), self.seats)
