"""The prices of a list of courses: asked before the courses are known, in one statement beside that of the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import Establishment, User
from accounts.readings import ask_within
from accounts.statements import Statement, statement
from catalogue.models import AccordCadre
from catalogue.pricing import Subject

from .accord_seats import enrolments_under_accord
from .buyers import buyers
from .kept_tariffs import kept_tariff
from .prices import buyer_of, prices_of, reason_of

AROUND = """WITH buyer AS ({buyer}), accord AS ({accords})
SELECT buyer.*, accord.* FROM buyer LEFT JOIN accord ON true ORDER BY accord.pk"""
BUYER_COLUMNS = 4


class _UpToTheHighestThreshold(ArraySubquery):
    """Nobody counts further: a price asks only whether a threshold is reached. 0 for an accord without any."""

    template = (
        "ARRAY(%(subquery)s LIMIT (SELECT coalesce(max(asked.from_seats), 0) FROM catalogue_accordline asked"
        ' WHERE asked.accord_id = "catalogue_accordcadre"."id" AND asked.from_seats > 0))'
    )


@dataclass(frozen=True, slots=True)
class ListPrices:
    """The negotiated prices of a list, by course (id): EUR HT, None where the public one applies; and whose they are.

    `reason`: why they are public ones; "" if they are not.
    """

    negotiated: Mapping[int, Decimal | None]
    establishment: Establishment | None
    reason: str


def ask_list_prices(user: User | AnonymousUser, on: date) -> Callable[[Sequence[Subject]], ListPrices]:
    """The prices that a person may see on a day, asked at once; of which courses, may be said later.

    They are those of `prices_of`, which is asked when an accord has changed since this began.
    """
    if not user.is_authenticated:
        return lambda subjects: _public(None, reason_of(user, None), subjects)
    text, accords = _around()
    answer = ask_within(text, accords.filled([on]), buyers, user, on=on)

    def prices(subjects: Sequence[Subject]) -> ListPrices:
        rows = answer.rows()
        buyer = buyer_of(rows)
        if buyer is None or not buyer[1]:
            return _public(buyer[0] if buyer else None, reason_of(user, buyer), subjects)
        tariff = kept_tariff(on, tuple(tuple(row[BUYER_COLUMNS:]) for row in rows if row[BUYER_COLUMNS] is not None))
        if tariff is None:
            shown = prices_of(user, subjects, on)
            negotiated = {course: price.negotiated for course, price in shown.by_course.items()}
            return ListPrices(negotiated, shown.establishment, shown.reason)
        return ListPrices({one.course_id: tariff.negotiated(one) for one in subjects}, buyer[0], "")

    return prices


def _public(establishment: Establishment | None, reason: str, subjects: Sequence[Subject]) -> ListPrices:
    return ListPrices(dict.fromkeys(subject.course_id for subject in subjects), establishment, reason)


@lru_cache(maxsize=1)
def _around() -> tuple[str, Statement]:
    accords = statement(_accords_of_buyer, (), (("on", date),))
    return AROUND.format(buyer="{}", accords=accords.sql), accords


def _accords_of_buyer(*, on: date) -> QuerySet[Any, Any]:
    """The columns of kept_tariffs.Accord; see accounts.statements."""
    counted = _UpToTheHighestThreshold(enrolments_under_accord(on).values("pk"))
    return (
        AccordCadre.objects.covering_ids(RawSQL("SELECT pk FROM buyer", ()), RawSQL("SELECT company_id FROM buyer", ()))
        .in_force(on)
        .order_by()
        .annotate(seats=Func(counted, function="CARDINALITY", output_field=IntegerField()))
        .values_list("pk", "prices_version", "seats")
    )
