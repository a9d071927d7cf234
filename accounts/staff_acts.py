"""What the team does for people, under the guards of rule 4, or past them with a reason that the journal keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from accounts.journal import record
from accounts.mails import send
from accounts.models import Access, AccessEventType, Establishment, User
from accounts.roles import Role
from accounts.services import lock_for, open_account, remove_access, save_access


def leaves_none(access: Access, *, role: str | None = None, ends_at: datetime | None = None) -> bool:
    """Whether the establishment has a lasting administrator now, and would have none after this change (or removal)."""
    lasting = Access.objects.filter(establishment=access.establishment_id, role=Role.ADMINISTRATOR, ends_at=None)
    ids = set(lasting.filter(user__is_active=True).values_list("pk", flat=True))
    stays = role == Role.ADMINISTRATOR and ends_at is None
    return ids == {access.pk} and not stays


def _check(access: Access, reason: str, *, role: str | None = None, ends_at: datetime | None = None) -> None:
    if not reason and leaves_none(access, role=role, ends_at=ends_at):
        raise ValidationError(
            _("%s n’aurait plus d’administrateur permanent : pour le décider quand même, écrivez pourquoi.")
            % access.establishment
        )


@transaction.atomic
def save_access_as_staff(*, access: Access, types: Iterable[DocumentType], actor: User, reason: str = "") -> Access:
    """As services.save_access; ValidationError when the last lasting administrator would go without a reason."""
    lock_for(actor, access.establishment_id)
    if access.pk:
        _check(access, reason, role=access.role, ends_at=access.ends_at)
    return save_access(access=access, types=types, actor=actor, reason=reason)


@transaction.atomic
def remove_access_as_staff(*, access: Access, actor: User, reason: str = "") -> bool:
    """As services.remove_access; ValidationError when the last lasting administrator would go without a reason."""
    lock_for(actor, access.establishment_id)
    _check(access, reason)
    return remove_access(access=access, actor=actor, reason=reason)


@transaction.atomic
def open_account_with_accesses(
    *, user: User, establishments: Sequence[Establishment], role: Role, types: Iterable[DocumentType], actor: User
) -> User:
    """An account for someone who ordered by telephone, with what they may see; they choose their password by a link."""
    opened, ticked = open_account(user=user), list(types)
    record(actor=actor, establishment=None, subject_email=user.email, event=AccessEventType.ACCOUNT_OPENED)
    for place in sorted(establishments, key=lambda one: one.pk):
        save_access(access=Access(user=opened, establishment=place, role=role), types=ticked, actor=actor)
    return opened


@transaction.atomic
def reset_second_factor(*, user: User, actor: User, reason: str) -> int:
    """Take every second factor of someone who lost theirs, end their sessions and tell them; how many there were.

    PermissionDenied when the actor may not change this account; one's own is managed on one's own page.
    """
    if user == actor or not actor.has_perm("accounts.change_user") or (user.is_staff and not actor.is_superuser):
        raise PermissionDenied
    taken, _by_model = Authenticator.objects.filter(user=user).delete()
    for session in UserSession.objects.filter(user=user):
        session.end()
    record(
        actor=actor,
        establishment=None,
        subject_email=user.email,
        event=AccessEventType.SECOND_FACTOR_RESET,
        details={"reason": reason},
    )
    send("second_factor_reset", user.email, {})
    return taken


@transaction.atomic
def deactivate_account(*, user: User, actor: User) -> None:
    """Shut an account from the next request on, in open sessions too; the team reopens it on the person's page."""
    user.is_active = False
    user.decide(["is_active"])
    user.save(update_fields=["is_active", "decided_in_portal"])
    tell_of_activity(user=user, actor=actor)


def tell_of_activity(*, user: User, actor: User) -> None:
    """A line of the journal, after an account was deactivated or reactivated."""
    event = AccessEventType.ACCOUNT_REACTIVATED if user.is_active else AccessEventType.ACCOUNT_DEACTIVATED
    record(actor=actor, establishment=None, subject_email=user.email, event=event)
