"""What secures a login, on its owner's page and not on allauth's: no secret is shown, no address verified by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account import admin as account_admin
from allauth.account.models import EmailAddress
from allauth.mfa import admin as mfa_admin
from allauth.mfa.models import Authenticator
from allauth.usersessions import admin as usersessions_admin
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .base import ReadOnlyInline, staff

REPLACED = (account_admin.EmailAddressAdmin, mfa_admin.AuthenticatorAdmin, usersessions_admin.UserSessionAdmin)
admin.site.unregister([EmailAddress, Authenticator, UserSession])


class EmailAddressInline(ReadOnlyInline[EmailAddress, User]):
    model = EmailAddress
    fields = ("email", "verified", "primary")
    show_change_link = False
    select_related = ("user",)
    verbose_name_plural = _("adresses : seule une adresse vérifiée ouvre quelque chose")


class _SecurityInline(ReadOnlyInline[Any, User]):
    """A superuser may delete; nobody adds or changes."""

    can_delete = True
    show_change_link = False
    select_related = ("user",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff(request).is_superuser


class AuthenticatorInline(_SecurityInline):
    """Second factors. One is deleted for whoever lost their telephone or key."""

    model = Authenticator
    fields = ("kind", "added", "last_used")
    verbose_name = _("second facteur")
    verbose_name_plural = _("seconds facteurs")

    @admin.display(description=_("type"))
    def kind(self, authenticator: Authenticator) -> str:
        return str(authenticator.get_type_display())

    @admin.display(description=_("ajouté le"))
    def added(self, authenticator: Authenticator) -> datetime:
        return authenticator.created_at

    @admin.display(description=_("dernier usage"))
    def last_used(self, authenticator: Authenticator) -> datetime | None:
        return authenticator.last_used_at


class SessionFormSet(BaseInlineFormSet[UserSession, User, Any]):
    def delete_existing(self, obj: UserSession, commit: bool = True) -> None:
        """End the session, whose row alone would leave it open."""
        if commit:
            obj.end()


class SessionInline(_SecurityInline):
    """Sessions in which the person has been; one that is deleted is logged out."""

    model = UserSession
    formset = SessionFormSet
    fields = ("address", "browser", "opened", "last_seen")
    verbose_name = _("session ouverte")
    verbose_name_plural = _("sessions ouvertes")

    @admin.display(description=_("adresse IP"))
    def address(self, session: UserSession) -> str:
        return session.ip

    @admin.display(description=_("navigateur"))
    def browser(self, session: UserSession) -> str:
        return session.user_agent

    @admin.display(description=_("ouverte le"))
    def opened(self, session: UserSession) -> datetime:
        return session.created_at

    @admin.display(description=_("vue le"))
    def last_seen(self, session: UserSession) -> datetime:
        return session.last_seen_at
