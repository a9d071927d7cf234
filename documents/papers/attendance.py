"""The papers without a price: convocation, émargement, évaluation, attestation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from accounts.models import Establishment
from catalogue.models import HalfDay, Session
from enrolments.models import Enrolment

from .codes import way_to
from .paper import Paper
from .parties import Party, Provider
from .training import CourseFacts, DayFacts, SessionFacts, days_of, trainee_name

HALF_DAYS_A_SHEET = 10  # five days: what an A4 page on its side has room to sign


@dataclass(frozen=True)
class Rating:
    """One question of the satisfaction survey (Qualiopi, indicator 30), answered from 1 to 4."""

    question: str
    score: int


@dataclass(frozen=True)
class Achievement:
    """One objective and how far it was reached: "Acquis", "En cours d’acquisition" or "Non acquis" (indicator 11)."""

    objective: str
    level: str


@dataclass(frozen=True)
class Check:
    """How anybody checks an attestation: the public address, the same as a QR (SVG of our own making), and the code."""

    url: str
    code: str
    qr: SafeString


@dataclass(frozen=True)
class SheetRow:
    """One trainee of an attendance sheet; `marks` has a text for each half-day, all empty on a sheet to sign."""

    name: str
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """At most HALF_DAYS_A_SHEET half-days of a session, for every trainee of the establishment."""

    days: tuple[DayFacts, ...]
    rows: tuple[SheetRow, ...]
    trainer_marks: tuple[str, ...]


def _about(provider: Provider, enrolment: Enrolment) -> dict[str, Any]:
    session = enrolment.session
    return {
        "provider": provider,
        "client": Party.of_order(enrolment.order),
        "trainee": trainee_name(enrolment),
        "course": CourseFacts.of(session.course),
        "session": SessionFacts.of(session),
        "enrolment_number": enrolment.number,
        "order_number": enrolment.order.number,
    }


def convocation(
    *, provider: Provider, enrolment: Enrolment, half_days: Sequence[HalfDay], number: str, issued_on: date
) -> Paper:
    """What a trainee must know before coming (Code du travail L6353-8)."""
    return Paper(
        type=DocumentType.CONVOCATION,
        number=number,
        issued_on=issued_on,
        title=_("Convocation %(number)s") % {"number": number},
        subject=f"{trainee_name(enrolment)} · {enrolment.session.course.title}",
        facts=_about(provider, enrolment)
        | {"days": days_of(half_days), "qr": way_to(SessionFacts.of(enrolment.session))},
    )


def emargement(
    *,
    provider: Provider,
    establishment: Establishment,
    session: Session,
    enrolments: Sequence[Enrolment],
    half_days: Sequence[HalfDay],
    number: str,
    issued_on: date,
    marks: Sequence[Sequence[str]] = (),
    trainer_marks: Sequence[str] = (),
) -> Paper:
    """The attendance sheet of one establishment's trainees in one session (evidence in the sense of R6313-3).

    `marks`: for each enrolment, in order, what its half-days bear when the sheet comes back signed; nothing to sign it.
    Raises ValueError if an enrolment is not of this session and establishment: no sheet names another company's people.
    """
    if any(one.session_id != session.pk or one.order.establishment_id != establishment.pk for one in enrolments):
        raise ValueError("an attendance sheet is about one session and one establishment")
    return Paper(
        type=DocumentType.EMARGEMENT,
        number=number,
        issued_on=issued_on,
        title=_("Feuille d’émargement %(number)s") % {"number": number},
        subject=f"{session.course.title} · {establishment.name}",
        facts={
            "provider": provider,
            "client": Party.of_establishment(establishment),
            "course": CourseFacts.of(session.course),
            "session": SessionFacts.of(session),
            "signed": bool(marks),
            "sheets": _sheets(enrolments, days_of(half_days), marks, trainer_marks),
        },
    )


def _sheets(
    enrolments: Sequence[Enrolment],
    days: tuple[DayFacts, ...],
    marks: Sequence[Sequence[str]],
    trainer_marks: Sequence[str],
) -> tuple[Sheet, ...]:
    """Cut the days into sheets that fit a page, the same trainees on each."""
    sheets, first, start = [], 0, 0
    while first < len(days):
        last, count = first + 1, len(days[first].half_days)
        while last < len(days) and count + len(days[last].half_days) <= HALF_DAYS_A_SHEET:
            count += len(days[last].half_days)
            last += 1
        blank = ("",) * count
        rows = tuple(
            SheetRow(trainee_name(one), tuple(marks[index][start : start + count]) if marks else blank)
            for index, one in enumerate(enrolments)
        )
        trainer = tuple(trainer_marks[start : start + count]) or blank
        sheets.append(Sheet(days[first:last], rows, trainer))
        first, start = last, start + count
    return tuple(sheets)


def evaluation(
    *,
    provider: Provider,
    enrolment: Enrolment,
    ratings: Sequence[Rating],
    achievements: Sequence[Achievement],
    comment: str,
    score: int | None,
    number: str,
    issued_on: date,
) -> Paper:
    """Satisfaction (Qualiopi indicator 30) and learning results (indicator 11); `score` of the final test, percent."""
    return Paper(
        type=DocumentType.EVALUATION,
        number=number,
        issued_on=issued_on,
        title=_("Évaluation de fin de formation %(number)s") % {"number": number},
        subject=f"{trainee_name(enrolment)} · {enrolment.session.course.title}",
        facts=_about(provider, enrolment)
        | {"ratings": tuple(ratings), "achievements": tuple(achievements), "comment": comment, "score": score},
    )


def attestation(
    *,
    provider: Provider,
    enrolment: Enrolment,
    hours_attended: Decimal,
    achievements: Sequence[Achievement],
    number: str,
    issued_on: date,
    check: Check | None = None,
) -> Paper:
    """What was learnt, and the certificat de réalisation (arrêté of 21 December 2018); `hours_attended` in hours."""
    return Paper(
        type=DocumentType.ATTESTATION,
        number=number,
        issued_on=issued_on,
        title=_("Attestation de fin de formation %(number)s") % {"number": number},
        subject=f"{trainee_name(enrolment)} · {enrolment.session.course.title}",
        facts=_about(provider, enrolment)
        | {"hours_attended": hours_attended, "achievements": tuple(achievements), "check": check},
    )
