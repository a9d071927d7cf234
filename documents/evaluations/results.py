"""Answers summed for the client, per session and per course, so that nobody can be told from the others.

The answers of one establishment in one session are never divided. Fewer than three are hidden, and are added to the
next larger figure only together with others of at least three: what one figure has more than another is never the
answers of one or two people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from documents.evaluations.questions import QUESTIONS
from documents.models import Evaluation

FEWEST = 3
LOOKED_BACK = timedelta(days=730)


@dataclass(frozen=True)
class Summary:
    """Figures of some answers: `average` of all ratings, 1 to 4; `reached` percent of the objectives "acquis"."""

    count: int
    average: Decimal
    ratings: list[tuple[str, Decimal]]
    reached: int | None
    comments: list[str]


@dataclass
class SessionResults:
    """One session. `summary` is None when too few answered; `hidden`: how many answers are in no figure here."""

    starts_on: date
    ends_on: date
    groups: dict[int | None, list[dict[str, Any]]] = field(default_factory=dict)
    summary: Summary | None = None
    hidden: int = 0


@dataclass
class CourseResults:
    """One course: its sessions, newest first, and the figures of all."""

    title: str
    sessions: list[SessionResults]
    summary: Summary | None
    hidden: int


def results_for(user: User) -> list[CourseResults]:
    """The courses of which someone answered in the last two years, as far as the person may see évaluations."""
    rows = (
        Evaluation.objects.visible_to(user)
        .submitted()
        .filter(enrolment__starts_on__gt=timezone.localdate() - LOOKED_BACK)
        .order_by("-enrolment__starts_on", "pk")
        .values_list(
            *("enrolment__session__course__title", "enrolment__session_id", "enrolment__starts_on"),
            *("enrolment__session__ends_on", "enrolment__establishment_id", "answers"),
        )
    )
    courses: dict[str, dict[int, SessionResults]] = {}
    for title, session_id, starts_on, ends_on, establishment_id, answers in rows:
        session = courses.setdefault(title, {}).setdefault(session_id, SessionResults(starts_on, ends_on))
        session.groups.setdefault(establishment_id, []).append(answers)
    return [_course(title, list(sessions.values())) for title, sessions in sorted(courses.items())]


def _course(title: str, sessions: list[SessionResults]) -> CourseResults:
    """Each session with its figures; what is hidden there counts for the course when it is enough."""
    shown: list[dict[str, Any]] = []
    hidden: list[list[dict[str, Any]]] = []
    for session in sessions:
        revealed, rest = reveal(session.groups.values())
        session.summary, session.hidden = summary_of(revealed), sum(map(len, rest))
        shown += revealed
        hidden += rest
    left = [answers for group in hidden for answers in group]
    if len(left) >= FEWEST:
        shown, left = shown + left, []
    return CourseResults(title, sessions, summary_of(shown), len(left))


def reveal(groups: Iterable[list[dict[str, Any]]]) -> tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]:
    """The answers that may be summed, and the groups that stay hidden."""
    shown: list[dict[str, Any]] = []
    small: list[list[dict[str, Any]]] = []
    for group in groups:
        if len(group) >= FEWEST:
            shown += group
        else:
            small.append(group)
    if sum(map(len, small)) >= FEWEST:
        return shown + [answers for group in small for answers in group], []
    return shown, small


def summary_of(answers: Sequence[dict[str, Any]]) -> Summary | None:
    """The figures; None without an answer. Comments come without names, in the order of the alphabet."""
    if not answers:
        return None
    by_question = {key: [one["ratings"][key] for one in answers if key in one["ratings"]] for key in QUESTIONS}
    levels = [level for one in answers for _text, level in one["objectives"]]
    return Summary(
        count=len(answers),
        average=_mean([score for scores in by_question.values() for score in scores]),
        ratings=[(str(QUESTIONS[key]), _mean(scores)) for key, scores in by_question.items()],
        reached=round(100 * levels.count("acquis") / len(levels)) if levels else None,
        comments=sorted(one["comment"] for one in answers if one.get("comment")),
    )


def _mean(scores: Sequence[int]) -> Decimal:
    return round(Decimal(sum(scores)) / len(scores), 1) if scores else Decimal(0)
