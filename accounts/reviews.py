"""The access review (rule 5): who is doubtful, confirming, and reminding those who forget.

Every six months each access is confirmed or removed by somebody else than its owner. What stands out comes first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.changing import OwnAccessError, take_away
from accounts.domains import is_outside, known_domains
from accounts.journal import record
from accounts.models import Access, AccessEventType, AccessReview, Company, Establishment, User
from accounts.services import lock_for

PERIOD = timedelta(days=182)  # six months
FIRST_LOGIN = timedelta(days=30)  # whoever has not come by then may never have accepted


class Doubt(Enum):
    """Why an access stands out, the gravest first."""

    ENDED = "ended"
    OUTSIDE = "outside"
    NEVER_CAME = "never_came"
    AWAY = "away"


def doubts_about(access: Access, domains: Collection[str], now: datetime) -> list[Doubt]:
    """What stands out about an access (with its `user`): `domains` are those of its company."""
    user, found = access.user, []
    if access.ends_at is not None and access.ends_at <= now:
        found.append(Doubt.ENDED)
    if is_outside(user.email, domains):
        found.append(Doubt.OUTSIDE)
    if user.last_login is None and access.granted_at <= now - FIRST_LOGIN:
        found.append(Doubt.NEVER_CAME)
    if user.last_login is not None and user.last_login <= now - PERIOD:
        found.append(Doubt.AWAY)
    return found


def is_waiting(access: Access, doubts: Collection[Doubt], now: datetime) -> bool:
    """Whether the access is to be confirmed or removed: it stands out, or nobody decided about it for six months.

    A confirmation holds for six months, whatever stands out.
    """
    last = access.reviewed_at or (None if doubts else access.granted_at)
    return last is None or last <= now - PERIOD or Doubt.ENDED in doubts


@dataclass(frozen=True)
class Standing:
    """An access in a review. `own`: it is the reviewer's, and somebody else's to confirm."""

    access: Access
    doubts: list[Doubt]
    waiting: bool
    own: bool


def standings(accesses: Iterable[Access], reviewer: User) -> list[Standing]:
    """Each access (with `user` and `establishment__company`) as the review sees it: what waits first."""
    rows, now = list(accesses), timezone.now()
    companies: dict[int, Company] = {row.establishment.company_id: row.establishment.company for row in rows}
    domains = known_domains(companies.values())
    found = []
    for row in rows:
        doubts = doubts_about(row, domains[row.establishment.company_id], now)
        own = row.user_id == reviewer.pk
        found.append(Standing(row, doubts, not own and is_waiting(row, doubts, now), own))
    order = list(Doubt)
    return sorted(
        found, key=lambda one: (one.own, not one.waiting, min((order.index(d) for d in one.doubts), default=len(order)))
    )


@transaction.atomic
def confirm(*, accesses: Collection[Access], actor: User) -> int:
    """Confirm accesses of others; how many. A review in which nothing waits any more is finished then.

    PermissionDenied for an establishment that the actor does not administer, OwnAccessError for their own access,
    ValidationError for one whose end is past: that one is removed or given anew.
    """
    if any(access.user_id == actor.pk for access in accesses):
        raise OwnAccessError
    places, confirmed = sorted({access.establishment_id for access in accesses}), 0
    for place in places:
        lock_for(actor, place)
        chosen = [access.pk for access in accesses if access.establishment_id == place]
        for row in Access.objects.select_related("user", "establishment").filter(pk__in=chosen).order_by("pk"):
            _confirm_one(row, actor)
            confirmed += 1
        finish_if_done(place, actor)
    return confirmed


def _confirm_one(access: Access, actor: User) -> None:
    if access.ended:
        raise ValidationError(_("Cet accès est terminé : retirez-le, ou donnez-lui une nouvelle date de fin."))
    access.reviewed_at = timezone.now()
    access.save(update_fields=["reviewed_at"])
    record(
        actor=actor,
        establishment=access.establishment,
        subject_email=access.user.email,
        event=AccessEventType.CONFIRMED,
        details={"role": access.role},
    )


@transaction.atomic
def remove_in_review(*, access: Access, actor: User) -> bool:
    """`take_away`, which may have been the last thing that the review waited for."""
    removed = take_away(access=access, actor=actor)
    finish_if_done(access.establishment_id, actor)
    return removed


def finish_if_done(establishment_id: int, actor: User) -> AccessReview | None:
    """Write down that the review is finished, when nothing waits; the caller holds the establishment's lock.

    Once a day is enough: what is confirmed later the same day belongs to the same review.
    """
    accesses = Access.objects.filter(establishment=establishment_id).select_related("user", "establishment__company")
    rows = standings(accesses, actor)
    if any(one.waiting for one in rows):
        return None
    now = timezone.now()
    recent = AccessReview.objects.filter(
        establishment=establishment_id, finished_at__gt=now - timedelta(days=1)
    ).first()
    if recent is not None:
        return None
    place = Establishment.objects.get(pk=establishment_id)
    record(
        actor=actor,
        establishment=place,
        subject_email=actor.email,
        event=AccessEventType.REVIEWED,
        details={"count": len(rows)},
    )
    return AccessReview.objects.create(establishment=place, finished_by=actor, finished_at=now, accesses=len(rows))


def overdue_establishments(now: datetime) -> list[int]:
    """Establishments with several accesses, whose last review, or oldest access without any, is six months old."""
    rows = Establishment.objects.annotate(
        reviewed=Max("access_reviews__finished_at"),
        began=Min("accesses__granted_at"),
        people=Count("accesses", distinct=True),
    ).filter(people__gt=1)
    long_ago = now - PERIOD
    due = rows.filter(Q(reviewed__lte=long_ago) | Q(reviewed__isnull=True, began__lte=long_ago))
    return list(due.order_by("pk").values_list("pk", flat=True))
