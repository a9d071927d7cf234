"""Who buys: the establishment whose prices a person is shown, and who may see negotiated ones at all (rule 7)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value

from accounts.models import Establishment, User
from accounts.rights import Rights
from accounts.statements import Word
from catalogue.models import AccordCadre

from .models import Order, OrderChannel, OrderEvent, OrderEventKind, OrderState


def entitled(rights: Rights) -> QuerySet[Establishment]:
    """The establishments whose negotiated prices a person may see (rule 7).

    Those whose amounts an access opens (an administrator's, or a standard one with a priced type); and all those of a
    company for which an order that the person made on the site, with their verified address, has been validated by
    staff, whatever became of it since.
    """
    opened = Q(pk__in=sorted(rights.priced_establishments))
    if rights.email is not None:  # a union, of which each part comes from its index
        places = Establishment.objects.filter(opened).order_by().values("pk")
        companies = _validated(rights.email).values("establishment__company")
        opened = Q(pk__in=places.union(Establishment.objects.filter(company__in=companies).order_by().values("pk")))
    return _within_narrowing(Establishment.objects.filter(opened), rights)


def _entitled_one(rights: Rights) -> QuerySet[Establishment]:
    """`entitled`, asked of an establishment that is known: the person's other orders are not read."""
    opened = Q(pk__in=sorted(rights.priced_establishments))
    if rights.email is not None:
        opened |= Q(Exists(_validated(rights.email).filter(establishment__company=OuterRef("company"))))
    return _within_narrowing(Establishment.objects.filter(opened), rights)


def _validated(email: str) -> QuerySet[Order]:
    was_validated = OrderEvent.objects.filter(order=OuterRef("pk"), kind=OrderEventKind.VALIDATED)
    return Order.objects.filter(
        Q(state=OrderState.VALIDATED) | Exists(was_validated),
        order_email=email,
        channel=Word(OrderChannel.SITE),
        establishment__isnull=False,
    ).order_by()


def _within_narrowing(found: QuerySet[Establishment], rights: Rights) -> QuerySet[Establishment]:
    return found.filter(pk__in=sorted(rights.establishments)) if rights.narrowed else found


def buyers(user: User, *, condition: Q, on: date) -> QuerySet[Any, Any]:
    """The establishment whose prices are shown on a day, and whether an accord covers it; see accounts.readings.

    That of the last order, if the person is entitled to its prices and an accord covers it: no other can come before
    it. Only otherwise are the others read, of which there may be hundreds.
    """
    rights = user.rights
    last = _last_covered(rights, on)
    others = (
        entitled(rights)
        .filter(condition, ~Exists(last.values("pk")))
        .annotate(is_covered=_covered(on), is_last=Q(pk=_place_of_last_order(rights)))
        .order_by("-is_covered", "-is_last", "name", "pk")
        .values_list("pk", "company_id", "name", "is_covered")[:1]
    )
    return (
        last.annotate(is_covered=Value(True))
        .values_list("pk", "company_id", "name", "is_covered")
        .union(others, all=True)
    )


def _last_covered(rights: Rights, on: date) -> QuerySet[Establishment]:
    return _entitled_one(rights).filter(_covered(on), pk=_place_of_last_order(rights)).order_by()


def _place_of_last_order(rights: Rights) -> Subquery:
    last_order = Order.objects.filter(order_email=rights.email or "").order_by("-placed_on", "-pk")
    return Subquery(last_order.values("establishment")[:1])


def _covered(on: date) -> Exists:
    in_force = AccordCadre.objects.in_force(on).filter(company=OuterRef("company"))
    return Exists(in_force.filter(Q(covers_all=True) | Q(coverage__establishment=OuterRef("pk"))))
