"""One's own data as a file, and closing one's account: both ask who one is first."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choice import whole_right
from accounts.closing import LastAdministratorError, alone_in, close_account
from accounts.journal import record
from accounts.models import Access, AccessEventType, User
from accounts.requests import person
from enrolments.models import Enrolment
from espace_client.personal_data import personal_data


@whole_right
@require_safe
@reauthentication_required
def account_data(request: HttpRequest) -> HttpResponse:
    """What the portal holds on the person, as JSON; the journal keeps that it was asked for."""
    user = person(request)
    with transaction.atomic():
        record(actor=user, establishment=None, subject_email=user.email, event=AccessEventType.DATA_EXPORTED)
        data = personal_data(user)
    layout = {"ensure_ascii": False, "indent": 2}
    response = JsonResponse(data, encoder=DjangoJSONEncoder, json_dumps_params=layout)
    name = f"mes-donnees-{timezone.localdate():%Y-%m-%d}.json"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@whole_right
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def account_close(request: HttpRequest) -> HttpResponse:
    """What closing does, in full sentences, then the act; refused to the last administrator of an establishment."""
    user = person(request)
    if request.method == "POST" and not user.is_staff:
        try:
            close_account(user=user)
        except LastAdministratorError as error:
            messages.error(request, str(error))
        else:
            logout(request)
            messages.success(request, _("Votre compte est fermé. Un message vous le confirme."))
            return redirect("account_login")
    context = {"alone": alone_in(user), "is_team": user.is_staff, "sentences": _what_happens(user)}
    return render(request, "account/close.html", context)


def _what_happens(user: User) -> list[str]:
    """The consequences, with figures."""
    own = Access.objects.visible_to(user).filter(user=user).count()
    enrolments = Enrolment.objects.visible_to(user).count()
    sentences = [
        _("Vous serez déconnecté partout, et plus personne ne pourra entrer avec cette adresse."),
        ngettext(
            "Vous ne verrez plus %d inscription, ni ses documents ; ils restent à votre entreprise.",
            "Vous ne verrez plus %d inscriptions, ni leurs documents ; ils restent à votre entreprise.",
            enrolments,
        )
        % enrolments,
        _("Votre fonction, votre téléphone et vos préférences sont effacés ; votre nom reste dans l’historique."),
        _("Seule notre équipe peut rouvrir un compte fermé."),
    ]
    if own:
        ended = ngettext(
            "Votre accès à %d établissement prend fin.", "Vos accès à %d établissements prennent fin.", own
        )
        sentences.insert(1, ended % own)
    return sentences
