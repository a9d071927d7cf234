"""People: accounts are opened with an address alone; their owner chooses the password, by a mailed link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.labels import label_of
from accounts.models import Access, NotificationChoices, NotificationKind, User
from accounts.roles import Role
from accounts.staff_acts import deactivate_account, open_account_with_accesses, tell_of_activity

from .base import EMPTY, QuestionFilter, ReadOnlyInline, staff
from .people_acts import PeopleActs
from .people_forms import NewUserForm, PasswordLinkForm
from .security import AuthenticatorInline, EmailAddressInline, SessionInline

TEAM_FIELDS = ("is_staff", "is_superuser", "groups")


class VerifiedFilter(QuestionFilter):
    title = _("adresse vérifiée")
    parameter_name = "verifiee"
    answers = {
        "oui": (_("Vérifiée"), lambda: Q(verified=True)),
        "non": (_("Pas encore"), lambda: Q(verified=False)),
    }


class LastLoginFilter(QuestionFilter):
    title = _("dernière connexion")
    parameter_name = "connexion"
    answers = {
        "jamais": (_("Jamais"), lambda: Q(last_login__isnull=True)),
        "ancienne": (_("Il y a plus d’un an"), lambda: Q(last_login__lt=timezone.now() - timedelta(days=365))),
    }


class AccessInline(ReadOnlyInline[Access, User]):
    model = Access
    fk_name = "user"
    fields = ("establishment", "role", "ends_at", "granted_by", "granted_at")
    select_related = ("user", "establishment", "granted_by")
    verbose_name_plural = _("accès aux établissements")


class NotificationInline(ReadOnlyInline[NotificationChoices, User]):
    model = NotificationChoices
    fields = ("refused",)
    show_change_link = False
    verbose_name_plural = _("notifications que la personne a refusées")

    @admin.display(description=_("refusées"))
    def refused(self, choices: NotificationChoices) -> str:
        return ", ".join(label_of(NotificationKind, one) for one in choices.declined) or EMPTY


@admin.register(User)
class UserAdmin(PeopleActs):
    """The login address is changed by its owner, who confirms it; a password is only ever chosen by its owner."""

    change_form_template = "admin/accounts/user/change_form.html"
    list_display = ("email", "full_name", "has_verified_address", "is_active", "is_staff", "last_login")
    list_filter = (VerifiedFilter, "is_active", "is_staff", LastLoginFilter)
    search_fields = ("email", "last_name__unaccent", "first_name__unaccent")
    ordering = ("email",)
    autocomplete_fields = ("groups",)
    readonly_fields = ("has_verified_address", "last_login", "date_joined", "closed_at")
    fixed_fields = ("email",)
    actions = ["send_password_links", "deactivate"]
    inlines = (AccessInline, EmailAddressInline, AuthenticatorInline, SessionInline, NotificationInline)
    _identity: ClassVar[tuple[Any, ...]] = (
        "email",
        ("civility", "first_name", "last_name"),
        ("job_title", "phone"),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[User]:
        address = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
        return super().get_queryset(request).annotate(verified=Exists(address))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            accesses = ("establishments", "role", "document_types", "send_link")
            return [(None, {"fields": self._identity}), (_("Accès, et premier message"), {"fields": accesses})]
        return [
            (None, {"fields": self._identity}),
            (
                _("Connexion"),
                {"fields": ("is_active", "has_verified_address", "last_login", "date_joined", "closed_at")},
            ),
            (_("Équipe interne"), {"fields": TEAM_FIELDS}),
            (_("Import de l’ERP"), {"fields": ("decided_in_portal",)}),
        ]

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if change else {"form": NewUserForm}) | kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser decides who is in the team; nobody changes their own place in it or locks themselves out."""
        fields = super().get_readonly_fields(request, obj)
        if obj == request.user:
            return (*fields, *TEAM_FIELDS, "is_active")
        return fields if staff(request).is_superuser else (*fields, *TEAM_FIELDS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """An account of the team is changed by a superuser only: it opens more than whoever changes it may."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_staff or staff(request).is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """An account that was used is deactivated, never deleted: orders, journal and history speak of it."""
        used = obj is not None and (obj.last_login is not None or obj.is_staff)
        return super().has_delete_permission(request, obj) and not used

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            self._open(request, obj, form.cleaned_data)
            return
        if obj.is_active:
            obj.closed_at = None
        super().save_model(request, obj, form, change)
        if "is_active" in form.changed_data:
            tell_of_activity(user=obj, actor=staff(request))

    def _open(self, request: HttpRequest, user: User, cleaned: dict[str, Any]) -> None:
        """An account, its accesses, and the mail by which its owner gets in."""
        open_account_with_accesses(
            user=user,
            establishments=list(cleaned.get("establishments", ())),
            role=Role(cleaned.get("role") or Role.STANDARD),
            types=cleaned.get("document_types", ()),
            actor=staff(request),
        )
        if cleaned.get("send_link"):
            PasswordLinkForm(user).send(request)
            self.message_user(request, _("Le lien est parti à %s.") % user.email, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        link = self.admin_site.admin_view(self.password_link)
        route = path("<path:object_id>/lien-de-mot-de-passe/", link, name="accounts_user_password_link")
        return [route, *super().get_urls()]

    @admin.display(description=_("nom"), ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description=_("adresse vérifiée"), boolean=True, ordering="verified")
    def has_verified_address(self, user: User) -> bool:
        return bool(getattr(user, "verified", False))

    @method_decorator(require_POST)
    def password_link(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        """The button of one account."""
        user = get_object_or_404(self.get_queryset(request), pk=unquote(object_id))
        self.send_password_links(request, self.get_queryset(request).filter(pk=user.pk))
        return redirect("admin:accounts_user_change", user.pk)

    @admin.action(description=_("Envoyer un lien pour choisir son mot de passe"), permissions=["change"])
    def send_password_links(self, request: HttpRequest, queryset: models.QuerySet[User]) -> None:
        """The mail of "mot de passe oublié", to the address of each chosen account that is active."""
        sent = 0
        for user in queryset:
            if user.is_active:
                PasswordLinkForm(user).send(request)
                sent += 1
            else:
                self.message_user(request, _("%s est désactivé : aucun lien envoyé.") % user, messages.WARNING)
        if sent:
            text = ngettext("%(count)d lien envoyé.", "%(count)d liens envoyés.", sent) % {"count": sent}
            self.message_user(request, text, messages.SUCCESS)

    @admin.action(description=_("Désactiver les comptes choisis"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: models.QuerySet[User]) -> None:
        """Effective on the next request, in open sessions too; never on one's own account."""
        done = 0
        for user in queryset.filter(is_active=True):
            if user == request.user or not self.has_change_permission(request, user):
                self.message_user(request, _("%s n’est pas désactivé.") % user, messages.WARNING)
                continue
            deactivate_account(user=user, actor=staff(request))
            self.log_change(request, user, [{"changed": {"fields": ["is_active"]}}])
            done += 1
        text = ngettext("%(count)d compte désactivé.", "%(count)d comptes désactivés.", done) % {"count": done}
        self.message_user(request, text, messages.SUCCESS)
