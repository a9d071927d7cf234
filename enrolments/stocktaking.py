"""The état des lieux: who followed at least one training in eight years (Code du travail, L6315-1, II).

What is counted: the trainings followed with us (present, or partly), by their last day. What is not: those of other
providers, and whether one was compulsory for the job (L6321-2), which only the employer knows; ours are not by nature.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from enrolments.attendance import with_hours_attended
from enrolments.models import Enrolment, EnrolmentState, Participant

YEARS, ALERT_YEARS = 8, 6
FOLLOWED = (EnrolmentState.PRESENT, EnrolmentState.PARTIAL)
NONE, LONG_AGO, FINE = 0, 1, 2


def years_before(day: date, years: int) -> date:
    """The same day so many years before; the 28th for a 29th of February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def stock_of(user: User, today: date) -> QuerySet[Participant]:
    """The colleagues whom the person sees, those without training for longest first.

    Each with `last_on` (the last day of the last training followed, or None), `trainings` and `hours` in the last
    eight years, `next_on`, and `standing`: NONE in eight years, LONG_AGO (none in six), or FINE.
    """
    seen = Enrolment.objects.visible_to(user).active().filter(participant=OuterRef("pk")).order_by()
    followed = seen.filter(state__in=FOLLOWED)
    recent = followed.filter(session__ends_on__gte=years_before(today, YEARS))
    rows = Participant.objects.visible_to(user).annotate(
        last_on=Subquery(followed.values("participant").annotate(found=Max("session__ends_on")).values("found")),
        trainings=Coalesce(Subquery(recent.values("participant").annotate(found=Count("pk")).values("found")), 0),
        hours=Coalesce(Subquery(_hours(recent)), Decimal(0)),
        next_on=Subquery(seen.filter(starts_on__gt=today).order_by("starts_on").values("starts_on")[:1]),
    )
    standing = Case(
        When(Q(last_on__isnull=True) | Q(last_on__lt=years_before(today, YEARS)), then=Value(NONE)),
        When(last_on__lt=years_before(today, ALERT_YEARS), then=Value(LONG_AGO)),
        default=Value(FINE),
        output_field=IntegerField(),
    )
    return rows.annotate(standing=standing).order_by(
        F("last_on").asc(nulls_first=True), "last_name", "first_name", "pk"
    )


def _hours(rows: QuerySet[Enrolment]) -> QuerySet[Enrolment, Any]:
    return with_hours_attended(rows).values("participant").annotate(total=Sum("hours_attended")).values_list("total")
