"""The waiting list of a full session: joined, moved on as seats are freed, answered within 48 hours.

The row of the session is locked first in each of these, so that a list never moves twice for one seat, and a seat that
is proposed (held) is never sold meanwhile: `enrolments.seats` counts it as taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from accounts.models import Establishment, User
from catalogue.models import CourseKind, Session, SessionState
from enrolments.models import Enrolment, Participant, WaitingEntry, WaitingState, within_reach
from enrolments.notices import tell_expired, tell_offer
from enrolments.participants import Home
from enrolments.seats import lock_sessions, seats_of
from enrolments.signals import session_confirmed
from enrolments.transitions import step

HELD_FOR = timedelta(hours=48)
GONE = (SessionState.CANCELLED, SessionState.DONE)


def may_wait(session: Session) -> bool:
    """Whether the session has a list to join: to come, not cancelled, open to all, and without a seat to sell."""
    coming = session.starts_on > timezone.localdate() and session.state not in GONE
    return coming and (session.state == SessionState.FULL or not seats_of(session).left)


def session_of(pk: int) -> Session | None:
    """A session of the catalogue, with its course; None for one that is not, or is of one company only."""
    return Session.objects.select_related("course").filter(pk=pk, course__kind=CourseKind.INTER).first()


def positions(entries: list[WaitingEntry]) -> dict[int, int]:
    """The place in its list of each entry that waits, by id: 1 is the next to be served. In one query."""
    waiting = WaitingEntry.objects.filter(
        session__in={entry.session_id for entry in entries}, state=WaitingState.WAITING
    ).order_by("joined_at", "pk")
    ranks: dict[int, int] = {}
    found: dict[int, int] = {}
    for pk, session_id in waiting.values_list("pk", "session_id"):
        ranks[session_id] = ranks.get(session_id, 0) + 1
        found[pk] = ranks[session_id]
    return {entry.pk: found[entry.pk] for entry in entries if entry.pk in found}


@transaction.atomic
def join(
    *, actor: User, session: Session, establishment: Establishment | None, participant: Participant | None = None
) -> WaitingEntry:
    """Wait for one seat, in the person's own name and address. ValidationError, in French, says why not."""
    held = lock_sessions([session.pk])[session.pk]
    rights = User.objects.rights_of(actor.pk)
    if rights.email is None or (establishment is not None and establishment.pk not in rights.establishments):
        raise ValidationError(_("Vous ne pouvez pas vous inscrire pour cet établissement."))
    move_list(held)
    if not may_wait(held):
        raise ValidationError(_("Cette session n’a pas de liste d’attente : il y reste des places, ou elle est close."))
    if participant is not None:
        if Home.of_participant(participant) != Home.of(establishment, rights.email):
            raise ValidationError(_("Ce collaborateur n’est pas de cet établissement."))
        if Enrolment.objects.active().filter(session=held, participant=participant).exists():
            raise ValidationError(_("%s est déjà inscrit à cette session.") % participant)
        if WaitingEntry.objects.listed().filter(session=held, participant=participant).exists():
            raise ValidationError(_("%s est déjà sur la liste d’attente.") % participant)
    return WaitingEntry.objects.create(
        session=held,
        establishment=establishment,
        order_email=rights.email,
        joined_by=actor,
        participant=participant,
    )


@transaction.atomic
def leave(*, actor: User, entry: WaitingEntry) -> WaitingEntry:
    """Decline the seat that is proposed, or leave the list; the seat goes to the next one at once."""
    held, session = hold_entry(actor, entry)
    offered = held.state == WaitingState.OFFERED
    held.state = WaitingState.DECLINED if offered else WaitingState.LEFT
    held.held_until = None
    held.save(update_fields=["state", "held_until"])
    move_list(session, freed=int(offered))
    return held


def hold_entry(actor: User, entry: WaitingEntry) -> tuple[WaitingEntry, Session]:
    """The entry and its session, locked; WaitingEntry.DoesNotExist when the actor may not see it.

    ValidationError when it was answered, or when its 48 hours are over.
    """
    session = lock_sessions([entry.session_id])[entry.session_id]
    reach = within_reach(User.objects.rights_of(actor.pk))
    rows = WaitingEntry.objects.select_related("establishment", "participant").select_for_update(of=["self"])
    held = rows.filter(reach).get(pk=entry.pk)
    over = held.held_until is not None and held.held_until <= timezone.now()
    if held.state not in (WaitingState.WAITING, WaitingState.OFFERED) or over:
        raise ValidationError(_("Cette place n’est plus proposée : le délai est passé, ou on a déjà répondu."))
    return held, session


def move_list(session: Session, *, freed: int = 0, now: datetime | None = None) -> list[WaitingEntry]:
    """Take back the seats whose time is over, and propose those that are free to the next ones; returns these.

    Inside a transaction, with the row of the session locked (`lock_sessions`). `freed`: seats that were just given
    back; in a session that somebody called full, no other seat is proposed, whatever the count says. With nobody left
    to wait, such a session is on sale again.
    """
    now = now or timezone.now()
    lapsed = WaitingEntry.objects.holding().filter(session=session, held_until__lte=now)
    for entry in lapsed.select_for_update().order_by("pk"):
        freed += 1
        entry.state, entry.held_until = WaitingState.EXPIRED, None
        entry.save(update_fields=["state", "held_until"])
        tell_expired(entry)
    if session.state in GONE or session.starts_on <= timezone.localdate(now):
        return []
    left = seats_of(session).left
    left = min(left, freed) if session.state == SessionState.FULL else left
    waiting = WaitingEntry.objects.filter(session=session, state=WaitingState.WAITING)
    served = list(waiting.select_for_update().order_by("joined_at", "pk")[:left]) if left else []
    for entry in served:
        entry.state, entry.held_until = WaitingState.OFFERED, now + HELD_FOR
        entry.save(update_fields=["state", "held_until"])
        tell_offer(entry)
    if left > len(served) and session.state == SessionState.FULL:
        taken = seats_of(session).taken
        step(session, SessionState.CONFIRMED if taken >= session.minimum else SessionState.OPEN)
        session.save(update_fields=["state"])
        if session.state == SessionState.CONFIRMED:
            session_confirmed.send(Session, session=session)
    return served


@transaction.atomic
def move_list_of(session_id: int, now: datetime | None = None) -> None:
    """The same, for a session that nobody holds."""
    if (session := lock_sessions([session_id]).get(session_id)) is not None:
        move_list(session, now=now)


@task()
def move_waiting_lists() -> None:
    """The chore: seats whose time is over, and seats that were freed by other roads, go to whoever waits."""
    waiting = WaitingEntry.objects.listed().order_by().values_list("session_id", flat=True)
    for session_id in sorted(set(waiting)):
        move_list_of(session_id)
