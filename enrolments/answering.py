"""The answer to what is proposed when the company cancels or moves a session: one choice for each person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from catalogue.models import Session
from enrolments.changing import cancel, hold, move
from enrolments.models import Enrolment, EnrolmentEvent, EventKind, Order, SessionProposal
from enrolments.models.events import ProposalKind
from enrolments.proposals import settle_proposals, unanswered
from enrolments.seats import lock_sessions

FREE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Choice:
    """What one person does: another session, or without one: keeps the new dates, or cancels."""

    session: Session | None = None
    keep: bool = False


@transaction.atomic
def answer_proposal(*, actor: User, proposal: SessionProposal, choices: Mapping[int, Choice]) -> None:
    """Apply the choices, by id of the enrolment, all or none; those who are not named stay to be answered.

    Everything is free. ValidationError, in French, says what can't be done: then nothing is.
    """
    Order.objects.select_for_update(no_key=True).get(pk=proposal.order_id)
    wanted = {choice.session.pk for choice in choices.values() if choice.session is not None}
    lock_sessions({proposal.session_id, *wanted})
    held = SessionProposal.objects.select_for_update(of=["self"]).get(pk=proposal.pk)
    if held.answered_at is not None:
        raise ValidationError(_("On a déjà répondu à cette proposition."))
    waiting = {one.pk: one for one in unanswered(held)}
    if not choices.keys() <= waiting.keys():
        raise ValidationError(_("Quelqu’un a déjà répondu pour une de ces personnes : rechargez la page."))
    for pk in sorted(choices):
        _apply(actor, held, waiting[pk], choices[pk])


def _apply(actor: User, proposal: SessionProposal, enrolment: Enrolment, choice: Choice) -> None:
    if choice.session is not None:
        move(actor=actor, enrolment=enrolment, session=choice.session, agreed=FREE)
    elif not choice.keep:
        cancel(actor=actor, enrolment=enrolment, agreed=FREE)
    elif proposal.kind == ProposalKind.MOVED:
        _keep_dates(actor, enrolment)
    else:
        raise ValidationError(_("Cette session n’aura pas lieu : choisissez autre chose."))


def _keep_dates(actor: User, enrolment: Enrolment) -> None:
    held, _sessions = hold(actor, enrolment)
    EnrolmentEvent.objects.create(
        enrolment=held, kind=EventKind.KEPT, actor=actor, actor_email=actor.email, session_after=held.session
    )
    settle_proposals(held.order_id, held.session_id)
