"""What one may choose from in the catalogue: the same for everybody, so kept for a minute in each process."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Count

from catalogue.models import Course, Domain, Session

SECONDS = 60.0
MONTHS = 12


@dataclass(frozen=True)
class Branch:
    """A domain, or a sub-domain, and how many courses it has; those of its sub-domains are counted with it."""

    pk: int
    code: str
    label: str
    courses: int
    children: tuple[Branch, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        return (self.pk, *(child.pk for child in self.children))


@dataclass(frozen=True, eq=False)
class Facets:
    """`months`: first days of the months to come, this one first."""

    domains: tuple[Branch, ...]
    cities: tuple[str, ...]
    months: tuple[date, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Branch]:
        children = {child.code: child for domain in self.domains for child in domain.children}
        return {domain.code: domain for domain in self.domains} | children

    def parent_of(self, branch: Branch) -> Branch:
        """The domain of a sub-domain; a domain itself."""
        return next(domain for domain in self.domains if branch.pk in domain.ids)


_kept: dict[str, tuple[date, float, Facets]] = {}  # by database


def facets(today: date) -> Facets:
    """The choices as they were at most a minute ago."""
    name = connection.settings_dict["NAME"]
    kept = _kept.get(name)
    if kept is not None:
        day, made, found = kept
        if day == today and time.monotonic() - made <= SECONDS:
            return found
    found = _read(today)
    _kept[name] = today, time.monotonic(), found
    return found


def forget() -> None:
    """Read again next time."""
    _kept.clear()


def _read(today: date) -> Facets:
    anybody = AnonymousUser()
    counts = dict(Course.objects.visible_to(anybody).order_by().values_list("domain_id").annotate(courses=Count("pk")))
    children: dict[int, list[Branch]] = {}
    domains = list(Domain.objects.visible_to(anybody).order_by("label", "pk"))
    for one in domains:
        if one.parent_id is not None and counts.get(one.pk):
            children.setdefault(one.parent_id, []).append(Branch(one.pk, one.code, one.label, counts[one.pk]))
    tops = []
    for one in domains:
        below = tuple(children.get(one.pk, ()))
        courses = counts.get(one.pk, 0) + sum(child.courses for child in below)
        if one.parent_id is None and courses:
            tops.append(Branch(one.pk, one.code, one.label, courses, below))
    cities = Session.objects.visible_to(anybody).exclude(city="").order_by("city").values_list("city", flat=True)
    return Facets(tuple(tops), tuple(cities.distinct()), tuple(_months(today)))


def _months(today: date) -> list[date]:
    first = today.year * 12 + today.month - 1
    return [date(rank // 12, rank % 12 + 1, 1) for rank in range(first, first + MONTHS)]
