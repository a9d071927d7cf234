"""What allauth asks the portal about accounts."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from django.urls import reverse

from accounts.emails import normalise_email

INVITATION = "invitation"  # in the session: the hash of the invitation that waits there for a login


class AccountAdapter(DefaultAccountAdapter):
    def clean_email(self, email: str) -> str:
        """Every address that enters through an account form takes its one normal form."""
        return normalise_email(email)

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """Mail the link to the address of the account (rule 8), never to one that is only waiting for confirmation.

        Whoever never had a password is told that an account was opened for them, not that they asked for anything.
        """
        if user.has_usable_password():
            super().send_password_reset_mail(user, user.get_username(), context)
        else:
            self.send_mail("account/email/account_opened", user.get_username(), context)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Whoever came by an invitation goes back to it, whatever road their login took."""
        return reverse("invitation") if INVITATION in request.session else str(super().get_login_redirect_url(request))

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        """The same after a sign-up."""
        return reverse("invitation") if INVITATION in request.session else str(super().get_signup_redirect_url(request))
