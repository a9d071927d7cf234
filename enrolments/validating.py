"""Staff's decision on an order: validated or refused, once, with what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from catalogue.models import SessionState
from enrolments.models import EnrolmentState, Order, OrderEvent, OrderEventKind, OrderState

from . import order_mails
from .approving import end_order
from .seats import lock_sessions
from .signals import order_refused, order_validated
from .transitions import step


@transaction.atomic
def validate_order(*, order: Order, actor: User) -> Order:
    """Accept an order that waits for staff: its enrolments are confirmed, its seats and prices held for good.

    The first order made on the site that is so validated opens the negotiated prices to its responsable (rule 7).
    ValidationError, in French, when it does not wait, has no establishment, or a session was cancelled or is over.
    """
    held = _held(order, actor)
    if held.establishment_id is None:
        raise ValidationError(_("Rattachez d’abord cette commande à un établissement."))
    enrolments = list(held.enrolments.active().order_by("pk"))
    if not enrolments:
        raise ValidationError(_("Cette commande n’a plus aucune inscription."))
    for session in lock_sessions({one.session_id for one in enrolments}).values():
        if session.state in (SessionState.CANCELLED, SessionState.DONE):
            state = session.get_state_display().lower()
            raise ValidationError(
                _("La session %(code)s est %(state)s : refusez, ou proposez une autre session.")
                % {"code": session.code, "state": state}
            )
    step(held, OrderState.VALIDATED)
    held.decide(["state"])
    held.save(update_fields=["state", "decided_in_portal"])
    for enrolment in held.enrolments.filter(state=EnrolmentState.PENDING).select_for_update(of=["self"]).order_by("pk"):
        step(enrolment, EnrolmentState.CONFIRMED)
        enrolment.save(update_fields=["state"])
    OrderEvent.objects.create(order=held, kind=OrderEventKind.VALIDATED, by=actor)
    order_validated.send(Order, order=held)
    order_mails.tell_orderer(held, "order_validated", "")
    return held


@transaction.atomic
def refuse_order(*, order: Order, actor: User, reason: str) -> Order:
    """Refuse an order that waits for staff, for a reason that its responsable is told; its seats are free again.

    ValidationError, in French, without a reason or when it does not wait.
    """
    if not reason.strip():
        raise ValidationError(_("Dites pourquoi : le responsable lira ce motif."))
    held = _held(order, actor)
    step(held, OrderState.REFUSED)
    end_order(held, OrderEventKind.REFUSED, actor, reason.strip())
    order_refused.send(Order, order=held)
    order_mails.tell_orderer(held, "order_refused", reason.strip())
    return held


@transaction.atomic
def cancel_order(*, order: Order, actor: User, reason: str) -> Order:
    """Undo a validated order whose sessions nobody attended yet; its seats are free again.

    ValidationError, in French, without a reason, or when it is not validated or somebody attended.
    """
    if not reason.strip():
        raise ValidationError(_("Dites pourquoi : le responsable lira ce motif."))
    held = _locked(order, actor)
    if held.state != OrderState.VALIDATED:
        state = held.get_state_display().lower()
        raise ValidationError(_("Seule une commande validée s’annule : celle-ci est %(state)s.") % {"state": state})
    if held.enrolments.active().exclude(state__in=[EnrolmentState.PENDING, EnrolmentState.CONFIRMED]).exists():
        raise ValidationError(_("Une formation de cette commande a eu lieu : elle ne s’annule plus."))
    step(held, OrderState.CANCELLED)
    end_order(held, OrderEventKind.CANCELLED, actor, reason.strip())
    order_mails.tell_orderer(held, "order_cancelled", reason.strip())
    return held


def _locked(order: Order, actor: User) -> Order:
    """The order, locked, if the actor still is one of the team."""
    held = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if not User.objects.filter(pk=actor.pk, is_staff=True, is_active=True).exists():
        raise PermissionDenied
    return held


def _held(order: Order, actor: User) -> Order:
    """The order, locked, if it waits for staff."""
    held = _locked(order, actor)
    if held.state == OrderState.TO_APPROVE:
        raise ValidationError(_("Cette commande attend encore l’approbation de son établissement."))
    if held.state != OrderState.PENDING:
        state = held.get_state_display().lower()
        raise ValidationError(_("Cette commande n’attend plus : elle est %(state)s.") % {"state": state})
    return held


@dataclass
class Outcome:
    """What became of many orders: the numbers of those settled, and for each other one why not."""

    settled: list[Order] = field(default_factory=list)
    problems: list[tuple[Order, str]] = field(default_factory=list)


def settle_many(*, orders: Collection[Order], actor: User, reason: str | None = None) -> Outcome:
    """Validate many orders, or refuse them for a `reason`; each by itself, so that one that can't harms no other."""
    if reason is None:
        return _each(orders, lambda order: validate_order(order=order, actor=actor))
    return _each(orders, lambda order: refuse_order(order=order, actor=actor, reason=reason))


def cancel_many(*, orders: Collection[Order], actor: User, reason: str) -> Outcome:
    """Cancel many validated orders, each by itself."""
    return _each(orders, lambda order: cancel_order(order=order, actor=actor, reason=reason))


def _each(orders: Collection[Order], settle: Callable[[Order], Order]) -> Outcome:
    outcome = Outcome()
    for order in sorted(orders, key=lambda one: one.pk):
        try:
            outcome.settled.append(settle(order))
        except ValidationError as error:
            outcome.problems.append((order, " ".join(error.messages)))
    return outcome
