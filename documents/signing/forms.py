"""What is asked of whoever agrees to a quote."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AcceptanceForm(forms.Form):
    name = forms.CharField(label=_("Votre nom et votre prénom"), max_length=200)
    job_title = forms.CharField(
        label=_("Votre fonction"), max_length=150, help_text=_("Par exemple : responsable formation.")
    )
    agreed = forms.BooleanField(
        label=_("J’ai lu ce document et je donne mon accord au nom de l’entreprise."),
        error_messages={"required": _("Cochez cette case pour donner votre accord.")},
    )
    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)
