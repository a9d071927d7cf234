"""The answers of a trainee, as the évaluation and the attestation print them."""

from __future__ import annotations

from collections.abc import Sequence

from documents.evaluations.questions import Answers, answers_of
from documents.papers.attendance import Achievement
from enrolments.models import Enrolment

__all__ = ["Answers", "achievements_of", "answers_of"]


def achievements_of(enrolment: Enrolment) -> Sequence[Achievement]:
    answers = answers_of(enrolment)
    return () if answers is None else answers.achievements
