"""Closing one's own account: the accesses end, the history stays with the company (rule 4)."""

from __future__ import annotations

from collections.abc import Sequence

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.journal import record
from accounts.mails import send
from accounts.models import (
    Access,
    AccessEventType,
    Establishment,
    EstablishmentGrant,
    NotificationChoices,
    RemovedAccess,
    User,
)
from accounts.roles import Role
from accounts.services import close_invitations


class LastAdministratorError(PermissionDenied):
    """Rule 4: an establishment that has an administrator never ends with none unless staff decide it."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        super().__init__(_("Vous êtes le dernier administrateur de : %s.") % ", ".join(self.names))


class TeamAccountError(PermissionDenied):
    """An account of the team is closed by a colleague, in the management site."""

    def __init__(self) -> None:
        super().__init__(_("Un compte de l’équipe se désactive dans la gestion."))


@transaction.atomic
def close_account(*, user: User) -> None:
    """End every access of the person, every session and every way in, and empty their profile but for the name.

    The address stays on the closed account, so that no ERP drop opens it again and staff can reopen it for its owner,
    who will have to prove it anew. Orders and documents are the company's and stay. Raises LastAdministratorError, and
    TeamAccountError for staff.
    """
    _lock_establishments(user)
    held = User.objects.select_for_update().get(pk=user.pk)
    if held.is_staff:
        raise TeamAccountError
    if alone := alone_in(held):
        raise LastAdministratorError([place.name for place in alone])
    if not held.is_active:
        return
    _end_accesses(held)
    _forget_profile(held)
    _end_ways_in(held)
    send(
        "account_closed", held.email, {"name": held.get_short_name()}, key=f"account-closed-{held.pk}-{held.closed_at}"
    )


def alone_in(user: User) -> list[Establishment]:
    """The establishments that would be left without an administrator whose access does not end by itself."""
    own = Access.objects.in_force().filter(user=user, role=Role.ADMINISTRATOR)
    places = Establishment.objects.filter(accesses__in=own).distinct()
    others = Access.objects.filter(role=Role.ADMINISTRATOR, ends_at=None, user__is_active=True).exclude(user=user)
    return list(places.exclude(pk__in=others.values("establishment_id")))


def _lock_establishments(user: User) -> None:
    """In the order of their ids, as whoever locks several does: two who leave at once wait for each other."""
    own = Access.objects.filter(user=user).values("establishment_id")
    list(Establishment.objects.select_for_update(no_key=True).filter(pk__in=own).order_by("pk"))


def _end_accesses(user: User) -> None:
    for access in Access.objects.filter(user=user).select_related("establishment").order_by("establishment_id"):
        record(
            actor=user,
            establishment=access.establishment,
            subject_email=user.email,
            event=AccessEventType.ACCOUNT_CLOSED,
            details={"role": access.role},
        )
        RemovedAccess.objects.update_or_create(
            user=user, establishment=access.establishment, defaults={"removed_by": user, "removed_at": timezone.now()}
        )
        close_invitations(access)
        access.delete()
    record(actor=user, establishment=None, subject_email=user.email, event=AccessEventType.ACCOUNT_CLOSED)
    EstablishmentGrant.objects.filter(user=user).delete()


def _forget_profile(user: User) -> None:
    user.is_active, user.closed_at = False, timezone.now()
    user.civility = user.job_title = user.phone = ""
    user.shown_establishments = []
    user.set_unusable_password()
    user.decide(["is_active", "civility", "job_title", "phone"])
    user.save()
    NotificationChoices.objects.filter(user=user).delete()


def _end_ways_in(user: User) -> None:
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
    EmailAddress.objects.filter(user=user).update(verified=False)
    Authenticator.objects.filter(user=user).delete()
    for session in UserSession.objects.filter(user=user):
        session.end()
