"""Internal approval: which orders wait, who decides, what follows; and its settings."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.notifications import NotificationKind, choose
from accounts.roles import Role
from accounts.services import set_document_types
from enrolments.approving import (
    AlreadyDecidedError,
    approvable_by,
    approve_order,
    approvers_of,
    decline_order,
    save_policy,
    withdraw_order,
)
from enrolments.models import ApprovalPolicy, Order, OrderEvent, OrderState
from enrolments.seats import seats_of
from tests.conftest import ClientFor
from tests.constraints import refused
from tests.enrolments.orders import coming_session, place, prepare
from tests.worlds import World, give_access, make_user


@pytest.fixture
def policy(world: World) -> ApprovalPolicy:
    return ApprovalPolicy.objects.create(establishment=world.lille, active=True)


def order_of(world: World, persona: str = "responsable", *, seats: int = 1) -> Order:
    return place(prepare(world.personas[persona], coming_session(world), world.lille, unnamed=seats))


@pytest.fixture
def order(world: World, policy: ApprovalPolicy) -> Order:
    return order_of(world)


def stand_in(world: World, policy: ApprovalPolicy, *, begins: int = 0, ends: int = 5) -> User:
    """The accountant of Lille, who sees invoices, stands in from and until these days."""
    today = timezone.localdate()
    policy.stand_in = world.personas["standard"]
    policy.stand_in_from, policy.stand_in_until = today + timedelta(days=begins), today + timedelta(days=ends)
    policy.save()
    return world.personas["standard"]


def test_an_order_waits_for_an_administrator(world: World, order: Order) -> None:
    assert order.state == OrderState.TO_APPROVE
    assert seats_of(order.enrolments.get().session).taken == 1, "its seat is held meanwhile"
    asked = {one.to[0] for one in mail.outbox if "à approuver" in one.subject}
    assert asked == {"administratrice@armor.example", "deux@armor.example"}
    sent = next(one for one in mail.outbox if "à approuver" in one.subject)
    assert reverse("order_approval", args=[order.pk]) in sent.body


def test_those_who_declined_such_mails_are_not_asked(world: World, policy: ApprovalPolicy) -> None:
    choose(user=world.personas["administrator"], wanted=set(NotificationKind) - {NotificationKind.APPROVALS})
    order_of(world)
    assert {one.to[0] for one in mail.outbox if "à approuver" in one.subject} == {"deux@armor.example"}


def test_an_administrators_order_does_not_wait(world: World, policy: ApprovalPolicy) -> None:
    assert order_of(world, "administrator").state == OrderState.PENDING


def test_nor_does_any_when_it_is_switched_off(world: World, policy: ApprovalPolicy) -> None:
    policy.active = False
    policy.save()
    assert order_of(world).state == OrderState.PENDING


@pytest.mark.parametrize(("seats", "state"), [(1, OrderState.PENDING), (2, OrderState.TO_APPROVE)])
def test_below_an_amount_no_approval_is_needed(world: World, policy: ApprovalPolicy, seats: int, state: str) -> None:
    policy.threshold = Decimal(3000)
    policy.save()
    assert order_of(world, seats=seats).state == state


def test_an_order_does_not_wait_where_nobody_can_approve(world: World, policy: ApprovalPolicy) -> None:
    Access.objects.filter(establishment=world.lille, role=Role.ADMINISTRATOR).delete()
    assert order_of(world).state == OrderState.PENDING
    user = stand_in(world, policy)
    order = place(prepare(world.personas["responsable"], coming_session(world, days=40), world.lille, unnamed=1))
    assert (order.state, approvers_of(order)) == (OrderState.TO_APPROVE, [user])
    own = place(prepare(user, coming_session(world, days=50), world.lille, unnamed=1))
    assert own.state == OrderState.PENDING, "nobody else could approve theirs"


def test_an_order_of_no_establishment_has_no_approver(world: World) -> None:
    user = make_user("nouvelle@armor.example")
    order = place(prepare(user, coming_session(world), None, unnamed=1, siret=world.nice.siret))
    assert (order.state, approvers_of(order)) == (OrderState.PENDING, [])


def test_approved_it_goes_on_to_staff(world: World, order: Order) -> None:
    approve_order(order=order, actor=world.personas["administrator"], word="D’accord")
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
    event = OrderEvent.objects.get(order=order, kind="approved")
    assert (event.by, event.word) == (world.personas["administrator"], "D’accord")
    assert mail.outbox[-1].to == [order.order_email]
    assert "D’accord" in mail.outbox[-1].body


def test_declined_it_is_over(world: World, order: Order) -> None:
    decline_order(order=order, actor=world.personas["administrator"], word="Trop cher")
    order.refresh_from_db()
    assert order.state == OrderState.REFUSED
    assert seats_of(order.enrolments.get().session).taken == 0
    assert "Trop cher" in mail.outbox[-1].body
    for decide in (approve_order, decline_order):
        with pytest.raises(AlreadyDecidedError, match="déjà changé d’état"):
            decide(order=order, actor=world.personas["administrator"], word="x")


@pytest.mark.parametrize("persona", ["standard", "responsable", "neighbour", "ex_member", "delegate_ended", "staff"])
def test_nobody_else_decides(world: World, order: Order, persona: str) -> None:
    for decide in (approve_order, decline_order):
        with pytest.raises(PermissionDenied):
            decide(order=order, actor=world.personas[persona], word="x")
    order.refresh_from_db()
    assert order.state == OrderState.TO_APPROVE


def test_a_right_that_was_lost_meanwhile(world: World, order: Order) -> None:
    user = world.personas["administrator"]
    assert user.rights.administered  # read before, as a request does
    Access.objects.filter(user=user).delete()
    with pytest.raises(PermissionDenied):
        approve_order(order=order, actor=user)


class TestStandIn:
    def test_they_decide_while_it_lasts(self, world: World, order: Order, policy: ApprovalPolicy) -> None:
        user = stand_in(world, policy)
        assert user in approvers_of(order)
        approve_order(order=order, actor=user)

    @pytest.mark.parametrize(("begins", "ends"), [(1, 5), (-5, -1)])
    def test_neither_before_nor_after(
        self, world: World, order: Order, policy: ApprovalPolicy, begins: int, ends: int
    ) -> None:
        user = stand_in(world, policy, begins=begins, ends=ends)
        assert user not in approvers_of(order)
        with pytest.raises(PermissionDenied):
            approve_order(order=order, actor=user)

    def test_not_without_seeing_amounts(self, world: World, order: Order, policy: ApprovalPolicy) -> None:
        user = stand_in(world, policy)
        access = Access.objects.get(user=user, establishment=world.lille)
        set_document_types(access=access, types=[DocumentType.CONVOCATION])
        assert user not in approvers_of(order)
        with pytest.raises(PermissionDenied):
            approve_order(order=order, actor=user)
        access.delete()
        with pytest.raises(PermissionDenied):
            approve_order(order=order, actor=user)

    def test_not_their_own_orders(self, world: World, policy: ApprovalPolicy) -> None:
        user = stand_in(world, policy)
        own = order_of(world, "standard")
        assert (own.state, user in approvers_of(own)) == (OrderState.TO_APPROVE, False)
        assert not approvable_by(user, user.rights).exists()

    def test_not_when_it_was_switched_off(self, world: World, order: Order, policy: ApprovalPolicy) -> None:
        user = stand_in(world, policy)
        ApprovalPolicy.objects.update(active=False)
        with pytest.raises(PermissionDenied):
            approve_order(order=order, actor=user)
        approve_order(order=order, actor=world.personas["administrator"])


@pytest.mark.parametrize("persona", ["responsable", "administrator", "member_of_two"])
def test_an_order_is_taken_back_without_a_fee(world: World, order: Order, persona: str) -> None:
    withdraw_order(order=order, actor=world.personas[persona])
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED
    assert seats_of(order.enrolments.get().session).taken == 0
    with pytest.raises(AlreadyDecidedError):
        withdraw_order(order=order, actor=world.personas[persona])


@pytest.mark.parametrize("persona", ["standard", "neighbour", "unverified", "ex_member"])
def test_but_not_by_others(world: World, order: Order, persona: str) -> None:
    with pytest.raises(PermissionDenied):
        withdraw_order(order=order, actor=world.personas[persona])


class TestPages:
    def test_an_administrator_approves_from_the_dashboard(
        self, world: World, order: Order, client_for: ClientFor
    ) -> None:
        client = client_for(world.personas["administrator"])
        url = reverse("order_approval", args=[order.pk])
        assert url in client.get(reverse("dashboard")).text
        page = client.get(url)
        assert "1\u00a0500,00" in page.text.replace("\u202f", "\u00a0")
        answer = client.post(url, {"decision": "approve", "word": ""}, follow=True)
        assert "transmise à notre équipe" in answer.text
        assert "n’attend plus d’approbation" in client.get(url, follow=True).text

    def test_declining_asks_for_a_word(self, world: World, order: Order, client_for: ClientFor) -> None:
        client, url = client_for(world.personas["administrator"]), reverse("order_approval", args=[order.pk])
        answer = client.post(url, {"decision": "decline"})
        assert answer.status_code == 422
        assert "Dites pourquoi vous déclinez" in answer.text
        assert client.post(url, {"decision": "perhaps"}).status_code == 422
        assert "Commande déclinée" in client.post(url, {"decision": "decline", "word": "Non"}, follow=True).text

    def test_a_link_in_a_mail_asks_to_log_in(self, world: World, order: Order, client_for: ClientFor) -> None:
        url = reverse("order_approval", args=[order.pk])
        assert client_for(None).get(url).headers["Location"] == f"{reverse('account_login')}?next={url}"

    def test_an_order_is_withdrawn_once_asked(self, world: World, order: Order, client_for: ClientFor) -> None:
        client, url = client_for(world.personas["responsable"]), reverse("order_withdrawal", args=[order.pk])
        assert "la retirer ne coûte rien" in client.get(url).text
        assert "La commande est retirée" in client.post(url, follow=True).text
        assert "ne peut plus être retirée" in client.post(url, follow=True).text

    def test_the_settings_of_an_establishment(self, world: World, client_for: ClientFor) -> None:
        client = client_for(world.personas["administrator"])
        give_access(world.personas["neighbour"], world.nice, Role.STANDARD, [DocumentType.FACTURE])
        url, today = reverse("approval_policy", args=[world.lille.pk]), timezone.localdate()
        page = client.get(url).text
        assert "Comptable" in page
        assert "Voisin" not in page
        posted = {
            "active": "on",
            "threshold": "500,50",
            "stand_in": world.personas["standard"].pk,
            "stand_in_from": today.isoformat(),
            "stand_in_until": (today + timedelta(days=9)).isoformat(),
        }
        refusals: list[tuple[dict[str, Any], str]] = [
            ({"threshold": "-1"}, "supérieure ou égale à 0"),
            ({"stand_in": world.personas["neighbour"].pk}, "Sélectionnez un choix valide"),
            ({"stand_in_until": "demain"}, "Saisissez une date valide"),
            ({"stand_in_until": ""}, "Donnez le premier et le dernier jour"),
            ({"stand_in_until": (today - timedelta(days=1)).isoformat()}, "vient avant le premier"),
            ({"stand_in_from": "2020-01-01", "stand_in_until": "2020-01-02"}, "déjà fini"),
        ]
        for wrong, message in refusals:
            answer = client.post(url, posted | wrong)
            assert answer.status_code == 422
            assert message in answer.text
        assert client.post(url, posted).headers["Location"] == reverse("approval_policies")
        kept = ApprovalPolicy.objects.get(establishment=world.lille)
        assert (kept.active, kept.threshold, kept.stand_in) == (True, Decimal("500.50"), world.personas["standard"])
        page = client.get(reverse("approval_policies")).text
        assert "Demandée à partir de" in page
        assert "remplaçant" in page
        client.post(url, posted | {"stand_in": "", "threshold": "0"})
        kept.refresh_from_db()
        assert (kept.stand_in, kept.stand_in_from, kept.threshold) == (None, None, Decimal(0))
        assert "Demandée pour toutes" in client.get(reverse("approval_policies")).text
        client.post(url, posted | {"active": ""})

    def test_settings_are_saved_by_an_administrator_of_that_moment(self, world: World) -> None:
        for persona in ("standard", "neighbour", "staff", "delegate_ended"):
            with pytest.raises(PermissionDenied):
                save_policy(policy=ApprovalPolicy(establishment=world.lille), actor=world.personas[persona])
        assert not ApprovalPolicy.objects.exists()


def test_what_the_database_keeps(world: World, policy: ApprovalPolicy, order: Order) -> None:
    rows, today = ApprovalPolicy.objects.filter(pk=policy.pk), timezone.localdate()
    with refused("approval_threshold_not_negative"):
        rows.update(threshold=-1)
    for begins, ends in [(today, None), (None, today), (today, today - timedelta(days=1))]:
        with refused("approval_stand_in_from_a_day_to_another"):
            rows.update(stand_in_from=begins, stand_in_until=ends)
    with refused("order_event_kind_known"):
        OrderEvent.objects.create(order=order, kind="maybe")
