"""The catalogue, public: its domains, the search, the filters; with the prices of whoever looks at it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import person
from accounts.statements import together
from catalogue.facets import facets
from catalogue.filters import PAGE, CatalogueFilters
from catalogue.search import Found, ask_find
from enrolments.list_prices import ask_list_prices
from espace_client.catalogue_form import CHANGING, WHOLE, catalogue_form
from espace_client.catalogue_results import CatalogueView, Results, results_of
from espace_client.framed import framing
from espace_client.moulds import pour

Draw = Callable[[Found, Results], HttpResponse]


def frame_of(request: HttpRequest) -> str:
    """The template that a public page extends: a member stays in the frame of the portal."""
    return "portal.html" if request.user.is_authenticated else "public.html"


@login_not_required
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """The courses that meet the address; for htmx only the part of the page that changes with it."""
    today = timezone.localdate()
    filters = CatalogueFilters(request.GET, facets(today))
    part = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    with together():
        asked, asked_prices = ask_find(filters.wanted(), filters.page, today), ask_list_prices(request.user, today)
        draw = _part(filters) if part else _page(request, filters)  # all but the results, while the database works
    found = asked()
    prices = asked_prices([course.subject for course in found.rows])
    response = draw(found, results_of(filters, found, prices, is_member=request.user.is_authenticated))
    patch_vary_headers(response, ["HX-Request"])
    if part:  # the back button must not find a part where it left a page
        response["Cache-Control"] = "no-store"
    return response


def _part(filters: CatalogueFilters) -> Draw:
    """What htmx takes from the page when a filter changes: the results, the domains, the button of the filters."""
    form = catalogue_form(filters, CHANGING)
    return lambda found, results: HttpResponse(
        f'{form}<div class="catalogue-results" id="results">{_poured(results)}</div>'
    )


def _poured(results: Results) -> SafeString:
    return pour([results], "catalogue/results.html", "results", {})


def _page(request: HttpRequest, filters: CatalogueFilters) -> Draw:
    title, description = _title_and_description(filters)
    form = catalogue_form(filters, WHOLE)
    member = request.user.is_authenticated
    page = framing(request, person(request), title=title, description=description) if member else None

    def draw(found: Found, results: Results) -> HttpResponse:
        view = CatalogueView(
            title=title,
            description=description,
            canonical=_canonical(filters, found),
            indexable=filters.said.keys() <= {"domaine"},
            branch=filters.branch.label if filters.branch else "",
            form=form,
            results=_poured(results),
        )
        if page is None:
            return render(request, "catalogue/catalogue.html", {"view": view, "shown": results})
        enhance = pour([view], "catalogue/enhance.html", "view", {})
        return page(pour([view], "catalogue/content.html", "view", {}), enhance)

    return draw


def _title_and_description(filters: CatalogueFilters) -> tuple[str, str]:
    said = {"name": settings.PROVIDER["name"]}
    if filters.branch is None:
        return _("Catalogue des formations"), _(
            "Toutes les formations de %(name)s : programmes, prix, prochaines sessions, en présentiel et à distance."
        ) % said
    said["domain"] = filters.branch.label
    description = _("Les formations %(domain)s de %(name)s : programmes, prix, prochaines sessions et lieux.")
    return _("Formations %(domain)s") % said, description % said


def _canonical(filters: CatalogueFilters, found: Found) -> str:
    """The address under which search engines keep the page: that of its domain, page by page."""
    kept: dict[str, Any] = {"domaine": filters.domain, PAGE: found.page if found.page > 1 else ""}
    said = {name: value for name, value in kept.items() if value}
    return f"{_address()}{'?' + urlencode(said) if said else ''}"


@cache
def _address() -> str:
    return f"{settings.SITE_URL}{reverse('catalogue')}"
