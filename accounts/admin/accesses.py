"""Accesses, those that were removed, and invitations."""

from __future__ import annotations

import contextlib
from typing import Any

from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.invitations import revoke
from accounts.models import Access, EstablishmentGrant, Invitation, RemovedAccess
from accounts.roles import Role
from accounts.services import remove_access, save_access

from .access_form import AccessForm
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
        """Nobody removes their own administrator right (rule 4)."""
        own = obj is not None and obj.user_id == request.user.pk and obj.role == Role.ADMINISTRATOR
        return super().has_delete_permission(request, obj) and not own

    def save_model(self, request: HttpRequest, obj: Access, form: Any, change: bool) -> None:
        obj.decide(set(form.changed_data) & {"ends_at"})
        save_access(access=obj, types=form.cleaned_data["document_types"], actor=staff(request))

    def delete_model(self, request: HttpRequest, obj: Access) -> None:
        remove_access(access=obj, actor=staff(request))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Access]) -> None:
        for access in queryset.select_related(None).order_by("establishment_id", "pk"):
            remove_access(access=access, actor=staff(request))

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
