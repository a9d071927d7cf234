"""The account page. Logging in, passwords, addresses, second factor and sessions are allauth's views."""

from urllib.parse import urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.choice import choose_establishments, look_everywhere, places_of, whole_right
from accounts.document_types import DocumentType
from accounts.forms import NotificationsForm, ProfileForm
from accounts.lists import AFTER, BEFORE
from accounts.models import Access, NotificationKind, User
from accounts.notifications import choose, declined_by
from accounts.requests import person
from accounts.roles import Role
from accounts.visits import end_visit

# What the address of a list loses when the list becomes another one: its page, and a filter by establishment.
OF_ANOTHER_LIST = ("etablissement", AFTER, BEFORE)


@whole_right
@require_http_methods(["GET", "HEAD", "POST"])
def establishments_shown(request: HttpRequest) -> HttpResponse:
    """Choose which of one's establishments to look at: one (`seul`), several (`etablissement`), or all (`tous`)."""
    user, next_url = person(request), _page_to_show(request)
    if request.method != "POST":
        return render(request, "account/establishments_shown.html", {"next_url": next_url, "places": places_of(user)})
    if "tous" in request.POST:
        look_everywhere(user=user)
    elif not choose_establishments(user=user, chosen=_chosen(request.POST)):
        messages.error(request, _("Choisissez au moins un de vos établissements."))
    return redirect(next_url)


def _chosen(posted: QueryDict) -> set[int]:
    """The ids that were sent; what is no id is nobody's."""
    values = map(str, posted.getlist("seul") or posted.getlist("etablissement"))
    return {int(value) for value in values if value.isascii() and value.isdigit() and len(value) <= 18}


def _page_to_show(request: HttpRequest) -> str:
    """The page where the person was, without what in its address would contradict the choice; else the dashboard."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return reverse("dashboard")
    parts = urlsplit(wanted)
    params = QueryDict(parts.query, mutable=True)
    for name in OF_ANOTHER_LIST:
        params.pop(name, None)
    return f"{parts.path}?{params.urlencode()}" if params else parts.path


@whole_right
@require_http_methods(["GET", "HEAD", "POST"])
def account_home(request: HttpRequest) -> HttpResponse:
    """One's own name, function and telephone, what one sees, and the ways to security."""
    user = person(request)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Vos coordonnées sont enregistrées."))
        return redirect("account_home")
    context = {
        "form": form,
        "mfa_on": is_mfa_enabled(user),
        "accesses": own_accesses(user),
        "declined": len(declined_by(user)),
        "places": places_of(user),
    }
    return render(request, "account/home.html", context)


@require_POST
def visit_end(request: HttpRequest) -> HttpResponse:
    """Back from a visit to the page of the person in the management site; for whoever visits nobody, the dashboard."""
    visited = end_visit(request)
    return redirect("dashboard") if visited is None else redirect("admin:accounts_user_change", visited)


@require_http_methods(["GET", "HEAD", "POST"])
def account_notifications(request: HttpRequest) -> HttpResponse:
    """Which mails one wants; from the next one on."""
    user = person(request)
    wanted = [kind for kind in NotificationKind if kind not in declined_by(user)]
    form = NotificationsForm(request.POST if request.method == "POST" else None, initial={"wanted": wanted})
    if form.is_valid():
        choose(user=user, wanted=form.cleaned_data["wanted"])
        messages.success(request, _("Vos notifications sont enregistrées."))
        return redirect("account_home")
    return render(request, "account/notifications.html", {"form": form})


def own_accesses(user: User) -> list[dict[str, str]]:
    """What the person sees, and by what right, in words."""
    rows = []
    own = Access.objects.visible_to(user).filter(user=user).select_related("establishment")
    for access in own.order_by("establishment__name"):
        types = user.rights.types_in(access.establishment_id)
        labels = [str(one.label) for one in DocumentType if one in types]
        if access.role == Role.ADMINISTRATOR:
            detail = _("Tout l’historique et tous les documents")
        elif labels:
            detail = _("Tout l’historique ; documents : %s") % ", ".join(labels)
        else:
            detail = _("Tout l’historique, aucun document")
        rows.append(
            {"establishment": access.establishment.name, "role_label": access.get_role_display(), "detail": detail}
        )
    return rows
