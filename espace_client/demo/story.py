"""What the builders of the demonstration share: the date, the dice, the size, and what was made so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from django.utils import timezone

from accounts.models import Establishment, User
from catalogue.models import AccordCadre, Course, HalfDay, Session
from catalogue.pricing import Line
from enrolments.models import Enrolment, Order, Participant

SEED = 20261


@dataclass(frozen=True)
class Scale:
    """How much: the share of each establishment's orders, and the sessions of each course, past and coming."""

    orders: float
    past_sessions: int
    coming_sessions: int

    def share(self, count: int) -> int:
        """`count` at this scale, never none: every establishment has a history."""
        return max(1, round(count * self.orders))


FULL = Scale(orders=1.0, past_sessions=6, coming_sessions=4)
SMALL = Scale(orders=0.08, past_sessions=3, coming_sessions=1)  # for tests: every persona and every type


@dataclass
class Story:
    """Everything made so far. `today` is the only thing that the content depends on, besides the seed."""

    today: date
    scale: Scale
    rng: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 - reproducible on purpose, nothing secret
    people: dict[str, User] = field(default_factory=dict)
    places: dict[str, Establishment] = field(default_factory=dict)
    courses: list[Course] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    half_days: dict[int, list[HalfDay]] = field(default_factory=dict)
    accords: list[AccordCadre] = field(default_factory=list)
    accord_lines: dict[int, list[Line]] = field(default_factory=dict)
    staff_pool: dict[str, list[Participant]] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    enrolments: dict[int, list[Enrolment]] = field(default_factory=dict)

    def ago(self, days: float) -> datetime:
        """So many days before today, at nine in the morning."""
        return self.at(self.today) - timedelta(days=days)

    @staticmethod
    def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
        return timezone.make_aware(datetime.combine(day, time(hour, minute)))
