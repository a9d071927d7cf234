"""The seats ordered in the period of an accord-cadre: what its thresholds are compared to, and what it has saved."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Least

from accounts.models import Establishment
from catalogue.models import AccordCadre, AccordCoverage

from .models import Enrolment, OrderState

ORDERED = (OrderState.PENDING, OrderState.VALIDATED)


def enrolments_under_accord(on: date) -> QuerySet[Enrolment]:
    """The seats that count for the thresholds of the outer accord on a day: its establishments', in its period so far.

    Whatever price they were given, and whoever ordered. Not those that were cancelled, nor orders that were refused or
    that still wait for the client's own approval: nothing was ordered by these.
    """
    listed = AccordCoverage.objects.filter(
        accord=OuterRef(OuterRef("pk")), establishment=OuterRef("order__establishment")
    )
    covers_all = ExpressionWrapper(OuterRef("covers_all"), output_field=BooleanField())
    return (
        Enrolment.objects.active()
        .alias(covers_all=covers_all)
        .filter(
            Q(covers_all=True) | Exists(listed),
            order__state__in=ORDERED,
            order__placed_on__gte=OuterRef("starts_on"),
            order__placed_on__lte=Least(OuterRef("ends_on"), Value(on)),
            order__establishment__company=OuterRef("company"),
        )
        .order_by()
    )


def seats_of_accord(on: date) -> Coalesce:
    """For a queryset of accords: the seats ordered in the period of each."""
    counted = (
        enrolments_under_accord(on).values("order__establishment__company").annotate(seats=Count("pk")).values("seats")
    )
    return Coalesce(Subquery(counted), 0)


def seats_ordered(accords: Collection[int], on: date) -> dict[int, int]:
    """For each of these accords (id) the seats ordered in its period, up to that day; one query or none."""
    if not accords:
        return {}
    rows = AccordCadre.objects.filter(pk__in=accords).order_by().annotate(seats=seats_of_accord(on))
    return dict(rows.values_list("pk", "seats"))


def covered_by(accord: AccordCadre) -> QuerySet[Establishment]:
    """The establishments that an accord covers."""
    of_company = Establishment.objects.filter(company=accord.company_id)
    return of_company if accord.covers_all else of_company.filter(accordcoverage__accord=accord)
