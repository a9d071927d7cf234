"""Waiting lists: joining one, one's place in it, and the answer when a seat is free."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import Establishment, User
from accounts.requests import person
from catalogue.models import Session
from enrolments.accepting import accept, cost_of
from enrolments.models import Participant, WaitingEntry, WaitingState
from enrolments.presentation import tabs
from enrolments.waiting import join, leave, may_wait, positions, session_of

SHOWN = 100


class JoinForm(forms.Form):
    """For which establishment, and who; nobody yet is "à désigner"."""

    etablissement: forms.ModelChoiceField[Establishment] = forms.ModelChoiceField(
        queryset=None,
        required=False,
        label=gettext_lazy("Établissement"),
        empty_label=gettext_lazy("Sans établissement"),
    )
    personne: forms.ModelChoiceField[Participant] = forms.ModelChoiceField(
        queryset=None, required=False, label=gettext_lazy("Collaborateur"), empty_label=gettext_lazy("À désigner")
    )

    def __init__(
        self, *args: Any, places: QuerySet[Establishment], people: QuerySet[Participant], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["etablissement"].queryset = places  # type: ignore[attr-defined]
        self.fields["personne"].queryset = people  # type: ignore[attr-defined]
        if len(places) == 1:
            self.fields["etablissement"].initial = places[0]


@require_safe
def waiting_list(request: HttpRequest) -> HttpResponse:
    """The seats that one waits for, soonest session first, and those that were answered lately."""
    rows = WaitingEntry.objects.visible_to(person(request)).select_related(
        "session__course", "participant", "establishment"
    )
    entries = list(rows.listed().order_by("session__starts_on", "joined_at", "pk")[:SHOWN])
    past = rows.exclude(pk__in=[entry.pk for entry in entries]).order_by("-joined_at", "-pk")[:10]
    places = positions(entries)
    context = {
        "tabs": tabs(request.path),
        "entries": [(entry, places.get(entry.pk)) for entry in entries],
        "past": past,
    }
    return render(request, "enrolments/waiting_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def waiting_join(request: HttpRequest, pk: int) -> HttpResponse:
    """Wait for a seat in a full session."""
    user = person(request)
    session = session_of(pk)
    if session is None:
        raise Http404
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        places=Establishment.objects.visible_to(user).order_by("name", "pk"),
        people=Participant.objects.visible_to(user).filter(merged_into__isnull=True),
    )
    if request.method == "POST" and form.is_valid() and (entry := _join(user, session, form)):
        messages.success(request, _("Vous êtes sur la liste d’attente."))
        return redirect("waiting_detail", entry.pk)
    context = {"session": session, "form": form, "open": may_wait(session)}
    return render(request, "enrolments/waiting_join.html", context)


def _join(user: User, session: Session, form: JoinForm) -> WaitingEntry | None:
    """The entry, or None with what is wrong said in the form."""
    try:
        return join(
            actor=user,
            session=session,
            establishment=form.cleaned_data["etablissement"],
            participant=form.cleaned_data["personne"],
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None


@require_http_methods(["GET", "HEAD", "POST"])
def waiting_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One's place in the list; when a seat is proposed, the price and the answer."""
    user = person(request)
    rows = WaitingEntry.objects.visible_to(user).select_related(
        "session__course", "participant", "establishment", "enrolment"
    )
    entry = get_object_or_404(rows, pk=pk)
    if request.method == "POST" and _answer(request, user, entry):
        entry.refresh_from_db()
        return redirect("enrolment_detail", entry.enrolment_id) if entry.enrolment_id else redirect("waiting_list")
    offered = entry.state == WaitingState.OFFERED
    context = {
        "entry": entry,
        "offered": offered,
        "position": positions([entry]).get(entry.pk),
        "amounts_visible": user.rights.sees_amounts(entry.establishment_id, entry.order_email),
        "cost": cost_of(entry, user) if offered else None,
    }
    return render(request, "enrolments/waiting_detail.html", context)


def _total(request: HttpRequest) -> Decimal:
    """The price that was shown; a form that says nonsense agreed to none."""
    try:
        return Decimal(request.POST.get("total", ""))
    except InvalidOperation as error:
        raise ValidationError(_("Relisez le prix, puis acceptez.")) from error


def _answer(request: HttpRequest, user: User, entry: WaitingEntry) -> bool:
    try:
        if "accepter" in request.POST:
            accept(actor=user, entry=entry, total=_total(request))
            messages.success(request, _("La place est à vous : la commande est passée."))
        else:
            leave(actor=user, entry=entry)
            messages.success(request, _("Vous n’êtes plus sur cette liste d’attente."))
    except WaitingEntry.DoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    return True
