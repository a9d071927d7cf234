"""Changing one's mind about an enrolment: another participant, another session, or none.

Each service is one transaction that locks the order, then the sessions in the order of their ids, then the enrolment,
reads the actor's rights again inside, applies the change, keeps it as an EnrolmentEvent, mails it and sends its signal.
`agreed` is the rate (%) that the actor was shown and confirmed: another one now refuses the change, with the new terms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from catalogue.models import Session, SessionState
from enrolments.models import (
    Enrolment,
    EnrolmentEvent,
    EnrolmentState,
    EventKind,
    Order,
    OrderState,
    Participant,
    within_reach,
)
from enrolments.notices import tell_change
from enrolments.participants import Home
from enrolments.proposals import settle_proposals
from enrolments.quoting import Change, Quote, percent, quote
from enrolments.seats import lock_sessions, seats_of, sells_online
from enrolments.signals import enrolment_cancelled, enrolment_moved, enrolment_substituted
from enrolments.transitions import step
from enrolments.waiting import move_list

CHANGEABLE = (EnrolmentState.PENDING, EnrolmentState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A colleague who is not known yet. `last_name` is never empty."""

    last_name: str
    first_name: str = ""
    email: str = ""

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


def obstacle(enrolment: Enrolment, change: Change, today: date) -> str:
    """Why the change can't be made in the portal, in French; "" when it can. Reads the order and the session."""
    if enrolment.state == EnrolmentState.CANCELLED or enrolment.order.state in (
        OrderState.CANCELLED,
        OrderState.REFUSED,
    ):
        return _("Cette inscription est annulée.")
    if enrolment.state not in CHANGEABLE or enrolment.session.state == SessionState.DONE:
        return _("Cette formation a eu lieu.")
    if enrolment.session.state != SessionState.CANCELLED and enrolment.session.starts_on < today:
        return _("Cette session a commencé : contactez-nous.")
    if change == Change.SUBSTITUTE and enrolment.session.state == SessionState.CANCELLED:
        return _("Cette session est annulée : choisissez d’abord une autre session.")
    return ""


def sessions_to_move_to(enrolment: Enrolment, today: date) -> QuerySet[Session]:
    """The other sessions of the course, to come and on sale, soonest first; the caller looks at their seats."""
    on_sale = (SessionState.OPEN, SessionState.CONFIRMED, SessionState.GUARANTEED)
    rows = Session.objects.select_related("course").filter(
        course=enrolment.session.course_id, starts_on__gt=today, state__in=on_sale
    )
    return rows.exclude(pk=enrolment.session_id).order_by("starts_on", "pk")


@transaction.atomic
def substitute(*, actor: User, enrolment: Enrolment, person: Participant | NewPerson, agreed: Decimal) -> Enrolment:
    """Give the seat to somebody else, or to somebody at last when it was "à désigner". ValidationError says why not."""
    held, _sessions = hold(actor, enrolment)
    price = _agreed(held, Change.SUBSTITUTE, agreed)
    home, previous = Home.of(held.order.establishment, held.order_email), held.participant
    chosen = _known(person, home) if isinstance(person, Participant) else _made(person, home)
    if previous == chosen:
        raise ValidationError(_("%s a déjà cette place.") % chosen)
    _refuse_twice(chosen, held.session)
    held.participant = chosen
    held.decide(["participant"])
    held.save(update_fields=["participant", "decided_in_portal"])
    kind = EventKind.SUBSTITUTED if previous else EventKind.NAMED
    people = {"participant_before": previous, "participant_after": chosen}
    event = _keep(held, kind, actor, price, **people, session_before=held.session)
    enrolment_substituted.send(Enrolment, enrolment=held, previous=previous)
    tell_change(event, actor)
    return held


@transaction.atomic
def move(*, actor: User, enrolment: Enrolment, session: Session, agreed: Decimal) -> Enrolment:
    """Take a seat in another session of the course, at the price that was frozen. ValidationError says why not."""
    held, sessions = hold(actor, enrolment, session.pk)
    price = _agreed(held, Change.MOVE, agreed)
    left, chosen = sessions[held.session_id], sessions.get(session.pk)
    if chosen is None or chosen == left or chosen.course_id != left.course_id or not sells_online(chosen):
        raise ValidationError(_("On ne peut pas s’inscrire à cette session."))
    if not seats_of(chosen).left:
        raise ValidationError(_("La dernière place de cette session vient d’être prise."))
    if held.participant is not None:
        _refuse_twice(held.participant, chosen)
    held.session = chosen
    held.decide(["session"])
    held.save(update_fields=["session", "decided_in_portal"])
    held.refresh_from_db(fields=["starts_on"])
    event = _keep(held, EventKind.MOVED, actor, price, session_before=left, session_after=chosen)
    settle_proposals(held.order_id, left.pk)
    enrolment_moved.send(Enrolment, enrolment=held, previous=left)
    move_list(left, freed=1)
    tell_change(event, actor)
    return held


