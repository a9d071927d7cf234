"""Companies and their establishments."""

from __future__ import annotations

from django.contrib import admin
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Access, Company, Establishment
from accounts.roles import Role

from .base import PortalAdmin, QuestionFilter, ReadOnlyInline, TriedForm, count_of


class EstablishmentInline(ReadOnlyInline[Establishment, Company]):
    model = Establishment
    fields = ("siret", "name", "postal_code", "city")


class DomainsFilter(QuestionFilter):
    title = _("domaines email")
    parameter_name = "domaines"
    answers = {
        "avec": (_("Renseignés"), lambda: ~Q(email_domains=[])),
        "sans": (_("À renseigner"), lambda: Q(email_domains=[])),
    }


@admin.register(Company)
class CompanyAdmin(PortalAdmin[Company]):
    list_display = ("name", "siren", "domains", "establishment_count")
    list_filter = (DomainsFilter,)
    search_fields = ("name__unaccent", "siren", "email_domains")
    fields = ("siren", "name", "email_domains")
    fixed_fields = ("siren",)
    inlines = (EstablishmentInline,)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Company]:
        return (
            super().get_queryset(request).annotate(establishment_count=count_of(Establishment.objects.all(), "company"))
        )

    @admin.display(description=_("domaines email"))
    def domains(self, company: Company) -> str:
        return ", ".join(company.email_domains)

    @admin.display(description=_("établissements"), ordering="establishment_count")
    def establishment_count(self, company: Company) -> int:
        return int(getattr(company, "establishment_count", 0))


class EstablishmentForm(TriedForm[Establishment]):
    refusals = {
        "establishment_siret_of_its_company": (
            "siret",
            _("Les neuf premiers chiffres du SIRET sont le SIREN de l’entreprise."),
        )
    }


def _has_administrator() -> Q:
    administrators = Access.objects.in_force().filter(role=Role.ADMINISTRATOR, user__is_active=True)
    return Q(Exists(administrators.filter(establishment=OuterRef("pk"))))


class AdministratorFilter(QuestionFilter):
    title = _("administrateur")
    parameter_name = "administrateur"
    answers = {
        "avec": (_("Au moins un"), _has_administrator),
        "sans": (_("Aucun"), lambda: ~_has_administrator()),
    }


class EstablishmentAccessInline(ReadOnlyInline[Access, Establishment]):
    model = Access
    fields = ("user", "role", "ends_at", "granted_by", "granted_at")
    select_related = ("user", "establishment", "granted_by")
    verbose_name_plural = _("accès à cet établissement")


@admin.register(Establishment)
class EstablishmentAdmin(PortalAdmin[Establishment]):
    form = EstablishmentForm
    list_display = ("name", "siret", "company", "postal_code", "city", "administrator_count", "standard_count")
    list_select_related = ("company",)
    list_filter = (AdministratorFilter,)
    search_fields = ("name__unaccent", "siret", "city__unaccent", "company__name__unaccent")
    autocomplete_fields = ("company",)
    fields = (
        ("company", "siret"),
        "name",
        "address",
        ("postal_code", "city"),
        ("vat_number", "billing_email"),
    )
    fixed_fields = ("company", "siret")
    inlines = (EstablishmentAccessInline,)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Establishment]:
        accesses = Access.objects.in_force()
        return (
            super()
            .get_queryset(request)
            .annotate(
                administrator_count=count_of(accesses.filter(role=Role.ADMINISTRATOR), "establishment"),
                standard_count=count_of(accesses.filter(role=Role.STANDARD), "establishment"),
            )
        )

    @admin.display(description=_("administrateurs"), ordering="administrator_count")
    def administrator_count(self, establishment: Establishment) -> int:
        return int(getattr(establishment, "administrator_count", 0))

    @admin.display(description=_("accès standard"), ordering="standard_count")
    def standard_count(self, establishment: Establishment) -> int:
        return int(getattr(establishment, "standard_count", 0))
