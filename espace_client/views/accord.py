""" "Mon accord-cadre": the negotiated prices of one's company, line by line."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import person
from enrolments.agreements import Agreement, agreements_of, lines_in_words
from enrolments.prices import why_public


@require_safe
def accord_list(request: HttpRequest) -> HttpResponse:
    """One's accords; the page of the one in force when there is just one."""
    user = person(request)
    found = agreements_of(user, timezone.localdate())
    current = [one for one in found if one.is_in_force]
    if len(current) == 1:
        return render(request, "accords/detail.html", _page(current[0], found))
    return render(request, "accords/list.html", {"agreements": found, "reason": why_public(user, timezone.localdate())})


@require_safe
def accord_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One accord, of whatever period."""
    found = agreements_of(person(request), timezone.localdate())
    agreement = next((one for one in found if one.accord.pk == pk), None)
    if agreement is None:
        raise Http404
    return render(request, "accords/detail.html", _page(agreement, found))


def _page(agreement: Agreement, found: list[Agreement]) -> dict[str, Any]:
    others = [one for one in found if one is not agreement]
    return {"agreement": agreement, "accord": agreement.accord, "lines": lines_in_words(agreement), "others": others}
