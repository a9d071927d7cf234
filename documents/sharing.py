"""One document shared with, or withheld from, a standard access: the exceptions of rule 6, few and direct."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from guardian.shortcuts import assign_perm, remove_perm

from accounts.document_types import DocumentType
from accounts.journal import record
from accounts.models import Access, AccessEventType, EstablishmentGrant, User
from accounts.roles import Role
from accounts.services import lock_for
from documents.models import Document, DocumentGrant


@dataclass(frozen=True)
class Reader:
    """A standard access to the establishment of a document. `by_type`: its ticked types open the document."""

    access: Access
    by_type: bool
    shared: bool
    withheld: bool

    @property
    def opens(self) -> bool:
        """Whether the person opens the document: what `visible_to` says of their access."""
        return not self.withheld if self.by_type else self.shared


def readers_of(document: Document, accesses: Iterable[Access]) -> list[Reader]:
    """How these standard accesses (to the document's establishment) stand with it; two queries."""
    rows = list(accesses)
    grants = EstablishmentGrant.objects.filter(
        content_object=document.establishment_id, permission__codename=DocumentType(document.type).codename
    )
    ticked = set(grants.values_list("user_id", flat=True))
    exceptions = DocumentGrant.objects.filter(content_object=document)
    held = set(exceptions.values_list("user_id", "permission__codename"))
    return [
        Reader(
            row,
            row.user_id in ticked,
            (row.user_id, DocumentGrant.SHARED) in held,
            (row.user_id, DocumentGrant.WITHHELD) in held,
        )
        for row in rows
    ]


@transaction.atomic
def choose_readers(*, document: Document, offered: Collection[int], opened: Collection[int], actor: User) -> list[str]:
    """Make `opened` (ids of accesses) those that open the document, among `offered`; the addresses that changed.

    An exception is kept only where the wish differs from the ticked types, so unticking everything here and ticking it
    again leaves none. Administrators open everything: they are never among them. PermissionDenied unless the actor
    administers the document's establishment.
    """
    if document.establishment_id is None:
        raise PermissionDenied
    lock_for(actor, document.establishment_id)
    accesses = Access.objects.in_force().filter(
        pk__in=offered, establishment=document.establishment_id, role=Role.STANDARD
    )
    changed = []
    for reader in readers_of(document, accesses.select_related("user").order_by("pk")):
        if _settle(document, reader, wanted=reader.access.pk in opened, actor=actor):
            changed.append(reader.access.user.email)
    return changed


def _settle(document: Document, reader: Reader, *, wanted: bool, actor: User) -> bool:
    """Write or lift the exceptions so that the person opens the document, or does not; whether a row changed."""
    person = reader.access.user
    before, needed = reader.opens, wanted != reader.by_type
    right = {DocumentGrant.SHARED: needed and wanted, DocumentGrant.WITHHELD: needed and not wanted}
    now = {DocumentGrant.SHARED: reader.shared, DocumentGrant.WITHHELD: reader.withheld}
    for codename in right:
        if right[codename] and not now[codename]:
            assign_perm(codename, person, document)
        elif now[codename] and not right[codename]:
            remove_perm(codename, person, document)
    if before == wanted:
        return False
    if not needed:
        event = AccessEventType.EXCEPTION_LIFTED
    else:
        event = AccessEventType.DOCUMENT_SHARED if wanted else AccessEventType.DOCUMENT_WITHHELD
    record(
        actor=actor,
        establishment=document.establishment_id,
        subject_email=person.email,
        event=event,
        details={"document": document.number, "type": document.kind},
    )
    return True
