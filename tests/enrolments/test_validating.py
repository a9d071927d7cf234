"""Staff decide: validated or refused, one by one or many at once, from the queue and from the list."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.notifications import NotificationKind, choose
from catalogue.models import Session, SessionState
from enrolments.buyers import entitled
from enrolments.models import (
    ApprovalPolicy,
    Enrolment,
    EnrolmentState,
    Order,
    OrderDraft,
    OrderEvent,
    OrderState,
)
from enrolments.queue import waiting_orders
from enrolments.seats import seats_of
from enrolments.services import attach_order
from enrolments.signals import order_refused, order_validated
from enrolments.transitions import any_state
from enrolments.validating import cancel_order, refuse_order, settle_many, validate_order
from tests.accords import make_accord, make_line
from tests.conftest import ClientFor
from tests.enrolments.orders import coming_session, place, prepare
from tests.worlds import World, make_order, make_user

QUEUE = reverse("admin:enrolments_order_queue")
ORDERS = reverse("admin:enrolments_order_changelist")


@pytest.fixture
def staff(world: World) -> User:
    return world.personas["staff"]


@pytest.fixture
def order(world: World) -> Order:
    return place(prepare(world.personas["administrator"], coming_session(world), world.lille, known=2, unnamed=1))


def states(order: Order) -> set[str]:
    return set(order.enrolments.values_list("state", flat=True))


def test_a_validated_order_holds_its_seats(order: Order, staff: User) -> None:
    told = []
    order_validated.connect(lambda order, **kwargs: told.append(order.pk), weak=False, dispatch_uid="test")
    try:
        validate_order(order=order, actor=staff)
    finally:
        order_validated.disconnect(dispatch_uid="test")
    order.refresh_from_db()
    assert (order.state, states(order), told) == (OrderState.VALIDATED, {EnrolmentState.CONFIRMED}, [order.pk])
    assert order.decided_in_portal == ["state"]
    assert OrderEvent.objects.filter(order=order, kind="validated", by=staff).count() == 1
    assert "validée" in mail.outbox[-1].subject


def test_a_refused_order_gives_its_seats_back(order: Order, staff: User) -> None:
    session = order.enrolments.earliest("pk").session
    assert seats_of(session).taken == 3
    told = []
    order_refused.connect(lambda order, **kwargs: told.append(order.pk), weak=False, dispatch_uid="test")
    try:
        refuse_order(order=order, actor=staff, reason=" Société inconnue ")
    finally:
        order_refused.disconnect(dispatch_uid="test")
    order.refresh_from_db()
    assert (order.state, states(order), told) == (OrderState.REFUSED, {EnrolmentState.CANCELLED}, [order.pk])
    assert seats_of(session).taken == 0
    assert OrderEvent.objects.get(order=order, kind="refused").word == "Société inconnue"
    assert "Motif\u00a0: Société inconnue" in mail.outbox[-1].body


def test_whoever_declined_such_mails_gets_none(world: World, order: Order, staff: User) -> None:
    choose(user=world.personas["administrator"], wanted=set(NotificationKind) - {NotificationKind.ORDERS})
    validate_order(order=order, actor=staff)
    assert ["bien reçue" in one.subject for one in mail.outbox] == [True], "the acknowledgement, which all get"


def test_what_can_not_be_settled(world: World, order: Order, staff: User) -> None:
    with pytest.raises(ValidationError, match="Dites pourquoi"):
        refuse_order(order=order, actor=staff, reason=" ")
    for settle in (validate_order, lambda **kwargs: refuse_order(**kwargs, reason="x")):
        with pytest.raises(PermissionDenied):
            settle(order=order, actor=world.personas["administrator"])
    validate_order(order=order, actor=staff)
    for settle in (validate_order, lambda **kwargs: refuse_order(**kwargs, reason="x")):
        with pytest.raises(ValidationError, match="n’attend plus"):
            settle(order=order, actor=staff)


def test_an_order_that_waits_for_its_own_administrators(world: World, staff: User) -> None:
    ApprovalPolicy.objects.create(establishment=world.lille, active=True)
    order = place(prepare(world.personas["responsable"], coming_session(world), world.lille, unnamed=1))
    with pytest.raises(ValidationError, match="attend encore l’approbation"):
        validate_order(order=order, actor=staff)


def test_an_order_of_nobody_is_attached_first(world: World, staff: User) -> None:
    user = make_user("nouvelle@armor.example")
    order = place(prepare(user, coming_session(world), None, unnamed=1, siret=world.nice.siret))
    with pytest.raises(ValidationError, match="Rattachez"):
        validate_order(order=order, actor=staff)
    attach_order(order=order, establishment=world.nice)
    validate_order(order=order, actor=staff)


def test_the_first_order_validated_opens_the_negotiated_prices(world: World, staff: User) -> None:
    """Rule 7, to the end: public price, attached and validated, then the price of the accord."""
    make_line(make_accord(world.armor.company), None, "10")
    user, session = make_user("nouvelle@armor.example"), coming_session(world)
    first = place(prepare(user, session, None, unnamed=1, siret=world.nice.siret))
    attach_order(order=first, establishment=world.nice)
    assert not entitled(User.objects.rights_of(user.pk)).exists()
    waiting = place(prepare(user, session, world.nice, unnamed=1))
    assert waiting.enrolments.get().price == Decimal(1500), "ordered for the establishment, but not validated yet"
    validate_order(order=first, actor=staff)
    assert place(prepare(user, session, world.nice, unnamed=1)).enrolments.get().price == Decimal(1350)
    assert first.enrolments.get().price == Decimal(1500), "frozen"


@pytest.mark.parametrize("state", [SessionState.CANCELLED, SessionState.DONE])
def test_a_session_that_will_not_be_held(order: Order, staff: User, state: str) -> None:
    Session.objects.filter(enrolments__order=order).update(state=state)
    with pytest.raises(ValidationError, match="refusez, ou proposez"):
        validate_order(order=order, actor=staff)


def test_an_order_of_which_nothing_is_left(order: Order, staff: User) -> None:
    order.enrolments.update(state=EnrolmentState.CANCELLED)
    with pytest.raises(ValidationError, match="aucune inscription"):
        validate_order(order=order, actor=staff)


def test_a_validated_order_is_cancelled_for_a_reason(world: World, order: Order, staff: User) -> None:
    with pytest.raises(ValidationError, match="Seule une commande validée"):
        cancel_order(order=order, actor=staff, reason="x")
    validate_order(order=order, actor=staff)
    with pytest.raises(ValidationError, match="Dites pourquoi"):
        cancel_order(order=order, actor=staff, reason="")
    cancel_order(order=order, actor=staff, reason="À la demande du client")
    order.refresh_from_db()
    assert (order.state, states(order)) == (OrderState.CANCELLED, {EnrolmentState.CANCELLED})
    assert "annulée" in mail.outbox[-1].subject
    attended = make_order(world.lille, "lea@armor.example", world.sessions, papers=False)
    attended.enrolments.update(state=EnrolmentState.PRESENT)
    with pytest.raises(ValidationError, match="a eu lieu"):
        cancel_order(order=attended, actor=staff, reason="x")


def test_one_that_can_not_harms_no_other(world: World, order: Order, staff: User) -> None:
    settled = make_order(world.nice, "lea@armor.example", world.sessions, papers=False)
    outcome = settle_many(orders=[settled, order], actor=staff)
    assert outcome.settled == [order]
    assert [one for one, _problem in outcome.problems] == [settled]


class TestQueue:
    @pytest.fixture
    def client(self, staff: User, client_for: ClientFor) -> Client:
        return client_for(staff)

    def test_it_says_what_one_needs_to_know(self, world: World, order: Order, client: Client) -> None:
        make_line(make_accord(world.armor.company), None, "10")
        user = make_user("nouvelle@armor.example")
        session = order.enrolments.earliest("pk").session
        foreign = place(prepare(user, session, None, unnamed=1, siret=world.nice.siret))
        again = prepare(world.personas["administrator"], session, world.lille, known=1)
        OrderDraft.objects.filter(pk=again.pk).update(comment="Deux groupes")
        again.refresh_from_db()
        double = place(again)
        entries = {one.order: one for one in waiting_orders(Order.objects.all(), timezone.localdate())}
        assert list(entries) == [order, foreign, double], "the oldest first"
        assert entries[foreign].match == world.nice
        assert entries[foreign].problems == ["Aucun établissement\u00a0: à rattacher."]
        assert entries[order].covered_by
        assert entries[order].total == entries[order].public_total == Decimal(4500)
        assert double.number in " ".join(entries[order].problems)
        assert order.number in " ".join(entries[double].problems)
        page = client.get(QUEUE).content.decode()
        for text in (
            order.number,
            "Rattacher à Armor Nice",
            "Deux groupes",
            "prises : 5 sur 12",
            "prix publics, malgré",
        ):
            assert text in page.replace("\u00a0", " ")

    def test_somebody_in_two_orders_is_said_when_they_share_a_day(self, world: World) -> None:
        """Of a session that ends on the day when the other begins, too; of days apart, cancelled or unnamed, not."""
        first = coming_session(world, days=30)
        touching, apart = coming_session(world, days=0), coming_session(world, days=0)
        for session, starts_on in ((touching, first.ends_on), (apart, first.ends_on + timedelta(days=1))):
            ends_on = starts_on + timedelta(days=2)
            Session.objects.filter(pk=session.pk).update(starts_on=starts_on, ends_on=ends_on)
        orders = [
            make_order(world.lille, "lea@armor.example", [session], state=OrderState.PENDING, papers=False)
            for session in (first, touching, apart, first, first)
        ]
        person = orders[0].enrolments.get().participant
        Enrolment.objects.filter(order__in=orders).update(participant=person)
        orders[3].enrolments.update(participant=None)
        with any_state():
            orders[4].enrolments.update(state=EnrolmentState.CANCELLED)
        rows = Order.objects.filter(pk__in=[one.pk for one in orders])
        entries = {one.order: one.problems for one in waiting_orders(rows, timezone.localdate())}
        said = "{} est aussi dans la commande {} (session {})."
        assert entries[orders[0]] == [said.format(person, orders[1].number, touching.code)]
        by_order = said.format(person, orders[0].number, first.code), said.format(person, orders[2].number, apart.code)
        assert sorted(entries[orders[1]]) == sorted(by_order)
        assert entries[orders[2]] == [said.format(person, orders[1].number, touching.code)]
        assert entries[orders[3]] == []
        assert entries[orders[4]] == ["Plus aucune inscription."]

    def test_it_costs_the_same_for_one_and_for_many(self, world: World, order: Order, client: Client) -> None:
        counts = []
        for more in (1, 8):
            for _rank in range(more):
                make_order(world.lille, "lea@armor.example", world.sessions, state=OrderState.PENDING, papers=False)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(QUEUE).status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_many_are_validated_at_once(self, world: World, order: Order, client: Client) -> None:
        other = make_order(world.nice, "lea@armor.example", [], state=OrderState.PENDING, papers=False)
        answer = client.post(QUEUE, {"act": "validate", "order": [order.pk, other.pk]}, follow=True)
        order.refresh_from_db()
        other.refresh_from_db()
        assert (order.state, other.state) == (OrderState.VALIDATED, OrderState.PENDING)
        page = answer.content.decode()
        assert "1 commande validée." in page
        assert f"{other.number}\u00a0: Cette commande n’a plus aucune inscription." in page

    def test_when_none_can_be_validated_nothing_is_said_to_be(self, world: World, client: Client) -> None:
        empty = make_order(world.nice, "lea@armor.example", [], state=OrderState.PENDING, papers=False)
        page = client.post(QUEUE, {"act": "validate", "order": [empty.pk]}, follow=True).content.decode()
        assert f"{empty.number}\u00a0: Cette commande n’a plus aucune inscription." in page
        assert "commande validée" not in page

    def test_refusing_asks_for_a_reason_and_keeps_the_ticks(self, order: Order, client: Client) -> None:
        page = client.post(QUEUE, {"act": "refuse", "order": [order.pk]}).content.decode()
        assert f'value="{order.pk}" aria-label="Choisir {order.number}" checked' in page
        assert "Ce champ est obligatoire" in page
        client.post(QUEUE, {"act": "refuse", "order": [order.pk], "reason": "Doublon"})
        order.refresh_from_db()
        assert order.state == OrderState.REFUSED

    def test_nothing_ticked(self, order: Order, client: Client) -> None:
        assert "Cochez d’abord" in client.post(QUEUE, {"act": "validate", "order": ["x"]}).content.decode()

    def test_an_order_is_attached_in_one_click(self, world: World, client: Client) -> None:
        user = make_user("nouvelle@armor.example")
        order = place(prepare(user, coming_session(world), None, unnamed=1, siret=world.nice.siret))
        for expected in ("rattachée à Armor Nice", "déjà rattachée"):
            assert expected in client.post(QUEUE, {"attach": order.pk}, follow=True).content.decode()
        order.refresh_from_db()
        assert order.establishment == world.nice
        assert "pas connu" in client.post(QUEUE, {"attach": "x"}, follow=True).content.decode()

    def test_the_list_has_the_same_acts(self, world: World, order: Order, client: Client) -> None:
        second = place(prepare(world.personas["member_of_two"], coming_session(world, days=50), world.lille, unnamed=1))
        client.post(ORDERS, {"action": "validate", "_selected_action": [order.pk]})
        for chosen, action, state in ((second, "refuse", OrderState.REFUSED), (order, "cancel", OrderState.CANCELLED)):
            posted = {"action": action, "_selected_action": [chosen.pk]}
            page = client.post(ORDERS, posted).content.decode()
            assert "Motif du refus" in page
            assert chosen.number in page
            client.post(ORDERS, posted | {"reason": "Voilà pourquoi"})
            chosen.refresh_from_db()
            assert chosen.state == state

    def test_whoever_may_only_look_may_not_decide(self, world: World, order: Order, client_for: ClientFor) -> None:
        intern = make_user("stagiaire@ib.example", is_staff=True)
        assert client_for(intern).post(QUEUE, {"act": "validate", "order": [order.pk]}).status_code == 403
        order.refresh_from_db()
        assert order.state == OrderState.PENDING

    def test_an_overbooked_session_is_said(self, world: World, order: Order) -> None:
        Session.objects.filter(enrolments__order=order).update(seats=1)
        (entry,) = waiting_orders(Order.objects.all(), timezone.localdate())
        assert entry.problems == [f"Session {entry.sessions[0][0].code}\u00a0: 3 inscrits pour 1 places."]
        session = entry.sessions[0][0]
        Session.objects.filter(pk=session.pk).update(seats=9, starts_on=timezone.localdate())
        assert "déjà commencée" in waiting_orders(Order.objects.all(), timezone.localdate())[0].problems[0]
        Session.objects.filter(pk=session.pk).update(state=SessionState.CANCELLED)
        assert "annulée" in waiting_orders(Order.objects.all(), timezone.localdate())[0].problems[0]
        with any_state():
            Enrolment.objects.filter(order=order).update(state=EnrolmentState.CANCELLED)
        assert "Plus aucune" in waiting_orders(Order.objects.all(), timezone.localdate())[0].problems[0]
