from allauth.account.signals import email_changed
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from accounts.sessions import end_other_sessions


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Comptes et accès")

    def ready(self) -> None:
        email_changed.connect(end_other_sessions, dispatch_uid="accounts.end_other_sessions")
