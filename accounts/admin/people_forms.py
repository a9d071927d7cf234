"""Forms of the management of people."""

from __future__ import annotations

from allauth.account.forms import ResetPasswordForm
from django import forms
from django.http import HttpRequest

from accounts.emails import normalise_email
from accounts.models import User


class NewUserForm(forms.ModelForm[User]):
    """A new account: an address in its normal form, and who it belongs to."""

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
