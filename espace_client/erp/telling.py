"""What a drop says of sessions is told on, as the portal's own services tell it, once the whole drop is read.

A task each, enqueued in the transaction that keeps the change: it is told even when the import is killed. It waits for
the import to end, because the papers that the ERP has issued come last in a drop, and are not to be issued twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django_tasks import task

from catalogue.models import Session, SessionState
from enrolments.models import Enrolment, EnrolmentState
from enrolments.proposals import CONCERNED, tell_move
from enrolments.signals import session_closed, session_confirmed

# Any number that nothing else locks: the first eight letters of "espace-client". Held by the import at work.
LOCK = int.from_bytes(b"espace-c")
RUNS = (SessionState.CONFIRMED, SessionState.GUARANTEED, SessionState.FULL)
OVER = (SessionState.DONE, SessionState.CANCELLED)
ATTENDED = (EnrolmentState.PRESENT, EnrolmentState.PARTIAL)
WAIT = timedelta(seconds=30)


def tell_sessions(existing: Mapping[str, Session], saved: Iterable[Session]) -> None:
    """Of those that the portal knew: to come and now sure to run, over now, or moved. What is new to it is history."""
    before = {session.pk: session.state for session in existing.values()}
    today = timezone.localdate()
    for session in saved:
        old = before.get(session.pk)
        confirmed = old == SessionState.OPEN and session.state in RUNS and session.starts_on > today
        closed = old is not None and old not in OVER and session.state == SessionState.DONE
        if confirmed or closed:
            tell_session.enqueue(session.pk)
    dates = {session.pk: (session.starts_on, session.ends_on) for session in existing.values()}
    coming = [one for one in saved if one.pk in dates and one.starts_on > today and one.state not in OVER]
    _tell_moves(dates, [one for one in coming if dates[one.pk] != (one.starts_on, one.ends_on)])


def _tell_moves(before: Mapping[int, tuple[date, date]], moved: Iterable[Session]) -> None:
    """Of the sessions that have other dates than `before`: a task for each in which somebody is."""
    sessions = {session.pk: session for session in moved}
    if not sessions:
        return
    people: defaultdict[int, list[int]] = defaultdict(list)
    seats = Enrolment.objects.filter(session__in=sessions, state__in=CONCERNED).order_by("session_id", "pk")
    for session_id, pk in seats.values_list("session_id", "pk"):
        people[session_id].append(pk)
    for session_id, enrolments in people.items():
        starts_on, ends_on = before[session_id]
        days = (sessions[session_id].starts_on - starts_on).days
        at = timezone.now().isoformat()
        tell_dates.enqueue(session_id, starts_on.isoformat(), ends_on.isoformat(), days, enrolments, at)


def tell_attendance(existing: Mapping[str, Enrolment], saved: Iterable[Enrolment]) -> None:
    """The sessions of the seats, known before, of which the ERP now says that somebody was there."""
    before = {seat.pk: seat.state for seat in existing.values()}
    known = [seat for seat in saved if before.get(seat.pk) not in (None, *ATTENDED)]
    for pk in sorted({seat.session_id for seat in known if seat.state in ATTENDED}):
        tell_session.enqueue(pk)


@task()
def tell_session(session_id: int) -> None:
    """Send the signal of what the session is now; doing it twice asks for nothing twice."""
    if import_is_at_work():
        tell_session.using(run_after=timezone.now() + WAIT).enqueue(session_id)
        return
    with transaction.atomic():
        session = Session.objects.select_for_update().get(pk=session_id)
        if session.state == SessionState.DONE:
            session_closed.send(Session, session=session, by_erp=True)
        elif session.state in RUNS and session.starts_on > timezone.localdate():
            session_confirmed.send(Session, session=session, by_erp=True)


@task()
def tell_dates(session_id: int, starts_on: str, ends_on: str, days: int, enrolments: list[int], at: str) -> None:
    """Ask those who were in the session what they want, as after a move by staff; see `tell_move`."""
    if import_is_at_work():
        later = tell_dates.using(run_after=timezone.now() + WAIT)
        later.enqueue(session_id, starts_on, ends_on, days, enrolments, at)
        return
    tell_move(
        session_id=session_id,
        starts_on=date.fromisoformat(starts_on),
        ends_on=date.fromisoformat(ends_on),
        shift=timedelta(days=days),
        enrolments=enrolments,
        at=datetime.fromisoformat(at),
    )


def import_is_at_work() -> bool:
    """Whether somebody holds the lock of imports in this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid = %s AND objid = %s)",
            [LOCK >> 32, LOCK & 0xFFFFFFFF],
        )
        row = cursor.fetchone()
    return bool(row and row[0])
