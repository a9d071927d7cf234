"""What an administrator changes of the accesses of others, from the pages of the portal: never of their own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.roles import Role
from accounts.services import lock_for, remove_access, save_access


class OwnAccessError(PermissionDenied):
    """Rule 4: an administrator changes the accesses of others, and others change theirs."""

    def __init__(self) -> None:
        super().__init__(
            _("C’est votre propre accès : seul un autre administrateur, ou notre équipe, peut le changer.")
        )


@transaction.atomic
def change_access(
    *, access: Access, role: Role, types: Iterable[DocumentType], ends_at: datetime | None, actor: User
) -> Access:
    """Promote, demote, tick other types, give another end date: effective at once, and as good as a review.

    An access whose end is past is given anew: nothing of what it opened by exception comes back. OwnAccessError for
    one's own; PermissionDenied for an establishment that one does not administer; ValidationError when it is gone,
    when the end is past, or when the establishment would be left without a lasting administrator.
    """
    held = _locked(access, actor)
    if ends_at is not None and ends_at <= timezone.now():
        raise ValidationError(_("La date de fin est déjà passée : retirez plutôt l’accès."))
    if ends_at != held.ends_at:
        held.decide(["ends_at"])
    if held.ended:
        held.granted_at, held.granted_by = timezone.now(), actor
    held.role, held.ends_at, held.reviewed_at = role, ends_at, timezone.now()
    return save_access(access=held, types=types, actor=actor)


@transaction.atomic
def take_away(*, access: Access, actor: User) -> bool:
    """Remove somebody else's access, with all that it opened; False when it was already gone.

    Raises as `change_access` does.
    """
    if access.user_id == actor.pk:
        raise OwnAccessError
    return remove_access(access=access, actor=actor)


def _locked(access: Access, actor: User) -> Access:
    """The row as it is now, inside the lock of its establishment."""
    if access.user_id == actor.pk:
        raise OwnAccessError
    lock_for(actor, access.establishment_id)
    held = Access.objects.select_related("user", "establishment").filter(pk=access.pk).first()
    if held is None:
        raise ValidationError(_("Cet accès vient d’être retiré."))
    return held
