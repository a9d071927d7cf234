"""What trainees answered, reached and signed in the demonstration: always the same for the same enrolment."""

from decimal import Decimal
from random import Random

from catalogue.models import HalfDay
from documents.papers.attendance import Achievement, Rating
from documents.papers.training import clock, lines_of
from enrolments.models import Enrolment, EnrolmentState

QUESTIONS = (
    "Les objectifs annoncés ont été atteints",
    "Le formateur maîtrise son sujet et s’adapte au groupe",
    "L’équilibre entre théorie et pratique convient",
    "Les conditions matérielles étaient bonnes",
    "Je pourrai appliquer ce que j’ai appris",
)
COMMENTS = (
    "",
    "Formation très concrète, les exercices reprennent nos situations de travail.",
    "Rythme soutenu mais le formateur a pris le temps de répondre à chacun.",
    "J’aurais aimé une demi-journée de plus sur les travaux pratiques.",
    "Supports clairs, que je réutilise déjà avec mon équipe.",
    "Groupe de niveau inégal le premier jour, puis tout s’est bien passé.",
)
HALF_DAY_HOURS = Decimal("3.5")


def _dice(enrolment: Enrolment) -> Random:
    return Random(f"{enrolment.number} answers")  # noqa: S311 - reproducible on purpose


def achievements_of(enrolment: Enrolment) -> list[Achievement]:
    dice = _dice(enrolment)
    partial = enrolment.state == EnrolmentState.PARTIAL
    return [
        Achievement(line, "En cours d’acquisition" if partial or dice.random() < 0.12 else "Acquis")
        for line in lines_of(enrolment.session.course.objectives)
    ]


def answers_of(enrolment: Enrolment) -> tuple[list[Rating], str, int]:
    """Ratings, comment, and the final test in percent."""
    dice = _dice(enrolment)
    ratings = [Rating(question, dice.choice((2, 3, 3, 4, 4, 4))) for question in QUESTIONS]
    return ratings, dice.choice(COMMENTS), dice.randrange(60, 101, 5)


def half_days_attended(enrolment: Enrolment, half_days: list[HalfDay]) -> int:
    """All of them, none, or with a partial presence all but the last quarter."""
    if enrolment.state == EnrolmentState.ABSENT:
        return 0
    missed = max(1, len(half_days) // 4) if enrolment.state == EnrolmentState.PARTIAL else 0
    return len(half_days) - missed


def hours_attended(enrolment: Enrolment, half_days: list[HalfDay]) -> Decimal:
    return half_days_attended(enrolment, half_days) * HALF_DAY_HOURS


def marks_of(enrolment: Enrolment, half_days: list[HalfDay]) -> list[str]:
    """When the trainee signed each half-day: some minutes around its beginning."""
    dice, attended = _dice(enrolment), half_days_attended(enrolment, half_days)
    times = [half.starts_at.replace(minute=half.starts_at.minute + dice.randint(0, 9)) for half in half_days]
    return [clock(moment) if rank < attended else "Absent" for rank, moment in enumerate(times)]
