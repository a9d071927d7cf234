"""The dashboard: what comes next, what waits, what is new, and the year in two pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.document_types import DocumentType
from accounts.lists import Ordering, newest
from accounts.models import User
from accounts.requests import person
from catalogue.models import Session
from documents.models import Document
from enrolments.figures import Months, by_month
from enrolments.models import Enrolment, Order, OrderState
from espace_client.formatting import MONTHS_SHORT, money, number, short_date

WEEKS_AHEAD = 6
DEPARTURES = 60
SESSIONS_SHOWN = 6
NEW_DOCUMENTS = 6
TASKS = 50
TASKS_SHOWN = 4


@dataclass(frozen=True)
class Convocation:
    pk: int


@dataclass(frozen=True)
class Traveller:
    """Someone who leaves for a session, with their convocation once it is issued and if one may open it."""

    name: str
    convocation: Convocation | None


@dataclass(frozen=True)
class Departure:
    session: Session
    people: list[Traveller]


@dataclass(frozen=True)
class Task:
    """Something that waits. `tone` is one of espace_client.tones."""

    label: str
    tone: str
    title: str
    detail: str
    url: str
    action: str


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """The first page of a logged-in person."""
    user = person(request)
    departures, todo = departures_of(user), tasks_of(user)
    recent = newest(Document.objects.visible_by_branch(user), Ordering("-date", ("-issued_on",)), NEW_DOCUMENTS)
    context = {
        "departures": departures[:SESSIONS_SHOWN],
        "more_departures": max(len(departures) - SESSIONS_SHOWN, 0),
        "todo": todo[:TASKS_SHOWN],
        "more_todo": max(len(todo) - TASKS_SHOWN, 0),
        "documents": recent.select_related("session__course", "order", "replaced_by"),
        "summary": summary_of(departures, todo),
        **figures_of(user),
    }
    return render(request, "dashboard.html", context)


def departures_of(user: User) -> list[Departure]:
    """The sessions of the coming weeks in which someone is enrolled, soonest first, each with its convocations."""
    today = timezone.localdate()
    coming = [
        branch.active().filter(starts_on__range=(today, today + timedelta(weeks=WEEKS_AHEAD)))
        for branch in Enrolment.objects.visible_by_branch(user)
    ]
    convocation = Document.objects.visible_to(user).filter(
        enrolment_id=OuterRef("pk"), type=DocumentType.CONVOCATION, replaced_by__isnull=True
    )
    rows = newest(coming, Ordering("date", ("starts_on",)), DEPARTURES)
    people: dict[Session, list[Traveller]] = {}
    for row in rows.select_related("session__course", "participant").annotate(
        convocation_id=Subquery(convocation.values("pk")[:1])
    ):
        name = str(row.participant) if row.participant else _("À désigner")
        found = Convocation(row.convocation_id) if row.convocation_id else None
        people.setdefault(row.session, []).append(Traveller(name, found))
    return [Departure(session, travellers) for session, travellers in people.items()]


def tasks_of(user: User) -> list[Task]:
    """Orders that wait: for the person's approval where they are administrator, else for the team's validation."""
    waiting = [
        branch.filter(state__in=[OrderState.TO_APPROVE, OrderState.PENDING])
        for branch in Order.objects.visible_by_branch(user)
    ]
    return [
        Task(
            label=order.get_state_display(),
            tone="warm",
            title=_("Commande %s") % order.number,
            detail=_("passée le %(date)s par %(email)s")
            % {"date": short_date(order.placed_on), "email": order.order_email},
            url=reverse("order_detail", args=[order.pk]),
            action=_("Voir"),
        )
        for order in newest(waiting, Ordering("-date", ("-placed_on",)), TASKS)
    ]


def summary_of(departures: list[Departure], todo: list[Task]) -> str:
    """One sentence under the greeting."""
    leaving = sum(len(departure.people) for departure in departures)
    if not leaving and not todo:
        return _("Rien de prévu dans les prochaines semaines.")
    parts = []
    if leaving:
        parts.append(
            ngettext(
                "%d départ en formation dans les six semaines", "%d départs en formation dans les six semaines", leaving
            )
            % leaving
        )
    if todo:
        parts.append(ngettext("%d commande en attente", "%d commandes en attente", len(todo)) % len(todo))
    return ", ".join(parts) + "."


def figures_of(user: User) -> dict[str, Any]:
    """The year against the last, by month; spend only for whom amounts may be shown somewhere."""
    year = timezone.localdate().year
    months = by_month(Enrolment.objects.visible_by_branch(user), user.rights, (year - 1, year))
    now, before = months[year], months[year - 1]
    spend_visible = any(now.spend.values()) or any(before.spend.values())
    figures = [(_("Heures de formation"), f"{number(sum(now.hours.values()))} h", "")]
    if spend_visible:
        figures.insert(0, (_("Dépense engagée, HT"), money(sum(now.spend.values()), 0), ""))
    return {
        "year": year,
        "previous_year": year - 1,
        "figures": figures,
        "hours": _rows(now, before, "hours"),
        "spend": _rows(now, before, "spend") if spend_visible else None,
    }


def _rows(now: Months, before: Months, name: str) -> list[tuple[str, Any, Any]]:
    this, last = getattr(now, name), getattr(before, name)
    return [(MONTHS_SHORT[month - 1], this[month] or None, last[month] or None) for month in range(1, 13)]
