"""Accepting the seat that a waiting list proposes: it becomes an order of one seat, at the price of the day."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Establishment, User
from enrolments import order_mails
from enrolments.approving import approvers_of, needs_approval
from enrolments.drafts import Quote, quote
from enrolments.models import (
    Enrolment,
    EnrolmentEvent,
    EventKind,
    Order,
    OrderChannel,
    OrderEvent,
    OrderEventKind,
    OrderState,
    WaitingEntry,
    WaitingState,
)
from enrolments.placing import next_order_number
from enrolments.prices import lock_accords
from enrolments.signals import order_placed
from enrolments.waiting import hold_entry


def cost_of(entry: WaitingEntry, user: User) -> Quote:
    """What the seat costs today, as the person is charged (rule 7). Needs the entry's establishment and course."""
    return quote(user.rights, entry.establishment, entry.session.course, 1)


@transaction.atomic
def accept(*, actor: User, entry: WaitingEntry, total: Decimal) -> Order:
    """Order the seat that is held, at the `total` (EUR HT) that was shown.

    Locks the establishment, its accords, the session and the entry, as placing an order does. ValidationError, in
    French, when the 48 hours are over or the price is another one; WaitingEntry.DoesNotExist without the right.
    """
    establishment = _lock_establishment(entry)
    person = User.objects.with_rights(actor.pk)
    if person is None:
        raise WaitingEntry.DoesNotExist
    if establishment is not None:
        lock_accords(establishment, timezone.localdate())
    held, session = hold_entry(actor, entry)
    if held.state != WaitingState.OFFERED:
        raise ValidationError(_("Aucune place n’est libre pour l’instant : vous êtes toujours sur la liste."))
    costs = quote(person.rights, establishment, session.course, 1)
    if costs.total != total:
        raise ValidationError(_("Le prix a changé depuis l’affichage : vérifiez-le, puis acceptez."))
    order = _order(held, person, establishment, costs)
    held.enrolment = _enrol(held, order, costs)
    held.state, held.held_until = WaitingState.ACCEPTED, None
    held.save(update_fields=["state", "held_until", "enrolment"])
    _keep(held.enrolment, person)
    quote_asked = any(answer for _receiver, answer in order_placed.send(Order, order=order))
    order_mails.acknowledge(order, person, quote_asked=quote_asked)
    if order.state == OrderState.TO_APPROVE:
        order_mails.ask_approval(order, approvers_of(order), costs)
    return order


def _lock_establishment(entry: WaitingEntry) -> Establishment | None:
    """Accesses are given and taken under this lock."""
    if entry.establishment_id is None:
        return None
    return Establishment.objects.select_for_update(no_key=True, of=["self"]).get(pk=entry.establishment_id)


def _order(held: WaitingEntry, person: User, establishment: Establishment | None, costs: Quote) -> Order:
    waits = establishment is not None and needs_approval(establishment, person, costs.total)
    order = Order.objects.create(
        number=next_order_number(),
        order_email=held.order_email,
        ordered_by=person,
        establishment=establishment,
        state=OrderState.TO_APPROVE if waits else OrderState.PENDING,
        channel=OrderChannel.SITE,
    )
    OrderEvent.objects.create(order=order, kind=OrderEventKind.PLACED, by=person)
    return order


def _enrol(held: WaitingEntry, order: Order, costs: Quote) -> Enrolment:
    line = costs.price.line
    return Enrolment.objects.create(
        number=f"{order.number}-01",
        order=order,
        session_id=held.session_id,
        participant=held.participant,
        public_price=costs.price.public,
        price=costs.price.amount,
        accord_id=line.accord_id if line else None,
        accord_line_id=line.id if line else None,
    )


def _keep(enrolment: Enrolment, person: User) -> None:
    EnrolmentEvent.objects.create(
        enrolment=enrolment, kind=EventKind.FROM_WAITING_LIST, actor=person, actor_email=person.email
    )
