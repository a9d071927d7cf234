"""The lines of the accords of an establishment, read once, and the prices of many courses computed from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce, Least

from accounts.models import Establishment

from .models import AccordCadre, AccordLine, Course, Domain, LineKind, LineScope
from .pricing import NO_SEATS, SCOPES_FROM_SPECIFIC, Line, NextTier, Price, Subject, best_price, next_tier

# Plain words: those of an enumeration take longer to look up.
COURSE, SUBDOMAIN, DOMAIN, EVERYTHING = (scope.value for scope in SCOPES_FROM_SPECIFIC)


def lines_in_force(establishment: Establishment, on: date) -> list[Line]:
    """The lines that hold for an establishment on a day, in one query."""
    return read_lines(AccordLine.objects.in_force(on).filter(accord__in=AccordCadre.objects.covering(establishment)))


def read_lines(rows: QuerySet[AccordLine]) -> list[Line]:
    """Rows as the lines that `catalogue.pricing` computes with, in one query."""
    return [line_of(*row) for row in line_columns(rows).order_by("pk")]


def line_columns(rows: QuerySet[AccordLine]) -> QuerySet[Any, Any]:
    """What a Line is made of, in the order of its fields."""
    return rows.annotate(
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


def line_of(pk: int, accord_id: int, reference: str, last_day: date, scope: str, *rest: Any) -> Line:
    """The columns of `line_columns` as a line."""
    target_id, target, kind, value, seats = rest
    return Line(pk, accord_id, reference, last_day, LineScope(scope), target_id, target, LineKind(kind), value, seats)


def ids_of(subjects: Iterable[Subject]) -> tuple[list[int], list[int]]:
    """The courses, and the domains and sub-domains where they are filed: all that a line about them may name."""
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
        self._lines: defaultdict[tuple[str, int | None], list[Line]] = defaultdict(list)
        for line in lines:
            self._lines[line.scope.value, line.target_id].append(line)

    def _about(self, subject: Subject) -> Iterator[list[Line]]:
        """The lines that concern a course, those of unreached thresholds too; the most specific scope first."""
        places = (
            (COURSE, subject.course_id),
            (SUBDOMAIN, subject.domain_id if subject.parent_domain_id else None),
            (DOMAIN, subject.parent_domain_id or subject.domain_id),
            (EVERYTHING, None),
        )
        return (self._lines[place] for place in places if place in self._lines)

    def lines_about(self, subject: Subject) -> list[Line]:
        """The lines that concern a course, those of unreached thresholds too."""
        return [line for lines in self._about(subject) for line in lines]

    def price_of(self, subject: Subject) -> Price:
        """A line of a scope beats those of any wider one, so that these are not looked at."""
        for lines in self._about(subject):
            price = best_price(subject, lines, self.seats)
            if price.line is not None:
                return price
        return best_price(subject, ())

    def next_tier(self, subject: Subject) -> NextTier | None:
        return next_tier(subject, self.lines_about(subject), self.seats)
