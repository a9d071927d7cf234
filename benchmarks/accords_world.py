"""500 accords-cadres of 200 lines in force, for the companies and the catalogue that are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from random import Random

from django.db import connection
from django.utils import timezone

from accounts.models import Company
from catalogue.models import AccordCadre, AccordLine, Course, Domain, LineKind, LineScope

ACCORDS, LINES = 500, 200
TIERS = (0, 10, 40)


def fill_accords(accords: int = ACCORDS, lines: int = LINES) -> None:
    """Fill the database in use: the companies take turns, an accord covers all of its company; the same each time."""
    rng, today = Random(20262), timezone.localdate()  # noqa: S311 - reproducible on purpose, nothing secret
    companies = list(Company.objects.order_by("pk").values_list("pk", flat=True)[:accords])
    made = AccordCadre.objects.bulk_create(
        AccordCadre(
            reference=f"BEN-{rank:04d}",
            company_id=companies[rank % len(companies)],
            starts_on=today - timedelta(days=rng.randint(30, 700)),
            ends_on=today + timedelta(days=rng.randint(70, 700)),
        )
        for rank in range(accords)
    )
    courses = list(Course.objects.order_by("pk").values_list("pk", flat=True))
    domains = list(Domain.objects.order_by("pk"))
    for accord in made:
        AccordLine.objects.bulk_create(_lines(rng, accord, courses, domains, lines))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) catalogue_accordline, catalogue_accordcadre")


def _lines(
    rng: Random, accord: AccordCadre, courses: list[int], domains: list[Domain], count: int
) -> Iterator[AccordLine]:
    """Everything and three domains, each in three tiers; the rest are courses, a third of them at a fixed price."""
    general: list[Domain | None] = [None, *rng.sample(domains, min(3, len(domains)))]
    for domain, from_seats in [(domain, seats) for domain in general for seats in TIERS]:
        scope = LineScope.EVERYTHING
        if domain is not None:
            scope = LineScope.SUBDOMAIN if domain.parent_id else LineScope.DOMAIN
        rate = Decimal(5 + TIERS.index(from_seats) * 3)
        yield AccordLine(
            accord=accord,
            scope=scope,
            domain=domain,
            kind=LineKind.DISCOUNT,
            discount_rate=rate,
            from_seats=from_seats,
        )
    for rank, course in enumerate(rng.sample(courses, min(count - len(general) * len(TIERS), len(courses)))):
        fixed = rank % 3 == 0
        yield AccordLine(
            accord=accord,
            scope=LineScope.COURSE,
            course_id=course,
            kind=LineKind.PRICE if fixed else LineKind.DISCOUNT,
            fixed_price=Decimal(rng.randint(20, 200) * 10) if fixed else None,
            discount_rate=None if fixed else Decimal(rng.randint(10, 40)),
        )
