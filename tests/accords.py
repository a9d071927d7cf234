"""Accords-cadres and lines for tests, in one line each."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Company, Establishment
from catalogue.models import AccordCadre, AccordCoverage, AccordLine, Course, Domain, LineKind, LineScope
from tests.worlds import number


def make_accord(company: Company, *covered: Establishment, **fields: Any) -> AccordCadre:
    """An accord in force for a year around today, for these establishments, or for all."""
    values: dict[str, Any] = {
        "reference": number("AC"),
        "starts_on": days_away(-100),
        "ends_on": days_away(265),
        "covers_all": not covered,
    }
    accord = AccordCadre.objects.create(company=company, **values | fields)
    AccordCoverage.objects.bulk_create(AccordCoverage(accord=accord, establishment=one) for one in covered)
    return accord


def make_line(
    accord: AccordCadre, about: Course | Domain | None, value: str, *, fixed: bool = False, **fields: Any
) -> AccordLine:
    """A discount on a course, a domain, a sub-domain or everything; `fixed`: a price for the course."""
    if isinstance(about, Course):
        scope = LineScope.COURSE
    elif about is None:
        scope = LineScope.EVERYTHING
    else:
        scope = LineScope.SUBDOMAIN if about.parent_id else LineScope.DOMAIN
    line = AccordLine.objects.create(
        accord=accord,
        scope=scope,
        course=about if isinstance(about, Course) else None,
        domain=about if isinstance(about, Domain) else None,
        kind=LineKind.PRICE if fixed else LineKind.DISCOUNT,
        fixed_price=Decimal(value) if fixed else None,
        discount_rate=None if fixed else Decimal(value),
        **fields,
    )
    return AccordLine.objects.get(pk=line.pk)


def make_course(domain: Domain, public_price: str = "1000", **fields: Any) -> Course:
    values: dict[str, Any] = {"reference": number("REF"), "title": "Formation", "days": 2, "hours": 14}
    made = Course.objects.create(domain=domain, public_price=Decimal(public_price), **values | fields)
    return Course.objects.get(pk=made.pk)


def today() -> date:
    """The day in France, asked inside a test: one read when a module is imported is yesterday after midnight."""
    assert "PYTEST_CURRENT_TEST" in os.environ, "no test is running"
    return timezone.localdate()


def days_away(days: int) -> date:
    return today() + timedelta(days=days)
