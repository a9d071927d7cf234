"""Training spend and hours by month, over what a person may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, DateField, DecimalField, F, Func, Q, QuerySet, Sum, Value, When

from accounts.models import User
from accounts.readings import ask
from accounts.rights import Rights
from enrolments.models import Enrolment, EnrolmentState

NOT_FOLLOWED = (EnrolmentState.CANCELLED, EnrolmentState.ABSENT)


class _Month(Func):
    """The first day of a date's month: without a time zone, which `TruncMonth` has PostgreSQL look up for each row."""

    template = "DATE_TRUNC('month', (%(expressions)s)::timestamp)::date"
    output_field = DateField()


@dataclass
class Months:
    """Totals by month (1 to 12). `spend`: EUR HT of active enrolments whose amount may be seen; `hours`: not missed."""

    spend: dict[int, Decimal] = field(default_factory=lambda: dict.fromkeys(range(1, 13), Decimal(0)))
    hours: dict[int, Decimal] = field(default_factory=lambda: dict.fromkeys(range(1, 13), Decimal(0)))


def ask_months(user: User, years: tuple[int, int]) -> Callable[[], dict[int, Months]]:
    """Totals for each of the years from the first to the last, in one query; the month is the session's first day's."""
    first, last = years
    answer = ask(_months, user, begin=date(first, 1, 1), end=date(last, 12, 31))

    def by_month() -> dict[int, Months]:
        totals = {year: Months() for year in range(first, last + 1)}
        for month, spend, hours in answer.rows():
            months = totals[month.year]
            months.spend[month.month] += spend or 0
            months.hours[month.month] += hours or 0
        return totals

    return by_month


def _months(user: User, *, begin: date, end: date, condition: Q) -> QuerySet[Enrolment, Any]:
    """Month, EUR HT that may be seen, and hours, for each branch of what the person may see."""
    spend = Case(When(amount_visible(user.rights), then=F("price")), default=Value(0), output_field=DecimalField())
    one, *others = (
        branch.active()
        .filter(starts_on__range=(begin, end))
        .order_by()
        .annotate(month=_Month("starts_on"))
        .values_list("month")
        .annotate(spend=Sum(spend), hours=Sum("hours", filter=~Q(state__in=NOT_FOLLOWED)))
        for branch in Enrolment.objects.visible_by_branch(user)
    )
    return one.union(*others, all=True) if others else one


def amount_visible(rights: Rights) -> Q:
    """Rows whose amount the person may see (rule 6)."""
    visible = Q(establishment_id__in=sorted(rights.priced_establishments))
    return visible if rights.email is None else visible | Q(order_email=rights.email)
