"""What a line of the journal of accesses says, in words: its details are codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType, name_of
from accounts.labels import label_of
from accounts.roles import Role


def sentence(details: Mapping[str, Any]) -> str:
    """The details of a line, in French; what this function does not know is left out."""
    parts = [say(details[name]) for name, say in SAYINGS.items() if details.get(name) not in (None, [], "")]
    return "\u202f; ".join(part for part in parts if part)


def types_in_words(codes: Iterable[str]) -> str:
    """The labels of types, in the order in which the portal shows them everywhere."""
    chosen = set(codes)
    if chosen >= set(DocumentType.values):
        return _("tous")
    return ", ".join(str(one.label) for one in DocumentType if one in chosen)


def _role(value: Any) -> str:
    if isinstance(value, list):
        return _("de %(before)s à %(after)s") % {"before": _level(value[0]), "after": _level(value[1])}
    return _level(value)


def _level(code: str) -> str:
    return label_of(Role, code).lower()


def _end(value: Any) -> str:
    until = value[1] if isinstance(value, list) else value
    moment = parse_datetime(until) if isinstance(until, str) else until
    if moment is None:
        return _("sans date de fin")
    return _("jusqu’au %s") % date_format(localtime(moment), "j F Y")


def _type(code: str) -> str:
    return name_of(code)


def _address(emails: list[str]) -> str:
    return _("de %(before)s à %(after)s") % {"before": emails[0], "after": emails[1]}


# Name in `details` → what it says. The order is that of the sentence.
SAYINGS: dict[str, Callable[[Any], str]] = {
    "role": _role,
    "types": lambda codes: _("documents : %s") % types_in_words(codes),
    "added": lambda codes: _("ouvre désormais : %s") % types_in_words(codes),
    "removed": lambda codes: _("n’ouvre plus : %s") % types_in_words(codes),
    "ends_at": _end,
    "type": _type,
    "document": str,
    "email": _address,
    "inviter": lambda email: _("invité par %s") % email,
    "enrolments": lambda count: _("%s inscription(s) hors de vue") % count,
    "origin": lambda origin: _("import de l’ERP") if origin == "erp" else str(origin),
    "count": lambda count: _("%s accès") % count,
    "reason": lambda reason: _("motif : %s") % reason,
}
