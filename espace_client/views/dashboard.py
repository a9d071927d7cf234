"""The dashboard: what comes next, what waits, what is new, and the year in two pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from django.db.models import BooleanField, Case, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, When, Window
from django.db.models.functions import DenseRank
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.document_types import DocumentType
from accounts.labels import label_of
from accounts.lists import Ordering, first_keys, newest_of, rows_with
from accounts.models import User
from accounts.readings import ask
from accounts.requests import person
from accounts.statements import together
from catalogue.models import SessionState
from documents.listing import DOCUMENTS, Titled
from documents.models import Document
from documents.validity import dates_changed, participant_changed
from enrolments.figures import Months, ask_months
from enrolments.models import Enrolment
from espace_client import components
from espace_client.formatting import MONTHS_SHORT, money, number
from espace_client.framed import framing
from espace_client.moulds import pour
from espace_client.views.todo import ask_todo

WEEKS_AHEAD = 6
DEPARTURES = 60
SESSIONS_SHOWN = 6
NEW_DOCUMENTS = 6
TASKS_SHOWN = 4
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
class Departures:
    """The first sessions of the coming weeks; over all of them, how many leave and how many sessions are not shown.

    `uncounted`: perhaps more leave than these.
    """

    shown: list[Departure]
    people: int
    others: int
    uncounted: bool


@dataclass(frozen=True, slots=True)
class Board:
    """All that dashboard.html prints: sentences, and lists and pictures that are drawn. `spend`: "" without amounts."""

    hello: str
    summary: str
    email: str
    departures: SafeString
    more_departures: str
    todo: SafeString
    more_todo: SafeString
    more_todo_label: str
    documents: SafeString
    year: str
    figures: SafeString
    hours: SafeString
    spend: SafeString


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """The first page of a logged-in person."""
    user = person(request)
    with together():
        board = ask_board(user)
        page = framing(request, user, title=_("Tableau de bord"))  # drawn while the database works
        content = pour([board()], "dashboard.html", "board", {})
    return page(content)


def ask_board(user: User) -> Callable[[], Board]:
    """What the dashboard shows to this person, asked at once and taken later.

    Each answer is drawn while the database works on the next: the longest comes last.
    """
    year = timezone.localdate().year
    waiting = ask_todo(user)
    recent = ask(newest_of, user, DOCUMENTS, NEWEST, NEW_DOCUMENTS)
    coming = ask_departures(user)
    months = ask_months(user, (year - 1, year))

    def board() -> Board:
        todo = waiting()
        more_todo = len(todo) - TASKS_SHOWN
        drawn_todo = pour(todo[:TASKS_SHOWN], "components/task.html", "task", {})
        drawn_more = pour(todo[TASKS_SHOWN:], "components/task.html", "task", {})
        rows = [DOCUMENTS.row(*row) for row in recent.rows()]
        documents = pour(rows, "components/document_row.html", "document", {"show_subject": True})
        departures = coming()
        drawn_departures = pour(departures.shown, "components/departure.html", "departure", {})
        figures, hours, spend = pictures_of(months(), year)
        return Board(
            hello=_("Bonjour %(name)s") % {"name": user.first_name},
            summary=summary_of(departures, len(todo)),
            email=user.email,
            departures=drawn_departures,
            more_departures=_other_sessions(departures),
            todo=drawn_todo,
            more_todo=drawn_more,
            more_todo_label=_("Voir l’autre") if more_todo == 1 else _("Voir les %d autres") % more_todo,
            documents=documents,
            year=_("L’année %d") % year,
            figures=figures,
            hours=hours,
            spend=spend,
        )

    return board


def _other_sessions(departures: Departures) -> str:
    if departures.uncounted:
        return _("Voir les autres sessions")
    others = departures.others
    return ngettext("Voir %d autre session", "Voir %d autres sessions", others) % others if others else ""


def ask_departures(user: User) -> Callable[[], Departures]:
    """The sessions of the coming weeks in which someone is enrolled, soonest first, each with its convocations.

    Nobody leaves for a session that was cancelled: what is proposed instead is in the list of what waits.
    """
    today = timezone.localdate()
    answer = ask(_coming, user, today=today, until=today + timedelta(weeks=WEEKS_AHEAD))

    def departures() -> Departures:
        rows = answer.rows()
        shown: dict[int, Departure] = {}
        others: set[int] = set()
        people = 0
        for row in rows:
            pk, title, *dates_place_state, first_name, last_name, convocation = row
            if dates_place_state[-1] == SessionState.CANCELLED:
                continue
            people += 1
            if pk not in shown and len(shown) == SESSIONS_SHOWN:
                others.add(pk)
                continue
            if pk not in shown:
                shown[pk] = Departure(ComingSession(pk, Titled(title), *dates_place_state), [])
            name = _("À désigner") if last_name is None else f"{first_name} {last_name}".strip()
            shown[pk].people.append(Traveller(name, None if convocation is None else Convocation(convocation)))
        return Departures(list(shown.values()), people, len(others), uncounted=len(rows) == DEPARTURES)

    return departures


def _coming(user: User, *, today: date, until: date, condition: Q) -> QuerySet[Enrolment, Any]:
    """Session, participant and, in what is shown, visible convocation of the next enrolments; see accounts.readings."""
    branches = [
        branch.active().filter(starts_on__range=(today, until)) for branch in Enrolment.objects.visible_by_branch(user)
    ]
    nearest = first_keys(branches, ["starts_on", "pk"], DEPARTURES)
    convocation = (
        Document.objects.visible_to(user)
        .filter(
            enrolment_id=OuterRef("pk"),
            session_id=OuterRef("session_id"),  # not the one to a session that was left
            type=DocumentType.CONVOCATION,
            replaced_by__isnull=True,
        )
        .exclude(dates_changed())
        .exclude(participant_changed())
    )
    cancelled = ExpressionWrapper(Q(session__state=SessionState.CANCELLED), BooleanField())
    coming: QuerySet[Enrolment, Any] = (
        rows_with(nearest)
        .annotate(rank=Window(DenseRank(), partition_by=cancelled, order_by=["starts_on", "session_id"]))
        .order_by("starts_on", "session_id", "pk")
        .values_list(
            *("session_id", "session__course__title", "session__starts_on", "session__ends_on"),
            *("session__city", "session__venue", "session__state", "participant__first_name", "participant__last_name"),
            Case(When(rank__lte=SESSIONS_SHOWN, then=Subquery(convocation.order_by("pk").values("pk")[:1]))),
        )
    )
    return coming


def summary_of(departures: Departures, todo: int) -> str:
    """One sentence under the greeting."""
    leaving = departures.people
    if not leaving and not todo:
        return _("Rien de prévu dans les prochaines semaines.")
    parts = []
    if departures.uncounted:
        parts.append(_("Au moins %d départs en formation dans les six semaines") % leaving)
    elif leaving:
        parts.append(
            ngettext(
                "%d départ en formation dans les six semaines", "%d départs en formation dans les six semaines", leaving
            )
            % leaving
        )
    if todo:
        parts.append(ngettext("%d point en attente", "%d points en attente", todo) % todo)
    return ", ".join(parts) + "."


def pictures_of(months: dict[int, Months], year: int) -> tuple[SafeString, SafeString, SafeString]:
    """The year's figures, then its hours and its spend by month against the year before.

    No spend for whom no amount may be shown (rule 6).
    """
    now, before = months[year], months[year - 1]
    figures = [(_("Heures de formation"), f"{number(sum(now.hours.values()))} h", "")]
    spend = SafeString("")
    if any(now.spend.values()) or any(before.spend.values()):
        figures.insert(0, (_("Dépense engagée, HT"), money(sum(now.spend.values()), 0), ""))
        spend = components.bar_chart(_rows(now, before, "spend"), _("Dépense par mois, HT"), year, year - 1, "€")
    hours = components.bar_chart(_rows(now, before, "hours"), _("Heures de formation par mois"), year, year - 1, "h")
    return components.figures(tuple(figures)), hours, spend


def _rows(now: Months, before: Months, name: str) -> tuple[tuple[str, Any, Any], ...]:
    this, last = getattr(now, name), getattr(before, name)
    return tuple((MONTHS_SHORT[month - 1], this[month] or None, last[month] or None) for month in range(1, 13))
