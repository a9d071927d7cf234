"""What changing an enrolment costs: pure arithmetic over the terms (enrolments.models.terms), in EUR HT."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import holidays

CENT = Decimal("0.01")
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Band:
    """Less than `under_days` before the first day: `rate` % of the price."""

    under_days: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Fee:
    """`amount`: EUR HT, `rate`: % of the price, `under_days`: the band that gave it, None when it is free."""

    amount: Decimal
    rate: Decimal
    under_days: int | None = None

    @property
    def free(self) -> bool:
        return not self.rate


FREE = Fee(NOTHING, NOTHING)


@cache
def _public_holidays(year: int) -> frozenset[date]:
    """The public holidays of metropolitan France (Code du travail, L3133-1)."""
    return frozenset(holidays.country_holidays("FR", years=year))


def is_working_day(day: date) -> bool:
    """Monday to Friday, public holidays left out."""
    return day.weekday() < 5 and day not in _public_holidays(day.year)


def days_before(today: date, starts_on: date, *, working: bool) -> int:
    """How many days are left before the first day, today included and the first day not: 1 on its eve, 0 on the day.

    `working` leaves out week-ends and public holidays, so that the Friday before a Monday is its eve.
    """
    span = max((starts_on - today).days, 0)
    if not working:
        return span
    return sum(is_working_day(today + timedelta(days=rank)) for rank in range(span))


def fee_of(price: Decimal, days: int, bands: Iterable[Band]) -> Fee:
    """The fee of the tightest band that `days` falls in: the one with the fewest `under_days` above it; else nothing.

    Rounded once, half up, to the cent; never more than the price, which is not negative.
    """
    tightest = min((band for band in bands if days < band.under_days), key=lambda band: band.under_days, default=None)
    if tightest is None:
        return FREE
    amount = (price * tightest.rate / 100).quantize(CENT, ROUND_HALF_UP)
    return Fee(amount, tightest.rate, tightest.under_days)
