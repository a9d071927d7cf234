"""entreprises.csv and etablissements.csv."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Company, Establishment
from espace_client.erp.chunk import Chunk, Saving
from espace_client.erp.columns import Column, Problem
from espace_client.erp.importer import Importer, Reference, find_exactly
from espace_client.erp.parsing import email, email_domain, listed, siren, siret, text

COMPANY = Reference("siren", "entreprises.csv", find_exactly(lambda: Company.objects.all(), "siren"))


class Companies(Importer):
    """A company, known by its SIREN."""

    file = "entreprises.csv"
    fills = (Company,)
    columns = (
        Column("siren", siren, required=True, key=True),
        Column("raison_sociale", text(Company, "name"), required=True),
        Column("domaines_email", listed(email_domain, ",")),
    )

    def take(self, chunk: Chunk) -> None:
        lines = list(chunk)
        existing = {
            company.siren: company for company in Company.objects.filter(siren__in=[line.key for line in lines])
        }
        saving = Saving(chunk, Company)
        for line in lines:
            values = line.values
            known = {
                "siren": values["siren"],
                "name": values["raison_sociale"],
                "email_domains": values["domaines_email"],
            }
            saving.put(line, existing.get(line.key), known)
        saving.save()


class Establishments(Importer):
    """An establishment, known by its SIRET, which begins with the SIREN of its company."""

    file = "etablissements.csv"
    fills = (Establishment,)
    columns = (
        Column("siret", siret, required=True, key=True),
        Column("siren", siren, required=True),
        Column("nom", text(Establishment, "name"), required=True),
        Column("adresse", text(Establishment, "address")),
        Column("code_postal", text(Establishment, "postal_code")),
        Column("ville", text(Establishment, "city")),
        Column("tva_intracom", text(Establishment, "vat_number")),
        Column("email_facturation", email),
    )
    references = (COMPANY,)

    def problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        if not values["siret"].startswith(values["siren"]):
            yield Problem("siret", values["siret"], _("Le SIRET ne commence pas par le SIREN de l’entreprise."))

    def take(self, chunk: Chunk) -> None:
        lines = list(chunk)
        rows = Establishment.objects.filter(siret__in=[line.key for line in lines])
        existing = {establishment.siret: establishment for establishment in rows}
        saving = Saving(chunk, Establishment)
        for line in lines:
            values = line.values
            known = {
                "siret": values["siret"],
                "company_id": line.found["siren"].pk,
                "name": values["nom"],
                "address": values["adresse"],
                "postal_code": values["code_postal"],
                "city": values["ville"],
                "vat_number": values["tva_intracom"],
                "billing_email": values["email_facturation"],
            }
            saving.put(line, existing.get(line.key), known)
        saving.save()
