"""A client company (SIREN) and its establishments (SIRET)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.siren import validate_siren, validate_siret

if TYPE_CHECKING:
    from .user import User


class Company(models.Model):
    siren = models.CharField(_("SIREN"), max_length=9, unique=True, validators=[validate_siren])
    name = models.CharField(_("raison sociale"), max_length=200)
    email_domains = ArrayField(
        models.CharField(max_length=253), default=list, blank=True, verbose_name=_("domaines email")
    )

    class Meta:
        verbose_name = _("entreprise")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=models.Q(siren__regex=r"^[0-9]{9}$"), name="company_siren_digits")
        ]

    def __str__(self) -> str:
        return self.name


class EstablishmentQuerySet(models.QuerySet["Establishment"]):
    def visible_to(self, user: User | AnonymousUser) -> EstablishmentQuerySet:
        """Those to which the person has an access in force, of whatever role; nobody learns that another exists.

        In a list, those of them that the person chose to look at.
        """
        if not user.is_authenticated:
            return self.none()
        return self.filter(pk__in=user.rights.establishments)

    def manageable_by(self, user: User | AnonymousUser) -> EstablishmentQuerySet:
        """Those of which the person is an administrator, whatever they chose to look at."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(pk__in=user.whole_rights.administered)


class Establishment(models.Model):
    """A place of a company. Its nine `view_<type>` permissions are granted per person (EstablishmentGrant)."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="establishments", verbose_name=_("entreprise"))
    siret = models.CharField(_("SIRET"), max_length=14, unique=True, validators=[validate_siret])
    name = models.CharField(_("nom"), max_length=200)
    address = models.CharField(_("adresse"), max_length=300, blank=True)
    postal_code = models.CharField(_("code postal"), max_length=10, blank=True)
    city = models.CharField(_("ville"), max_length=100, blank=True)
    vat_number = models.CharField(_("TVA intracommunautaire"), max_length=20, blank=True)
    billing_email = models.EmailField(_("email de facturation"), blank=True)

    objects = EstablishmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("établissement")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=models.Q(siret__regex=r"^[0-9]{14}$"), name="establishment_siret_digits")
        ]
        permissions = [
            (document_type.codename, f"Voir les documents : {document_type.label}") for document_type in DocumentType
        ]

    def __str__(self) -> str:
        return self.name