@transaction.atomic
def cancel(*, actor: User, enrolment: Enrolment, agreed: Decimal) -> Enrolment:
    """Give the seat back. An order of which nothing is left, and no fee due, is cancelled with it."""
    held, sessions = hold(actor, enrolment)
    price = _agreed(held, Change.CANCEL, agreed)
    step(held, EnrolmentState.CANCELLED)
    held.decide(["state"])
    held.save(update_fields=["state", "decided_in_portal"])
    event = _keep(held, EventKind.CANCELLED, actor, price, session_before=held.session)
    _cancel_empty(held.order)
    settle_proposals(held.order_id, held.session_id)
    enrolment_cancelled.send(Enrolment, enrolment=held)
    move_list(sessions[held.session_id], freed=1)
    tell_change(event, actor)
    return held


def hold(actor: User, enrolment: Enrolment, *others: int) -> tuple[Enrolment, Mapping[int, Session]]:
    """The enrolment and its sessions, locked, as they are now; Enrolment.DoesNotExist when the actor may not see it."""
    order_id, session_id = Enrolment.objects.values_list("order_id", "session_id").get(pk=enrolment.pk)
    Order.objects.select_for_update(no_key=True).get(pk=order_id)
    sessions = lock_sessions({session_id, *others})
    rows = Enrolment.objects.select_related("order__establishment", "session", "participant")
    rights = User.objects.rights_of(actor.pk)
    held = rows.select_for_update(of=["self"]).filter(within_reach(rights)).get(pk=enrolment.pk)
    if held.session_id != session_id:
        raise ValidationError(_("Cette inscription vient de changer de session : rechargez la page."))
    return held, sessions


def _agreed(held: Enrolment, change: Change, agreed: Decimal) -> Quote:
    today = timezone.localdate()
    if reason := obstacle(held, change, today):
        raise ValidationError(reason)
    now = quote(held, change, today)
    if now.fee.rate != agreed:
        text = _("Les conditions ont changé depuis l’affichage : %(rate)s du prix au lieu de %(agreed)s. Confirmez.")
        raise ValidationError(text % {"rate": percent(now.fee.rate), "agreed": percent(agreed)})
    return now


def _known(participant: Participant, home: Home) -> Participant:
    """The row as it is now; the caller handed one that the actor sees."""
    found = Participant.objects.filter(pk=participant.pk, merged_into__isnull=True).first()
    if found is None or Home.of_participant(found) != home:
        raise ValidationError(_("Ce collaborateur n’est pas de l’entreprise de la commande."))
    return found


def _made(person: NewPerson, home: Home) -> Participant:
    """Somebody of the same names and address is the same person."""
    names = {"last_name__iexact": person.last_name, "first_name__iexact": person.first_name}
    like = Participant.objects.filter(
        company=home.company_id, owner_email=home.owner_email, email__iexact=person.email, merged_into__isnull=True
    )
    found = like.filter(**names).first() if person.email else None
    return found or Participant.objects.create(
        company_id=home.company_id,
        owner_email=home.owner_email,
        last_name=person.last_name,
        first_name=person.first_name,
        email=person.email,
    )


def _refuse_twice(participant: Participant, session: Session) -> None:
    if Enrolment.objects.active().filter(session=session, participant=participant).exists():
        raise ValidationError(_("%s est déjà inscrit à cette session.") % participant)


def _cancel_empty(order: Order) -> None:
    """Cancel an order with nobody left, unless a fee keeps something to invoice."""
    due = EnrolmentEvent.objects.filter(enrolment__order=order, fee__gt=0)
    if not Enrolment.objects.active().filter(order=order).exists() and not due.exists():
        step(order, OrderState.CANCELLED)
        order.decide(["state"])
        order.save(update_fields=["state", "decided_in_portal"])


def _keep(
    held: Enrolment, kind: EventKind, actor: User, price: Quote, **about: Participant | Session | None
) -> EnrolmentEvent:
    return EnrolmentEvent.objects.create(
        enrolment=held,
        kind=kind,
        actor=actor,
        actor_email=actor.email,
        fee=price.fee.amount,
        rate=price.fee.rate,
        reason=price.reason,
        **about,
    )
