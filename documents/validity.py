"""Which convocations summon nobody any more: they stay, since nothing issued is deleted, and say so wherever shown."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from catalogue.models import SessionState
from documents.models import Document
from enrolments.models import EnrolmentState, SessionProposal
from enrolments.models.events import ProposalKind


def with_validity(documents: QuerySet[Document]) -> QuerySet[Document]:
    """The same documents, with what `tell_void` needs; no query more."""
    moved = SessionProposal.objects.filter(
        kind=ProposalKind.MOVED,
        order=OuterRef("order"),
        session=OuterRef("session"),
        created_at__gt=OuterRef("recorded_at"),
    )
    return documents.select_related("enrolment", "session").annotate(dates_changed=Exists(moved))


def tell_void(documents: Iterable[Document]) -> list[Document]:
    """These documents, from `with_validity`, each with `void`: why it is worth nothing any more, or ""."""
    told = list(documents)
    for document in told:
        document.void = _why(document)
    return told


def _why(document: Document) -> str:
    enrolment, session = document.enrolment, document.session
    if document.type != DocumentType.CONVOCATION or enrolment is None or session is None:
        return ""
    if enrolment.state == EnrolmentState.CANCELLED:
        return _("sans effet : l’inscription est annulée")
    if enrolment.session_id != session.pk:
        return _("sans effet : l’inscription a changé de session")
    if session.state == SessionState.CANCELLED:
        return _("sans effet : la session est annulée")
    if getattr(document, "dates_changed", False):
        return _("sans effet : la session a changé de dates")
    return ""
