"""Who buys: what is read only as far as it must be is what reading every establishment would give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.document_types import DocumentType
from accounts.models import Establishment, User
from accounts.readings import read
from accounts.rights import Rights
from accounts.roles import Role
from catalogue.models import AccordCadre
from enrolments.buyers import buyers, entitled
from enrolments.models import Order, OrderChannel, OrderEvent, OrderEventKind, OrderState
from tests.accords import days_away, make_accord, today
from tests.worlds import World, give_access, make_user, number

ACCESSES: dict[str, dict[str, Any]] = {
    "none": {},
    "administrator": {"lille": None},
    "without amounts": {"lille": [DocumentType.CONVOCATION]},
    "of two companies": {"nice": [DocumentType.FACTURE], "lyon": None},
}
ORDERS: dict[str, list[Any]] = {
    "none": [],
    "of nobody yet": [(None, OrderState.VALIDATED, OrderChannel.SITE)],
    "at one": [("nice", OrderState.VALIDATED, OrderChannel.SITE)],
    "waiting": [("nice", OrderState.PENDING, OrderChannel.SITE)],
    "by phone": [("nice", OrderState.VALIDATED, OrderChannel.PHONE)],
    "cancelled since": [("lille", OrderState.CANCELLED, OrderChannel.SITE)],
    "at two": [("lyon", OrderState.VALIDATED, OrderChannel.SITE), ("nice", OrderState.VALIDATED, OrderChannel.SITE)],
    "the first of one day, and a later one": [
        ("lille", OrderState.VALIDATED, OrderChannel.SITE),
        ("nice", OrderState.VALIDATED, OrderChannel.SITE),
        ("lyon", OrderState.VALIDATED, OrderChannel.PHONE),
    ],
    "the last one waiting": [
        ("lyon", OrderState.VALIDATED, OrderChannel.SITE),
        ("lille", OrderState.PENDING, OrderChannel.SITE),
    ],
    "the last one of nobody": [
        ("lyon", OrderState.VALIDATED, OrderChannel.SITE),
        (None, OrderState.PENDING, OrderChannel.SITE),
    ],
}
ACCORDS: dict[str, list[str]] = {
    "none": [],
    "of Nice alone": ["nice"],
    "of all": ["armor", "brume"],
    "ended": ["ended"],
    "of Brume": ["brume"],
}


@dataclass(frozen=True)
class Places:
    lille: Establishment
    nice: Establishment
    lyon: Establishment


@pytest.fixture
def places(world: World) -> Places:
    return Places(world.lille, world.nice, world.brume.establishments[0])


def by_reading_everything(user: User, on: date) -> list[Any]:
    """The rule as a single query over every establishment says it."""
    rights = user.rights
    in_force = AccordCadre.objects.in_force(on).filter(company=OuterRef("company"))
    covered = Exists(in_force.filter(Q(covers_all=True) | Q(coverage__establishment=OuterRef("pk"))))
    last_order = Order.objects.filter(order_email=rights.email or "").order_by("-placed_on", "-pk")
    return list(
        Establishment.objects.filter(pk__in=entitled_by_reading_everything(rights))
        .annotate(is_covered=covered, is_last=Q(pk=Subquery(last_order.values("establishment")[:1])))
        .order_by("-is_covered", "-is_last", "name", "pk")
        .values_list("pk", "company_id", "name", "is_covered")[:1]
    )


def entitled_by_reading_everything(rights: Rights) -> set[int]:
    found = set(rights.priced_establishments)
    for order in Order.objects.filter(establishment__isnull=False, channel=OrderChannel.SITE):
        was_validated = order.events.filter(kind=OrderEventKind.VALIDATED).exists()
        if order.order_email == rights.email and (order.state == OrderState.VALIDATED or was_validated):
            assert order.establishment is not None
            found.update(order.establishment.company.establishments.values_list("pk", flat=True))
    return found & rights.establishments if rights.narrowed else found


def place_orders(email: str, orders: list[Any], places: Places) -> None:
    for rank, (place, state, channel) in enumerate(orders):
        order = Order.objects.create(
            number=number("CMD"),
            order_email=email,
            establishment=getattr(places, place) if place else None,
            placed_on=days_away(rank // 2 - 5),
            state=state,
            channel=channel,
        )
        if state == OrderState.CANCELLED:
            OrderEvent.objects.create(order=order, kind=OrderEventKind.VALIDATED)


def make_accords(kinds: list[str], world: World, places: Places) -> None:
    for kind in kinds:
        if kind == "nice":
            make_accord(world.armor.company, places.nice)
        elif kind == "ended":
            make_accord(world.armor.company, starts_on=days_away(-9), ends_on=days_away(-1))
        else:
            make_accord(world.armor.company if kind == "armor" else world.brume.company)


@pytest.mark.parametrize("accords", ACCORDS)
def test_the_buyer_is_the_one_that_reading_everything_gives(world: World, places: Places, accords: str) -> None:
    make_accords(ACCORDS[accords], world, places)
    combinations = [*product(ACCESSES, ORDERS, [True]), *product(ACCESSES, ["at one", "at two"], [False])]
    for access, orders, verified in combinations:
        with transaction.atomic():
            person = make_user(f"{number('P').lower()}@armor.example", verified=verified)
            for place, types in ACCESSES[access].items():
                give_access(person, getattr(places, place), Role.STANDARD if types else Role.ADMINISTRATOR, types or [])
            place_orders(person.email, ORDERS[orders], places)
            for narrowed in ([], [getattr(places, place).pk for place in [*ACCESSES[access]][:1]]):
                User.objects.filter(pk=person.pk).update(shown_establishments=narrowed)
                user = User.objects.with_rights(person.pk)
                assert user is not None
                same = (access, orders, verified, narrowed)
                assert read(buyers, user, on=today()) == by_reading_everything(user, today()), same
                assert {one.pk for one in entitled(user.rights)} == entitled_by_reading_everything(user.rights), same
            transaction.set_rollback(True)


def test_the_other_establishments_are_not_read_when_that_of_the_last_order_is_covered(
    world: World, places: Places
) -> None:
    """What PostgreSQL did says so: the part of the plan that goes through them was never run."""
    person = make_user("responsable-de-deux@armor.example")
    make_accord(world.armor.company)
    place_orders(person.email, ORDERS["at two"], places)
    user = User.objects.with_rights(person.pk)
    assert user is not None
    sql, parameters = buyers(user, condition=Q(), on=today()).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    first, others = plan.split('Subquery Scan on "*SELECT* 2"')
    assert "rows=1" in first
    assert "One-Time Filter: (NOT " in others
    assert others.split("One-Time Filter: (NOT ")[1].count("(never executed)") > 2
