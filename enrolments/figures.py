"""Training spend and hours by month, over what a person may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, DecimalField, F, Func, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import RawSQL

from accounts.models import User
from accounts.readings import ask_within
from accounts.rights import Rights
from enrolments.models import Enrolment, EnrolmentState

NOT_FOLLOWED = (EnrolmentState.CANCELLED, EnrolmentState.ABSENT)


# One look into the index for each month: grouping the rows by month would take PostgreSQL twice as long.
BY_MONTH = """SELECT begins::date, ARRAY({})
FROM generate_series(%s::timestamp, %s::timestamp, interval '1 month') AS begins"""


@dataclass
class Months:
    """Totals by month (1 to 12). `spend`: EUR HT of active enrolments whose amount may be seen; `hours`: not missed."""

    spend: dict[int, Decimal] = field(default_factory=lambda: dict.fromkeys(range(1, 13), Decimal(0)))
    hours: dict[int, Decimal] = field(default_factory=lambda: dict.fromkeys(range(1, 13), Decimal(0)))


def ask_months(user: User, years: tuple[int, int]) -> Callable[[], dict[int, Months]]:
    """Totals for each of the years from the first to the last, in one query; the month is the session's first day's."""
    first, last = years
    answer = ask_within(BY_MONTH, (date(first, 1, 1), date(last, 12, 31)), _totals_of_month, user)

    def by_month() -> dict[int, Months]:
        totals = {year: Months() for year in range(first, last + 1)}
        for month, branches in answer.rows():
            months = totals[month.year]
            for spend, hours in branches:
                months.spend[month.month] += spend or 0
                months.hours[month.month] += hours or 0
        return totals

    return by_month


def _totals_of_month(user: User, *, condition: Q) -> QuerySet[Enrolment, Any]:
    """[EUR HT that may be seen, hours] of the month that `begins`, a row for each branch; see accounts.readings."""
    spend = Case(When(amount_visible(user.rights), then=F("price")), default=Value(0), output_field=DecimalField())
    totals = Func(
        Sum(spend),
        Sum("hours", filter=~Q(state__in=NOT_FOLLOWED)),
        template="ARRAY[%(expressions)s]",
        output_field=ArrayField(DecimalField()),
    )
    one, *others = (
        branch.active()
        .filter(
            starts_on__gte=RawSQL("begins::date", ()), starts_on__lt=RawSQL("(begins + interval '1 month')::date", ())
        )
        .order_by()
        .values(all_rows=Value(1))
        .annotate(totals=totals)
        .values_list("totals")
        for branch in Enrolment.objects.visible_by_branch(user, most=1)
    )
    return one.union(*others, all=True) if others else one


def amount_visible(rights: Rights) -> Q:
    """Rows whose amount the person may see (rule 6)."""
    visible = Q(establishment_id__in=sorted(rights.priced_establishments))
    return visible if rights.email is None else visible | Q(order_email=rights.email)
