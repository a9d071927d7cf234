"""The catalogue, public: its domains, the search, the filters; with the prices of whoever looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from catalogue.facets import facets
from catalogue.filters import LABELS, PAGE, CatalogueFilters
from catalogue.search import ROWS_PER_PAGE, Found, find
from enrolments.prices import prices_of
from espace_client.components import Chip, query
from espace_client.formatting import number


@dataclass(frozen=True)
class CataloguePage:
    """What components/pagination.html shows."""

    first: int
    last: int
    total: int
    previous_url: str | None
    next_url: str | None


def frame_of(request: HttpRequest) -> str:
    """The template that a public page extends: a member stays in the frame of the portal."""
    return "portal.html" if request.user.is_authenticated else "public.html"


@login_not_required
@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """The courses that meet the address; for htmx only the part of the page that changes with it."""
    filters = CatalogueFilters(request.GET, facets())
    today = timezone.localdate()
    found = find(filters.wanted(), filters.page, today)
    prices = prices_of(request.user, [course.subject for course in found.rows], today, tiers=False)
    for course in found.rows:
        course.negotiated = prices[course.pk].negotiated
    context = {
        "frame": frame_of(request),
        "filters": filters,
        "chips": _chips(filters),
        "courses": found.rows,
        "found": found,
        "page": _page(filters, found),
        "count": ngettext("%s formation", "%s formations", found.total) % number(found.total),
        "beyond": filters.page > found.pages,
        "prices": prices,
        "canonical": _canonical(filters, found),
        "indexable": filters.said.keys() <= {"domaine"},
    }
    part = request.htmx and not request.htmx.boosted and not request.htmx.history_restore_request  # type: ignore[attr-defined]
    response = render(request, "catalogue/part.html" if part else "catalogue/catalogue.html", context)
    patch_vary_headers(response, ["HX-Request"])
    if part:  # the back button must not find a part where it left a page
        response["Cache-Control"] = "no-store"
    return response


def _chips(filters: CatalogueFilters) -> list[Chip]:
    """The filters in force, each with the address of the page without it."""
    chips = []
    for name, value, words in filters.in_force:
        rest = [other for other in filters.said[name] if other != value]
        url = query(filters.address, {name: rest or None})
        chips.append(Chip(str(LABELS[name]), words, url))
    return chips


def _page(filters: CatalogueFilters, found: Found) -> CataloguePage:
    params = filters.address
    first = (found.page - 1) * ROWS_PER_PAGE + 1
    return CataloguePage(
        first=first,
        last=first + len(found.rows) - 1,
        total=found.total,
        previous_url=query(params, {PAGE: found.page - 1 if found.page > 2 else None}) if found.page > 1 else None,
        next_url=query(params, {PAGE: found.page + 1}) if found.page < found.pages else None,
    )


def _canonical(filters: CatalogueFilters, found: Found) -> str:
    """The address under which search engines keep the page: that of its domain, page by page."""
    kept: dict[str, Any] = {"domaine": filters.domain, PAGE: found.page if found.page > 1 else ""}
    said = urlencode({name: value for name, value in kept.items() if value})
    return f"{settings.SITE_URL}{reverse('catalogue')}{'?' + said if said else ''}"
