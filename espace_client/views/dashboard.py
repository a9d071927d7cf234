"""The dashboard: what comes next, what waits, what is new, and the year in two pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.document_types import DocumentType
from accounts.labels import label_of
from accounts.lists import Ordering, first, newest_of
from accounts.models import User
from accounts.readings import ask
from accounts.requests import person
from accounts.statements import together
from catalogue.models import SessionState
from documents.listing import DOCUMENTS, DocumentRow, Titled
from documents.models import Document
from documents.validity import dates_changed, participant_changed
from enrolments.figures import Months, ask_months
from enrolments.models import Enrolment
from espace_client import components
from espace_client.formatting import MONTHS_SHORT, money, number
from espace_client.framed import framing
from espace_client.moulds import pour
from espace_client.views.todo import Task, ask_todo

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
class Board:
    """All that dashboard.html prints. `figures`, `hours` and `spend` are drawn; `spend` is "" without amounts."""

    hello: str
    summary: str
    email: str
    departures: list[Departure]
    more_departures: str
    todo: list[Task]
    more_todo: list[Task]
    more_todo_label: str
    documents: list[DocumentRow]
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
    """What the dashboard shows to this person, asked at once and taken later."""
    year = timezone.localdate().year
    coming, waiting = ask_departures(user), ask_todo(user)
    recent = ask(newest_of, user, DOCUMENTS, NEWEST, NEW_DOCUMENTS)
    months = ask_months(user, (year - 1, year))

    def board() -> Board:
        departures, todo = coming(), waiting()
        documents = [DOCUMENTS.row(*document) for document in recent.rows()]
        return board_of(user, year, departures, todo, documents, months())

    return board


def board_of(
    user: User,
    year: int,
    departures: list[Departure],
    todo: list[Task],
    documents: list[DocumentRow],
    months: dict[int, Months],
) -> Board:
    """The board of what was found."""
    figures, hours, spend = pictures_of(months, year)
    more_departures, more_todo = len(departures) - SESSIONS_SHOWN, len(todo) - TASKS_SHOWN
    return Board(
        hello=_("Bonjour %(name)s") % {"name": user.first_name},
        summary=summary_of(departures, len(todo)),
        email=user.email,
        departures=departures[:SESSIONS_SHOWN],
        more_departures=_more(
            ngettext("Voir %d autre session", "Voir %d autres sessions", more_departures), more_departures
        ),
        todo=todo[:TASKS_SHOWN],
        more_todo=todo[TASKS_SHOWN:],
        more_todo_label=_("Voir l’autre") if more_todo == 1 else _more(_("Voir les %d autres"), more_todo),
        documents=documents,
        year=_("L’année %d") % year,
        figures=figures,
        hours=hours,
        spend=spend,
    )


def _more(text: str, count: int) -> str:
    return text % count if count > 0 else ""


def ask_departures(user: User) -> Callable[[], list[Departure]]:
    """The sessions of the coming weeks in which someone is enrolled, soonest first, each with its convocations."""
    today = timezone.localdate()
    answer = ask(_coming, user, today=today, until=today + timedelta(weeks=WEEKS_AHEAD))

    def departures() -> list[Departure]:
        found: dict[int, Departure] = {}
        for row in answer.rows():
            pk, title, *dates_place_state, first_name, last_name, convocation = row
            session = ComingSession(pk, Titled(title), *dates_place_state)
            if session.state == SessionState.CANCELLED:
                continue  # nobody leaves; what is proposed instead is in the list of what waits
            if pk not in found:
                found[pk] = Departure(session, [])
            name = _("À désigner") if last_name is None else f"{first_name} {last_name}".strip()
            found[pk].people.append(Traveller(name, None if convocation is None else Convocation(convocation)))
        return list(found.values())

    return departures


def _coming(user: User, *, today: date, until: date, condition: Q) -> QuerySet[Enrolment, Any]:
    """Session, participant and visible convocation of the next enrolments; see accounts.readings."""
    branches = [
        branch.active().filter(starts_on__range=(today, until)) for branch in Enrolment.objects.visible_by_branch(user)
    ]
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
    return first(branches, ["starts_on", "pk"], DEPARTURES).values_list(
        *("session_id", "session__course__title", "session__starts_on", "session__ends_on"),
        *("session__city", "session__venue", "session__state", "participant__first_name", "participant__last_name"),
        Subquery(convocation.order_by("pk").values("pk")[:1]),
    )[:DEPARTURES]


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
