"""Taking up an invitation: whether its link still works, and what it then gives."""

from __future__ import annotations

from enum import Enum

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.journal import record
from accounts.models import Access, AccessEventType, Establishment, Invitation, User
from accounts.roles import Role
from accounts.services import save_access


class Fate(Enum):
    """What became of a link."""

    PENDING = "pending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"
    DISAVOWED = "disavowed"  # whoever invited is no longer an administrator there
    ENDED = "ended"  # the access that it gives would have ended already


def fate_of(invitation: Invitation | None) -> Fate:
    """What a link is still good for; read again, inside the lock, when it is accepted."""
    if invitation is None:
        return Fate.UNKNOWN
    if invitation.accepted_at is not None:
        return Fate.ACCEPTED
    if invitation.revoked_at is not None:
        return Fate.REVOKED
    if invitation.expired:
        return Fate.EXPIRED
    if invitation.access_ends_at is not None and invitation.access_ends_at <= timezone.now():
        return Fate.ENDED
    return Fate.PENDING if _still_meant(invitation) else Fate.DISAVOWED


def _still_meant(invitation: Invitation) -> bool:
    inviter = invitation.invited_by
    if inviter is None or not inviter.is_active:
        return False
    return inviter.is_staff or invitation.establishment_id in User.objects.rights_of(inviter.pk).administered


def invitation_of(token_hash: str) -> Invitation | None:
    """The invitation of a link, whatever became of it."""
    return (
        Invitation.objects.select_related("establishment__company", "invited_by").filter(token_hash=token_hash).first()
    )


def has_account(email: str) -> bool:
    """Whether this address is somebody's login address. Only whoever opened the address's own link is told."""
    return User.objects.filter(email=email).exists()


def offered_with(invitation: Invitation) -> list[Invitation]:
    """This invitation and the others that the same address may accept today, of whatever company."""
    others = Invitation.objects.pending().filter(email=invitation.email).exclude(pk=invitation.pk)
    rows = [invitation, *others.select_related("establishment__company", "invited_by").order_by("establishment__name")]
    return [row for row in rows if fate_of(row) == Fate.PENDING]


@transaction.atomic
def accept(*, invitation: Invitation, user: User) -> list[Establishment]:
    """Give the person what this invitation and the others of its address offer; the establishments that they enter.

    PermissionDenied unless the invited address is the person's verified one, read again here. What became invalid
    meanwhile is left out: an empty answer says that nothing was left. Accepting twice gives once.
    """
    if User.objects.rights_of(user.pk).email != invitation.email:
        raise PermissionDenied
    entered = []
    offered = sorted(offered_with(invitation), key=lambda one: one.establishment_id)
    for one in offered:
        place = _accept_one(one, user)
        if place is not None:
            entered.append(place)
    return entered


def _accept_one(offered: Invitation, user: User) -> Establishment | None:
    """What was found before the lock is read again inside it: revoked, accepted, or disavowed meanwhile."""
    Establishment.objects.select_for_update(no_key=True).get(pk=offered.establishment_id)
    invitation = Invitation.objects.select_for_update(of=("self",)).select_related("establishment", "invited_by")
    row = invitation.get(pk=offered.pk)
    inviter = row.invited_by
    if fate_of(row) != Fate.PENDING or inviter is None:
        return None
    try:
        with transaction.atomic():
            row.accepted_at, row.accepted_by = timezone.now(), user
            row.save(update_fields=["accepted_at", "accepted_by"])
            _give(row, user, inviter)
    except ValidationError:  # the inviter's own right ends before what they offered
        return None
    record(
        actor=user,
        establishment=row.establishment,
        subject_email=row.email,
        event=AccessEventType.INVITATION_ACCEPTED,
        details={"inviter": inviter.email},
    )
    return row.establishment


def _give(invitation: Invitation, user: User, inviter: User) -> None:
    """What was offered, never more; and an administrator keeps their level, whatever was offered (rule 4)."""
    place = invitation.establishment
    held = Access.objects.filter(user=user, establishment=place).first()
    if held is not None and held.ended:
        held.delete()  # with it go the exceptions on single documents
        held = None
    if held is not None and held.role == Role.ADMINISTRATOR:
        return
    access = held or Access(user=user, establishment=place)
    access.role, access.ends_at = invitation.role, invitation.access_ends_at
    save_access(access=access, types=[DocumentType(code) for code in invitation.document_types], actor=inviter)
