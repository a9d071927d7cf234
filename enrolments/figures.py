"""Training spend and hours by month, over what a person may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Case, DecimalField, F, Q, Sum, Value, When
from django.db.models.functions import TruncMonth

from accounts.rights import Rights
from enrolments.models import EnrolmentQuerySet, EnrolmentState

NOT_FOLLOWED = (EnrolmentState.CANCELLED, EnrolmentState.ABSENT)


@dataclass
class Months:
    """Totals by month (1 to 12). `spend`: EUR HT of active enrolments whose amount may be seen; `hours`: not missed."""

    spend: dict[int, Decimal] = field(default_factory=lambda: dict.fromkeys(range(1, 13), Decimal(0)))
    hours: dict[int, Decimal] = field(default_factory=lambda: dict.fromkeys(range(1, 13), Decimal(0)))


def by_month(branches: Sequence[EnrolmentQuerySet], rights: Rights, years: tuple[int, int]) -> dict[int, Months]:
    """Totals for each of the years from the first to the last, in one query; the month is the session's first day's."""
    first, last = years
    parts = [
        branch.active()
        .filter(starts_on__range=(date(first, 1, 1), date(last, 12, 31)))
        .order_by()
        .annotate(month=TruncMonth("starts_on"))
        .values("month")
        .annotate(
            spend=Sum(
                Case(When(_amount_visible(rights), then=F("price")), default=Value(0), output_field=DecimalField())
            ),
            hours=Sum("hours", filter=~Q(state__in=NOT_FOLLOWED)),
        )
        for branch in branches
    ]
    totals = {year: Months() for year in range(first, last + 1)}
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    for row in rows:
        months = totals[row["month"].year]
        months.spend[row["month"].month] += row["spend"] or 0
        months.hours[row["month"].month] += row["hours"] or 0
    return totals


def _amount_visible(rights: Rights) -> Q:
    """Rows whose amount the person may see (rule 6)."""
    visible = Q(establishment_id__in=sorted(rights.priced_establishments))
    return visible if rights.email is None else visible | Q(order_email=rights.email)
