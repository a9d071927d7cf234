"""Staff cancel or move a session: who is concerned is shown first, then each order is asked what it wants instead."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin.base import staff
from accounts.days import take_meant_days
from catalogue.models import Session
from enrolments.models import Enrolment
from enrolments.proposals import CONCERNED, cancel_session, move_session

CANCEL, MOVE = "annuler", "deplacer"


class Day(forms.DateInput):
    """The browser's own calendar: Django's needs the scripts of a model's form."""

    def __init__(self) -> None:
        super().__init__(attrs={"type": "date"}, format="%Y-%m-%d")


class SessionChangeForm(forms.Form):
    """What happens to the session, and the word that the clients read."""

    action = forms.ChoiceField(
        label=gettext_lazy("Que devient la session ?"),
        choices=[(CANCEL, gettext_lazy("Elle est annulée")), (MOVE, gettext_lazy("Elle change de dates"))],
        widget=forms.RadioSelect,
    )
    du = forms.DateField(label=gettext_lazy("Nouveau premier jour"), required=False, widget=Day())
    au = forms.DateField(label=gettext_lazy("Nouveau dernier jour"), required=False, widget=Day())
    raison = forms.CharField(
        label=gettext_lazy("Raison, dite aux clients"),
        max_length=190,  # the history has the dates before it
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_meant_days(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("action") == MOVE:
            for name in ("du", "au"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Donnez les nouvelles dates."))
        return cleaned


def session_change_view(request: HttpRequest, model_admin: admin.ModelAdmin[Session], pk: int) -> HttpResponse:
    """Show who is concerned; cancel or move; say how many were written to."""
    session = get_object_or_404(Session.objects.select_related("course"), pk=pk)
    if not model_admin.has_change_permission(request, session):
        raise PermissionDenied
    form = SessionChangeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _apply(request, model_admin, session, form):
        return redirect("admin:catalogue_session_change", session.pk)
    concerned = Enrolment.objects.filter(session=session, state__in=CONCERNED).order_by()
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Annuler ou déplacer la session %s") % session.code,
        "opts": Session._meta,
        "session": session,
        "form": form,
        "orders": concerned.values("order__number", "order_email").annotate(people=Count("pk")).order_by("order"),
    }
    return render(request, "admin/catalogue/session/change_session.html", context)


def _apply(request: HttpRequest, model_admin: Any, session: Session, form: SessionChangeForm) -> bool:
    """Whether it is done; what is wrong is said in the form otherwise."""
    values = form.cleaned_data
    common = {"session": session, "actor": staff(request), "reason": values["raison"]}
    try:
        if values["action"] == CANCEL:
            proposals = cancel_session(**common)
        else:
            proposals = move_session(**common, starts_on=values["du"], ends_on=values["au"])
    except ValidationError as error:
        form.add_error(None, error)
        return False
    sent = len(proposals)
    said = ngettext("%d commande prévenue.", "%d commandes prévenues.", sent) % sent
    model_admin.log_change(request, session, f"{dict(form.fields['action'].choices)[values['action']]}. {said}")  # type: ignore[attr-defined]
    messages.success(request, said)
    if values["action"] == MOVE:
        text = _("Nos pièces sont refaites aux nouvelles dates. Celles de l’ERP ou déposées par nous sont à refaire :")
        board = reverse("admin:documents_missing")
        messages.warning(request, format_html('{} <a href="{}">{}</a>', text, board, _("voir les pièces manquantes")))
    return True
