"""The mail that keeps an access review from being forgotten."""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from accounts.mails import link_to, send
from accounts.models import Access, Establishment, NotificationKind, User
from accounts.notifications import wants
from accounts.reviews import overdue_establishments
from accounts.roles import Role


@task()
def remind_reviews() -> int:
    """A chore: one mail a month to each administrator of establishments whose review is due; how many are told.

    The mail's key names the person and the month, so running this again sends nothing twice. Whoever can't log in with
    a verified address is not written to.
    """
    now = timezone.now()
    accesses = Access.objects.in_force(now).filter(
        role=Role.ADMINISTRATOR, establishment__in=overdue_establishments(now), user__is_active=True
    )
    due: dict[User, list[Establishment]] = defaultdict(list)
    for access in accesses.select_related("user", "establishment").order_by("user", "establishment__name"):
        due[access.user].append(access.establishment)
    told = 0
    for user, places in due.items():
        if user.rights.email is None or not wants(user.email, NotificationKind.ACCESS_REVIEW):
            continue
        with transaction.atomic():
            context = {"user": user, "places": [place.name for place in places], "url": link_to("access_review")}
            send("access_review", user.email, context, key=f"access-review-{user.pk}-{now:%Y-%m}")
        told += 1
    return told
