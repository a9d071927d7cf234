"""The answers of a trainee, as the évaluation and the attestation print them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from documents.papers.attendance import Achievement, Rating
from enrolments.models import Enrolment


@dataclass(frozen=True)
class Answers:
    """What one trainee answered; `score` of a final test, percent, None without one."""

    ratings: Sequence[Rating]
    achievements: Sequence[Achievement]
    comment: str
    score: int | None


def answers_of(enrolment: Enrolment) -> Answers | None:
    return None


def achievements_of(enrolment: Enrolment) -> Sequence[Achievement]:
    answers = answers_of(enrolment)
    return () if answers is None else answers.achievements
