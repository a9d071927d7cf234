"""Search over everything that the person may see: a name, a course, a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.document_types import name_of
from accounts.filters import words_in
from accounts.labels import label_of
from accounts.models import User
from accounts.requests import person
from accounts.statements import together
from catalogue.listing import ListedCourse
from catalogue.search import Wanted, find
from documents.models.document import kind_of
from enrolments.models import EnrolmentState, OrderState
from espace_client import components
from espace_client.finding import DOCUMENTS, ENROLMENTS, ORDERS, PARTICIPANTS, Kind, ask_found
from espace_client.formatting import date_range, duration, short_date
from espace_client.framed import NOTHING, framing
from espace_client.moulds import pour
from espace_client.tones import tone_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

HITS = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """One result; its state as a badge, if it has one."""

    url: str
    title: str
    detail: str
    badge: SafeString = NOTHING


@dataclass(frozen=True, slots=True)
class Group:
    """The results of one kind. `more`: there are others, at `url`."""

    CHOICES: ClassVar = ("icon", "label")

    label: str
    icon: str
    results: list[Hit]
    url: str
    more: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What search.html shows; only groups with results."""

    title: str
    lead: str
    query: str
    groups: list[Group]


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Results by kind, the newest first; every kind is asked once, whatever there is."""
    user, query = person(request), words_in(request.GET.get("q", ""))
    title = _("« %s »") % query if query else _("Recherche")
    with together():
        groups = ask_groups(user, query)
        page = framing(request, user, title=title, query=query)  # drawn while the database works
        found = _found(query, groups())
    return page(pour([found], "search.html", "found", {}))


def _found(query: str, groups: list[Group]) -> Found:
    if not query:
        return Found(_("Recherche"), _("Un nom, une formation, un numéro de commande ou de facture."), "", [])
    return Found(_("Résultats pour « %s »") % query, "", query, groups)


def ask_groups(user: User, query: str) -> Callable[[], list[Group]]:
    """The groups that have results: asked at once, taken later."""
    words = query.split()
    asked = [(place, ask_found(place.kind, user, words, HITS + 1)) for place in PLACES] if words else []

    def groups() -> list[Group]:
        found = [_group(place, [place.hit(*row) for row in answer.rows()], query) for place, answer in asked]
        made = [_group(COURSES, _courses(query), query), *found] if words else []
        return [group for group in made if group.results]

    return groups


@dataclass(frozen=True)
class Shelf:
    """What one kind is called, and its list."""

    label: StrPromise
    icon: str
    view: str


@dataclass(frozen=True)
class Place(Shelf):
    """One kind that is asked for with the person's rights, and what a result of it says."""

    kind: Kind
    hit: Callable[..., Hit]


def _group(place: Shelf, hits: list[Hit], query: str) -> Group:
    url = f"{reverse(place.view)}?{urlencode({'q': query})}"
    return Group(label=str(place.label), icon=place.icon, results=hits[:HITS], url=url, more=len(hits) > HITS)


def _courses(query: str) -> list[Hit]:
    """Of the public catalogue."""
    found = find(Wanted(words=query, sort="pertinence"), 1, timezone.localdate(), guess=False)
    return [
        Hit(
            url=reverse("course_detail", args=[row.pk]),
            title=row.title,
            detail=_line(row.reference, duration(row.days, row.hours), _when(row)),
            badge=_badge(row.next.get_state_display(), row.next.state, "session") if row.next else NOTHING,
        )
        for row in found.rows[: HITS + 1]
    ]


def _when(course: ListedCourse) -> str:
    """The next session: its dates, and where."""
    if course.next is None:
        return ""
    return " · ".join(filter(None, [date_range(course.next.starts_on, course.next.ends_on), course.next.city]))


def _line(*parts: str) -> SafeString:
    """What there is of these, of which some may be HTML already."""
    return format_html_join(" · ", "{}", ((part,) for part in parts if part))


def _badge(label: str, state: str, of: str) -> SafeString:
    return components.badge(label, tone_of(state, of), "")


def _participant(pk: int, name: str, email: str) -> Hit:
    return Hit(reverse("participant_detail", args=[pk]), name, email)


def _enrolment(order: int, state: str, title: str, name: str | None, starts_on: date, ends_on: date) -> Hit:
    return Hit(
        url=reverse("order_detail", args=[order]),
        title=title,
        detail=f"{name or _('À désigner')} · {date_range(starts_on, ends_on)}",
        badge=_badge(label_of(EnrolmentState, state), state, "enrolment"),
    )


def _order(pk: int, number: str, placed_on: date, purchase_order_number: str, email: str, state: str) -> Hit:
    return Hit(
        url=reverse("order_detail", args=[pk]),
        title=_("Commande %s") % number,
        detail=" · ".join(filter(None, [short_date(placed_on), purchase_order_number, email])),
        badge=_badge(label_of(OrderState, state), state, "order"),
    )


def _document(pk: int, type_: str, number: str, amount: Decimal | None, issued_on: date, title: str | None) -> Hit:
    return Hit(
        url=reverse("document_detail", args=[pk]),
        title=f"{name_of(kind_of(type_, number, amount))} {number}",
        detail=" · ".join(filter(None, [title, short_date(issued_on)])),
    )


COURSES = Shelf(gettext_lazy("Formations"), "book-open", "catalogue")
PLACES = (
    Place(gettext_lazy("Collaborateurs"), "users", "participant_list", PARTICIPANTS, _participant),
    Place(gettext_lazy("Inscriptions"), "calendar-days", "enrolment_list", ENROLMENTS, _enrolment),
    Place(gettext_lazy("Commandes"), "clipboard-list", "order_list", ORDERS, _order),
    Place(gettext_lazy("Documents"), "files", "document_list", DOCUMENTS, _document),
)
