"""The page "Accès": who has what, changing it, taking it away. Administrators only; for others it does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access_forms import AccessChangeForm
from accounts.access_listing import Place, accesses_of, list_places, row_of, types_of
from accounts.access_pages import AccessForm, Line, narrowed, page_of_places
from accounts.changing import OwnAccessError, change_access, take_away
from accounts.choice import whole_right
from accounts.filters import AdministeredFilters
from accounts.models import Access, User
from accounts.requests import person
from accounts.reviews import remove_in_review, standings
from accounts.roles import Role
from espace_client.access_consequences import Change, of_change, of_removal
from espace_client.views.coming_back import back_to

LIST = "access_list"
FEW = 10  # lines that are found at a glance, without a search


def administrator(request: HttpRequest) -> User:
    """The logged-in person; 404 when they administer nothing."""
    user = person(request)
    if not user.rights.administered:
        raise Http404
    return user


def managed_access(user: User, pk: int) -> Any:
    """An access that the person manages, as the page of accesses reads it; 404 for another."""
    return get_object_or_404(accesses_of(user), pk=pk)


@whole_right
@require_safe
def access_list(request: HttpRequest) -> HttpResponse:
    """Per establishment, who has what, and what waits."""
    user = administrator(request)
    places = list_places(user, settings.PROVIDER["name"])
    context = paged(request, places, lambda place: [*place.rows, *place.invitations])
    return render(request, "accesses/list.html", context)


def paged(request: HttpRequest, places: list[Place], lines: Callable[[Place], list[Line]]) -> dict[str, Any]:
    """What both pages show of the establishments: what the search leaves, one page of it, and what waits in all."""
    filters = AdministeredFilters(AccessForm, request)
    page = page_of_places(narrowed(places, filters, person(request)), lines, request.GET)
    return {
        "places": page.places,
        "page": page,
        "count": ngettext("%d accès ou invitation", "%d accès et invitations", page.total) % page.total,
        "filters": filters if page.total > FEW or not filters.blank else None,
        "waiting": sum(place.waiting for place in places),
        "list_query": request.GET.urlencode(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def access_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Level, types and end of one access; what will change is said, then confirmed. Of one's own: the facts alone."""
    user = administrator(request)
    access = managed_access(user, pk)
    if access.user_id == user.pk:
        return _own(request, user, access)
    types = types_of(access)
    form = AccessChangeForm(request.POST or None, access=access, types=types)
    if request.method == "POST" and form.is_valid():
        wanted = Change(Role(form.cleaned_data["role"]), form.chosen_types, form.cleaned_data["ends_on"])
        if wanted == Change(Role(access.role), types, access.ends_at):
            messages.info(request, _("Rien n’a changé."))
            return redirect(back_to(request, LIST))
        if "confirme" not in request.GET:
            return _ask(request, form, access, of_change(access, types, wanted, user))
        try:
            change_access(access=access, role=wanted.role, types=wanted.types, ends_at=wanted.ends_at, actor=user)
        except ValidationError as error:
            form.add_error(None, error)
        except PermissionDenied as error:  # their own right went while they read the page
            raise Http404 from error
        else:
            messages.success(request, _("L’accès de %s est à jour.") % access.user)
            return redirect(back_to(request, LIST))
    row = row_of(standings([access], user)[0], settings.PROVIDER["name"])
    context = {"form": form, "access": access, "row": row, "back_url": back_to(request, LIST)}
    return render(request, "accesses/change.html", context)


def _ask(request: HttpRequest, form: AccessChangeForm, access: Access, sentences: list[str]) -> HttpResponse:
    """The change in full sentences, before it is made; the form goes on, hidden."""
    form.hide()
    query = request.GET.copy()
    query["confirme"] = "1"
    context = {
        "access": access,
        "form": form,
        "sentences": sentences,
        "title": _("Changer l’accès de %(person)s à %(place)s ?")
        % {"person": access.user.get_full_name() or access.user.email, "place": access.establishment.name},
        "submit": _("Confirmer le changement"),
        "action": f"{request.path}?{query.urlencode()}",
        "back_url": back_to(request, LIST),
    }
    return render(request, "accesses/confirm.html", context)


def _own(request: HttpRequest, user: User, access: Access) -> HttpResponse:
    """One's own access: no control, and why; a forged request is refused with the same words (rule 4)."""
    row = row_of(standings([access], user)[0], settings.PROVIDER["name"])
    context = {"access": access, "row": row, "reason": str(OwnAccessError()), "back_url": back_to(request, LIST)}
    return render(request, "accesses/own.html", context, status=403 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def access_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Taking one access away: what will happen, then, confirmed, it does. `?revue=1` comes back to the review."""
    user = administrator(request)
    in_review = "revue" in request.GET
    back = back_to(request, "access_review" if in_review else LIST)
    access = Access.objects.manageable_by(user).select_related("user", "establishment").filter(pk=pk).first()
    if access is None:
        raise Http404
    if access.user_id == user.pk:
        return _own(request, user, managed_access(user, pk))
    context: dict[str, Any] = {"access": access, "danger": True, "back_url": back}
    if request.method == "POST":
        try:
            removed = (remove_in_review if in_review else take_away)(access=access, actor=user)
        except ValidationError as error:
            context["errors"] = error.messages
        except PermissionDenied as error:  # their own right went while they read the page
            raise Http404 from error
        else:
            text = _("L’accès de %s est retiré.") if removed else _("L’accès de %s avait déjà été retiré.")
            messages.success(request, text % access.user)
            return redirect(back)
    name = access.user.get_full_name() or access.user.email
    context["title"] = _("Retirer l’accès de %(person)s à %(place)s ?") % {
        "person": name,
        "place": access.establishment.name,
    }
    return render(request, "accesses/confirm.html", {**context, "sentences": of_removal(access, user)})
