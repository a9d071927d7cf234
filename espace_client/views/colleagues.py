"""What one does about colleagues: the eight-year view, a name to correct, a duplicate to merge, data to erase."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.filters import search_condition
from accounts.models import User
from accounts.requests import person
from enrolments.erasure import ask_erasure
from enrolments.merging import correct_name, merge, undo_merge
from enrolments.models import Enrolment, Participant, ParticipantMerge
from enrolments.stocktaking import ALERT_YEARS, FINE, LONG_AGO, NONE, YEARS, stock_of

ROWS_PER_PAGE, DUPLICATES_SHOWN = 50, 12
pages = require_http_methods(["GET", "HEAD", "POST"])


class NameForm(forms.Form):
    nom = forms.CharField(label=gettext_lazy("Nom"), max_length=100)
    prenom = forms.CharField(label=gettext_lazy("Prénom"), max_length=100, required=False)
    email = forms.EmailField(label=gettext_lazy("Adresse email"), max_length=254, required=False)


class ErasureForm(forms.Form):
    precisions = forms.CharField(
        label=gettext_lazy("Précisions pour notre équipe"), max_length=500, required=False, widget=forms.Textarea
    )


@require_safe
def stocktaking(request: HttpRequest) -> HttpResponse:
    """Who had no training for longest, first."""
    user, today = person(request), timezone.localdate()
    rows = stock_of(user, today)
    shares = rows.order_by().aggregate(
        total=Count("pk"), none=Count("pk", filter=Q(standing=NONE)), long_ago=Count("pk", filter=Q(standing=LONG_AGO))
    )
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "figures": [
            (_("Collaborateurs"), str(shares["total"]), ""),
            (_("Aucune formation en %d ans") % YEARS, str(shares["none"]), ""),
            (_("Aucune depuis %d ans") % ALERT_YEARS, str(shares["long_ago"]), ""),
        ],
        "years": YEARS,
        "alert_years": ALERT_YEARS,
        "NONE": NONE,
        "LONG_AGO": LONG_AGO,
        "FINE": FINE,
    }
    return render(request, "enrolments/stocktaking.html", context)


@pages
def participant_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """The name and the address as they are."""
    user, participant = _managed(request, pk)
    given = {"nom": participant.last_name, "prenom": participant.first_name, "email": participant.email}
    form = NameForm(request.POST if request.method == "POST" else None, initial=given)
    if form.is_valid():
        names = form.cleaned_data
        values = {"last_name": names["nom"], "first_name": names["prenom"], "email": names["email"]}
        _allowed(lambda: correct_name(actor=user, participant=participant, **values))
        messages.success(request, _("La fiche est corrigée. Les documents déjà émis gardent l’ancien nom."))
        return redirect("participant_detail", pk)
    return render(request, "enrolments/participant_correct.html", {"participant": participant, "form": form})


@pages
def participant_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the duplicate, read what will happen, confirm."""
    user, participant = _managed(request, pk)
    asked = request.POST if request.method == "POST" else request.GET
    others = _duplicates(user, participant)
    chosen = others.filter(pk=int(asked["avec"])).first() if asked.get("avec", "").isdecimal() else None
    if request.method == "POST" and chosen is not None:
        try:
            _allowed(lambda: merge(actor=user, kept=participant, merged=chosen))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Les deux fiches n’en font plus qu’une."))
            return redirect("participant_detail", pk)
    query = request.GET.get("q", "").strip()[:100]
    like = Q(last_name__unaccent__iexact=participant.last_name)
    if participant.email:
        like |= Q(email__iexact=participant.email)
    found = others.filter(search_condition(query, ("last_name", "first_name", "email")) if query else like)
    context = {"participant": participant, "chosen": chosen, "query": query, "others": found[:DUPLICATES_SHOWN]}
    if chosen is not None:
        context["sentences"] = _merge_sentences(user, participant, chosen)
    return render(request, "enrolments/participant_merge.html", context)


def _merge_sentences(user: User, kept: Participant, merged: Participant) -> list[str]:
    count = Enrolment.objects.visible_to(user).filter(participant=merged).count()
    text = ngettext("%d inscription passe", "%d inscriptions passent", count) % count
    names = {"moved": text, "kept": kept, "merged": merged}
    return [
        _("%(moved)s de « %(merged)s » à « %(kept)s », avec leurs documents.") % names,
        _("« %(merged)s » n’apparaît plus dans vos listes.") % names,
        _("Rien n’est perdu : vous pourrez défaire la fusion sur la fiche de « %(kept)s ».") % names,
    ]


@require_POST
def participant_unmerge(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back."""
    user = person(request)
    found = get_object_or_404(ParticipantMerge.objects.visible_to(user).in_force(), pk=pk)
    try:
        _allowed(lambda: undo_merge(actor=user, merge=found))
        messages.success(request, _("La fusion est défaite."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("participant_detail", found.kept_id)


@pages
def participant_erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask our team to erase a person's data."""
    user, participant = _managed(request, pk)
    form = ErasureForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        reason = form.cleaned_data["precisions"]
        _allowed(lambda: ask_erasure(participant=participant, actor=user, reason=reason))
        messages.success(request, _("Votre demande est partie : nous y répondons sous un mois."))
        return redirect("participant_detail", pk)
    return render(request, "enrolments/participant_erase.html", {"participant": participant, "form": form})


def _managed(request: HttpRequest, pk: int) -> tuple[User, Participant]:
    user = person(request)
    return user, get_object_or_404(Participant.objects.manageable_by(user).filter(merged_into__isnull=True), pk=pk)


def _duplicates(user: User, participant: Participant) -> Any:
    """The people of the same home whom the person may manage."""
    same = {"company": participant.company_id, "owner_email": participant.owner_email, "merged_into": None}
    return Participant.objects.manageable_by(user).filter(**same).exclude(pk=participant.pk)


def _allowed(act: Any) -> Any:
    """What the service answers; 404 when the right has gone meanwhile."""
    try:
        return act()
    except Participant.DoesNotExist as error:
        raise Http404 from error
