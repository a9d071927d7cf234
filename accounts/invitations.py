"""Offering an access to an address, and taking it up. The link is known to its mail alone.

Whoever opens the link has proved that the address is theirs, so nobody else may ever see it: not the inviter, not
staff. Only the SHA-256 of its token is kept, and sending the mail again makes a new link.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from accounts.journal import record
from accounts.mails import link_to, send
from accounts.models import Access, AccessEventType, Establishment, Invitation, User
from accounts.roles import Role
from accounts.services import check_length, lock_for

MOST_A_DAY = 500  # invitations that one person may send in a day
WAIT = timedelta(minutes=5)  # between two mails of one invitation


@dataclass(frozen=True)
class Offer:
    """What an invitation gives. `types` count for a standard access only; `ends_at` None: without end."""

    role: Role
    types: frozenset[DocumentType] = frozenset()
    ends_at: datetime | None = None
    message: str = ""


@dataclass
class Sent:
    """What became of some addresses: those to which a mail left, and why not, for each of the others."""

    sent: list[str] = field(default_factory=list)
    refused: dict[str, list[str]] = field(default_factory=dict)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(*, emails: Sequence[str], establishments: Iterable[Establishment], offer: Offer, actor: User) -> Sent:
    """Invite each address (in normal form) to the establishments where it has no access and no open invitation.

    One mail per address, whatever the number of establishments, and the same whether it has an account or not.
    PermissionDenied when the actor administers not all of them; ValidationError when the offer lasts longer than the
    actor's own right, or when too many invitations left today.
    """
    places = sorted(establishments, key=lambda place: place.pk)
    for place in places:
        lock_for(actor, place.pk)
        check_length(actor, place.pk, offer.role, offer.ends_at)
    _check_number(actor, len(emails) * len(places))
    outcome = Sent()
    for email in emails:
        reasons = {place.pk: _obstacle(email, place, actor) for place in places}
        open_places = [place for place in places if not reasons[place.pk]]
        if open_places:
            _send(email, [_offered(email, place, offer, actor) for place in open_places], actor)
            outcome.sent.append(email)
        elif places:
            outcome.refused[email] = list(dict.fromkeys(reasons.values()))
    return outcome


def _check_number(actor: User, wanted: int) -> None:
    recent = Invitation.objects.filter(invited_by=actor, invited_at__gt=timezone.now() - timedelta(days=1)).count()
    if recent + wanted > MOST_A_DAY:
        raise ValidationError(_("%d invitations au plus par jour : réessayez demain.") % MOST_A_DAY)


def _obstacle(email: str, place: Establishment, actor: User) -> str:
    """Why this address can't be invited to this establishment, or an empty text."""
    if email == actor.email:
        return _("C’est votre propre adresse : personne ne change son propre accès.")
    access = Access.objects.in_force().filter(user__email=email, establishment=place).first()
    if access is not None:
        values = {"email": email, "place": place.name, "role": access.get_role_display().lower()}
        return _("« %(email)s » a déjà un accès à %(place)s (%(role)s) : modifiez-le depuis la liste.") % values
    waiting = Invitation.objects.pending().filter(email=email, establishment=place).first()
    if waiting is not None:
        values = {"email": email, "place": place.name, "date": f"{timezone.localtime(waiting.invited_at):%d/%m/%Y}"}
        return _("« %(email)s » est déjà invitée à %(place)s depuis le %(date)s : renvoyez l’invitation.") % values
    return ""


def _offered(email: str, place: Establishment, offer: Offer, actor: User) -> tuple[Invitation, str]:
    """A new invitation and its token. One that expired makes room for it."""
    now, token = timezone.now(), secrets.token_urlsafe(32)
    open_ones = Invitation.objects.filter(email=email, establishment=place, accepted_at=None, revoked_at=None)
    open_ones.update(revoked_at=now)
    types = sorted(offer.types) if offer.role == Role.STANDARD else []
    invitation = Invitation.objects.create(
        email=email,
        establishment=place,
        role=offer.role,
        document_types=types,
        access_ends_at=offer.ends_at,
        message=offer.message,
        token_hash=hash_of(token),
        invited_by=actor,
        invited_at=now,
        expires_at=now + timedelta(days=Invitation.LIFETIME_DAYS),
    )
    _tell(AccessEventType.INVITED, invitation, actor)
    return invitation, token


def _send(email: str, offered: Sequence[tuple[Invitation, str]], actor: User) -> None:
    """The mail: one link, that of the first invitation; whoever opens it sees the others too."""
    invitation, token = offered[0]
    labels = [str(one.label) for one in DocumentType if one in invitation.document_types]
    context = {
        "inviter": actor.get_full_name() or actor.email,
        "inviter_email": actor.email,
        "places": [one.establishment.name for one, _token in offered],
        "administrator": invitation.role == Role.ADMINISTRATOR,
        "types": labels,
        "all_types": len(labels) == len(DocumentType),
        "ends_at": invitation.access_ends_at,
        "message": invitation.message,
        "expires_at": invitation.expires_at,
        "email": email,
        "url": link_to("invitation_open", token=token),
    }
    send("invitation", email, context, key=f"invitation-{invitation.token_hash[:32]}")


@transaction.atomic
def resend(*, invitation: Invitation, actor: User) -> Invitation:
    """Send the mail again with a new link, good for fourteen days; the one before no longer works.

    From then on it is the actor who invites. ValidationError when it was accepted or revoked meanwhile, or when a mail
    left a moment ago.
    """
    lock_for(actor, invitation.establishment_id)
    row = _open(invitation)
    now, token = timezone.now(), secrets.token_urlsafe(32)
    if now - row.invited_at < WAIT:
        raise ValidationError(_("Un message vient de partir. Attendez quelques minutes avant d’en envoyer un autre."))
    check_length(actor, row.establishment_id, Role(row.role), row.access_ends_at)
    _check_number(actor, 1)
    row.token_hash, row.invited_by = hash_of(token), actor
    row.invited_at, row.expires_at = now, now + timedelta(days=Invitation.LIFETIME_DAYS)
    row.save(update_fields=["token_hash", "invited_by", "invited_at", "expires_at"])
    _tell(AccessEventType.INVITATION_RESENT, row, actor)
    _send(row.email, [(row, token)], actor)
    return row


@transaction.atomic
def revoke(*, invitation: Invitation, actor: User) -> None:
    """Take an invitation back: its link opens nothing any more. ValidationError when it is too late."""
    lock_for(actor, invitation.establishment_id)
    row = _open(invitation)
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])
    _tell(AccessEventType.INVITATION_REVOKED, row, actor)


def _open(invitation: Invitation) -> Invitation:
    """The row as it is now, locked; ValidationError when it is no longer open."""
    row = Invitation.objects.select_for_update().select_related("establishment").get(pk=invitation.pk)
    if row.accepted_at is not None:
        raise ValidationError(_("Cette invitation vient d’être acceptée."))
    if row.revoked_at is not None:
        raise ValidationError(_("Cette invitation a déjà été révoquée."))
    return row


def _tell(event: AccessEventType, invitation: Invitation, actor: User) -> None:
    details = {
        "role": invitation.role,
        "types": invitation.document_types,
        "ends_at": invitation.access_ends_at,
    }
    record(
        actor=actor,
        establishment=invitation.establishment,
        subject_email=invitation.email,
        event=event,
        details=details,
    )
