"""Which papers are worth nothing any more: they stay, since nothing issued is deleted, and say so wherever shown.

A convocation summons nobody once the trainee, the session or its dates are not those that it names; an attestation
says nothing true of somebody of whom no presence is left. Why is read from the enrolment as it is now and written
nowhere, so that it is said no more once it is mended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.labels import label_of
from catalogue.models import SessionState
from documents.models import Document
from enrolments.models import Enrolment, EnrolmentEvent, EnrolmentState, EventKind, SessionProposal
from enrolments.models.events import ProposalKind


class Void(TextChoices):
    """Why a document is worth nothing any more; "" for all others."""

    SEAT_CANCELLED = "seat_cancelled", _("sans effet : l’inscription est annulée")
    SEAT_MOVED = "seat_moved", _("sans effet : l’inscription a changé de session")
    SESSION_CANCELLED = "session_cancelled", _("sans effet : la session est annulée")
    SUBSTITUTED = "substituted", _("sans effet : le participant a changé")
    DATES_CHANGED = "dates_changed", _("sans effet : la session a changé de dates")
    ABSENT = "absent", _("sans effet : aucune présence n’est établie")


def void_because() -> Coalesce:
    """Of a document: a value of Void, or ""; looked up for the types alone that may be void."""
    seat = Enrolment.objects.filter(pk=OuterRef("enrolment_id")).order_by()
    of_convocation, of_attestation = seat.values_list(_of_convocation()), seat.values_list(_of_attestation())
    return Coalesce(
        Case(
            When(type=DocumentType.CONVOCATION, then=Subquery(of_convocation)),
            When(type=DocumentType.ATTESTATION, then=Subquery(of_attestation)),
            output_field=CharField(),
        ),
        Value(""),
    )


def _of_convocation() -> Case:
    """Of the enrolment of a document, the outer row."""
    recorded = OuterRef(OuterRef("recorded_at"))
    return Case(
        When(state=EnrolmentState.CANCELLED, then=Value(Void.SEAT_CANCELLED.value)),
        When(~Q(session_id=Coalesce(OuterRef("session_id"), "session_id")), then=Value(Void.SEAT_MOVED.value)),
        When(session__state=SessionState.CANCELLED, then=Value(Void.SESSION_CANCELLED.value)),
        When(_other_person(recorded, OuterRef("pk")), then=Value(Void.SUBSTITUTED.value)),
        When(_other_dates(recorded, "session_id", OuterRef("session_id")), then=Value(Void.DATES_CHANGED.value)),
        output_field=CharField(),
    )


def _of_attestation() -> Case:
    return Case(
        When(state=EnrolmentState.CANCELLED, then=Value(Void.SEAT_CANCELLED.value)),
        When(state=EnrolmentState.ABSENT, then=Value(Void.ABSENT.value)),
        output_field=CharField(),
    )


def dates_changed() -> Case:
    """Of a document: whether its session, or one of its order if it names none, has other dates than it says.

    What we issued is made anew; what came from elsewhere says the old dates until somebody files another, or until the
    session has them again. A move that was proposed to another order proves as much.
    """
    recorded = OuterRef("recorded_at")
    of_session = _other_dates(recorded, "session_id", OuterRef("session_id"))
    of_order = _other_dates(recorded, "order_id", OuterRef("order_id"))
    return Case(When(session__isnull=False, then=of_session), default=of_order, output_field=BooleanField())


def participant_changed() -> Exists:
    """Of a document: whether it names somebody who has been replaced in the enrolment since."""
    return _other_person(OuterRef("recorded_at"), OuterRef("enrolment_id"))


def _other_dates(recorded: OuterRef, about: str, row: OuterRef) -> Exists:
    """Whether a session of which `about` is `row` has not the dates any more that it had at `recorded`.

    Those that it had then are what the first move since says that they were.
    """
    since, still = _moved(recorded, about, row), _moved(OuterRef(recorded), about, OuterRef(about))
    earlier = still.filter(session=OuterRef("session_id"), created_at__lt=OuterRef("created_at"))
    same = Q(previous_starts_on=F("session__starts_on"), previous_ends_on=F("session__ends_on"))
    return Exists(since.exclude(same).exclude(Exists(earlier)))


def _moved(recorded: OuterRef, about: str, row: OuterRef) -> QuerySet[SessionProposal]:
    return SessionProposal.objects.filter(kind=ProposalKind.MOVED, created_at__gt=recorded, **{about: row})


def _other_person(recorded: OuterRef, enrolment: OuterRef) -> Exists:
    """Whether the enrolment is not that of whom it was of at `recorded`: whom the first one since replaced."""
    since, still = _substituted(recorded, enrolment), _substituted(OuterRef(recorded), OuterRef("enrolment_id"))
    same = Q(participant_before=F("enrolment__participant"))
    return Exists(since.exclude(same).exclude(Exists(still.filter(at__lt=OuterRef("at")))))


def _substituted(recorded: OuterRef, enrolment: OuterRef) -> QuerySet[EnrolmentEvent]:
    return EnrolmentEvent.objects.filter(kind=EventKind.SUBSTITUTED, enrolment=enrolment, at__gt=recorded)


def with_validity(documents: QuerySet[Document]) -> QuerySet[Document]:
    """The same documents, with what `tell_void` needs; no query more."""
    return documents.annotate(because=void_because())


def tell_void(documents: Iterable[Document]) -> list[Document]:
    """These documents, from `with_validity`, each with `void`: why it is worth nothing any more, or ""."""
    told = list(documents)
    for document in told:
        document.void = label_of(Void, getattr(document, "because", ""))
    return told


def void_among(pks: Collection[int]) -> dict[int, str]:
    """Those of these documents that are worth nothing any more, by id, and why; in one query."""
    rows = Document.objects.filter(pk__in=pks).annotate(because=void_because()).values_list("pk", "because")
    return {pk: label_of(Void, because) for pk, because in rows if because}
