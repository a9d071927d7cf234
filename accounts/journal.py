"""Writing the journal of accesses, and the only road by which a journal loses its oldest lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed
from django.db import connection, models, transaction
from django.dispatch import receiver

from accounts.emails import normalise_email
from accounts.models import Access, AccessEvent, AccessEventType, Establishment, User

PURGED_AT_ONCE = 10_000


def record(
    *,
    actor: User | None,
    establishment: Establishment | int | None,
    subject_email: str,
    event: AccessEventType,
    details: Mapping[str, Any] | None = None,
) -> AccessEvent:
    """Write a line, inside the transaction of the change that it tells of: what is rolled back is not told.

    `actor` None: the portal itself or an ERP drop. `establishment`: the row or its id; None for what is about the
    account alone, which administrators do not read. `details` as AccessEvent says.
    """
    place = Establishment.objects.get(pk=establishment) if isinstance(establishment, int) else establishment
    return AccessEvent.objects.create(
        actor=actor,
        actor_email=actor.email if actor else "",
        subject_email=normalise_email(subject_email),
        establishment=place,
        establishment_name=place.name if place else "",
        event=event,
        details=dict(details or {}),
    )


@receiver(email_changed)
def tell_of_new_address(
    user: User, from_email_address: EmailAddress | None, to_email_address: EmailAddress, **_signal: Any
) -> None:
    """A line in each establishment of the person, and one of the account's own; none when a first address is proved."""
    if from_email_address is None:
        return
    accesses = Access.objects.in_force().filter(user=user).select_related("establishment")
    for place in [*(access.establishment for access in accesses), None]:
        record(
            actor=user,
            establishment=place,
            subject_email=to_email_address.email,
            event=AccessEventType.LOGIN_EMAIL_CHANGED,
            details={"email": [from_email_address.email, to_email_address.email]},
        )


def purge(journal: type[models.Model], *, before: datetime) -> int:
    """Delete the lines of a journal (a model with `at`) that are older than `before`; how many there were.

    The triggers refuse any other deletion, and this one too for lines of the last thirty days. Done in steps, so that
    no lock lasts; what was purged stays purged when it is interrupted.
    """
    rows, purged = journal._default_manager.filter(at__lt=before).order_by(), 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('espace.purge_before', %s, true)", [before.isoformat()])
            oldest = rows.order_by("at").values("pk")[:PURGED_AT_ONCE]
            deleted = rows.filter(pk__in=oldest)._raw_delete(rows.db)
            cursor.execute("SELECT set_config('espace.purge_before', '', true)")
        purged += deleted
        if deleted < PURGED_AT_ONCE:
            return purged
