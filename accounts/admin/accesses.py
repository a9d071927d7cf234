"""Accesses, those that were removed, and invitations."""

from __future__ import annotations

import contextlib
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.invitations import revoke
from accounts.models import Access, EstablishmentGrant, Invitation, RemovedAccess
from accounts.roles import Role
from accounts.staff_acts import leaves_none, remove_access_as_staff, save_access_as_staff

from .access_form import AccessForm
from .acts import ask_reason
from .base import EMPTY, DecidedAdmin, QuestionFilter, ReadOnlyAdmin, staff


class EndFilter(QuestionFilter):
    title = _("durée")
    parameter_name = "duree"
    answers = {
        "sans": (_("Sans fin"), lambda: Q(ends_at__isnull=True)),
        "limitee": (_("En cours, avec une fin"), lambda: Q(ends_at__gt=timezone.now())),
        "finie": (_("Terminée"), lambda: Q(ends_at__lte=timezone.now())),
    }


@admin.register(Access)
class AccessAdmin(DecidedAdmin[Access]):
    """Every change goes through the services: what staff decide here, no ERP drop changes back."""

    form = AccessForm
    change_form_template = "admin/accounts/access/change_form.html"
    list_display = ("user", "establishment", "company", "role", "opened_types", "ends_at", "last_login")
    list_display_links = ("user", "establishment")
    list_select_related = ("user", "establishment__company")
    list_filter = ("role", EndFilter, ("reviewed_at", admin.EmptyFieldListFilter))
    search_fields = (
        "user__email",
        "user__last_name__unaccent",
        "establishment__name__unaccent",
        "establishment__siret",
        "establishment__company__name__unaccent",
    )
    ordering = ("-pk",)
    autocomplete_fields = ("user", "establishment")
    fields = (
        "user",
        "establishment",
        "role",
        "document_types",
        "ends_at",
        "reason",
        "granted_by",
        "granted_at",
        "reviewed_at",
        "decided_in_portal",
    )
    readonly_fields = ("granted_by", "granted_at", "reviewed_at")
    fixed_fields = ("user", "establishment")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Access]:
        codenames = EstablishmentGrant.objects.filter(
            user=OuterRef("user_id"), content_object=OuterRef("establishment_id")
        ).values("permission__codename")
        return super().get_queryset(request).annotate(codenames=ArraySubquery(codenames))

    def get_form(self, request: HttpRequest, obj: Access | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.actor = staff(request)  # the class was made for this request
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Access | None = None) -> bool:
        """Nobody removes their own administrator right (rule 4); the last one of all goes by `remove_last` only."""
        if not super().has_delete_permission(request, obj):
            return False
        if obj is None or obj.role != Role.ADMINISTRATOR:
            return True
        return obj.user_id != request.user.pk and not leaves_none(obj)

    def save_model(self, request: HttpRequest, obj: Access, form: Any, change: bool) -> None:
        obj.decide(set(form.changed_data) & {"ends_at"})
        cleaned = form.cleaned_data
        save_access_as_staff(
            access=obj, types=cleaned["document_types"], actor=staff(request), reason=cleaned.get("reason", "")
        )

    def delete_model(self, request: HttpRequest, obj: Access) -> None:
        remove_access_as_staff(access=obj, actor=staff(request))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Access]) -> None:
        """One by one: whoever has become the last administrator meanwhile stays, and it is said."""
        for access in queryset.select_related("establishment").order_by("establishment_id", "pk"):
            try:
                remove_access_as_staff(access=access, actor=staff(request))
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.WARNING)

    def get_urls(self) -> list[URLPattern]:
        last = self.admin_site.admin_view(self.remove_last)
        route = path("<path:object_id>/retirer-le-dernier/", last, name="accounts_access_remove_last")
        return [route, *super().get_urls()]

    def remove_last(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Remove the last lasting administrator of an establishment all the same, with a reason."""
        access = get_object_or_404(self.get_queryset(request), pk=unquote(object_id))
        if not super().has_delete_permission(request, access) or access.user_id == request.user.pk:
            raise PermissionDenied

        def act(reason: str) -> HttpResponse:
            remove_access_as_staff(access=access, actor=staff(request), reason=reason)
            self.message_user(request, _("%s est retiré.") % access, messages.SUCCESS)
            return redirect("admin:accounts_access_changelist")

        return ask_reason(
            request,
            title=_("Retirer le dernier administrateur"),
            sentences=[
                _("%(user)s ne verra plus rien de %(place)s.") % {"user": access.user, "place": access.establishment},
                _("Plus personne n’y pourra donner ni retirer d’accès ; l’équipe seule le pourra."),
            ],
            submit=_("Retirer cet administrateur"),
            back=reverse("admin:accounts_access_change", args=[access.pk]),
            act=act,
        )

    @admin.display(description=_("entreprise"), ordering="establishment__company__name")
    def company(self, access: Access) -> str:
        return str(access.establishment.company)

    @admin.display(description=_("types ouverts"))
    def opened_types(self, access: Access) -> str:
        if access.role == Role.ADMINISTRATOR:
            return str(_("tous"))
        codenames = set(getattr(access, "codenames", ()))
        return ", ".join(str(one.label) for one in DocumentType if one.codename in codenames) or EMPTY

    @admin.display(description=_("dernière connexion"), ordering="user__last_login")
    def last_login(self, access: Access) -> Any:
        return access.user.last_login


@admin.register(RemovedAccess)
class RemovedAccessAdmin(ReadOnlyAdmin[RemovedAccess]):
    """Why an ERP drop does not give an access back. Giving it again, on the page of accesses, takes the line away."""

    list_display = ("user", "establishment", "removed_at", "removed_by")
    list_select_related = ("user", "establishment", "removed_by")
    list_filter = ("removed_at",)
    search_fields = (
        "user__email",
        "user__last_name__unaccent",
        "establishment__name__unaccent",
        "establishment__siret",
    )
    date_hierarchy = "removed_at"
    ordering = ("-removed_at", "-pk")


_OPEN = Q(accepted_at__isnull=True, revoked_at__isnull=True)


class InvitationFilter(QuestionFilter):
    title = _("état")
    parameter_name = "etat"
    answers = {
        "attente": (_("En attente"), lambda: _OPEN & Q(expires_at__gt=timezone.now())),
        "acceptee": (_("Acceptée"), lambda: Q(accepted_at__isnull=False)),
        "revoquee": (_("Révoquée"), lambda: Q(revoked_at__isnull=False)),
        "expiree": (_("Expirée"), lambda: _OPEN & Q(expires_at__lte=timezone.now())),
    }


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin[Invitation]):
    """Administrators invite; staff see it, and revoke. Staff themselves give an access directly."""

    list_display = ("email", "establishment", "role", "invited_by", "invited_at", "expires_at", "accepted_at")
    list_select_related = ("establishment", "invited_by")
    list_filter = (InvitationFilter, "role")
    search_fields = ("email", "establishment__name__unaccent", "establishment__siret")
    date_hierarchy = "invited_at"
    ordering = ("-invited_at", "-pk")
    actions = ["revoke"]

    @admin.action(description=_("Révoquer les invitations choisies"))
    def revoke(self, request: HttpRequest, queryset: models.QuerySet[Invitation]) -> None:
        """The link in the mail stops working; one that was accepted stays accepted."""
        revoked = 0
        for invitation in queryset.filter(_OPEN).select_related(None).order_by("establishment_id", "pk"):
            with contextlib.suppress(ValidationError):  # accepted or revoked a moment ago
                revoke(invitation=invitation, actor=staff(request))
                revoked += 1
        self.message_user(request, _("%d invitation(s) révoquée(s).") % revoked, messages.SUCCESS)
