"""Internal approval: an order waits until an administrator of its establishment, or their stand-in, says yes or no.

Each decision locks the order and reads the actor's rights again inside the lock: of an approval and a withdrawal at the
same instant one wins, and the other is told.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Access, Establishment, User
from accounts.rights import Rights
from accounts.roles import Role
from enrolments.models import (
    ApprovalPolicy,
    Enrolment,
    EnrolmentState,
    Order,
    OrderEvent,
    OrderEventKind,
    OrderState,
)

from . import order_mails
from .seats import lock_sessions
from .signals import enrolment_cancelled, order_approved, order_refused
from .transitions import step
from .waiting import move_list

WAITING = (OrderState.TO_APPROVE, OrderState.PENDING)


class AlreadyDecidedError(ValidationError):
    """Somebody else was quicker; the message says what became of the order."""


def needs_approval(establishment: Establishment, person: User, total: Decimal) -> bool:
    """Whether an order of `total` EUR HT by this person waits; never for an administrator of the establishment.

    Nor where nobody is left to approve it: an order does not wait for ever.
    """
    policy = ApprovalPolicy.objects.filter(establishment=establishment, active=True).first()
    if policy is None or establishment.pk in person.rights.administered or total < policy.threshold:
        return False
    return _administrators(establishment.pk).exists() or _stand_in(policy, person.pk) is not None


def approvable_by(user: User, rights: Rights) -> QuerySet[Order]:
    """The orders that wait for this person: as administrator, or standing in for them, but never for one's own order.

    A stand-in decides where their own access lets them see amounts (rule 6), and on no order of theirs.
    """
    policies = ApprovalPolicy.objects.stood_in_by(user.pk, timezone.localdate())
    stands_in = Q(establishment__in=policies.values("establishment")) & Q(
        establishment__in=sorted(rights.priced_establishments)
    )
    foreign = ~Q(ordered_by=user.pk) & ~Q(order_email=user.email)
    administers = Q(establishment__in=sorted(rights.administered))
    return Order.objects.filter(administers | (stands_in & foreign), state=OrderState.TO_APPROVE)


def approvers_of(order: Order) -> list[User]:
    """Who may approve the order today: to be asked by mail."""
    establishment_id = order.establishment_id
    if establishment_id is None:
        return []
    people = list(_administrators(establishment_id).order_by("pk"))
    policy = ApprovalPolicy.objects.filter(establishment=establishment_id, active=True).first()
    stand_in = _stand_in(policy, order.ordered_by_id) if policy else None
    if stand_in is not None and stand_in not in people and stand_in.email != order.order_email:
        people.append(stand_in)
    return people


def _administrators(establishment_id: int) -> QuerySet[User]:
    accesses = Access.objects.in_force().filter(establishment=establishment_id, role=Role.ADMINISTRATOR)
    return User.objects.filter(is_active=True, pk__in=accesses.values("user"))


def _stand_in(policy: ApprovalPolicy, orderer_id: int | None) -> User | None:
    """Whoever stands in today, if they may and are not the orderer."""
    day = timezone.localdate()
    if policy.stand_in_id is None or policy.stand_in_id == orderer_id:
        return None
    if not ApprovalPolicy.objects.stood_in_by(policy.stand_in_id, day).filter(pk=policy.pk).exists():
        return None
    person = User.objects.with_rights(policy.stand_in_id)
    return person if person and policy.establishment_id in person.rights.priced_establishments else None


@transaction.atomic
def approve_order(*, order: Order, actor: User, word: str = "") -> Order:
    """Send the order on to staff. PermissionDenied for who may not, AlreadyDecidedError when somebody was quicker."""
    held = _held(order, actor)
    step(held, OrderState.PENDING)
    held.save(update_fields=["state"])
    OrderEvent.objects.create(order=held, kind=OrderEventKind.APPROVED, by=actor, word=word)
    order_approved.send(Order, order=held)
    order_mails.tell_orderer(held, "order_approved", word)
    return held


@transaction.atomic
def decline_order(*, order: Order, actor: User, word: str) -> Order:
    """Refuse the order within the client's company: its seats are free again. Errors as for `approve_order`."""
    held = _held(order, actor)
    step(held, OrderState.REFUSED)
    end_order(held, OrderEventKind.DECLINED, actor, word)
    order_refused.send(Order, order=held)
    order_mails.tell_orderer(held, "order_declined", word)
    return held


