"""What happened to accesses and who opened what, for the administrators of the establishments concerned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.choice import whole_right
from accounts.csv_files import csv_response
from accounts.filters import AdministeredFilters
from accounts.lists import Ordering, plain_page
from accounts.models import AccessEvent, User
from accounts.requests import person
from documents.models import Serving
from espace_client.journal_filters import EventForm, JournalForm, ServingForm

NEWEST = Ordering("-date", ("-at",))
AT_ONCE = 2000


@dataclass(frozen=True)
class Journal:
    """One of the two: `cells` are those of a line in the file, under `header`."""

    name: str
    form: type[JournalForm]
    rows: Callable[[User], QuerySet[Any]]
    header: Callable[[], list[str]]
    cells: Callable[[Any], list[object]]


def _moment(row: Any) -> str:
    return timezone.localtime(row.at).isoformat(sep=" ", timespec="seconds")


EVENTS = Journal(
    name="journal",
    form=EventForm,
    rows=lambda user: AccessEvent.objects.visible_to(user),
    header=lambda: [
        *(_("Date"), _("Événement"), _("Personne concernée"), _("Établissement"), _("Par"), _("Détails")),
    ],
    cells=lambda row: [
        *(_moment(row), row.get_event_display(), row.subject_email, row.establishment_name),
        *(row.actor_email, row.sentence),
    ],
)
SERVINGS = Journal(
    name="journal_documents",
    form=ServingForm,
    rows=lambda user: Serving.objects.visible_to(user).select_related("document", "establishment"),
    header=lambda: [
        *(_("Date"), _("Personne"), _("Type de document"), _("Numéro"), _("Établissement"), _("Résultat")),
        *(_("Adresse IP"), _("Navigateur")),
    ],
    cells=lambda row: [
        *(_moment(row), row.user_email, row.document.get_type_display(), row.document.number),
        *(row.establishment.name, row.get_outcome_display(), row.ip_address, row.user_agent),
    ],
)


@whole_right
@require_safe
def journal(request: HttpRequest) -> HttpResponse:
    """What happened to the accesses."""
    return _shown(request, EVENTS)


@whole_right
@require_safe
def journal_export(request: HttpRequest) -> HttpResponseBase:
    """The same, whole, as a file."""
    return _exported(request, EVENTS)


@whole_right
@require_safe
def journal_documents(request: HttpRequest) -> HttpResponse:
    """Who opened or downloaded which document."""
    return _shown(request, SERVINGS)


@whole_right
@require_safe
def journal_documents_export(request: HttpRequest) -> HttpResponseBase:
    """The same, whole, as a file."""
    return _exported(request, SERVINGS)


def _administrator(request: HttpRequest) -> User:
    """The person, if they administer an establishment; for others there is no journal."""
    user = person(request)
    if not user.whole_rights.administered:
        raise Http404
    return user


def _shown(request: HttpRequest, which: Journal) -> HttpResponse:
    user, filters = _administrator(request), AdministeredFilters(which.form, request)
    page = plain_page(which.rows(user).filter(filters.condition()), NEWEST, request.GET)
    query = request.GET.urlencode()
    context = {
        "filters": filters,
        "lines": page.rows,
        "page": page,
        "count": ngettext("%s ligne", "%s lignes", page.total) % page.total_text,
        "several_establishments": bool(filters.establishments),
        "export_url": reverse(f"{which.name}_export") + (f"?{query}" if query else ""),
        "tabs": [
            {"url": reverse(one.name), "label": label, "current": one is which}
            for one, label in ((EVENTS, _("Accès")), (SERVINGS, _("Documents ouverts")))
        ],
        "kept_months": round(settings.JOURNAL_DAYS / 30.4),
    }
    return render(request, f"journal/{which.name}.html", context)


def _exported(request: HttpRequest, which: Journal) -> HttpResponseBase:
    user, filters = _administrator(request), AdministeredFilters(which.form, request)
    rows = which.rows(user).filter(filters.condition()).order_by(*NEWEST.by())
    name = f"{which.name.replace('_', '-')}-{timezone.localdate():%Y-%m-%d}.csv"
    return csv_response(name, which.header(), _cells(which, rows))


def _cells(which: Journal, rows: QuerySet[Any]) -> Iterator[list[object]]:
    for row in rows.iterator(chunk_size=AT_ONCE):
        yield which.cells(row)
