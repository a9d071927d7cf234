"""French typography of amounts, dates, durations and sizes: pure functions, for pages, mails and papers alike."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlencode

from accounts.typography import (
    MINUS,
    MONTHS_SHORT,
    NBSP,
    NNBSP,
    day_month,
    day_of_month,
    money,
    number,
    percent,
    short_date,
)

__all__ = [
    "EN_DASH",
    "MINUS",
    "MONTHS",
    "MONTHS_SHORT",
    "NBSP",
    "NNBSP",
    "WEEKDAYS",
    "date_range",
    "day_month",
    "device",
    "duration",
    "file_size",
    "initials",
    "long_date",
    "money",
    "number",
    "percent",
    "query_string",
    "short_date",
]

EN_DASH = "\u2013"

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def _plain(value: Decimal) -> str:
    """`Decimal("2.50")` → "2,5", `Decimal("3")` → "3"."""
    return number(value, 0 if value == value.to_integral_value() else 1)


def long_date(value: date | None) -> str:
    """ "mardi 12 janvier 2027"; the first of a month is "1er"."""
    if value is None:
        return ""
    return f"{WEEKDAYS[value.weekday()]} {day_of_month(value)}{NBSP}{MONTHS[value.month - 1]} {value.year}"


@lru_cache(maxsize=2000)
def date_range(start: date | None, end: date | None) -> str:
    """ "7 – 10 déc. 2026", "30 nov. – 3 déc. 2026", or both years when they differ; one day is one date."""
    if start is None or end is None or start == end:
        return short_date(start or end)
    dash = f"{NBSP}{EN_DASH} "
    if start.year != end.year:
        return f"{short_date(start)}{dash}{short_date(end)}"
    if start.month != end.month:
        return f"{day_month(start)}{dash}{short_date(end)}"
    return f"{day_of_month(start)}{NBSP}{EN_DASH}{NBSP}{short_date(end)}"


@lru_cache(maxsize=500)
def duration(days: Decimal | int | None, hours: Decimal | int | None = None) -> str:
    """ "3 jours (21 h)"; without days "21 h", without hours "3 jours"."""
    hours_text = "" if hours is None else f"{_plain(Decimal(hours))}{NBSP}h"
    if not days:
        return hours_text
    days_text = f"{_plain(Decimal(days))}{NBSP}jour{'s' if Decimal(days) >= 2 else ''}"
    return f"{days_text} ({hours_text})" if hours_text else days_text


def file_size(size: int | None) -> str:
    """Bytes as "812 o", "84 ko", "1,2 Mo" (decimal units, as file managers show them)."""
    if size is None:
        return ""
    if size < 1000:
        return f"{size}{NBSP}o"
    if size < 999_500:
        return f"{number(Decimal(size) / 1000)}{NBSP}ko"
    return f"{number(Decimal(size) / 1_000_000, 1)}{NBSP}Mo"


def initials(name: str) -> str:
    """Two letters for an avatar: "Sébastien Haddad" → "SH", "marie-claude.noel@x.fr" → "MN"."""
    words = [word for word in name.split("@")[0].replace(".", " ").replace("_", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """A browser's signature in two words: "Firefox, Windows"; "" when it says nothing that we know."""
    found = [next((word for mark, word in marks if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return ", ".join(word for word in found if word)


def query_string(params: Mapping[str, list[str]], changes: Mapping[str, object]) -> str:
    """`params` (what `QueryDict.lists()` gives) with `changes`; None or "" removes a key, a list sets several values.

    Always begins with "?", so that the result is a link even when nothing is left.
    """
    merged: dict[str, list[str]] = {key: list(values) for key, values in params.items()}
    for key, value in changes.items():
        values = value if isinstance(value, list | tuple) else [value]
        merged[key] = [str(one) for one in values if one is not None and one != ""]
    return "?" + urlencode({key: [v for v in values if v] for key, values in merged.items()}, doseq=True)
