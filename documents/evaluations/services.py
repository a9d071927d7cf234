"""Asking participants for their evaluation, and keeping what they answer."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.mails import link_to, send
from catalogue.models import SessionState
from documents.issuing import due
from documents.models import Document, Evaluation, EvaluationLink
from enrolments.models import Enrolment, EnrolmentState, OrderState

OPEN_FOR = timedelta(days=45)
REMINDED_AFTER = timedelta(days=4)
MOST_REMINDERS = 2
LOOKED_BACK = timedelta(days=21)  # sessions that ended earlier are not asked about any more
THERE = (EnrolmentState.CONFIRMED, EnrolmentState.PRESENT, EnrolmentState.PARTIAL)


class AlreadySubmittedError(Exception):
    """The answers were submitted: they are final."""


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def found_by(token: str) -> Evaluation | None:
    """The evaluation that a link opens, expired or not; None for a token that was never sent."""
    return (
        Evaluation.objects.select_related("enrolment__session__course", "enrolment__participant")
        .filter(links__token_hash=hashed(token))
        .first()
    )


def to_invite() -> QuerySet[Enrolment]:
    """Seats whose participant was there, as far as is known, and was not asked, nor evaluated on paper."""
    on_paper = Document.objects.filter(type=DocumentType.EVALUATION, enrolment__isnull=False)
    return Enrolment.objects.filter(
        evaluation__isnull=True, participant__isnull=False, state__in=THERE, order__state=OrderState.VALIDATED
    ).exclude(pk__in=on_paper.values("enrolment"))


def ended_lately() -> QuerySet[Enrolment]:
    """Of these, those of the sessions that ended in the last weeks."""
    today = timezone.localdate()
    return to_invite().filter(
        ~Q(session__state=SessionState.CANCELLED),
        session__ends_on__range=(today - LOOKED_BACK, today - timedelta(days=1)),
    )


@transaction.atomic
def invite(enrolment_id: int) -> Evaluation | None:
    """Open the evaluation of one seat and mail the link; None when it is not to be asked for, or was already."""
    seat = (
        to_invite()
        .select_for_update(of=("self",))
        .select_related("session__course", "participant")
        .filter(pk=enrolment_id)
        .first()
    )
    if seat is None or seat.participant is None:
        return None
    now = timezone.now()
    evaluation = Evaluation.objects.create(
        enrolment=seat, invited_at=now, invited_to=seat.participant.email, expires_at=now + OPEN_FOR
    )
    _mail(evaluation)
    return evaluation


@transaction.atomic
def remind(evaluation_id: int) -> bool:
    """Mail a new link to whoever has not answered yet; False when they have, or were reminded enough."""
    evaluation = to_remind().select_for_update(of=("self",)).filter(pk=evaluation_id).first()
    if evaluation is None:
        return False
    evaluation.reminders += 1
    evaluation.reminded_at = timezone.now()
    if evaluation.enrolment.participant is not None:
        evaluation.invited_to = evaluation.enrolment.participant.email  # corrected meanwhile, perhaps
    evaluation.save(update_fields=["reminders", "reminded_at", "invited_to"])
    _mail(evaluation)
    return True


@transaction.atomic
def mail_again(evaluation_id: int) -> bool:
    """A new link, with its whole time, because staff say so; False when it was answered or nobody can be written to."""
    evaluation = (
        Evaluation.objects.filter(pk=evaluation_id, submitted_at__isnull=True)
        .select_for_update(of=("self",))
        .select_related("enrolment__session__course", "enrolment__participant")
        .first()
    )
    participant = evaluation.enrolment.participant if evaluation is not None else None
    if evaluation is None or participant is None or not participant.email:
        return False
    now = timezone.now()
    evaluation.reminders += 1
    evaluation.reminded_at, evaluation.invited_to, evaluation.expires_at = now, participant.email, now + OPEN_FOR
    evaluation.save(update_fields=["reminders", "reminded_at", "invited_to", "expires_at"])
    _mail(evaluation)
    return True


def to_remind() -> QuerySet[Evaluation]:
    """Evaluations that wait for an answer and whose last mail is some days old."""
    now = timezone.now()
    return (
        Evaluation.objects.open_at(now)
        .annotate(last_mail=Coalesce("reminded_at", "invited_at"))
        .filter(last_mail__lt=now - REMINDED_AFTER, reminders__lt=MOST_REMINDERS)
        .select_related("enrolment__session__course", "enrolment__participant")
    )


def new_link(evaluation: Evaluation) -> str:
    """The address of a new link to the evaluation; nobody can find it again, only its hash is kept."""
    token = secrets.token_urlsafe(32)
    EvaluationLink.objects.create(evaluation=evaluation, token_hash=hashed(token))
    return link_to("evaluation_answer", token)


def _mail(evaluation: Evaluation) -> None:
    """Send the link, when there is an address to send it to."""
    if not evaluation.invited_to:
        return
    seat = evaluation.enrolment
    context = {
        "participant": seat.participant,
        "session": seat.session,
        "expires_at": evaluation.expires_at,
        "reminder": evaluation.reminders > 0,
        "url": new_link(evaluation),
    }
    send("evaluation", evaluation.invited_to, context, key=f"evaluation-{evaluation.pk}-{evaluation.reminders}")


@transaction.atomic
def keep_answers(*, evaluation: Evaluation, answers: dict[str, Any], final: bool) -> Evaluation:
    """Keep the answers so far; `final` submits them, once and for good, and asks for the paper that is made of them.

    AlreadySubmittedError when they were submitted before, in another window perhaps.
    """
    held = Evaluation.objects.select_for_update().get(pk=evaluation.pk)
    if held.submitted_at is not None:
        raise AlreadySubmittedError
    held.answers, held.saved_at = answers, timezone.now()
    held.submitted_at = held.saved_at if final else None
    held.save(update_fields=["answers", "saved_at", "submitted_at"])
    if final:
        due.when_answered(held.enrolment)
    return held
