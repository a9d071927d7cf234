"""The dashboard: what comes next, what waits, what is new, and the year in two pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.document_types import DocumentType
from accounts.labels import label_of
from accounts.lists import Ordering, first, newest_of
from accounts.models import User
from accounts.readings import read
from accounts.requests import person
from catalogue.models import SessionState
from documents.listing import DOCUMENTS, Titled
from documents.models import Document
from enrolments.agreements import ending_soon
from enrolments.figures import Months, by_month
from enrolments.models import Enrolment, Order, OrderState
from espace_client.formatting import MONTHS_SHORT, money, number, short_date

WEEKS_AHEAD = 6
DEPARTURES = 60
SESSIONS_SHOWN = 6
NEW_DOCUMENTS = 6
TASKS = 50
TASKS_SHOWN = 4
TO_SIGN_SHOWN = 2
NEWEST = Ordering("-date", ("-issued_on",))


@dataclass(frozen=True, slots=True)
class Convocation:
    pk: int


@dataclass(frozen=True, slots=True)
class Traveller:
    """Someone who leaves for a session, with their convocation once it is issued and if one may open it."""

    name: str
    convocation: Convocation | None


@dataclass(frozen=True, slots=True)
class ComingSession:
    """A session, with the same names as the model."""

    CHOICES: ClassVar = ("state", "get_state_display")

    pk: int
    course: Titled
    starts_on: date
    ends_on: date
    city: str
    venue: str
    state: str

    def get_state_display(self) -> str:
        return label_of(SessionState, self.state)


@dataclass(frozen=True, slots=True)
class Departure:
    session: ComingSession
    people: list[Traveller]


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits. `tone` is one of espace_client.tones; `route` of `target` is where one sees to it."""

    CHOICES: ClassVar = ("label", "tone", "route")

    label: str
    tone: str
    title: str
    detail: str
    route: str
    target: int
    action: str


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """The first page of a logged-in person."""
    user = person(request)
    departures, waiting = departures_of(user), read(_waiting, user)
    unsigned = to_sign(user)
    recent = read(newest_of, user, DOCUMENTS, NEWEST, NEW_DOCUMENTS)
    context = {
        "departures": departures[:SESSIONS_SHOWN],
        "more_departures": max(len(departures) - SESSIONS_SHOWN, 0),
        "todo": unsigned + tasks_of(waiting[: TASKS_SHOWN - len(unsigned)]),
        "ending_accords": ending_soon(user, timezone.localdate()),
        "more_todo": max(len(waiting) - TASKS_SHOWN + len(unsigned), 0),
        "documents": [DOCUMENTS.row(*document) for document in recent],
        "summary": summary_of(departures, len(waiting)),
        **figures_of(user),
    }
    return render(request, "dashboard.html", context)


def departures_of(user: User) -> list[Departure]:
    """The sessions of the coming weeks in which someone is enrolled, soonest first, each with its convocations."""
    today = timezone.localdate()
    found: dict[int, Departure] = {}
    for row in read(_coming, user, today=today, until=today + timedelta(weeks=WEEKS_AHEAD)):
        pk, title, *dates_and_place, first_name, last_name, convocation = row
        if pk not in found:
            found[pk] = Departure(ComingSession(pk, Titled(title), *dates_and_place), [])
        name = _("À désigner") if last_name is None else f"{first_name} {last_name}".strip()
        found[pk].people.append(Traveller(name, None if convocation is None else Convocation(convocation)))
    return list(found.values())


def _coming(user: User, *, today: date, until: date, condition: Q) -> QuerySet[Enrolment, Any]:
    """Session, participant and visible convocation of the next enrolments; see accounts.readings."""
    branches = [
        branch.active().filter(starts_on__range=(today, until)) for branch in Enrolment.objects.visible_by_branch(user)
    ]
    convocation = Document.objects.visible_to(user).filter(
        enrolment_id=OuterRef("pk"), type=DocumentType.CONVOCATION, replaced_by__isnull=True
    )
    return first(branches, ["starts_on", "pk"], DEPARTURES).values_list(
        *("session_id", "session__course__title", "session__starts_on", "session__ends_on"),
        *("session__city", "session__venue", "session__state", "participant__first_name", "participant__last_name"),
        Subquery(convocation.order_by("pk").values("pk")[:1]),
    )[:DEPARTURES]


def to_sign(user: User) -> list[Task]:
    """The quotes that wait for a bon pour accord before their session, newest first; the board has the others."""
    title, detail, action = _("Bon pour accord %s"), _("émis le %s"), _("Lire et signer")
    return [
        Task(_("À signer"), "warm", title % number, detail % short_date(issued_on), "document_sign", pk, action)
        for pk, number, issued_on in read(_unsigned, user, today=timezone.localdate())
    ]


def _unsigned(user: User, *, today: date, condition: Q) -> QuerySet[Document, Any]:
    """Current quotes without an acceptance, of orders with a session to come; see accounts.readings."""
    coming = Enrolment.objects.visible_to(user).active().filter(order=OuterRef("order"), starts_on__gte=today)
    quotes = [
        branch.filter(
            Exists(coming),
            type=DocumentType.BON_POUR_ACCORD,
            order__state__in=[OrderState.PENDING, OrderState.VALIDATED],
            replaced_by__isnull=True,
            acceptance__isnull=True,
        )
        for branch in Document.objects.visible_by_branch(user)
    ]
    return first(quotes, ["-issued_on", "-pk"], TO_SIGN_SHOWN).values_list("pk", "number", "issued_on")[:TO_SIGN_SHOWN]


def tasks_of(orders: Sequence[Sequence[Any]]) -> list[Task]:
    """Orders that wait: for the person's approval where they are administrator, else for the team's validation."""
    title, detail, action = _("Commande %s"), _("passée le %(date)s par %(email)s"), _("Voir")
    return [
        Task(
            label=label_of(OrderState, state),
            tone="warm",
            title=title % number,
            detail=detail % {"date": short_date(placed_on), "email": email},
            route="order_detail",
            target=pk,
            action=action,
        )
        for pk, number, state, placed_on, email in orders
    ]


def _waiting(user: User, *, condition: Q) -> QuerySet[Order, Any]:
    """The newest orders that wait; see accounts.readings."""
    waiting = [
        branch.filter(state__in=[OrderState.TO_APPROVE, OrderState.PENDING])
        for branch in Order.objects.visible_by_branch(user)
    ]
    columns = ("pk", "number", "state", "placed_on", "order_email")
    return first(waiting, ["-placed_on", "-pk"], TASKS).values_list(*columns)[:TASKS]


def summary_of(departures: list[Departure], todo: int) -> str:
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
        parts.append(ngettext("%d commande en attente", "%d commandes en attente", todo) % todo)
    return ", ".join(parts) + "."


def figures_of(user: User) -> dict[str, Any]:
    """The year against the last, by month; spend only for whom amounts may be shown somewhere."""
    year = timezone.localdate().year
    months = by_month(user, (year - 1, year))
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
