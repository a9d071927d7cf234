"""French typography of numbers, amounts, rates and days: pure functions that every app may use."""

import unicodedata
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

NBSP = "\u00a0"  # a space that never breaks
NNBSP = "\u202f"  # the same, narrow: groups of thousands
MINUS = "\u2212"

MONTHS_SHORT = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")


@lru_cache(maxsize=10_000)
def by_name(name: str) -> str:
    """A key that sorts names as a dictionary does: "Évry" between "Angers" and "Lille", whatever the case."""
    return "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one)).casefold()


def number(value: Decimal | int | None, decimals: int = 0) -> str:
    """`1190` → "1 190" (narrow no-break space), rounded half up to `decimals`; None → ""."""
    if value is None:
        return ""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,.{decimals}f}".replace(",", NNBSP).replace(".", ",")
    return MINUS + text if rounded < 0 else text


@lru_cache(maxsize=10_000)
def money(value: Decimal | int | None, decimals: int = 2) -> str:
    """An amount in euros: `Decimal("1190")` → "1 190,00 €"; None, an amount one may not see, → ""."""
    return "" if value is None else f"{number(value, decimals)}{NBSP}€"


def percent(rate: Decimal) -> str:
    """`Decimal("5.50")` → "5,5 %", without the zeros that say nothing."""
    return f"{rate.normalize():f}".replace(".", ",") + f"{NBSP}%"


def day_of_month(value: date) -> str:
    """ "12"; the first is "1er"."""
    return "1er" if value.day == 1 else str(value.day)


def day_month(value: date | None) -> str:
    """ "12 janv.": a date whose year goes without saying."""
    return "" if value is None else f"{day_of_month(value)}{NBSP}{MONTHS_SHORT[value.month - 1]}"


def short_date(value: date | None) -> str:
    """ "12 janv. 2027", in one unbreakable piece."""
    return "" if value is None else f"{day_month(value)}{NBSP}{value.year}"
