"""What the catalogue shows beside its form: the courses found, what was understood of the address, whose prices."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from accounts.labels import label_of
from catalogue.filters import LABELS, PAGE, CatalogueFilters
from catalogue.listing import ListedCourse, NextSession
from catalogue.models import CourseMode
from catalogue.search import ROWS_PER_PAGE, Found
from enrolments.list_prices import ListPrices
from espace_client.components import Chip, query
from espace_client.formatting import number
from espace_client.moulds import pour

MOST_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """What components/pagination.html shows."""

    first: int
    last: int
    total: int
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What a line of the catalogue says of a course beside its name. EUR HT; `negotiated` is None without one."""

    CHOICES: ClassVar = ("kind", "mode", "get_mode_display")

    days: Decimal
    mode: str
    kind: str
    public_price: Decimal
    negotiated: Decimal | None
    next: NextSession | None

    def get_mode_display(self) -> str:
        return label_of(CourseMode, self.mode)


@lru_cache(maxsize=MOST_KEPT)
def _drawn(*facts: Any) -> SafeString:
    """The facts of a course, drawn: kept by all that they show, so that nobody is shown another's."""
    return pour([CourseFacts(*facts)], "catalogue/course_facts.html", "course", {})


@dataclass(frozen=True, slots=True)
class CourseLine:
    """A line of the catalogue. Its texts may have what was searched in <mark>, and are then safe."""

    pk: int
    title: str
    reference: str
    domain: str
    is_certifying: bool
    extract: str
    facts: SafeString


@lru_cache(maxsize=MOST_KEPT)
def _line(course: ListedCourse, negotiated: Decimal | None) -> SafeString:
    """A line, drawn: kept for a course as it was read, and by its price, which is all that is not the course's own."""
    facts = _drawn(course.days, course.mode, course.kind, course.public_price, negotiated, course.next)
    line = CourseLine(
        course.pk, course.title, course.reference, course.domain, bool(course.certification), course.extract, facts
    )
    return pour([line], "catalogue/course_line.html", "course", {})


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """The page of the catalogue. `branch`: the domain that was chosen; `indexable`: search engines may keep it."""

    title: str
    description: str
    canonical: str
    indexable: bool
    branch: str
    form: SafeString
    results: SafeString


@dataclass(frozen=True, slots=True)
class Results:
    """What catalogue/results.html shows, which is poured (espace_client.moulds). `lines`: the courses, drawn.

    `ignored`: sentences. `reason`: why the prices are public ones; `establishment`: whose they are else. `searched`:
    the words, when nothing has them; `instead`: what was searched then; `near`: the titles only look like the words.
    """

    courses: list[ListedCourse]
    lines: SafeString
    count: str
    page: CataloguePage
    chips: list[Chip]
    ignored: list[str]
    beyond: bool
    reason: str
    establishment: str
    searched: str
    instead: str
    instead_url: str
    near: bool


def results_of(filters: CatalogueFilters, found: Found, prices: ListPrices, *, is_member: bool) -> Results:
    """`is_member`: to a visitor, whom the page invites to log in, nothing is said of prices."""
    is_guess = bool(found.instead or found.near)
    return Results(
        courses=found.rows,
        lines=mark_safe("".join(_line(course, prices.negotiated[course.pk]) for course in found.rows)),  # noqa: S308
        count=_count(found.total),
        page=_page(filters, found),
        chips=_chips(filters),
        ignored=filters.ignored,
        beyond=filters.page > found.pages,
        reason=prices.reason if is_member else "",
        establishment=prices.establishment.name if prices.establishment else "",
        searched=filters.words if is_guess else "",
        instead=found.instead,
        instead_url=query(filters.address, {"q": found.instead}) if found.instead else "",
        near=found.near,
    )


@lru_cache(maxsize=MOST_KEPT)
def _count(total: int) -> str:
    return ngettext("%s formation", "%s formations", total) % number(total)


def _chips(filters: CatalogueFilters) -> list[Chip]:
    """The filters in force, each with the address of the page without it."""
    chips = []
    for name, value, words in filters.in_force:
        rest = [other for other in filters.said[name] if other != value]
        url = query(filters.address, {name: rest or None})
        chips.append(Chip(str(LABELS[name]), words, url))
    return chips


def _page(filters: CatalogueFilters, found: Found) -> CataloguePage:
    params = filters.address
    first = (found.page - 1) * ROWS_PER_PAGE + 1
    return CataloguePage(
        first=first,
        last=first + len(found.rows) - 1,
        total=found.total,
        previous_url=query(params, {PAGE: found.page - 1 if found.page > 2 else None}) if found.page > 1 else "",
        next_url=query(params, {PAGE: found.page + 1}) if found.page < found.pages else "",
    )
