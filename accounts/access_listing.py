"""What the page of accesses shows: each establishment that one administers, with who has what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.document_types import DocumentType
from accounts.models import Access, AccessReview, Establishment, Invitation, User
from accounts.presets import in_words
from accounts.reviews import Doubt, Standing, standings
from accounts.roles import Role

DOUBTS = {
    Doubt.ENDED: gettext_lazy("Délégation terminée"),
    Doubt.OUTSIDE: gettext_lazy("Hors de vos domaines"),
    Doubt.NEVER_CAME: gettext_lazy("Jamais venu"),
    Doubt.AWAY: gettext_lazy("Absent depuis six mois"),
}


@dataclass(frozen=True)
class AccessRow:
    """One access. `own`: the reader's, which others change. `giver`: who gave it, in words; staff stay a team."""

    access: Access
    types: frozenset[DocumentType]
    doubts: tuple[str, ...]
    waiting: bool
    own: bool
    giver: str

    @property
    def administrator(self) -> bool:
        return self.access.role == Role.ADMINISTRATOR

    @property
    def all_types(self) -> list[tuple[DocumentType, bool]]:
        """The nine types, each with whether it is open."""
        return [(one, self.administrator or one in self.types) for one in DocumentType]

    @property
    def types_text(self) -> str:
        return _("Tous les documents") if self.administrator else in_words(self.types)


@dataclass(frozen=True)
class InvitationRow:
    """One invitation that waits. `disavowed`: whoever sent it is no longer an administrator, so its link is dead."""

    invitation: Invitation
    types_text: str
    disavowed: bool


@dataclass
class Place:
    """An establishment with its accesses and what waits there; `reviewed_at`: when its last review was finished.

    `offered`: how many invitations wait there, those on other pages too.
    """

    establishment: Establishment
    rows: list[AccessRow] = field(default_factory=list)
    invitations: list[InvitationRow] = field(default_factory=list)
    reviewed_at: datetime | None = None
    offered: int = 0

    @property
    def waiting(self) -> int:
        return sum(row.waiting for row in self.rows)


def types_of(access: Any) -> frozenset[DocumentType]:
    """The ticked types of an access that was read `with_codenames`; none for an administrator."""
    if access.role == Role.ADMINISTRATOR:
        return frozenset()
    codenames = set(access.codenames)
    return frozenset(one for one in DocumentType if one.codename in codenames)


def accesses_of(user: User) -> Any:
    """Every access that the person manages, with all that a row shows of it."""
    rows = Access.objects.manageable_by(user).with_codenames()
    rows = rows.select_related("user", "granted_by", "establishment__company")
    return rows.order_by("establishment__name", "role", "user__last_name", "user__first_name", "pk")


def row_of(standing: Standing, team: str) -> AccessRow:
    access = standing.access
    giver = access.granted_by
    given_by = team if giver is None or giver.is_staff else giver.get_full_name() or giver.email
    doubts = tuple(str(DOUBTS[doubt]) for doubt in standing.doubts)
    return AccessRow(access, types_of(access), doubts, standing.waiting, standing.own, given_by)


def list_places(user: User, team: str) -> list[Place]:
    """The establishments that the person administers; five queries, whatever their number. `team`: the provider."""
    mine = Establishment.objects.manageable_by(user).select_related("company").order_by("name", "pk")
    places = {place.pk: Place(place) for place in mine}
    accesses = list(accesses_of(user))
    ranks = {access.pk: rank for rank, access in enumerate(accesses)}
    for standing in sorted(standings(accesses, user), key=lambda one: ranks[one.access.pk]):
        places[standing.access.establishment_id].rows.append(row_of(standing, team))
    administrators = _administrators(accesses)
    for invitation in waiting_invitations(user):
        place = invitation.establishment_id
        places[place].invitations.append(_invitation_row(invitation, administrators[place]))
        places[place].offered += 1
    reviews = AccessReview.objects.visible_to(user).order_by().values_list("establishment")
    for place, finished_at in reviews.annotate(last=Max("finished_at")):
        places[place].reviewed_at = finished_at
    return list(places.values())


def waiting_invitations(user: User) -> Iterable[Invitation]:
    """Neither accepted nor revoked; expired ones too, so that they are not forgotten."""
    rows = Invitation.objects.visible_to(user).filter(accepted_at=None, revoked_at=None)
    return rows.select_related("invited_by", "establishment").order_by("establishment__name", "-invited_at", "-pk")


def _administrators(accesses: Iterable[Access]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for access in accesses:
        if access.role == Role.ADMINISTRATOR and not access.ended and access.user.is_active:
            found[access.establishment_id].add(access.user_id)
    return found


def _invitation_row(invitation: Invitation, administrators: set[int]) -> InvitationRow:
    inviter = invitation.invited_by
    meant = inviter is not None and (inviter.is_staff or inviter.pk in administrators)
    types = frozenset(DocumentType(code) for code in invitation.document_types)
    text = _("Tous les documents") if invitation.role == Role.ADMINISTRATOR else in_words(types)
    return InvitationRow(invitation, text, not meant)
