"""SIREN and SIRET: the national numbers of a company (9 digits) and of each of its establishments (14)."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number


def digits(raw: str) -> str:
    """Keep the ASCII digits of `raw`: people write 822 818 662 00014."""
    return "".join(character for character in raw if character in "0123456789")


def clean_siren(raw: str) -> str:
    """Return the nine digits of a SIREN whose Luhn key is right; ValidationError in French otherwise."""
    number = digits(raw)
    if not siren_number.is_valid(number):
        raise ValidationError(
            _("« %(raw)s » n’est pas un SIREN : neuf chiffres dont le dernier est une clé."), params={"raw": raw}
        )
    return number


def clean_siret(raw: str) -> str:
    """Return the fourteen digits of a SIRET (Luhn, or La Poste's own rule); ValidationError in French otherwise."""
    number = digits(raw)
    if not siret_number.is_valid(number):
        raise ValidationError(
            _("« %(raw)s » n’est pas un SIRET : quatorze chiffres dont le dernier est une clé."), params={"raw": raw}
        )
    return number


def validate_siren(value: str) -> None:
    if clean_siren(value) != value:
        raise ValidationError(_("Neuf chiffres, sans espace."))


def validate_siret(value: str) -> None:
    if clean_siret(value) != value:
        raise ValidationError(_("Quatorze chiffres, sans espace."))
