"""The forms by which an enrolment is changed: what is chosen, then what is agreed to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.models import Session
from enrolments.changing import NewPerson
from enrolments.models import Participant


class AgreedForm(forms.Form):
    """The rate (%) that was shown, sent back with the confirmation."""

    convenu = forms.DecimalField(min_value=0, max_value=100, max_digits=5, decimal_places=2, widget=forms.HiddenInput)


class SubstituteForm(forms.Form):
    """Somebody known, or somebody new."""

    personne: forms.ModelChoiceField[Participant] = forms.ModelChoiceField(
        queryset=None, required=False, label=gettext_lazy("Collaborateur")
    )
    nom = forms.CharField(label=gettext_lazy("Nom"), required=False, max_length=100)
    prenom = forms.CharField(label=gettext_lazy("Prénom"), required=False, max_length=100)
    email = forms.EmailField(label=gettext_lazy("Adresse email"), required=False, max_length=254)

    def __init__(self, *args: Any, colleagues: QuerySet[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["personne"].queryset = colleagues  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        typed = [cleaned.get(name) for name in ("nom", "prenom", "email")]
        if self.errors:
            return cleaned
        if cleaned.get("personne") and any(typed):
            self.add_error(None, _("Choisissez une personne de la liste, ou saisissez-en une nouvelle : pas les deux."))
        elif not cleaned.get("personne") and not cleaned.get("nom"):
            self.add_error("nom", _("Choisissez une personne, ou donnez au moins son nom."))
        return cleaned

    @property
    def chosen(self) -> Participant | NewPerson:
        """Who was chosen, once the form is valid."""
        known = self.cleaned_data["personne"]
        if isinstance(known, Participant):
            return known
        return NewPerson(self.cleaned_data["nom"], self.cleaned_data["prenom"], self.cleaned_data["email"])


class MoveForm(forms.Form):
    """Another session of the course."""

    session: forms.ModelChoiceField[Session] = forms.ModelChoiceField(queryset=None, label=gettext_lazy("Session"))

    def __init__(self, *args: Any, sessions: QuerySet[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = sessions  # type: ignore[attr-defined]
        self.fields["session"].error_messages = {
            "required": _("Choisissez une session."),
            "invalid_choice": _("Cette session n’est plus proposée : choisissez-en une autre."),
        }
