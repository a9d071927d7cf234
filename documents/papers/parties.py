"""The two sides of a paper: the provider (organisme de formation) and the client's establishment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from accounts.models import Establishment
from enrolments.models import Order


def spaced(number: str, *groups: int) -> str:
    """Cut a national number as it is read aloud: `spaced("82281866200014", 3, 3, 3, 5)` → "822 818 662 00014"."""
    pieces, start = [], 0
    for size in groups:
        pieces.append(number[start : start + size])
        start += size
    return "\u00a0".join(piece for piece in (*pieces, number[start:]) if piece)


def vat_number_of(siren: str) -> str:
    """The French VAT identification number that follows from a SIREN (CGI, art. 286 ter: key, then SIREN)."""
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


@dataclass(frozen=True)
class Provider:
    """Who issues (settings.PROVIDER). `legal`: form, capital and RCS (Code de commerce R123-237); `platform`: the
    plateforme agréée through which its invoices travel (CGI art. 289 bis)."""

    name: str
    address: str
    phone: str
    email: str
    siret: str
    nda: str
    url: str = ""
    legal: str = ""
    iban: str = ""
    platform: str = ""

    @classmethod
    def from_settings(cls, stand_in: Mapping[str, str] | None = None) -> Provider:
        """Read settings.PROVIDER; what is empty there comes from `stand_in` (a demonstration's invented numbers).

        Raises ImproperlyConfigured without SIRET or NDA: a paper that lacks them is not one that a client can file
        (Code du travail R6351-6, Code de commerce R123-237).
        """
        given = {**(stand_in or {}), **{key: value for key, value in settings.PROVIDER.items() if value}}
        if not given.get("siret") or not given.get("nda"):
            raise ImproperlyConfigured(_("PROVIDER_SIRET et PROVIDER_NDA : sans eux aucun document ne peut être émis."))
        return cls(**{key: given.get(key, "") for key in cls.__dataclass_fields__})

    @property
    def siret_spaced(self) -> str:
        return spaced(self.siret, 3, 3, 3, 5)

    @property
    def nda_spaced(self) -> str:
        return spaced(self.nda, 2, 2, 5, 2)

    @property
    def siren(self) -> str:
        return self.siret[:9]

    @property
    def siren_spaced(self) -> str:
        return spaced(self.siren, 3, 3, 3)

    @property
    def vat_number(self) -> str:
        return vat_number_of(self.siren)

    @property
    def iban_spaced(self) -> str:
        return spaced(self.iban, 4, 4, 4, 4, 4, 4, 3)


@dataclass(frozen=True)
class Party:
    """The client's establishment as it is addressed. An order that is not attached yet has its email and SIRET only."""

    name: str
    company: str = ""
    address: str = ""
    postal_code: str = ""
    city: str = ""
    siret: str = ""
    vat_number: str = ""
    email: str = ""

    @classmethod
    def of_establishment(cls, establishment: Establishment) -> Party:
        return cls(
            name=establishment.name,
            company=establishment.company.name if establishment.company.name != establishment.name else "",
            address=establishment.address,
            postal_code=establishment.postal_code,
            city=establishment.city,
            siret=establishment.siret,
            vat_number=establishment.vat_number,
            email=establishment.billing_email,
        )

    @classmethod
    def of_order(cls, order: Order) -> Party:
        if order.establishment is None:
            return cls(name=order.order_email, siret=order.declared_siret)
        return cls.of_establishment(order.establishment)

    @property
    def town(self) -> str:
        return f"{self.postal_code} {self.city}".strip()

    @property
    def siren(self) -> str:
        return self.siret[:9]

    @property
    def siret_spaced(self) -> str:
        return spaced(self.siret, 3, 3, 3, 5)

    @property
    def siren_spaced(self) -> str:
        return spaced(self.siren, 3, 3, 3)
