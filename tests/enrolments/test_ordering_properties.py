"""Whatever people do, in whatever order: no seat is sold twice, no amount differs from its lines, no price moves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.lists import Ordering, newest_of
from catalogue.models import Course
from enrolments.approving import approve_order, decline_order, withdraw_order
from enrolments.changing import cancel, move
from enrolments.listing import ORDERS
from enrolments.models import ApprovalPolicy, Enrolment, EnrolmentState, Order, OrderDraft, OrderState
from enrolments.placing import place_order
from enrolments.seats import seats_of
from enrolments.validating import cancel_order, refuse_order, validate_order
from tests.accords import make_accord, make_line
from tests.enrolments.orders import coming_session, prepare, total_of
from tests.worlds import World

CAPACITY = (3, 5)
REFUSALS = (ValidationError, PermissionDenied)


class Office(RuleBasedStateMachine):
    """A company's people, its administrators and staff, over two small sessions. `world` is set by the test."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        world = self.world
        self.sessions = [coming_session(world, seats=seats, days=30 + seats) for seats in CAPACITY]
        self.people = [world.personas[one] for one in ("responsable", "administrator", "standard")]
        self.staff = world.personas["staff"]
        self.frozen: dict[int, Decimal] = {}
        ApprovalPolicy.objects.create(establishment=world.lille, active=True, threshold=Decimal(2500))
        self.accord = make_accord(world.armor.company)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def orders(self) -> list[Order]:
        return list(Order.objects.filter(draft_token__isnull=False).order_by("pk"))

    def attempt(self, act: Any, **kwargs: Any) -> None:
        """What is refused changes nothing."""
        try:
            with transaction.atomic():
                act(**kwargs)
        except REFUSALS:
            pass

    @rule(who=st.integers(0, 2), where=st.integers(0, 1), known=st.integers(0, 2), unnamed=st.integers(0, 3))
    def order(self, who: int, where: int, known: int, unnamed: int) -> None:
        draft = prepare(self.people[who], self.sessions[where], self.world.lille, known=known, unnamed=unnamed)
        OrderDraft.objects.filter(pk=draft.pk).update(comment="Voulu")
        draft.refresh_from_db()
        self.attempt(place_order, draft=draft, actor=draft.owner, total=total_of(draft))
        for one in Enrolment.objects.filter(order__draft_token=draft.token):
            self.frozen[one.pk] = one.price

    @rule(rank=st.integers(0, 50), who=st.integers(0, 2), act=st.sampled_from(["approve", "decline", "withdraw"]))
    def decide_inside(self, rank: int, who: int, act: str) -> None:
        acts: dict[str, Any] = {"approve": approve_order, "decline": decline_order, "withdraw": withdraw_order}
        if orders := self.orders():
            words = {} if act == "withdraw" else {"word": "Non"}
            self.attempt(acts[act], order=orders[rank % len(orders)], actor=self.people[who], **words)

    @rule(rank=st.integers(0, 50), act=st.sampled_from(["validate", "refuse", "cancel"]))
    def decide_by_staff(self, rank: int, act: str) -> None:
        acts: dict[str, Any] = {"validate": validate_order, "refuse": refuse_order, "cancel": cancel_order}
        if orders := self.orders():
            words = {} if act == "validate" else {"reason": "Non"}
            self.attempt(acts[act], order=orders[rank % len(orders)], actor=self.staff, **words)

    @rule(rank=st.integers(0, 50), where=st.integers(0, 1), moves=st.booleans())
    def change_one_seat(self, rank: int, where: int, moves: bool) -> None:
        seats = list(Enrolment.objects.active().filter(pk__in=self.frozen).order_by("pk"))
        if not seats:
            return
        agreed: dict[str, Any] = {"actor": self.people[1], "enrolment": seats[rank % len(seats)], "agreed": Decimal(0)}
        if moves:
            self.attempt(move, session=self.sessions[where], **agreed)
        else:
            self.attempt(cancel, **agreed)

    @rule(percent=st.integers(1, 40), threshold=st.integers(0, 9))
    def negotiate(self, percent: int, threshold: int) -> None:
        if not self.accord.lines.filter(from_seats=threshold).exists():
            make_line(self.accord, None, str(percent), from_seats=threshold)

    @rule(price=st.integers(900, 1700))
    def change_the_public_price(self, price: int) -> None:
        Course.objects.update(public_price=price)
        for session in self.sessions:
            session.course.refresh_from_db()

    @invariant()
    def no_seat_is_sold_twice(self) -> None:
        for session, capacity in zip(self.sessions, CAPACITY, strict=True):
            assert seats_of(session).taken <= capacity

    @invariant()
    def prices_stay(self) -> None:
        rows = Enrolment.objects.filter(pk__in=self.frozen)
        assert dict(rows.values_list("pk", "price")) == self.frozen
        assert not rows.exclude(price__lte=1700).exists()

    @invariant()
    def amounts_are_those_of_their_lines(self) -> None:
        lines = Enrolment.objects.active().filter(order__draft_token__isnull=False).order_by()
        sums = dict(lines.values_list("order").annotate(total=Sum("price")))
        listed = newest_of(
            self.people[1], ORDERS, Ordering("-date", ("-placed_on",)), 200, condition=Q(draft_token__isnull=False)
        )
        shown = {row.pk: row.amount for row in (ORDERS.row(*columns) for columns in listed)}
        assert {pk: amount for pk, amount in shown.items() if amount is not None} == sums
        assert set(shown) == {order.pk for order in self.orders()}

    @invariant()
    def seats_follow_their_order(self) -> None:
        over = [OrderState.REFUSED, OrderState.CANCELLED]
        rows = Enrolment.objects.filter(order__draft_token__isnull=False)
        assert not rows.active().filter(order__state__in=over).exists()
        assert not rows.filter(order__state=OrderState.VALIDATED, state=EnrolmentState.PENDING).exists()
        waiting = rows.filter(order__state__in=[OrderState.TO_APPROVE, OrderState.PENDING])
        assert not waiting.filter(state=EnrolmentState.CONFIRMED).exists()
        assert timezone.localdate() < self.sessions[0].starts_on


@pytest.mark.django_db
def test_whatever_people_do(world: World) -> None:
    Office.world = world
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Office,
        settings=settings(
            max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
