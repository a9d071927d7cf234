"""What happened to the accesses of the demonstration over the last year, as the journal of accesses tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.document_types import DocumentType
from accounts.models import Access, AccessEvent, AccessEventType, Establishment, Invitation, RemovedAccess, User
from accounts.roles import Role

from .cast import STAFF_EMAIL
from .story import Story

LONGEST = 360  # days: what is older was purged
HELENE, MARC = "helene.garnier@solvane.example", "marc.delorme@solvane.example"


def make_access_journal(story: Story) -> None:
    lines = [*_accesses(story), *_invitations(), *_removals(), *_single(story)]
    kept = [line for line in lines if line.at > story.ago(LONGEST)]
    AccessEvent.objects.bulk_create(sorted(kept, key=lambda line: line.at))


def _line(
    at: datetime,
    event: AccessEventType,
    subject: str,
    place: Establishment | None,
    actor: User | None,
    details: dict[str, Any] | None = None,
) -> AccessEvent:
    return AccessEvent(
        at=at,
        event=event,
        subject_email=subject,
        establishment=place,
        establishment_name=place.name if place else "",
        actor=actor,
        actor_email=actor.email if actor else "",
        details=details or {},
    )


def _giver(access: Access) -> User | None:
    """Somebody else who administers the place; the team gave the others."""
    others = Access.objects.filter(~Q(user=access.user), establishment=access.establishment, role=Role.ADMINISTRATOR)
    first = others.select_related("user").order_by("pk").first()
    return first.user if first else None


def _accesses(story: Story) -> list[AccessEvent]:
    lines = []
    team = story.people[STAFF_EMAIL]
    for access in Access.objects.select_related("user", "establishment").order_by("pk"):
        giver = _giver(access) or team
        subject, place = access.user.email, access.establishment
        if access.ends_at is not None:
            details = {"role": access.role, "ends_at": access.ends_at.isoformat()}
            lines.append(_line(access.granted_at, AccessEventType.GIVEN, subject, place, giver, details))
        if access.reviewed_at is not None:
            details = {"role": access.role}
            lines.append(_line(access.reviewed_at, AccessEventType.CONFIRMED, subject, place, giver, details))
    return lines


def _invitations() -> list[AccessEvent]:
    return [
        _line(
            one.invited_at,
            AccessEventType.INVITED,
            one.email,
            one.establishment,
            one.invited_by,
            {"role": one.role, "types": one.document_types},
        )
        for one in Invitation.objects.select_related("establishment", "invited_by").order_by("pk")
    ]


def _removals() -> list[AccessEvent]:
    return [
        _line(
            one.removed_at,
            AccessEventType.REMOVED,
            one.user.email,
            one.establishment,
            one.removed_by,
            {"role": Role.ADMINISTRATOR.value},
        )
        for one in RemovedAccess.objects.select_related("establishment", "user", "removed_by").order_by("pk")
    ]


def _single(story: Story) -> list[AccessEvent]:
    """The accountant's year in Lyon, a look by the team, and an account opened after a call."""
    lyon, people = story.places["lyon"], story.people
    helene, nadia, team = people[HELENE], people["nadia.benali@solvane.example"], people[STAFF_EMAIL]
    invoices, conventions = DocumentType.FACTURE.value, DocumentType.CONVENTION.value
    standard = {"role": Role.STANDARD.value, "types": [invoices]}
    return [
        _line(story.ago(310), AccessEventType.INVITED, MARC, lyon, helene, standard),
        _line(story.ago(309), AccessEventType.INVITATION_ACCEPTED, MARC, lyon, people[MARC], standard),
        _line(story.ago(64), AccessEventType.TYPES_CHANGED, MARC, lyon, nadia, {"added": [conventions]}),
        _line(
            story.ago(6),
            AccessEventType.VISITED,
            MARC,
            None,
            team,
            {"reason": "Appel du client : ne trouve pas une facture de Lyon"},
        ),
        _line(story.ago(200), AccessEventType.ACCOUNT_OPENED, "aurelie.rey@solvane.example", None, team),
    ]
