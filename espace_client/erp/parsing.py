"""One field into one value: what is between two `;` means an amount, a date, a SIRET, or nothing that can be taken.

A parser gets the field without outer spaces, never empty, and returns the value or raises FieldError with the reason,
in French. The commonest ones remember their last answers: in a column, the same values come back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from accounts.codes import fold
from accounts.days import meant_day
from accounts.emails import normalise_email
from accounts.siren import clean_siren, clean_siret

Parser = Callable[[str], Any]
T = TypeVar("T")

_MEMORY, _LONGEST_REMEMBERED = 4096, 100
_LINE_BREAKS = re.compile(r"[\t\r\n\v\f\x85\u2028\u2029]+")
_SPACES = "[ \u00a0\u202f\u2009]"
_NUMBER = re.compile(rf"([+-]?)({_SPACES}*)([0-9]+|[0-9]{{1,3}}(?:{_SPACES}[0-9]{{3}})+)(?:[.,]([0-9]*))?")
_FRENCH_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")


class FieldError(ValueError):
    """Why a field can't be taken, in French."""


def _remembering(parse: Callable[[str], T]) -> Callable[[str], T]:
    """`parse`, with a bounded memory of short fields; what raises is not remembered."""
    remembered = lru_cache(_MEMORY)(parse)
    return lambda raw: remembered(raw) if len(raw) <= _LONGEST_REMEMBERED else parse(raw)


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def text(model: type[models.Model], name: str) -> Parser:
    """One line of at most what the column of the database holds; line breaks become spaces."""
    longest: int = _field(model, name).max_length

    def parse(raw: str) -> str:
        value = _LINE_BREAKS.sub(" ", raw).strip()
        if len(value) > longest:
            raise FieldError(_("Texte trop long : %(longest)s caractères au plus.") % {"longest": longest})
        return value

    return parse


class Code(str):
    """A code as it is written, whose `repr` is that of the object it names: two lines that differ in its case only say
    the same.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(fold(self))


def code(model: type[models.Model], name: str) -> Parser:
    """The code or number of an object."""
    parse = text(model, name)
    return lambda raw: Code(parse(raw))


def paragraphs(raw: str) -> str:
    """Text of several lines."""
    return raw.replace("\r\n", "\n").replace("\r", "\n")


def _valid(clean: Callable[[str], str]) -> Parser:
    def parse(raw: str) -> str:
        try:
            return clean(raw)
        except ValidationError as error:
            raise FieldError(error.messages[0]) from error

    return _remembering(parse)


email = _valid(normalise_email)
siren = _valid(clean_siren)
siret = _valid(clean_siret)


@_remembering
def email_domain(raw: str) -> str:
    """`armorel.fr`, or `@armorel.fr`, in the form that addresses have."""
    try:
        return normalise_email(f"nom@{raw.removeprefix('@')}").partition("@")[2]
    except ValidationError as error:
        raise FieldError(_("« %(raw)s » n’est pas un domaine d’adresses email.") % {"raw": raw}) from error


@_remembering
def day(raw: str) -> date:
    """`JJ/MM/AAAA` or `AAAA-MM-JJ`, a day that exists."""
    if match := _FRENCH_DATE.fullmatch(raw):
        numbers = [int(group) for group in reversed(match.groups())]
    elif match := _ISO_DATE.fullmatch(raw):
        numbers = [int(group) for group in match.groups()]
    else:
        raise FieldError(_("La date doit être écrite JJ/MM/AAAA ou AAAA-MM-JJ."))
    try:
        value = date(*numbers)
    except ValueError as error:
        raise FieldError(_("Cette date n’existe pas.")) from error
    try:
        meant_day(value)
    except ValidationError as error:
        raise FieldError(" ".join(error.messages)) from error
    return value


def _number(raw: str) -> Decimal:
    """A number of zero or more: decimal comma or point, spaces (thin, no-break or plain) between thousands."""
    match = _NUMBER.fullmatch(raw)
    if match is None:
        raise FieldError(_("Ce n’est pas un nombre."))
    sign, _spaces, whole, decimals = match.groups()
    value = Decimal(f"{re.sub(_SPACES, '', whole)}.{decimals or '0'}")
    if sign == "-" and value:
        raise FieldError(_("Le nombre est négatif."))
    return value


def decimal(model: type[models.Model], name: str, highest: Decimal | None = None) -> Parser:
    """A number with the decimals of the column, rounded half up; never negative, at most `highest`."""
    field = _field(model, name)
    unit = Decimal(1).scaleb(-field.decimal_places)
    limit = Decimal(1).scaleb(field.max_digits - field.decimal_places) - unit if highest is None else highest

    def parse(raw: str) -> Decimal:
        value = _number(raw)
        if value > limit:
            raise FieldError(_("Le nombre est trop grand : %(limit)s au plus.") % {"limit": limit})
        return value.quantize(unit, rounding=ROUND_HALF_UP)

    return _remembering(parse)


def integer(highest: int) -> Parser:
    def parse(raw: str) -> int:
        value = _number(raw)
        if value != value.to_integral_value() or value > highest:
            raise FieldError(_("Il faut un nombre entier, %(highest)s au plus.") % {"highest": highest})
        return int(value)

    return _remembering(parse)


def choice(values: Mapping[str, T]) -> Callable[[str], T]:
    """One of the words of the ERP, in any case."""
    by_word = {word.casefold(): value for word, value in values.items()}

    def parse(raw: str) -> T:
        if raw.casefold() not in by_word:
            raise FieldError(_("Valeur inconnue ; attendu : %(words)s.") % {"words": ", ".join(values)})
        return by_word[raw.casefold()]

    return parse


def listed(parse_one: Callable[[str], T], separator: str) -> Callable[[str], list[T]]:
    """Several values, empty ones left out, each once, in the order of the file."""

    def parse(raw: str) -> list[T]:
        parts: Iterable[str] = (part.strip() for part in raw.split(separator))
        return list(dict.fromkeys(parse_one(part) for part in parts if part))

    return parse
