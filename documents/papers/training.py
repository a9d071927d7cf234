"""What is taught, when, where and to whom, as papers print it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from catalogue.models import Course, CourseMode, HalfDay, Session
from enrolments.models import Enrolment, EnrolmentState, Participant


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text that say something, without the dash or bullet that may begin them."""
    stripped = (line.strip().lstrip("-•–").strip() for line in text.splitlines())
    return tuple(line for line in stripped if line)


def clock(moment: time) -> str:
    """9:00 → "9 h 00", in one unbreakable piece."""
    return f"{moment.hour}\u00a0h\u00a0{moment.minute:02d}"


@dataclass(frozen=True)
class CourseFacts:
    """A course, with the texts that a convention carries (Code du travail D6353-1) cut into lines."""

    reference: str
    title: str
    days: Decimal
    hours: Decimal
    mode: str
    kind: str
    remote: bool
    objectives: tuple[str, ...]
    programme: tuple[str, ...]
    prerequisites: str
    audience: str
    certification: str

    @classmethod
    def of(cls, course: Course) -> CourseFacts:
        return cls(
            reference=course.reference,
            title=course.title,
            days=course.days,
            hours=course.hours,
            mode=str(course.get_mode_display()),
            kind=str(course.get_kind_display()),
            remote=course.mode in (CourseMode.REMOTE, CourseMode.ELEARNING),
            objectives=lines_of(course.objectives),
            programme=lines_of(course.programme),
            prerequisites=course.prerequisites,
            audience=course.audience,
            certification=course.certification,
        )

    @property
    def programme_halves(self) -> tuple[tuple[str, ...], ...]:
        """The programme in two columns of about the same length; the renderer's own columns cost twice the page."""
        middle = (len(self.programme) + 1) // 2
        return tuple(half for half in (self.programme[:middle], self.programme[middle:]) if half)


@dataclass(frozen=True)
class SessionFacts:
    code: str
    starts_on: date
    ends_on: date
    city: str
    venue: str
    link: str
    trainer: str

    @classmethod
    def of(cls, session: Session) -> SessionFacts:
        return cls(
            code=session.code,
            starts_on=session.starts_on,
            ends_on=session.ends_on,
            city=session.city,
            venue=session.venue,
            link=session.link,
            trainer=session.trainer,
        )


@dataclass(frozen=True)
class HalfDayFacts:
    date: date
    starts_at: time
    ends_at: time

    @property
    def times(self) -> str:
        return f"{clock(self.starts_at)} – {clock(self.ends_at)}"

    @property
    def short(self) -> str:
        return "Matin" if self.starts_at.hour < 12 else "Après-midi"


@dataclass(frozen=True)
class DayFacts:
    """One day of a session with its half-days, in order."""

    date: date
    half_days: tuple[HalfDayFacts, ...]


def days_of(half_days: Iterable[HalfDay]) -> tuple[DayFacts, ...]:
    """Gather half-days by date."""
    by_date: dict[date, list[HalfDayFacts]] = {}
    for half_day in sorted(half_days, key=lambda one: (one.date, one.starts_at)):
        facts = HalfDayFacts(date=half_day.date, starts_at=half_day.starts_at, ends_at=half_day.ends_at)
        by_date.setdefault(half_day.date, []).append(facts)
    return tuple(DayFacts(day, tuple(halves)) for day, halves in by_date.items())


def trainee_name(enrolment: Enrolment) -> str:
    """Name as on a list: last name in capitals first; a seat without a name says so."""
    participant = enrolment.participant
    if participant is None:
        return "À désigner"
    return person_name(participant)


def person_name(participant: Participant) -> str:
    """Last name in capitals first."""
    return f"{participant.last_name.upper()} {participant.first_name}".strip()


@dataclass(frozen=True)
class Action:
    """One session of an order and the trainees it is ordered for: the "action de formation" of a convention."""

    course: CourseFacts
    session: SessionFacts
    trainees: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.trainees)


def actions_of(enrolments: Sequence[Enrolment]) -> tuple[Action, ...]:
    """The sessions of an order, earliest first, each with its trainees who are not cancelled."""
    by_session: dict[int, list[Enrolment]] = {}
    for enrolment in enrolments:
        if enrolment.state != EnrolmentState.CANCELLED:
            by_session.setdefault(enrolment.session_id, []).append(enrolment)
    groups = sorted(by_session.values(), key=lambda group: (group[0].session.starts_on, group[0].session.code))
    return tuple(
        Action(
            course=CourseFacts.of(group[0].session.course),
            session=SessionFacts.of(group[0].session),
            trainees=tuple(sorted(trainee_name(enrolment) for enrolment in group)),
        )
        for group in groups
    )
