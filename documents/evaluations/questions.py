"""What is asked: satisfaction (référentiel national qualité, indicator 30) and learning results (indicator 11)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from catalogue.models import Course
from documents.papers.attendance import Achievement, Rating
from documents.papers.training import lines_of
from enrolments.models import Enrolment

QUESTIONS = {
    "objectifs": _("Les objectifs annoncés ont été atteints"),
    "formateur": _("Le formateur maîtrise son sujet et s’adapte au groupe"),
    "equilibre": _("L’équilibre entre théorie et pratique convient"),
    "conditions": _("Les conditions matérielles étaient bonnes"),
    "application": _("Je pourrai appliquer ce que j’ai appris"),
}
SCORES = {4: _("Tout à fait"), 3: _("Plutôt oui"), 2: _("Plutôt non"), 1: _("Pas du tout")}
LEVELS = {"acquis": _("Acquis"), "en_cours": _("En cours d’acquisition"), "non_acquis": _("Non acquis")}
LONGEST_COMMENT = 2000


@dataclass(frozen=True)
class Answers:
    """What one participant answered, as papers print it. `score` of a final test, percent, None without one."""

    ratings: list[Rating]
    achievements: list[Achievement]
    comment: str
    score: int | None = None


def objectives_of(course: Course) -> list[str]:
    """What the participant was to learn, a line each; the course itself when it says nothing."""
    return list(dict.fromkeys(lines_of(course.objectives))) or [course.title]


def answers_of(enrolment: Enrolment) -> Answers | None:
    """The final answers of the enrolment's participant; None until they are submitted.

    They are kept with the words of the objectives as they were answered, whatever the course says since.
    """
    evaluation = getattr(enrolment, "evaluation", None)
    if evaluation is None or evaluation.submitted_at is None:
        return None
    kept = evaluation.answers
    return Answers(
        ratings=[
            Rating(str(label), kept["ratings"][key]) for key, label in QUESTIONS.items() if key in kept["ratings"]
        ],
        achievements=[Achievement(text, str(LEVELS[level])) for text, level in kept["objectives"]],
        comment=kept.get("comment", ""),
    )
