"""What opens and changes accounts and accesses. Only here are guardian's rows written."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, remove_perm

from accounts.document_types import DocumentType
from accounts.journal import record
from accounts.models import (
    Access,
    AccessEventType,
    Establishment,
    EstablishmentGrant,
    Invitation,
    RemovedAccess,
    User,
)
from accounts.roles import Role


class OwnAdministratorRightError(PermissionDenied):
    """Rule 4: nobody removes, lowers or ends their own administrator right, by any road."""

    def __init__(self) -> None:
        super().__init__(_("Personne ne retire son propre droit d’administrateur."))


@transaction.atomic
def set_document_types(*, access: Access, types: Iterable[DocumentType], actor: User | None = None) -> bool:
    """Make `types` the ones that this standard access opens, from the next request on; True if something changed.

    The access row is locked, so two changes at once end as one of the two, never as a mixture. `actor` is for the
    journal only; None for an ERP drop.
    """
    changes = _tick(access, types)
    if changes:
        _tell(AccessEventType.TYPES_CHANGED, access, actor, changes)
    return bool(changes)


def _tick(access: Access, types: Iterable[DocumentType]) -> dict[str, list[str]]:
    """What was ticked and unticked, as codes; empty when nothing changed."""
    Access.objects.select_for_update().get(pk=access.pk)
    held = set(
        EstablishmentGrant.objects.filter(user=access.user_id, content_object=access.establishment_id).values_list(
            "permission__codename", flat=True
        )
    )
    wanted = {document_type.codename for document_type in types}
    for codename in sorted(wanted - held):
        assign_perm(codename, access.user, access.establishment)
    for codename in sorted(held - wanted):
        remove_perm(codename, access.user, access.establishment)
    changes = {"added": _codes(wanted - held), "removed": _codes(held - wanted)}
    return {name: codes for name, codes in changes.items() if codes}


def _codes(codenames: set[str]) -> list[str]:
    return [one.value for one in DocumentType if one.codename in codenames]


def _tell(event: AccessEventType, access: Access, actor: User | None, details: Mapping[str, Any]) -> None:
    """A line of the journal about an access."""
    record(
        actor=actor,
        establishment=access.establishment,
        subject_email=access.user.email,
        event=event,
        details=details,
    )


@transaction.atomic
def verify_login_address(*, user: User) -> None:
    """Record that the person proved that the address of the account is theirs: it now opens its orders (rule 1).

    Raises IntegrityError when another account has proved the same address.
    """
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


@transaction.atomic
def open_account(*, user: User) -> User:
    """Save a new account without a password; its address, not verified yet, opens nothing until its owner proves it."""
    user.set_unusable_password()
    user.save(force_insert=True)
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    return user


@transaction.atomic
def save_access(*, access: Access, types: Iterable[DocumentType], actor: User, reason: str = "") -> Access:
    """Give or change an access; from then on no ERP drop changes its role or types, nor remembers that it was removed.

    An administrator opens all types, so `types` counts for a standard access only. PermissionDenied when the actor has
    no right to it, OwnAdministratorRightError when they would weaken their own administrator right. `reason` is for the
    journal.
    """
    lock_for(actor, access.establishment_id)
    held = None
    if access.pk:
        held = Access.objects.get(pk=access.pk)
        if lowers_own_right(held=held, role=access.role, ends_at=access.ends_at, actor=actor):
            raise OwnAdministratorRightError
        keep_an_administrator(held, actor, role=access.role, ends_at=access.ends_at)
    else:
        access.granted_by = actor
    check_length(actor, access.establishment_id, Role(access.role), access.ends_at)
    access.decide(["role", "types"])
    access.save()
    close_invitations(access)
    RemovedAccess.objects.filter(user=access.user_id, establishment=access.establishment_id).delete()
    ticked = _tick(access, types if access.role == Role.STANDARD else ())
    _tell_of_change(access, held, ticked, actor, reason)
    return access


def _tell_of_change(
    access: Access, held: Access | None, ticked: Mapping[str, list[str]], actor: User, reason: str
) -> None:
    """The line about an access that was given (`held` None) or changed; none when nothing changed."""
    if held is None:
        details = {"role": access.role, "ends_at": access.ends_at, "types": ticked.get("added", [])}
        _tell(AccessEventType.GIVEN, access, actor, details)
        return
    names = [name for name in ("role", "ends_at") if getattr(held, name) != getattr(access, name)]
    changes = {name: [getattr(held, name), getattr(access, name)] for name in names}
    if changes:
        _tell(AccessEventType.CHANGED, access, actor, {**changes, **ticked, **_why(reason)})
    elif ticked:
        _tell(AccessEventType.TYPES_CHANGED, access, actor, ticked)


def _why(reason: str) -> dict[str, str]:
    return {"reason": reason} if reason else {}


@transaction.atomic
def remove_access(*, access: Access, actor: User, reason: str = "") -> bool:
    """Take an access away with all it opened, and remember it, so that no ERP drop gives it back; False if it was gone.

    Effective on the next request. The actor, staff or an administrator of the establishment, can't remove their own
    administrator right; so an establishment loses its last administrator only by a decision of staff (rule 4), whose
    `reason` the journal keeps.
    """
    lock_for(actor, access.establishment_id)
    held = Access.objects.filter(pk=access.pk).first()
    if held is None:
        return False
    if held.user_id == actor.pk and held.role == Role.ADMINISTRATOR:
        raise OwnAdministratorRightError
    keep_an_administrator(held, actor, role=None, ends_at=None)
    close_invitations(held)
    EstablishmentGrant.objects.filter(user=held.user_id, content_object=held.establishment_id).delete()
    RemovedAccess.objects.update_or_create(
        user_id=held.user_id, establishment_id=held.establishment_id, defaults={"removed_by": actor}
    )
    _tell(AccessEventType.REMOVED, held, actor, {"role": held.role, **_why(reason)})
    held.delete()
    return True


def lowers_own_right(*, held: Access, role: str, ends_at: datetime | None, actor: User) -> bool:
    """Whether the actor's own administrator right would become a standard access, or end sooner than it does."""
    if held.user_id != actor.pk or held.role != Role.ADMINISTRATOR:
        return False
    ends_sooner = ends_at is not None and (held.ends_at is None or ends_at < held.ends_at)
    return role != Role.ADMINISTRATOR or ends_sooner


