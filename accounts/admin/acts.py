"""Acts of the management site that ask for a reason: what will happen is said, the reason is kept in the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

Act = Callable[[str], HttpResponse]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Motif"),
        min_length=10,
        max_length=300,
        help_text=_("Gardé dans le journal avec votre nom : le numéro de l’appel, qui a demandé quoi."),
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )


def ask_reason(
    request: HttpRequest, *, title: object, sentences: Sequence[object], submit: object, back: str, act: Act
) -> HttpResponse:
    """The page that asks; once there is a reason, what `act` does with it and answers. `back`: the way out."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return act(form.cleaned_data["reason"])
    context = {
        **admin.site.each_context(request),
        "title": title,
        "sentences": sentences,
        "submit": submit,
        "back": back,
        "form": form,
    }
    return TemplateResponse(request, "admin/accounts/reason.html", context)
