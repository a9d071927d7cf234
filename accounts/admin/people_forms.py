"""Forms of the management of people."""

from __future__ import annotations

from allauth.account.forms import ResetPasswordForm
from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.emails import normalise_email
from accounts.models import Access, Establishment, User
from accounts.roles import Role


class NewUserForm(forms.ModelForm[User]):
    """A new account: an address in its normal form, who it belongs to, and what they may see at once.

    For someone who ordered by telephone, or the first administrator of an establishment.
    """

    establishments = forms.ModelMultipleChoiceField(
        Establishment.objects.all(),
        label=_("Accès à"),
        required=False,
        help_text=_("Facultatif : sans accès, la personne voit les commandes passées avec son adresse."),
        widget=AutocompleteSelectMultiple(Access._meta.get_field("establishment"), admin.site),
    )
    role = forms.ChoiceField(label=_("Niveau"), choices=Role.choices, initial=Role.STANDARD, required=False)
    document_types = forms.TypedMultipleChoiceField(
        label=_("Types de document ouverts"),
        coerce=DocumentType,
        choices=DocumentType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Pour un accès standard. Un administrateur ouvre tous les types."),
    )
    send_link = forms.BooleanField(
        label=_("Envoyer le lien pour choisir son mot de passe"), required=False, initial=True
    )

    class Meta:
        model = User
        fields = ["email", "civility", "first_name", "last_name", "job_title", "phone"]

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])


class PasswordLinkForm(ResetPasswordForm):
    """allauth's "mot de passe oublié" for one known account, whoever else has the same address waiting."""

    def __init__(self, user: User) -> None:
        super().__init__({"email": user.email})
        self.user = user

    def clean_email(self) -> str:
        self.users = [self.user]
        return self.user.email

    def send(self, request: HttpRequest) -> None:
        """Mail the link; ValueError when the account's address is none, which nobody can do anything with."""
        if not self.is_valid():
            raise ValueError(self.errors.as_text())
        self.save(request)
