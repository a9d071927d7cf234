"""The access review: what stands out first, and for each access two ways to decide."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access_listing import AccessRow, Place, accesses_of, list_places
from accounts.access_pages import Line
from accounts.choice import whole_right
from accounts.models import User
from accounts.reviews import confirm
from espace_client.views.accesses import administrator, paged


@whole_right
@require_http_methods(["GET", "HEAD", "POST"])
def access_review(request: HttpRequest) -> HttpResponse:
    """Everything to decide, establishment by establishment. POST: confirm one access, or several that are fine."""
    user = administrator(request)
    if request.method == "POST":
        return _confirm(request, user)
    context = paged(request, list_places(user, settings.PROVIDER["name"]), in_order)
    context["sections"] = [(place, *split(place)) for place in context["places"]]
    return render(request, "accesses/review.html", context)


def in_order(place: Place) -> list[Line]:
    """What waits, the invitations, then the rest."""
    first, rest = split(place)
    return [*first, *place.invitations, *rest]


def split(place: Place) -> tuple[list[AccessRow], list[AccessRow]]:
    """What waits or stands out, and the rest: nobody's own access is in either, since somebody else confirms it."""
    others = [row for row in place.rows if not row.own]
    first = [row for row in others if row.waiting]
    first.sort(key=lambda row: not row.doubts)
    return first, [row for row in others if not row.waiting]


def _confirm(request: HttpRequest, user: User) -> HttpResponse:
    chosen = [int(pk) for pk in request.POST.getlist("acces") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    accesses = list(accesses_of(user).filter(pk__in=chosen))
    if not accesses or len(accesses) < len(set(chosen)):
        raise Http404
    try:
        confirmed = confirm(accesses=accesses, actor=user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except PermissionDenied as error:
        raise Http404 from error
    else:
        messages.success(request, _said(accesses, confirmed))
    return redirect(request.get_full_path())  # the same page, with what was searched for


def _said(accesses: Sequence[object], confirmed: int) -> str:
    if confirmed == 1:
        return _("L’accès de %s est confirmé.") % getattr(accesses[0], "user", "")
    return ngettext("%d accès confirmé.", "%d accès confirmés.", confirmed) % confirmed
