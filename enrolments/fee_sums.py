"""The fees that changes cost, summed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from enrolments.models import EnrolmentEvent


def with_fees(rows: QuerySet[Any, Any], about: str) -> QuerySet[Any, Any]:
    """The rows, each with `fees`: EUR HT of what happened to it; `about` is the way to it from an event."""
    summed = EnrolmentEvent.objects.filter(**{about: OuterRef("pk")}).order_by().values(about)
    found: QuerySet[Any, Any] = rows.annotate(
        fees=Coalesce(Subquery(summed.annotate(total=Sum("fee")).values("total")), Decimal(0))
    )
    return found