def lock_for(actor: User, establishment_id: int) -> None:
    """Lock the establishment and, inside the lock, check that the actor is staff or an administrator of it.

    Everything that gives, changes or takes an access there waits for this lock, so two administrators who remove each
    other at the same instant leave exactly one. Lock several establishments in the order of their ids.
    """
    Establishment.objects.select_for_update(no_key=True).get(pk=establishment_id)
    if _is_staff(actor):
        return
    if establishment_id not in User.objects.rights_of(actor.pk).administered:
        raise PermissionDenied


def _is_staff(actor: User) -> bool:
    return User.objects.filter(pk=actor.pk, is_staff=True, is_active=True).exists()


def _own_end(actor: User, establishment_id: int) -> datetime | None:
    """When the actor's own administrator right ends there; None for staff, and for a right without end."""
    own = Access.objects.filter(user=actor, establishment=establishment_id, role=Role.ADMINISTRATOR).first()
    return None if own is None or _is_staff(actor) else own.ends_at


def check_length(actor: User, establishment_id: int, role: Role, ends_at: datetime | None) -> None:
    """ValidationError when a delegate would make an administrator for longer than they are one themselves."""
    end = _own_end(actor, establishment_id) if role == Role.ADMINISTRATOR else None
    if end is not None and (ends_at is None or ends_at > end):
        text = _("Vous êtes administrateur jusqu’au %s : personne ne le devient par vous au-delà de cette date.")
        raise ValidationError(text % f"{timezone.localtime(end):%d/%m/%Y}")


def keep_an_administrator(held: Access, actor: User, *, role: str | None, ends_at: datetime | None) -> None:
    """Refuse what would leave the establishment without an administrator for good (rule 4); staff may.

    The actor stays one, since nobody touches their own right; so only a delegate, whose right ends, could take away
    the last that has no end. ValidationError then.
    """
    stays = role == Role.ADMINISTRATOR and ends_at is None
    if held.role != Role.ADMINISTRATOR or held.ends_at is not None or stays:
        return
    if _own_end(actor, held.establishment_id) is None:
        return
    lasting = Access.objects.filter(establishment=held.establishment_id, role=Role.ADMINISTRATOR, ends_at=None)
    if not lasting.filter(user__is_active=True).exclude(pk=held.pk).exists():
        text = _("C’est le dernier administrateur permanent : à la fin de votre délégation il n’y en aurait plus.")
        raise ValidationError(text)


def close_invitations(access: Access) -> None:
    """The latest decision about a person counts: what they were offered there before can't be accepted any more."""
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None, email=access.user.email)
    waiting.filter(establishment=access.establishment_id).update(revoked_at=timezone.now())


def types_ticked(access: Access) -> frozenset[DocumentType]:
    """The types that a standard access opens, whether it is in force or not."""
    rows = EstablishmentGrant.objects.filter(user=access.user_id, content_object=access.establishment_id)
    codenames = set(rows.values_list("permission__codename", flat=True))
    return frozenset(one for one in DocumentType if one.codename in codenames)
