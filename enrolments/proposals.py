"""When the company cancels or moves a session: what its orders are proposed, and what waits for an answer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
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
    SessionProposal,
    WaitingEntry,
    WaitingState,
)
from enrolments.models.events import ProposalKind
from enrolments.notices import new_dates, tell_proposal
from enrolments.seats import lock_with_orders
from enrolments.signals import session_cancelled, session_moved
from enrolments.transitions import step

CONCERNED = (EnrolmentState.PENDING, EnrolmentState.CONFIRMED)


def unanswered(proposal: SessionProposal) -> QuerySet[Enrolment]:
    """The enrolments that still wait for a choice: in the session, and not kept since."""
    kept = EnrolmentEvent.objects.filter(
        enrolment=OuterRef("pk"), kind=EventKind.KEPT, session_after=proposal.session_id, at__gte=proposal.created_at
    )
    rows = Enrolment.objects.filter(order=proposal.order_id, session=proposal.session_id, state__in=CONCERNED)
    return rows.exclude(Exists(kept)).order_by("pk")


def settle_proposals(order_id: int, session_id: int) -> None:
    """Close what is proposed to this order about this session when nobody waits for a choice any more."""
    for proposal in SessionProposal.objects.open().filter(order=order_id, session=session_id):
        if not unanswered(proposal).exists():
            proposal.answered_at = timezone.now()
            proposal.save(update_fields=["answered_at"])


@transaction.atomic
def cancel_session(*, session: Session, actor: User, reason: str) -> list[SessionProposal]:
    """The session will not take place: each order with people in it is asked what it wants instead, for free.

    ValidationError, in French, when it was cancelled already, or took place.
    """
    held = lock_with_orders(session, CONCERNED)
    if held.state in (SessionState.CANCELLED, SessionState.DONE):
        raise ValidationError(_("Cette session est déjà annulée, ou a eu lieu."))
    step(held, SessionState.CANCELLED)
    held.save(update_fields=["state"])
    waiting = WaitingEntry.objects.listed().filter(session=held)
    waiting.update(state=WaitingState.LEFT, held_until=None)
    proposals = _propose(held, ProposalKind.CANCELLED, actor, reason, held.starts_on, held.ends_on)
    session_cancelled.send(Session, session=held)
    return proposals


@transaction.atomic
def move_session(
    *, session: Session, actor: User, starts_on: date, ends_on: date, reason: str
) -> list[SessionProposal]:
    """The session takes other dates; its half-days follow, day by day. Each order may keep them, move or cancel.

    ValidationError, in French, when it began, or when the new dates are not those of a session to come.
    """
    held = lock_with_orders(session, CONCERNED)
    if held.state in (SessionState.CANCELLED, SessionState.DONE) or held.starts_on <= timezone.localdate():
        raise ValidationError(_("Cette session a commencé, ou n’a pas lieu."))
    if starts_on <= timezone.localdate() or ends_on < starts_on:
        raise ValidationError(_("Les nouvelles dates doivent être à venir, et finir après avoir commencé."))
    if (starts_on, ends_on) == (held.starts_on, held.ends_on):
        raise ValidationError(_("Ce sont déjà les dates de la session."))
    before = held.starts_on, held.ends_on
    held.starts_on, held.ends_on = starts_on, ends_on
    held.save(update_fields=["starts_on", "ends_on"])
    _shift_half_days(held, starts_on - before[0])
    proposals = _propose(held, ProposalKind.MOVED, actor, reason, *before)
    session_moved.send(Session, session=held)
    return proposals


@transaction.atomic
def tell_move(
    *, session_id: int, starts_on: date, ends_on: date, shift: timedelta, enrolments: Collection[int], at: datetime
) -> list[SessionProposal]:
    """What `move_session` does after the dates have changed, for a session that the ERP gave others `at` that time.

    `starts_on`, `ends_on`: those that it had; `enrolments`: who was in it then, told if they still are. Papers filed
    since `at` say the new dates. Nothing is told when this change was told already, or the session is not to come.
    """
    held = lock_with_orders(Session(pk=session_id), CONCERNED)
    told = SessionProposal.objects.filter(session=held, kind=ProposalKind.MOVED, created_at=at)
    over = held.state in (SessionState.CANCELLED, SessionState.DONE) or held.starts_on <= timezone.localdate()
    if over or told.exists():
        return []
    _shift_half_days(held, shift)
    proposals = _propose(held, ProposalKind.MOVED, None, "", starts_on, ends_on, at=at, among=enrolments)
    session_moved.send(Session, session=held)
    return proposals


def _shift_half_days(session: Session, shift: timedelta) -> None:
    """Those that would be after the end are gone."""
    half_days = list(session.half_days.order_by("-date") if shift.days > 0 else session.half_days.order_by("date"))
    for half_day in half_days:
        half_day.date += shift
        if half_day.date > session.ends_on:
            half_day.delete()
        else:
            half_day.save(update_fields=["date"])


def _propose(
    session: Session,
    kind: ProposalKind,
    actor: User | None,
    reason: str,
    starts_on: date,
    ends_on: date,
    *,
    at: datetime | None = None,
    among: Collection[int] | None = None,
) -> list[SessionProposal]:
    """`actor`: None for the ERP. `at`: when it was, now if not said. `among`: the only enrolments to tell."""
    rows = Enrolment.objects.filter(session=session, state__in=CONCERNED)
    enrolments = list((rows if among is None else rows.filter(pk__in=among)).order_by("pk"))
    orders = Order.objects.in_bulk(sorted({one.order_id for one in enrolments}))
    now = at or timezone.now()
    SessionProposal.objects.open().filter(session=session).update(answered_at=timezone.now())
    event, said = EventKind.SESSION_CANCELLED, reason
    if kind == ProposalKind.MOVED:
        event, said = EventKind.SESSION_MOVED, new_dates(starts_on, ends_on, session, reason)
    EnrolmentEvent.objects.bulk_create(
        EnrolmentEvent(
            enrolment=one, kind=event, at=now, actor=actor, actor_email=actor.email if actor else "",
            session_before=session, reason=said,
        )
        for one in enrolments
    )  # fmt: skip
    proposals = []
    for _pk, order in sorted(orders.items()):
        proposal = SessionProposal.objects.create(
            order=order,
            session=session,
            kind=kind,
            reason=reason,
            previous_starts_on=starts_on,
            previous_ends_on=ends_on,
            created_at=now,
            created_by=actor,
        )
        tell_proposal(proposal)
        proposals.append(proposal)
    return proposals
