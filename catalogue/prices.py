"""The lines of the accords of an establishment, read once, and the prices of many courses computed from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, Least

from accounts.models import Establishment
from accounts.statements import statement

from .models import AccordCadre, AccordLine, Course, Domain, LineKind, LineScope
from .pricing import NO_SEATS, Line, NextTier, Price, Subject, next_tier, price_of


def lines_in_force(establishment: Establishment, on: date, subjects: Iterable[Subject] | None = None) -> list[Line]:
    """The lines that hold for an establishment on a day, in one query; if `subjects` are given, only those about them.

    Of an accord of 200 lines, a page of 25 courses needs a few.
    """
    names = ("establishment_id", int), ("company_id", int), ("on", date)
    made = statement(_in_force, (), names)
    values = establishment.pk, establishment.company_id, on
    rows = made.execute(values) if subjects is None else made.execute(values, ABOUT, *_ids_of(subjects))
    return [_line(*row) for row in rows]


def _in_force(*, establishment_id: int, company_id: int, on: date) -> QuerySet[Any, Any]:
    """The columns of `lines_in_force`; see accounts.statements."""
    establishment = Establishment(pk=establishment_id, company_id=company_id)
    accords = AccordCadre.objects.covering(establishment)
    return _columns(AccordLine.objects.in_force(on).filter(accord__in=accords))


def read_lines(rows: QuerySet[AccordLine]) -> list[Line]:
    """Rows as the lines that `catalogue.pricing` computes with, in one query."""
    return [_line(*row) for row in _columns(rows)]


def _columns(rows: QuerySet[AccordLine]) -> QuerySet[Any, Any]:
    """What a Line is made of, in the order of its fields."""
    named = rows.annotate(
        last_day=Least("ends_on", "accord__ends_on"),  # PostgreSQL's: NULL is left out
        target_id=Coalesce("course_id", "domain_id"),
        target=Coalesce("course__title", "domain__label", Value("")),
        value=Coalesce("fixed_price", "discount_rate"),
    ).values_list(
        "pk",
        "accord_id",
        "accord__reference",
        "last_day",
        "scope",
        "target_id",
        "target",
        "kind",
        "value",
        "from_seats",
    )
    return named.order_by("pk")


def _line(pk: int, accord_id: int, reference: str, last_day: date, scope: str, *rest: Any) -> Line:
    target_id, target, kind, value, seats = rest
    return Line(pk, accord_id, reference, last_day, LineScope(scope), target_id, target, LineKind(kind), value, seats)


# Of the lines, those about some courses and domains.
ABOUT = """SELECT * FROM ({}) AS line WHERE scope = 'everything' OR (scope = 'course' AND target_id = ANY(%s))
OR (scope IN ('domain', 'subdomain') AND target_id = ANY(%s)) ORDER BY pk"""


def _ids_of(subjects: Iterable[Subject]) -> tuple[list[int], list[int]]:
    """The courses, and the domains and sub-domains where they are filed."""
    courses, domains = set(), set()
    for subject in subjects:
        courses.add(subject.course_id)
        domains |= {subject.domain_id, subject.parent_domain_id or subject.domain_id}
    return sorted(courses), sorted(domains)


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
