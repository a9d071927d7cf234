"""What allauth asks the portal about accounts."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.models import AbstractBaseUser

from accounts.emails import normalise_email


class AccountAdapter(DefaultAccountAdapter):
    def clean_email(self, email: str) -> str:
        """Every address that enters through an account form takes its one normal form."""
        return normalise_email(email)

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        """Mail the link to the address of the account (rule 8), never to one that is only waiting for confirmation."""
        super().send_password_reset_mail(user, user.get_username(), context)
