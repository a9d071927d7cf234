"""Forms of the account pages."""

from typing import Any

from allauth.account.forms import ResetPasswordKeyForm as AllauthResetPasswordKeyForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import NotificationKind, User
from accounts.services import verify_login_address


class SignupForm(AllauthSignupForm):
    """Email and password, and the name that colleagues and the team will read."""

    first_name = forms.CharField(
        label=_("Prénom"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        label=_("Nom"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    field_order = ["first_name", "last_name", "email", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        proved = context.request.session.get("account_verified_email") if context.request else None
        if proved:
            email = self.fields["email"]
            email.initial, email.help_text = proved, _("C’est l’adresse de votre invitation : elle est déjà vérifiée.")
            email.disabled = True  # whatever is sent, it is this one

    def try_save(self, request: HttpRequest) -> Any:
        """An address that has an account costs as much as one that has none, so that the time tells nobody which."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])  # as a new account's is; nothing is kept
        return super().try_save(request)


class ResetPasswordKeyForm(AllauthResetPasswordKeyForm):
    """Whoever sets a password through the mailed link has proved that the account's address is theirs."""

    def save(self) -> None:
        with transaction.atomic():
            super().save()
            verify_login_address(user=self.user)


class NotificationsForm(forms.Form):
    """The mails that one wants, of those that may be declined."""

    wanted = forms.TypedMultipleChoiceField(
        label=_("M’envoyer un message pour"),
        coerce=NotificationKind,
        choices=NotificationKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class ProfileForm(forms.ModelForm[User]):
    """One's own name, function and telephone. What is changed here, no ERP drop changes back."""

    class Meta:
        model = User
        fields = ["civility", "first_name", "last_name", "job_title", "phone"]
        widgets = {
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "job_title": forms.TextInput(attrs={"autocomplete": "organization-title"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
        }

    def save(self, commit: bool = True) -> Any:
        self.instance.decide(self.changed_data)
        return super().save(commit)
