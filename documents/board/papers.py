"""What is missing of the papers of recent and coming sessions: by whom it is owed, and what it blocks.

Only types that the reader may open are spoken of (rule 6). Whether a document is there is asked of all documents of
those types: one that was withheld from the reader is not missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import User
from catalogue.models import SessionState
from documents.board.folders import Board, Folder, Paper
from documents.board.rules import RULES
from documents.models import Document, Evaluation
from documents.reach import types_open
from documents.validity import dates_changed, void_because
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState

LOOKED_BACK = timedelta(days=120)
MOST_SEATS, MOST_SEATS_OF_TEAM = 1000, 5000
DATED = (DocumentType.CONVENTION, DocumentType.EMARGEMENT)  # with the convocation, what says when a session is
Opens = Callable[[Order], frozenset[DocumentType]]


def board_of(user: User) -> Board:
    """The orders of this person that lack something."""
    seats = Enrolment.objects.visible_to(user)
    return board_of_seats(seats, lambda order: types_open(order, user.rights), MOST_SEATS)


def board_of_all() -> Board:
    """All orders that lack something, for the team."""
    return board_of_seats(Enrolment.objects.all(), lambda _order: frozenset(DocumentType), MOST_SEATS_OF_TEAM)


def board_of_seats(seats: QuerySet[Enrolment], opens: Opens, most: int) -> Board:
    """Of these seats, the `most` that are in the latest sessions, the orders lacking something; in four queries."""
    today = timezone.localdate()
    near = list(
        seats.exclude(state=EnrolmentState.CANCELLED)
        .filter(
            session__ends_on__gte=today - LOOKED_BACK,
            order__state__in=[OrderState.PENDING, OrderState.VALIDATED],
        )
        .exclude(session__state=SessionState.CANCELLED)
        .select_related("order__establishment", "session__course", "participant")
        .order_by("-starts_on", "-pk")[: most + 1]
    )
    folders: dict[int, Folder] = {}
    for seat in near[:most]:
        folder = folders.setdefault(seat.order_id, Folder(seat.order, opens(seat.order), today))
        folder.seats.append(seat)
    _fill(folders)
    for folder in folders.values():
        folder.missing = [one for rule in RULES for one in rule(folder)]
    lacking = sorted((one for one in folders.values() if one.missing), key=lambda one: (one.starts_on, one.order.pk))
    return Board(lacking, most, near[most - 1].starts_on if len(near) > most else None)


def _fill(folders: dict[int, Folder]) -> None:
    """Put into each folder the current documents of its order, shared attendance sheets too, and the evaluations."""
    sessions = {session.pk for folder in folders.values() for session in folder.sessions}
    places = {folder.order.establishment_id for folder in folders.values()}
    shared = Q(
        order__isnull=True, type=DocumentType.EMARGEMENT, session__in=sessions, establishment__in=places - {None}
    )
    current = Document.objects.filter(Q(order__in=folders) | shared, replaced_by__isnull=True)
    moved = Case(When(type__in=DATED, then=dates_changed()), default=Value(False))
    rows: Iterable[Any] = current.annotate(because=void_because(), moved=moved).values_list(
        *("pk", "type", "number", "order_id", "enrolment_id", "session_id", "establishment_id"),
        *("acceptance", "because", "moved"),
    )
    common: list[Paper] = []
    for pk, kind, number, order, enrolment, session, place, acceptance, because, moved in rows:
        outdated = bool(because) or moved
        paper = Paper(pk, kind, number, order, enrolment, session, place, acceptance is not None, outdated)
        if paper.order_id is None:
            common.append(paper)
        else:
            folders[paper.order_id].papers.append(paper)
    for folder in folders.values():
        mine = {session.pk for session in folder.sessions}
        folder.papers += [
            one for one in common if one.session_id in mine and one.establishment_id == folder.order.establishment_id
        ]
    for evaluation in Evaluation.objects.filter(enrolment__order__in=folders).select_related("enrolment"):
        folders[evaluation.enrolment.order_id].evaluations[evaluation.enrolment_id] = evaluation
