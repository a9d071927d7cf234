"""What an OPCO wants to see before it pays, for one order.

After the training: the agreement (prise en charge), the invoice, the certificat de réalisation (arrêté of 21 December
2018) or attestation of each trainee, and the attendance sheets (Code du travail R6332-25 and R6332-26: proof of the
execution of the action).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from accounts.models import User
from documents.models import Document
from documents.reach import types_open
from documents.validity import tell_void, with_validity
from enrolments.models import Enrolment, EnrolmentState, Order

PACK = (
    DocumentType.PRISE_EN_CHARGE,
    DocumentType.FACTURE,
    DocumentType.ATTESTATION,
    DocumentType.EMARGEMENT,
)


@dataclass(frozen=True)
class OpcoPack:
    """`documents`: the current ones that the person may open. `missing`: what is not there yet, in words.

    `void`: what is left out because it proves nothing any more, in words. `closed`: the types that the person may not
    open; nothing is said of whether there are any.
    """

    documents: list[Document]
    missing: list[str]
    void: list[str]
    closed: list[DocumentType]

    @property
    def notes(self) -> list[str]:
        """What the archive's text file says."""
        said = []
        if self.missing:
            said += [_("Pièces manquantes à ce jour :"), *(f"- {line}" for line in self.missing)]
        if self.void:
            said += [_("Pièces qui ne valent plus, donc non jointes :"), *(f"- {line}" for line in self.void)]
        if self.closed:
            names = ", ".join(str(one.label) for one in self.closed)
            said.append(_("Types de document que votre accès n’ouvre pas, donc non joints : %s.") % names)
        return said


def opco_pack(order: Order, user: User) -> OpcoPack:
    """The pack of an order that the caller has checked the person may see."""
    opens = types_open(order, user.rights)
    enrolments = list(
        Enrolment.objects.visible_to(user).active().filter(order=order).select_related("session__course", "participant")
    )
    sheet = Q(order__isnull=True, type=DocumentType.EMARGEMENT, establishment_id=order.establishment_id)
    sheet &= Q(session__in={one.session_id for one in enrolments})
    current = Document.objects.visible_to(user).filter(Q(order=order) | sheet, type__in=PACK, replaced_by__isnull=True)
    found = tell_void(with_validity(current.select_related("session__course").order_by("issued_on", "pk")))
    documents = [one for one in found if not one.void]
    void = [_("%(paper)s : %(why)s") % {"paper": one, "why": one.void} for one in found if one.void]
    missing = [line for kind in PACK if kind in opens for line in _missing(kind, documents, enrolments)]
    return OpcoPack(documents, missing, void, [kind for kind in PACK if kind not in opens])


def _missing(kind: DocumentType, documents: Iterable[Document], enrolments: Iterable[Enrolment]) -> list[str]:
    held = [document for document in documents if document.kind == kind]
    today = timezone.localdate()
    if kind == DocumentType.ATTESTATION:
        covered = {document.enrolment_id for document in held}
        due = [one for one in enrolments if one.state != EnrolmentState.ABSENT and one.pk not in covered]
        return [
            _("%(paper)s de %(person)s (%(course)s)")
            % {
                "paper": kind.label,
                "person": one.participant or _("une personne à désigner"),
                "course": one.session.course.title,
            }
            for one in due
        ]
    if kind == DocumentType.EMARGEMENT:
        covered = {document.session_id for document in held}
        whole = any(document.session_id is None for document in held)  # of the order, for all its sessions
        sessions = {one.session_id: one.session for one in enrolments}
        return [
            _("%(paper)s de la session du %(day)s (%(course)s)")
            % {"paper": kind.label, "day": f"{session.starts_on:%d/%m/%Y}", "course": session.course.title}
            + ("" if session.ends_on < today else _(" : la formation n’est pas terminée"))
            for pk, session in sessions.items()
            if not whole and pk not in covered
        ]
    return [] if held else [str(kind.label)]
