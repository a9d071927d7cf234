"""The seats of a session: how many there are, how many are taken, and how to take one without selling it twice.

A seat is taken by every enrolment that is not cancelled, from the moment it is ordered: while the order waits for
approval or validation its seats are held. So is a seat that is proposed to the next one of a waiting list. Whoever
takes or frees seats locks the row of the session first, through `lock_sessions`, in the transaction that writes the
enrolments. Orders are locked before sessions, never after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Count
from django.utils import timezone

from catalogue.models import CourseKind, Session, SessionState
from enrolments.models import Enrolment, Order, WaitingEntry

MOST_ALTERNATIVES = 4
PRIVATE = frozenset({CourseKind.INTRA, CourseKind.BESPOKE})
CLOSED = frozenset({SessionState.FULL, SessionState.CANCELLED, SessionState.DONE})


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of a session. `left` is never negative: an ERP drop may have sold more than there are."""

    capacity: int
    taken: int

    @property
    def left(self) -> int:
        return max(self.capacity - self.taken, 0)


def seats_by_session(sessions: Collection[Session]) -> dict[int, Seats]:
    """The seats of each session, by its id, in one query; as sure as the locks that the caller holds."""
    enrolled = Enrolment.objects.active().filter(session__in=sessions).order_by()
    held = WaitingEntry.objects.holding().filter(session__in=sessions).order_by()
    counts = [rows.values_list("session_id").annotate(found=Count("pk")) for rows in (enrolled, held)]
    taken: Counter[int] = Counter()
    for session_id, found in counts[0].union(counts[1], all=True):
        taken[session_id] += found
    return {session.pk: Seats(session.seats, taken[session.pk]) for session in sessions}


def seats_of(session: Session) -> Seats:
    """The seats of one session."""
    return seats_by_session([session])[session.pk]


def lock_sessions(ids: Collection[int]) -> dict[int, Session]:
    """These sessions as they are now, with their courses, locked by rising id until the transaction ends."""
    rows = Session.objects.select_for_update(of=["self"], no_key=True).select_related("course__domain")
    return {session.pk: session for session in rows.filter(pk__in=ids).order_by("pk")}


def lock_with_orders(session: Session, states: Collection[str]) -> Session:
    """The session as it is now, locked after the orders of the people there who are in these states, as everywhere."""
    orders = Enrolment.objects.filter(session=session, state__in=states).values("order")
    list(Order.objects.select_for_update(no_key=True).filter(pk__in=orders).order_by("pk"))
    return lock_sessions([session.pk])[session.pk]


def sells_online(session: Session, today: date | None = None) -> bool:
    """Whether seats of the session may be ordered on the site at all: open to every company, to come, closed by nobody.

    A course held for one company (intra, sur mesure) is ordered from our team, which knows whose it is.
    """
    coming = session.starts_on > (today or timezone.localdate())
    return coming and session.course.kind not in PRIVATE and session.state not in CLOSED


def public_session(pk: int) -> Session | None:
    """A session with its course, if everybody may know of it: one held for a company is nobody else's to find."""
    rows = Session.objects.select_related("course__domain").exclude(course__kind__in=PRIVATE)
    return rows.filter(pk=pk).first()


def alternatives(session: Session, seats: int) -> list[tuple[Session, Seats]]:
    """The next other sessions of the course that still have so many seats, soonest first."""
    rows = Session.objects.select_related("course__domain").filter(
        course=session.course_id, starts_on__gt=timezone.localdate()
    )
    coming = [one for one in rows.exclude(pk=session.pk).order_by("starts_on", "pk") if sells_online(one)]
    found = seats_by_session(coming)
    return [(one, found[one.pk]) for one in coming if found[one.pk].left >= max(seats, 1)][:MOST_ALTERNATIVES]
