"""The demonstration's catalogue (courses/*.toml) and its sessions over three past years and the five months to come."""

import tomllib
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from catalogue.models import Course, CourseMode, Domain, HalfDay, Session, SessionState
from catalogue.words import update_words

from .cast import TRAINERS, VENUES
from .story import Story
from .working_days import session_start

COURSES = Path(__file__).parent / "courses"
PAST_DAYS = 3 * 365
COMING_DAYS = 150
HALVES = ((time(9, 0), time(12, 30)), (time(13, 30), time(17, 0)))  # seven hours a day


def make_catalogue(story: Story) -> None:
    """Domains with their sub-domains, and forty courses."""
    for path in sorted(COURSES.glob("*.toml")):
        content = tomllib.loads(path.read_text())
        domain = Domain.objects.create(code=content["code"], label=content["label"])
        subdomains = {
            code: Domain.objects.create(code=code, label=label, parent=domain)
            for code, label in content["subdomains"].items()
        }
        story.courses += Course.objects.bulk_create(_course(entry, subdomains) for entry in content["courses"])
    update_words()


def _course(entry: dict[str, Any], subdomains: dict[str, Domain]) -> Course:
    return Course(
        reference=entry["reference"],
        title=entry["title"],
        domain=subdomains[entry["subdomain"]],
        days=Decimal(entry["days"]),
        hours=Decimal(entry["days"]) * 7,
        mode=entry.get("mode", CourseMode.ON_SITE),
        public_price=Decimal(entry["price"]),
        vat_rate=Decimal(20),
        objectives="\n".join(entry["objectives"]),
        programme="\n".join(entry["programme"]),
        prerequisites=entry.get("prerequisites", ""),
        audience=entry["audience"],
        certification=entry.get("certification", ""),
    )


def make_sessions(story: Story) -> None:
    """Sessions and half-days. The state of those to come is settled once it is known who is enrolled (orders.py)."""
    taken: set[str] = set()
    for course in story.courses:
        for around in _weeks(story):
            session = _session(story, course, around)
            if session.code not in taken:
                taken.add(session.code)
                story.sessions.append(session)
    Session.objects.bulk_create(story.sessions)
    halves = [half for session in story.sessions for half in _half_days(session)]
    HalfDay.objects.bulk_create(halves)
    for half in halves:
        story.half_days.setdefault(half.session_id, []).append(half)


def _weeks(story: Story) -> Iterator[date]:
    """Around which dates a course has its sessions: one in each equal part of the time before and after today."""
    past, coming = story.scale.past_sessions, story.scale.coming_sessions
    for count, span, sign in ((past, PAST_DAYS, -1), (coming, COMING_DAYS, 1)):
        for rank in range(count):
            yield story.today + timedelta(days=sign * round(span * (rank + story.rng.random()) / count))


def _session(story: Story, course: Course, around: date) -> Session:
    days = max(1, int(course.days))
    start = session_start(story.rng, around, days)
    end = start + timedelta(days=days - 1)
    remote = course.mode in (CourseMode.REMOTE, CourseMode.ELEARNING)
    city, tag, venue = ("À distance", "DIS", "") if remote else story.rng.choice(VENUES)
    code = f"{course.reference.split('-')[0]}-{start:%y%m%d}-{tag}"
    return Session(
        code=code,
        course=course,
        starts_on=start,
        ends_on=end,
        city=city,
        venue=venue,
        link=f"https://classe.ib-cegos.example/{code.lower()}" if remote else "",
        seats=story.rng.choice((8, 10, 10, 12)),
        minimum=story.rng.choice((3, 3, 4)),
        trainer=story.rng.choice(TRAINERS),
        state=_state(story.today, start, end),
    )


def _state(today: date, start: date, end: date) -> SessionState:
    """As far as dates tell: what runs today was confirmed."""
    if end < today:
        return SessionState.DONE
    return SessionState.CONFIRMED if start <= today else SessionState.OPEN


def _half_days(session: Session) -> Iterator[HalfDay]:
    day = session.starts_on
    while day <= session.ends_on:
        for starts_at, ends_at in HALVES:
            yield HalfDay(session=session, date=day, starts_at=starts_at, ends_at=ends_at)
        day += timedelta(days=1)
