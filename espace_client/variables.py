"""What the environment variables of settings.py must look like. Each check says what is expected."""

import logging
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import dj_email_url
from django.core.exceptions import ValidationError as Invalid
from django.core.validators import EmailValidator
from environs import Env, ValidationError, validate
from stdnum import iban
from stdnum.exceptions import ValidationError as WrongNumber
from stdnum.fr import siret

LEVELS = validate.OneOf(list(logging.getLevelNamesMapping()))
_NDA = re.compile(r"[0-9]{3}[0-9AB][0-9]{7}").fullmatch  # 2A and 2B are departments


def required(value: str) -> None:
    """A required variable that is blank is as good as missing."""
    if not value.strip():
        raise ValidationError("It is required and may not be blank.")


def named(value: list[str]) -> None:
    """The same of a list, whose parts count."""
    required("".join(value))


def outside(production: bool) -> Callable[[bool], None]:
    """Demonstration mode shows every mail to everybody and invents the provider's numbers."""

    def check(demo: bool) -> None:
        if demo and production:
            raise ValidationError("Demonstration mode is not for production (ESPACE_ENV, DATABASE_URL): take it out.")

    return check


def database(value: str) -> None:
    if value and urlsplit(value).scheme not in ("postgresql", "postgres"):
        raise ValidationError("A PostgreSQL is expected: postgresql://user:password@host:5432/name.")


def sender(value: str) -> None:
    """An address, or `Name <address>`."""
    address = match[1] if (match := re.fullmatch(r"[^<>]*<([^<>]+)>", value.strip())) else value.strip()
    try:
        EmailValidator()(address)
    except Invalid as error:
        raise ValidationError("An address is expected: name@company.example or Name <name@company.example>.") from error


def site(value: str) -> None:
    if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
        raise ValidationError("A whole address is expected: https://portal.company.example.")


def redis(value: str) -> None:
    if value and urlsplit(value).scheme not in ("redis", "rediss", "unix"):
        raise ValidationError("Expected: redis://host:6379/0, rediss://… (TLS) or unix:///path.")


def scanner(value: str) -> None:
    host, _colon, port = value.rpartition(":")
    if value and not value.startswith("/") and not (host and port.isdecimal() and 0 < int(port) < 65536):
        raise ValidationError("Expected: the path of clamd's socket (/run/clamav/clamd.ctl) or host:port.")


def mail_url(value: str) -> dict[str, Any]:
    """dj-email-url's reading, but for the schemes that it takes in silence without a backend, losing every mail."""
    parsed: dict[str, Any] = dj_email_url.parse(value)  # type: ignore[no-untyped-call]
    if value and "EMAIL_BACKEND" not in parsed:
        raise ValidationError("Unknown scheme: use submission://user:password@host:587 (STARTTLS) or smtp://host:25.")
    return parsed


def siret_number(value: str) -> str:
    """The fourteen digits, without spaces; "" for ""."""
    try:
        return str(siret.validate(value)) if value.strip() else ""
    except WrongNumber as error:
        raise ValidationError("A SIRET is expected: fourteen digits, of which the last is a key.") from error


def nda_number(value: str) -> str:
    """The eleven characters, without spaces; "" for ""."""
    compact = re.sub(r"\s", "", value)
    if compact and not _NDA(compact):
        raise ValidationError("A numéro de déclaration d'activité is expected: eleven digits.")
    return compact


def iban_number(value: str) -> str:
    try:
        return str(iban.validate(value)) if value.strip() else ""
    except WrongNumber as error:
        raise ValidationError("An IBAN is expected: FR76…, whose key is right.") from error


def teach(env: Env) -> None:
    """Have the environment read mail addresses and the provider's numbers: `env.siret("PROVIDER_SIRET")`."""
    for name, parse in (("mail_url", mail_url), ("siret", siret_number), ("nda", nda_number), ("iban", iban_number)):
        env.add_parser(name, parse)
        env.add_parser(f"required_{name}", _required(parse))


def _required(parse: Any) -> Any:
    def parsed(value: str) -> Any:
        required(value)
        return parse(value)

    return parsed
