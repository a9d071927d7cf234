"""Sessions as calendars (RFC 5545): what a person may see of them at the moment of reading, and no amount ever."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from accounts.mails import link_to
from accounts.models import User
from catalogue.models import HalfDay, Session, SessionState
from enrolments.models import CalendarFeed, Enrolment

PAST = timedelta(days=90)


@transaction.atomic
def renew_feed(*, user: User) -> CalendarFeed:
    """A new private address for the person's calendar; the old one is nobody's from now on."""
    feed, _made = CalendarFeed.objects.update_or_create(
        user=user, defaults={"secret": secrets.token_urlsafe(32), "created_at": timezone.now(), "read_at": None}
    )
    return feed


def feed_of(user: User) -> CalendarFeed | None:
    """The person's private address, if they made one."""
    return CalendarFeed.objects.filter(user=user).first()


def revoke_feed(*, user: User) -> None:
    """The address is nobody's from now on."""
    CalendarFeed.objects.filter(user=user).delete()


def reader_of(secret: str) -> User | None:
    """Whose calendar an address is, with their rights as they are now; None when it is nobody's."""
    feed = CalendarFeed.objects.filter(secret=secret).first()
    user = User.objects.with_rights(feed.user_id) if feed else None
    if feed is None or user is None or not user.is_active:
        return None
    CalendarFeed.objects.filter(pk=feed.pk).update(read_at=timezone.now())
    return user


def calendar_of(user: User) -> bytes:
    """The sessions, from ninety days ago on, in which somebody whom the person may see is enrolled."""
    since = timezone.localdate() - PAST
    return calendar_with(Enrolment.objects.visible_to(user).active().filter(starts_on__gte=since))


def calendar_with(enrolments: Iterable[Enrolment]) -> bytes:
    """A calendar of the sessions of these enrolments: an event per day, in which the people are named."""
    rows = sorted(
        Enrolment.objects.filter(pk__in=[one.pk for one in enrolments]).select_related(
            "session__course", "participant"
        ),
        key=lambda one: (one.starts_on, one.session_id, str(one.participant or "")),
    )
    people: dict[Session, list[str]] = {}
    for one in rows:
        people.setdefault(one.session, []).append(str(one.participant or _("À désigner")))
    days: dict[int, list[HalfDay]] = {}
    for half_day in HalfDay.objects.filter(session__in=people).order_by("date", "starts_at"):
        days.setdefault(half_day.session_id, []).append(half_day)
    calendar = Calendar()
    calendar.add("prodid", "-//Espace client//FR")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("Formations"))
    calendar.add("refresh-interval;value=duration", "PT6H")
    for session, names in people.items():
        for event in _events(session, days.get(session.pk, []), names):
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _events(session: Session, half_days: list[HalfDay], names: list[str]) -> Iterable[Event]:
    """One event per day of the session with its hours; one for all its days when its hours are not known."""
    by_day: dict[date, list[HalfDay]] = {}
    for half_day in half_days:
        by_day.setdefault(half_day.date, []).append(half_day)
    if not by_day:
        event = _event(session, names, "jours")
        event.add("dtstart", session.starts_on)
        event.add("dtend", session.ends_on + timedelta(days=1))
        yield event
    for day in by_day.values():
        event = _event(session, names, day[0].date.isoformat())
        event.add("dtstart", _moment(day[0].date, day[0].starts_at))
        event.add("dtend", _moment(day[-1].date, day[-1].ends_at))
        yield event


def _event(session: Session, names: list[str], part: str) -> Event:
    event = Event()
    event.add("uid", f"session-{session.pk}-{part}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("dtstamp", timezone.now())
    cancelled = session.state == SessionState.CANCELLED
    event.add("summary", f"{_('ANNULÉE')} · {session.course.title}" if cancelled else session.course.title)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("location", ", ".join(part for part in (session.venue, session.city) if part))
    event.add("description", "\n".join([*names, link_to("enrolment_list")]))
    return event


def _moment(day: date, clock: time) -> datetime:
    """In UTC, so that the calendar needs no description of our time zone."""
    return timezone.make_aware(datetime.combine(day, clock)).astimezone(UTC)
