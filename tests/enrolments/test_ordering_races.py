"""Many at once, on real connections: the last seat, one draft confirmed twice, a decision and a withdrawal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from threading import Barrier, Event, Thread

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrolments import approving
from enrolments.approving import approve_order, decline_order, withdraw_order
from enrolments.models import ApprovalPolicy, Enrolment, Order, OrderDraft, OrderEvent, OrderState
from enrolments.placing import place_order
from enrolments.seats import seats_of
from enrolments.transitions import step
from enrolments.validating import refuse_order, validate_order
from tests.enrolments.orders import coming_session, place, prepare, total_of
from tests.worlds import make_user, make_world

BUYERS = 50
pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """What each act returned or raised, all of them begun at the same instant in threads of their own."""
    gate, results = Barrier(len(acts)), list[object]([None] * len(acts))

    def run(rank: int) -> None:
        try:
            gate.wait(30)
            results[rank] = acts[rank]()
        except (ValidationError, PermissionDenied, IntegrityError) as error:
            results[rank] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(rank,)) for rank in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return results


def test_fifty_people_want_the_last_seat() -> None:
    """One gets it, the forty-nine others are told that it is full and what else there is; nobody gets an error page.

    They order for companies not known yet, so that nothing but the row of the session makes them wait for each other.
    """
    world = make_world()
    session, other = coming_session(world, seats=1), coming_session(world, seats=60, days=60)
    clients, urls = [], []
    for rank in range(BUYERS):
        user = make_user(f"acheteur{rank}@armor.example")
        draft = prepare(user, session, None, unnamed=1, siret=world.nice.siret)
        client = Client()
        client.force_login(user)
        clients.append(client)
        urls.append(reverse("enrol_summary", args=[draft.token]))
    pairs = zip(clients, urls, strict=True)
    answers = all_at_once([partial(client.post, url, {"total": "1500.00"}) for client, url in pairs])
    assert Counter(getattr(answer, "status_code", answer) for answer in answers) == {302: 1, 409: BUYERS - 1}
    assert seats_of(session).taken == 1
    refused = next(answer for answer in answers if answer.status_code == 409)  # type: ignore[attr-defined]
    text = refused.content.decode()  # type: ignore[attr-defined]
    assert "vient de se remplir" in text
    assert "Passer à ces dates" in text
    assert f"session/{other.pk}/" in text
    assert OrderDraft.objects.open().filter(session=session, unnamed_seats=1).count() == BUYERS - 1, "nothing is lost"


def test_a_double_click_makes_one_order() -> None:
    world = make_world()
    draft = prepare(world.personas["administrator"], coming_session(world), world.lille, unnamed=2)
    total = total_of(draft)
    orders = all_at_once([lambda: place_order(draft=draft, actor=draft.owner, total=total)] * 8)
    assert all(isinstance(order, Order) for order in orders)
    assert len({order.pk for order in orders if isinstance(order, Order)}) == 1
    assert Order.objects.filter(draft_token=draft.token).count() == 1
    assert Enrolment.objects.filter(session=draft.session).count() == 2


def test_the_first_page_sent_twice_makes_one_draft() -> None:
    world = make_world()
    user, session = world.personas["administrator"], coming_session(world)
    all_at_once([lambda: prepare(user, session, world.lille, unnamed=1)] * 6)
    assert OrderDraft.objects.filter(owner=user, session=session).count() == 1


def waiting_order() -> Order:
    world = make_world()
    ApprovalPolicy.objects.create(establishment=world.lille, active=True)
    order = place(prepare(world.personas["responsable"], coming_session(world), world.lille, unnamed=1))
    assert order.state == OrderState.TO_APPROVE
    return order


def test_of_decisions_that_end_an_order_one_counts() -> None:
    order = waiting_order()
    administrator = User.objects.get(email="administratrice@armor.example")
    other, responsable = (User.objects.get(email=one) for one in ("deux@armor.example", "responsable@armor.example"))
    results = all_at_once(
        [
            lambda: decline_order(order=order, actor=administrator, word="Non"),
            lambda: decline_order(order=order, actor=other, word="Non plus"),
            lambda: withdraw_order(order=order, actor=responsable),
        ]
    )
    assert len([one for one in results if isinstance(one, Order)]) == 1
    order.refresh_from_db()
    assert order.state in (OrderState.REFUSED, OrderState.CANCELLED)
    assert OrderEvent.objects.filter(order=order).count() == 2, "placed, then one decision"


def test_an_order_approved_and_withdrawn_at_once_is_withdrawn() -> None:
    order = waiting_order()
    administrator, responsable = (
        User.objects.get(email=one) for one in ("administratrice@armor.example", "responsable@armor.example")
    )
    acts = [
        partial(approve_order, order=order, actor=administrator),
        partial(withdraw_order, order=order, actor=responsable),
    ]
    approved, withdrawn = all_at_once(acts)
    assert isinstance(withdrawn, Order), "whether it was approved a moment before or not"
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED
    assert set(order.enrolments.values_list("state", flat=True)) == {"cancelled"}
    kinds = list(OrderEvent.objects.filter(order=order).order_by("pk").values_list("kind", flat=True))
    assert kinds == (["placed", "approved", "withdrawn"] if isinstance(approved, Order) else ["placed", "withdrawn"])


@pytest.mark.parametrize("locked", [True, False])
def test_a_withdrawal_comes_while_the_order_is_being_approved(locked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The approval has read the order; the withdrawal arrives. Without the lock it overtakes, and approving breaks."""
    order, read, withdrawn = waiting_order(), Event(), Event()
    administrator, responsable = (
        User.objects.get(email=one) for one in ("administratrice@armor.example", "responsable@armor.example")
    )

    def slow(row: Order, state: str) -> None:
        if state == OrderState.PENDING:
            read.set()
            withdrawn.wait(2)
        step(row, state)

    def withdraw() -> Order:
        read.wait(10)
        try:
            return withdraw_order(order=order, actor=responsable)
        finally:
            withdrawn.set()

    monkeypatch.setattr(approving, "step", slow)
    if not locked:
        monkeypatch.setattr(Order.objects.none().__class__, "select_for_update", lambda self, **kwargs: self)
    results = all_at_once([partial(approve_order, order=order, actor=administrator), withdraw])
    kinds = list(OrderEvent.objects.filter(order=order).order_by("pk").values_list("kind", flat=True))
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED
    if locked:
        assert all(isinstance(one, Order) for one in results)
        assert kinds == ["placed", "approved", "withdrawn"]
    else:
        assert isinstance(results[0], IntegrityError), "the database refuses to bring a cancelled order back"
        assert kinds == ["placed", "withdrawn"]


def test_an_order_is_approved_once() -> None:
    order = waiting_order()
    people = [User.objects.get(email=one) for one in ("administratrice@armor.example", "deux@armor.example")]
    results = all_at_once([partial(approve_order, order=order, actor=person) for person in people * 3])
    assert len([one for one in results if isinstance(one, Order)]) == 1
    assert OrderEvent.objects.filter(order=order, kind="approved").count() == 1


def test_staff_settle_an_order_once() -> None:
    world = make_world()
    order = place(prepare(world.personas["administrator"], coming_session(world), world.lille, unnamed=1))
    staff = world.personas["staff"]
    results = all_at_once(
        [
            lambda: validate_order(order=order, actor=staff),
            lambda: refuse_order(order=order, actor=staff, reason="Doublon"),
            lambda: withdraw_order(order=order, actor=order.ordered_by or staff),
        ]
    )
    assert len([one for one in results if isinstance(one, Order)]) == 1
    order.refresh_from_db()
    settled = order.enrolments.get().state
    assert (order.state == OrderState.VALIDATED) == (settled == "confirmed")
    assert (order.state == OrderState.VALIDATED) != (settled == "cancelled")
    assert Decimal(1500) == order.enrolments.get().price
