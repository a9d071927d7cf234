"""Who may enter an establishment, at which level, and which document types a standard access opens."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from accounts.document_types import DocumentType
from accounts.roles import Role

from .base import DecidedInPortal
from .company import Establishment

if TYPE_CHECKING:
    from .user import User


class AccessQuerySet(models.QuerySet["Access"]):
    def in_force(self, at: datetime | None = None) -> AccessQuerySet:
        """Accesses whose end date, if any, is not past, now or at another moment."""
        return self.filter(models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=at or timezone.now()))

    def visible_to(self, user: User | AnonymousUser) -> AccessQuerySet:
        """One's own accesses in force, and every access to the establishments of which one is an administrator.

        Whatever one chose to look at: who has an access is never hidden by that.
        """
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            models.Q(establishment_id__in=user.whole_rights.administered)
            | models.Q(user_id=user.pk, establishment_id__in=user.whole_rights.establishments)
        )

    def manageable_by(self, user: User | AnonymousUser) -> AccessQuerySet:
        """Every access, ended ones too, to the establishments of which one is an administrator; one's own is shown
        with the others, and the services refuse to change it (rule 4)."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(establishment_id__in=user.rights.administered)

    def with_codenames(self) -> AccessQuerySet:
        """Each with `codenames`, the guardian permissions that its person has on its establishment."""
        codenames = EstablishmentGrant.objects.filter(
            user=models.OuterRef("user_id"), content_object=models.OuterRef("establishment_id")
        ).values("permission__codename")
        return self.annotate(codenames=ArraySubquery(codenames))


class Access(DecidedInPortal):
    """One person's access to one establishment; there is at most one, whose row is deleted when it is taken away."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="accesses", verbose_name=_("personne"))
    establishment = models.ForeignKey(
        Establishment, models.CASCADE, related_name="accesses", verbose_name=_("établissement")
    )
    role = models.CharField(_("niveau"), max_length=14, choices=Role.choices)
    granted_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("donné par")
    )
    granted_at = models.DateTimeField(_("donné le"), default=timezone.now, editable=False)
    ends_at = models.DateTimeField(_("prend fin le"), null=True, blank=True)
    reviewed_at = models.DateTimeField(_("revu le"), null=True, blank=True, editable=False)

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = _("accès")
        verbose_name_plural = _("accès")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "establishment"],
                name="access_one_per_person_and_establishment",
                violation_error_message=_("Cette personne a déjà un accès à cet établissement."),
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="access_role_known"),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gt=models.F("granted_at")),
                name="access_ends_after_it_begins",
                violation_error_message=_("Un accès prend fin après avoir commencé."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.establishment} · {self.get_role_display()}"

    @property
    def ended(self) -> bool:
        """Whether its end date is past: the row is still there, and opens nothing."""
        return self.ends_at is not None and self.ends_at <= timezone.now()


class RemovedAccess(models.Model):
    """An access that was taken away in the portal, remembered so that no later ERP drop gives it back."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", verbose_name=_("personne"))
    establishment = models.ForeignKey(Establishment, models.CASCADE, related_name="+", verbose_name=_("établissement"))
    removed_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("retiré par")
    )
    removed_at = models.DateTimeField(_("retiré le"), default=timezone.now)

    class Meta:
        verbose_name = _("accès retiré")
        verbose_name_plural = _("accès retirés")
        constraints = [
            models.UniqueConstraint(fields=["user", "establishment"], name="removed_access_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.establishment}"


class EstablishmentGrant(UserObjectPermissionBase):
    """guardian's row: this person may open this type of document of this establishment (standard accesses only).

    The foreign key makes the row die with what it is about; a row without an access in force opens nothing.
    """

    content_object = models.ForeignKey(Establishment, on_delete=models.CASCADE, related_name="grants")

    class Meta(UserObjectPermissionBase.Meta):
        verbose_name = _("type de document ouvert")
        verbose_name_plural = _("types de document ouverts")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> InvitationQuerySet:
        """Neither accepted, nor revoked, nor expired."""
        return self.filter(accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now())

    def visible_to(self, user: User | AnonymousUser) -> InvitationQuerySet:
        """Invitations to the establishments of which the person is an administrator."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(establishment_id__in=user.whole_rights.administered)


class Invitation(models.Model):
    """An access offered to an address: single use, bound to that address, checked again when it is accepted.

    Of the link only the SHA-256 of its token is kept. `access_ends_at`: when the access that it gives ends, if it ends.
    """

    LIFETIME_DAYS: ClassVar[int] = 14

    email = models.EmailField(_("adresse email"), max_length=254)
    establishment = models.ForeignKey(
        Establishment, models.CASCADE, related_name="invitations", verbose_name=_("établissement")
    )
    role = models.CharField(_("niveau"), max_length=14, choices=Role.choices)
    document_types = ArrayField(
        models.CharField(max_length=20, choices=DocumentType.choices),
        default=list,
        blank=True,
        verbose_name=_("types de document"),
    )
    access_ends_at = models.DateTimeField(_("l’accès prend fin le"), null=True, blank=True)
    message = models.TextField(_("message"), max_length=2000, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", verbose_name=_("invité par")
    )
    invited_at = models.DateTimeField(_("invité le"), default=timezone.now)
    expires_at = models.DateTimeField(_("expire le"))
    accepted_at = models.DateTimeField(_("accepté le"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("accepté par")
    )
    revoked_at = models.DateTimeField(_("révoqué le"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        constraints = [
            models.UniqueConstraint(
                fields=["email", "establishment"],
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open_per_address_and_establishment",
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="invitation_email_lower_case"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("invited_at")), name="invitation_expires_after_sent"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(revoked_at__isnull=True),
                name="invitation_not_both_accepted_and_revoked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} · {self.establishment}"

    @property
    def expired(self) -> bool:
        return self.expires_at <= timezone.now()
