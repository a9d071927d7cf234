"""Staff attach an order to the establishment that it is for."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from catalogue.models import AccordCadre
from documents.models import Document
from enrolments.models import Enrolment, Order, Participant
from enrolments.moving import Destination, bound_by_an_accord, move_orders
from enrolments.services import attach_order
from tests.worlds import World, make_order

EMAIL = "orderer@nowhere.example"


@pytest.fixture
def order(world: World) -> Order:
    session = Enrolment.objects.earliest("pk").session
    return make_order(None, EMAIL, [session, session])


def test_everything_follows(world: World, order: Order) -> None:
    people = set(order.enrolments.values_list("participant", flat=True))
    attached = attach_order(order=order, establishment=world.lille)
    assert attached.establishment == world.lille
    assert set(Enrolment.objects.filter(order=order).values_list("establishment", flat=True)) == {world.lille.pk}
    assert set(Document.objects.filter(order=order).values_list("establishment", flat=True)) == {world.lille.pk}
    assert set(order.enrolments.values_list("participant", flat=True)) == people
    homes = Participant.objects.filter(pk__in=people).values_list("company", "owner_email")
    assert set(homes) == {(world.lille.company_id, "")}


def test_the_administrators_see_it_and_the_orderer_still_does(world: World, order: Order) -> None:
    administrator = world.personas["administrator"]
    assert order not in Order.objects.visible_to(administrator)
    attach_order(order=order, establishment=world.lille)
    assert order in Order.objects.visible_to(administrator)
    assert Order.objects.get(pk=order.pk).order_email == EMAIL


def test_it_is_a_decision_of_the_portal(world: World, order: Order) -> None:
    assert "establishment" in attach_order(order=order, establishment=world.lille).decided_in_portal


def test_an_order_is_attached_once(world: World, order: Order) -> None:
    attach_order(order=order, establishment=world.lille)
    with pytest.raises(ValidationError, match="déjà rattachée"):
        attach_order(order=order, establishment=world.nice)


def test_a_person_whom_another_order_names_stays_there_too(world: World, order: Order) -> None:
    other = make_order(None, EMAIL, [order.enrolments.earliest("pk").session], papers=False)
    shared = order.enrolments.earliest("pk").participant
    assert shared is not None
    other.enrolments.update(participant=shared)
    attach_order(order=order, establishment=world.lille)
    copy = order.enrolments.earliest("pk").participant
    assert copy is not None
    assert copy != shared
    assert (copy.last_name, copy.company) == (shared.last_name, world.lille.company)
    assert other.enrolments.get().participant == shared
    shared.refresh_from_db()
    assert shared.owner_email == EMAIL
    attach_order(order=other, establishment=world.lille)


def test_a_seat_without_a_name(world: World, order: Order) -> None:
    order.enrolments.update(participant=None)
    attach_order(order=order, establishment=world.lille)
    assert set(order.enrolments.values_list("establishment", flat=True)) == {world.lille.pk}
    assert not order.enrolments.filter(participant__isnull=False).exists()


def test_an_accord_of_another_company_does_not_come_along(world: World, order: Order) -> None:
    attach_order(order=order, establishment=world.lille)
    accord = AccordCadre.objects.create(
        reference="AC-X", company=world.lille.company, starts_on="2020-01-01", ends_on="2030-01-01"
    )
    order.enrolments.update(accord=accord)
    assert bound_by_an_accord({order.pk: Destination(world.nice, EMAIL)}) == set()
    for elsewhere in (world.brume.establishments[0], None):
        assert bound_by_an_accord({order.pk: Destination(elsewhere, EMAIL)}) == {order.pk}
    with pytest.raises(IntegrityError), transaction.atomic():
        move_orders({order.pk: Destination(world.brume.establishments[0], EMAIL)})


def test_moving_many_takes_as_many_queries_as_moving_one(world: World) -> None:
    session = Enrolment.objects.earliest("pk").session
    counts = []
    for many in (1, 12):
        orders = [make_order(None, f"{number}@nowhere.example", [session], papers=False) for number in range(many)]
        with CaptureQueriesContext(connection) as queries:
            move_orders({order.pk: Destination(world.lille, order.order_email) for order in orders})
        counts.append(len(queries))
    assert counts[0] == counts[1]
