"""What waits for a person, on the dashboard: decisions first, then drafts to come back to, then what others decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.labels import label_of
from accounts.lists import first
from accounts.models import User
from accounts.readings import read
from enrolments.approving import approvable_by
from enrolments.models import Order, OrderDraft, OrderState
from espace_client.formatting import date_range, short_date

TASKS = 50


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits. `tone` is one of espace_client.tones."""

    CHOICES: ClassVar = ("label", "tone", "action")

    label: str
    tone: str
    title: str
    detail: str
    url: str
    action: str


def todo_of(user: User) -> list[Task]:
    """Everything that waits, in three queries at most."""
    waiting = read(_waiting, user)
    mine = _to_decide(user, waiting)
    decisions = [_order_task(row, decide=True) for row in waiting if row[0] in mine]
    others = [_order_task(row, decide=False) for row in waiting if row[0] not in mine]
    return [*decisions, *_draft_tasks(user, timezone.localdate()), *others]


def _to_decide(user: User, waiting: Sequence[Sequence[Any]]) -> set[int]:
    """Ids of the orders that this person approves or declines; asked only when an order waits for that."""
    ids = [pk for pk, _number, state, *_rest in waiting if state == OrderState.TO_APPROVE]
    return set(approvable_by(user, user.rights).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


def _order_task(row: Sequence[Any], *, decide: bool) -> Task:
    pk, number, state, placed_on, email = row
    return Task(
        label=label_of(OrderState, state),
        tone="warm",
        title=_("Commande %s") % number,
        detail=_("passée le %(date)s par %(email)s") % {"date": short_date(placed_on), "email": email},
        url=reverse("order_approval" if decide else "order_detail", args=[pk]),
        action=_("Approuver ou décliner") if decide else _("Voir"),
    )


def _draft_tasks(user: User, today: date) -> list[Task]:
    """Orders begun and not confirmed, whose session still is to come; the last touched first."""
    rows = (
        OrderDraft.objects.visible_to(user)
        .open()
        .filter(session__starts_on__gt=today)
        .annotate(count=Count("seats") + F("unnamed_seats"))
        .order_by("-updated_at", "-pk")
        .values_list("session_id", "session__course__title", "session__starts_on", "session__ends_on", "count")
    )
    return [
        Task(
            label=_("En préparation"),
            tone="brand",
            title=title,
            detail=f"{date_range(begins, ends)} · "
            + ngettext("%d place, à confirmer", "%d places, à confirmer", count) % count,
            url=reverse("enrol_start", args=[session]),
            action=_("Reprendre"),
        )
        for session, title, begins, ends, count in rows[:TASKS]
    ]


def _waiting(user: User, *, condition: Q) -> QuerySet[Order, Any]:
    """The newest orders that wait; see accounts.readings."""
    waiting = [
        branch.filter(state__in=[OrderState.TO_APPROVE, OrderState.PENDING])
        for branch in Order.objects.visible_by_branch(user)
    ]
    columns = ("pk", "number", "state", "placed_on", "order_email")
    return first(waiting, ["-placed_on", "-pk"], TASKS).values_list(*columns)[:TASKS]
