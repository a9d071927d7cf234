"""Search over everything that the person may see: a name, a course, a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.filters import search_condition, words_in
from accounts.lists import Ordering, newest
from accounts.models import User
from accounts.requests import person
from catalogue.listing import ListedCourse
from catalogue.search import Wanted, find
from documents.filters import DocumentFilters
from documents.models import Document
from enrolments.filters import EnrolmentFilters, OrderFilters, ParticipantFilters
from enrolments.models import Enrolment, Order, Participant
from espace_client.formatting import date_range, duration, short_date
from espace_client.tones import tone_of

HITS = 6


@dataclass(frozen=True)
class Hit:
    """One result. `badge_tone` is one of the tones of espace_client.tones."""

    url: str
    title: str
    detail: str
    badge_label: str = ""
    badge_tone: str = "muted"


@dataclass(frozen=True)
class Group:
    label: str
    icon: str
    results: list[Hit]
    url: str
    more: bool


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Results by kind, the newest first; every kind is asked once, whatever there is."""
    user, query = person(request), words_in(request.GET.get("q", ""))
    groups = (
        [
            _courses(query),
            _participants(user, query),
            _enrolments(user, query),
            _orders(user, query),
            _documents(user, query),
        ]
        if query
        else []
    )
    return render(request, "search.html", {"query": query, "groups": [group for group in groups if group.results]})


def _group(label: str, icon: str, hits: list[Hit], view: str, query: str) -> Group:
    url = f"{reverse(view)}?{urlencode({'q': query})}"
    return Group(label=label, icon=icon, results=hits[:HITS], url=url, more=len(hits) > HITS)


def _found(branches: list[Any], query: str, paths: tuple[str, ...], ordering: Ordering) -> Any:
    condition = search_condition(query, paths)
    return newest([branch.filter(condition) for branch in branches], ordering, HITS + 1)


def _courses(query: str) -> Group:
    """Of the public catalogue."""
    found = find(Wanted(words=query, sort="pertinence"), 1, timezone.localdate(), guess=False)
    hits = [
        Hit(
            url=reverse("course_detail", args=[row.pk]),
            title=row.title,
            detail=" · ".join(filter(None, [row.reference, duration(row.days, row.hours), _when(row)])),
            badge_label=row.next.get_state_display() if row.next else "",
            badge_tone=tone_of(row.next.state, "session") if row.next else "muted",
        )
        for row in found.rows[: HITS + 1]
    ]
    return _group(_("Formations"), "book-open", hits, "catalogue", query)


def _when(course: ListedCourse) -> str:
    """The next session: its dates, and where."""
    if course.next is None:
        return ""
    return " · ".join(filter(None, [date_range(course.next.starts_on, course.next.ends_on), course.next.city]))


def _participants(user: User, query: str) -> Group:
    ordering = Ordering("nom", ("last_name", "first_name"))
    rows = _found([Participant.objects.visible_to(user)], query, ParticipantFilters.search_paths, ordering)
    hits = [Hit(reverse("participant_detail", args=[row.pk]), str(row), row.email) for row in rows]
    return _group(_("Collaborateurs"), "users", hits, "participant_list", query)


def _enrolments(user: User, query: str) -> Group:
    branches = Enrolment.objects.visible_by_branch(user)
    rows = _found(branches, query, EnrolmentFilters.search_paths, Ordering("-date", ("-starts_on",)))
    hits = [
        Hit(
            url=reverse("order_detail", args=[row.order_id]),
            title=row.session.course.title,
            detail=f"{row.participant or _('À désigner')} · {date_range(row.session.starts_on, row.session.ends_on)}",
            badge_label=row.get_state_display(),
            badge_tone=tone_of(row.state, "enrolment"),
        )
        for row in rows.select_related("participant", "session__course")
    ]
    return _group(_("Inscriptions"), "calendar-days", hits, "enrolment_list", query)


def _orders(user: User, query: str) -> Group:
    branches = Order.objects.visible_by_branch(user)
    rows = _found(branches, query, OrderFilters.search_paths, Ordering("-date", ("-placed_on",)))
    hits = [
        Hit(
            url=reverse("order_detail", args=[row.pk]),
            title=_("Commande %s") % row.number,
            detail=" · ".join(filter(None, [short_date(row.placed_on), row.purchase_order_number, row.order_email])),
            badge_label=row.get_state_display(),
            badge_tone=tone_of(row.state, "order"),
        )
        for row in rows
    ]
    return _group(_("Commandes"), "clipboard-list", hits, "order_list", query)


def _documents(user: User, query: str) -> Group:
    branches = Document.objects.visible_by_branch(user)
    rows = _found(branches, query, DocumentFilters.search_paths, Ordering("-date", ("-issued_on",)))
    hits = [
        Hit(
            url=reverse("document_detail", args=[row.pk]),
            title=str(row),
            detail=" · ".join(
                filter(None, [row.session.course.title if row.session else "", short_date(row.issued_on)])
            ),
        )
        for row in rows.select_related("session__course")
    ]
    return _group(_("Documents"), "files", hits, "document_list", query)
