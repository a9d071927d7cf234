"""One spelling for an email address, since the address is what links a person to their orders (PRODUCT.md, rule 1)."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.encoding import punycode
from django.utils.translation import gettext as _


def normalise_email(raw: str) -> str:
    """Return `raw` stripped, in lower case, its domain in ASCII (punycode); two addresses are equal when these are.

    The result is pure ASCII, so Python and PostgreSQL agree on its case and no look-alike letter (the Kelvin sign for
    k) can be folded into another person's address. Raises ValidationError, in French, for what is not an address.
    """
    stripped = raw.strip()
    local, at, domain = stripped.rpartition("@")
    try:
        if not at or not local.isascii() or len(stripped) > 254:
            raise ValidationError("")
        email = f"{local}@{punycode(domain)}".lower()
        validate_email(email)
    except (ValidationError, UnicodeError) as error:
        raise ValidationError(_("« %(raw)s » n’est pas une adresse email."), params={"raw": stripped}) from error
    return email
