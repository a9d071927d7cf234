"""The account page. Logging in, passwords, addresses, second factor and sessions are allauth's views."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.document_types import DocumentType
from accounts.forms import ProfileForm
from accounts.models import Access, User
from accounts.requests import person
from accounts.roles import Role


@require_http_methods(["GET", "HEAD", "POST"])
def account_home(request: HttpRequest) -> HttpResponse:
    """One's own name, function and telephone, what one sees, and the ways to security."""
    user = person(request)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Vos coordonnées sont enregistrées."))
        return redirect("account_home")
    context = {"form": form, "mfa_on": is_mfa_enabled(user), "accesses": own_accesses(user)}
    return render(request, "account/home.html", context)


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
            detail = _("Tout l’historique ; documents : %s") % ", ".join(labels)
        else:
            detail = _("Tout l’historique, aucun document")
        rows.append(
            {"establishment": access.establishment.name, "role_label": access.get_role_display(), "detail": detail}
        )
    return rows