@transaction.atomic
def withdraw_order(*, order: Order, actor: User) -> Order:
    """Take back an order that nobody validated yet, without a fee: its orderer may, and the administrators.

    PermissionDenied for anybody else, AlreadyDecidedError when it was decided meanwhile.
    """
    held = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    rights = User.objects.rights_of(actor.pk)
    if not may_withdraw(held, rights):
        raise PermissionDenied
    if held.state not in WAITING:
        raise AlreadyDecidedError(_already(held))
    step(held, OrderState.CANCELLED)
    end_order(held, OrderEventKind.WITHDRAWN, actor, "")
    order_mails.tell_orderer(held, "order_withdrawn", "")
    return held


def may_withdraw(order: Order, rights: Rights) -> bool:
    """Whether the order is the person's own, or of an establishment of which they are an administrator."""
    is_orderer = rights.email is not None and rights.email == order.order_email
    return is_orderer or order.establishment_id in rights.administered


def is_withdrawable(order: Order, rights: Rights) -> bool:
    """Whether this person may take the order back as it stands: nobody validated or refused it yet."""
    return order.state in WAITING and may_withdraw(order, rights)


def candidates_for(policy: ApprovalPolicy, actor: User) -> QuerySet[User]:
    """Who may stand in: those with an access in force to the establishment, but for the administrator who asks."""
    accesses = Access.objects.in_force().filter(establishment=policy.establishment_id).exclude(user=actor)
    return User.objects.filter(is_active=True, pk__in=accesses.values("user"))


def end_order(held: Order, kind: OrderEventKind, actor: User | None, word: str) -> None:
    """Save an order, locked, that ends before it was validated, and cancel its enrolments: seats go to the next."""
    held.decide(["state"])
    held.save(update_fields=["state", "decided_in_portal"])
    freed: Counter[int] = Counter()
    for enrolment in held.enrolments.active().select_for_update(of=["self"]).order_by("pk"):
        step(enrolment, EnrolmentState.CANCELLED)
        enrolment.decide(["state"])
        enrolment.save(update_fields=["state", "decided_in_portal"])
        enrolment_cancelled.send(Enrolment, enrolment=enrolment)
        freed[enrolment.session_id] += 1
    for session in lock_sessions(freed).values():
        move_list(session, freed=freed[session.pk])
    OrderEvent.objects.create(order=held, kind=kind, by=actor, word=word)


def _held(order: Order, actor: User) -> Order:
    """The order, locked, if the actor, whose rights are read again now, may decide on it and nobody did."""
    held = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if held.state != OrderState.TO_APPROVE:
        raise AlreadyDecidedError(_already(held))
    rights = User.objects.rights_of(actor.pk)
    if not approvable_by(actor, rights).filter(pk=held.pk).exists():
        raise PermissionDenied
    return held


def _already(held: Order) -> str:
    return _("Cette commande a déjà changé d’état : %(state)s.") % {"state": held.get_state_display().lower()}


@transaction.atomic
def save_policy(*, policy: ApprovalPolicy, actor: User) -> ApprovalPolicy:
    """Keep the settings of an establishment, of which the actor must be an administrator at this very moment.

    Orders that wait already go on waiting. PermissionDenied for anybody else.
    """
    Establishment.objects.select_for_update(no_key=True).get(pk=policy.establishment_id)
    if policy.establishment_id not in User.objects.rights_of(actor.pk).administered:
        raise PermissionDenied
    kept, _is_new = ApprovalPolicy.objects.update_or_create(
        establishment_id=policy.establishment_id,
        defaults={
            name: getattr(policy, name)
            for name in ("active", "threshold", "stand_in", "stand_in_from", "stand_in_until")
        },
    )
    return kept
