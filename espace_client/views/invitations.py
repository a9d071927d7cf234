"""Inviting people, and what an administrator does with an invitation that waits."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access_forms import InviteForm
from accounts.choice import whole_right
from accounts.invitations import resend, revoke
from accounts.inviting import Outcome, send_invitations, warning_about
from accounts.models import Establishment, Invitation, User
from accounts.presets import Preset
from espace_client.views.accesses import administrator
from espace_client.views.coming_back import back_to


@whole_right
@require_http_methods(["GET", "HEAD", "POST"])
def access_invite(request: HttpRequest) -> HttpResponse:
    """One or many addresses at once. The good ones go; what is wrong with the others is said, line by line."""
    user = administrator(request)
    form = InviteForm(request.POST or None, user=user, initial=_initial(request, user))
    outcome = Outcome()
    if request.method == "POST" and form.is_valid():
        try:
            outcome = send_invitations(form, user, request.POST.getlist("sure"))
        except ValidationError as error:
            form.add_error(None, error)
        except PermissionDenied as error:
            raise Http404 from error
        if outcome.sent:
            messages.success(request, _sentence(outcome.sent))
        if outcome.sent and not outcome.kept:
            return redirect("access_list")
        if outcome.kept:
            form.keep(outcome.text)
    context: dict[str, Any] = {
        "form": form,
        "outcome": outcome,
        "warnings": [(one.email, warning_about(one)) for one in outcome.doubtful],
    }
    return render(request, "accesses/invite.html", context)


def _sentence(sent: list[str]) -> str:
    text = ngettext("Invitation envoyée à %(emails)s.", "%(count)d invitations envoyées.", len(sent))
    return text % {"count": len(sent), "emails": sent[0]}


def _initial(request: HttpRequest, user: User) -> dict[str, Any]:
    """`?etablissement=12&pour=factures`: what a link of the page of accesses chose already."""
    chosen: dict[str, Any] = {}
    asked = request.GET.get("etablissement", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 19:
        chosen["establishments"] = Establishment.objects.manageable_by(user).filter(pk=int(asked))
    if request.GET.get("pour") in Preset.values:
        chosen["preset"] = request.GET["pour"]
    return chosen


def _waiting(request: HttpRequest, pk: int) -> tuple[User, Invitation]:
    """An invitation to an establishment that the person administers, whatever became of it."""
    user = administrator(request)
    return user, get_object_or_404(Invitation.objects.visible_to(user).select_related("establishment"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_resend(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link to the same address; the one before stops working."""
    user, invitation = _waiting(request, pk)
    if request.method == "POST":
        return _done(
            request, lambda: resend(invitation=invitation, actor=user), _("Invitation renvoyée à %s."), invitation
        )
    context = {
        "title": _("Renvoyer l’invitation de %s ?") % invitation.email,
        "sentences": [
            _("Un nouveau message part à %s.") % invitation.email,
            _("Son lien vaut quatorze jours ; celui du message précédent ne fonctionne plus."),
            _("C’est désormais vous qui invitez cette personne."),
        ],
        "submit": _("Renvoyer l’invitation"),
        "back_url": back_to(request, "access_list"),
    }
    return render(request, "accesses/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def invitation_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invitation back, once that was confirmed."""
    user, invitation = _waiting(request, pk)
    if request.method == "POST":
        return _done(
            request, lambda: revoke(invitation=invitation, actor=user), _("Invitation de %s révoquée."), invitation
        )
    context = {
        "title": _("Révoquer l’invitation de %s ?") % invitation.email,
        "sentences": [
            _("Le lien reçu par %s ne fonctionnera plus.") % invitation.email,
            _("Aucun message ne part pour le dire ; vous pourrez inviter cette adresse de nouveau."),
        ],
        "submit": _("Révoquer l’invitation"),
        "back_url": back_to(request, "access_list"),
        "danger": True,
    }
    return render(request, "accesses/confirm.html", context)


def _done(request: HttpRequest, act: Any, text: str, invitation: Invitation) -> HttpResponse:
    """Do it and say so; what came too late is said too."""
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except PermissionDenied as error:
        raise Http404 from error
    else:
        messages.success(request, text % invitation.email)
    return redirect(back_to(request, "access_list"))
