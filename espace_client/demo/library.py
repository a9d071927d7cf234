"""What happened in the library: papers handed in, quotes agreed to, evaluations answered, and last visits."""

from __future__ import annotations

from datetime import timedelta
from random import Random

from accounts.document_types import DocumentType
from documents.evaluations.questions import LEVELS, QUESTIONS
from documents.evaluations.services import OPEN_FOR, ended_lately, invite
from documents.models import Acceptance, AcceptanceMethod, Deposit, Document, Evaluation, LibraryVisit, Scan
from documents.signing.services import statement_of
from enrolments.models import Enrolment, OrderState

from .answers import achievements_of, answers_of
from .cast import STAFF_EMAIL
from .session_papers import ATTENDED
from .story import Story

HANDLED_AFTER = timedelta(days=12)  # what came in later still waits for the team
SURVEYED = timedelta(days=700)
LAST_VISIT = 5  # days ago
LEVEL_CODES = {str(label): code for code, label in LEVELS.items()}


def make_library(story: Story) -> None:
    """After the documents: everything here is about one of them, or about a session that is over."""
    _deposits(story)
    _acceptances(story)
    _evaluations(story)
    visited = story.ago(LAST_VISIT)
    LibraryVisit.objects.bulk_create(LibraryVisit(user=user, last_at=visited) for user in story.people.values())


def _deposits(story: Story) -> None:
    """Purchase orders and agreements of OPCOs came through the portal, from whoever ordered."""
    received = Document.objects.filter(type__in=[DocumentType.BON_DE_COMMANDE, DocumentType.PRISE_EN_CHARGE])
    deposits = []
    for document in received.select_related("order").order_by("pk"):
        old = document.recorded_at < story.ago(0) - HANDLED_AFTER
        deposits.append(
            Deposit(
                document=document,
                user=story.people.get(document.order_email),
                user_email=document.order_email,
                at=document.recorded_at,
                original_name=f"{document.get_type_display()} {document.order}.pdf",
                original_sha256=document.sha256,
                scan=Scan.CLEAN,
                handled_at=document.recorded_at + timedelta(hours=15) if old else None,
                handled_by=story.people[STAFF_EMAIL] if old else None,
            )
        )
    Deposit.objects.bulk_create(deposits)


def _acceptances(story: Story) -> None:
    """Quotes are agreed to in the portal; of the sessions to come every third still waits for it."""
    quotes = Document.objects.filter(
        type=DocumentType.BON_POUR_ACCORD, replaced_by__isnull=True, order__state=OrderState.VALIDATED
    )
    acceptances = []
    for rank, document in enumerate(quotes.select_related("order", "session").order_by("pk")):
        person = story.people.get(document.order_email)
        coming = document.session is None or document.session.ends_on >= story.today
        if person is None or (coming and rank % 3 == 0):
            continue
        acceptances.append(
            Acceptance(
                document=document,
                method=AcceptanceMethod.PORTAL,
                name=person.get_full_name(),
                job_title=person.job_title or "Responsable formation",
                statement=statement_of(document),
                sha256=document.sha256,
                at=document.recorded_at + timedelta(hours=17),
                user=person,
                user_email=person.email,
                ip_address="192.0.2.24",
            )
        )
    Acceptance.objects.bulk_create(acceptances)


def _evaluations(story: Story) -> None:
    """Two years of answers; whoever came back in the last weeks and has no paper yet is asked by mail."""
    asked = [seat for seat in ended_lately().order_by("pk") if seat.state in ATTENDED]
    for seat in asked:
        invite(seat.pk)
    waiting = {seat.pk for seat in asked}
    attended = Enrolment.objects.filter(
        state__in=ATTENDED,
        participant__isnull=False,
        starts_on__gt=story.today - SURVEYED,
        session__ends_on__lt=story.today,
    )
    Evaluation.objects.bulk_create(
        _answered(story, seat)
        for seat in attended.select_related("session__course", "participant").order_by("pk")
        if seat.pk not in waiting and Random(seat.number).random() < 0.85  # noqa: S311 - reproducible on purpose
    )


def _answered(story: Story, seat: Enrolment) -> Evaluation:
    ratings, comment, _score = answers_of(seat)
    invited_at = story.at(seat.session.ends_on + timedelta(days=1))
    assert seat.participant is not None  # noqa: S101  # only seats with a name are asked
    return Evaluation(
        enrolment=seat,
        invited_at=invited_at,
        invited_to=seat.participant.email,
        expires_at=invited_at + OPEN_FOR,
        answers={
            "ratings": {key: rating.score for key, rating in zip(QUESTIONS, ratings, strict=True)},
            "objectives": [[one.objective, LEVEL_CODES[one.level]] for one in achievements_of(seat)],
            "comment": comment,
        },
        saved_at=invited_at + timedelta(hours=3),
        submitted_at=invited_at + timedelta(hours=3),
    )
