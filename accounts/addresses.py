"""Addresses as people paste them: one a line, with commas or semicolons, with names as mail programs write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.emails import normalise_email

_BRACKETED = re.compile(r"<\s*([^<>\s][^<>]*)>")


@dataclass(frozen=True)
class Typed:
    """One address of what was typed. `email`: its normal form, empty when `error` says what is wrong with it."""

    line: int
    raw: str
    email: str = ""
    error: str = ""


def read_addresses(text: str) -> list[Typed]:
    """Every address of `text`, in order; a malformed or repeated one has an error instead of an email."""
    found: list[Typed] = []
    first: dict[str, int] = {}
    for line, raw in _pieces(text):
        try:
            email = normalise_email(raw)
        except ValidationError as error:
            found.append(Typed(line, raw, error=" ".join(error.messages)))
            continue
        if email in first:
            found.append(
                Typed(
                    line,
                    raw,
                    error=_("« %(email)s » est déjà à la ligne %(line)d.") % {"email": email, "line": first[email]},
                )
            )
        else:
            first[email] = line
            found.append(Typed(line, raw, email))
    return found


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Each address with the number of its line. `Dupont, Léa <lea@armor.fr>` is one; what has no @ is one, wrong."""
    for number, line in enumerate(text.splitlines(), 1):
        for part in line.split(";"):
            for piece in _BRACKETED.findall(part) or (
                re.split(r"[,\s]+", part) if "@" in part else [part.strip(", \t")]
            ):
                if piece.strip():
                    yield number, piece.strip()
