"""The fee of a change: pure, so tried on anything."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrolments.fees import CENT, FREE, Band, days_before, fee_of, is_working_day

PRICES = st.decimals(0, 99_999, places=2, allow_nan=False, allow_infinity=False)
RATES = st.decimals(0, 100, places=2, allow_nan=False, allow_infinity=False)
BANDS = st.lists(st.builds(Band, st.integers(1, 90), RATES), max_size=5, unique_by=lambda band: band.under_days)
DAYS = st.dates(date(2000, 1, 1), date(2050, 1, 1))
TERMS = [Band(5, Decimal(100)), Band(10, Decimal(50)), Band(20, Decimal("12.5"))]


@pytest.mark.parametrize(
    ("days", "rate", "amount"),
    [(0, 100, "1190.10"), (4, 100, "1190.10"), (5, 50, "595.05"), (9, 50, "595.05"), (10, "12.5", "148.76")],
)
def test_the_tightest_band_counts(days: int, rate: int | str, amount: str) -> None:
    fee = fee_of(Decimal("1190.10"), days, TERMS)
    assert (fee.rate, str(fee.amount)) == (Decimal(rate), amount)


def test_beyond_the_bands_it_is_free() -> None:
    assert fee_of(Decimal(1000), 20, TERMS) == FREE
    assert fee_of(Decimal(1000), 0, []) == FREE


def test_halves_go_up() -> None:
    assert str(fee_of(Decimal("0.05"), 0, [Band(1, Decimal(50))]).amount) == "0.03"


@given(PRICES, st.integers(0, 100), BANDS)
def test_a_fee_is_between_nothing_and_the_price_to_the_cent(price: Decimal, days: int, bands: list[Band]) -> None:
    fee = fee_of(price, days, bands)
    assert 0 <= fee.amount <= price
    assert fee.amount == fee.amount.quantize(CENT)
    assert abs(fee.amount - price * fee.rate / 100) <= CENT / 2


@given(PRICES, st.integers(0, 100), BANDS)
def test_waiting_never_makes_it_cheaper_when_the_bands_rise(price: Decimal, days: int, bands: list[Band]) -> None:
    rates = sorted((band.rate for band in bands), reverse=True)
    rising = [Band(limit, rate) for limit, rate in zip(sorted(band.under_days for band in bands), rates, strict=True)]
    assert fee_of(price, days, rising).amount >= fee_of(price, days + 1, rising).amount


@given(PRICES, st.integers(0, 100), BANDS)
def test_the_order_of_the_bands_does_not_matter(price: Decimal, days: int, bands: list[Band]) -> None:
    assert fee_of(price, days, bands) == fee_of(price, days, bands[::-1])


@pytest.mark.parametrize(
    ("today", "starts_on", "working", "calendar"),
    [
        (date(2026, 11, 23), date(2026, 11, 24), 1, 1),  # a Monday before a Tuesday
        (date(2026, 11, 20), date(2026, 11, 23), 1, 3),  # a Friday before a Monday
        (date(2026, 11, 21), date(2026, 11, 23), 0, 2),  # a Saturday before a Monday
        (date(2026, 11, 10), date(2026, 11, 12), 1, 2),  # over the 11th of November
        (date(2026, 5, 13), date(2026, 5, 18), 2, 5),  # over Ascension Day and a week-end
        (date(2026, 11, 23), date(2026, 11, 23), 0, 0),
        (date(2026, 11, 25), date(2026, 11, 23), 0, 0),
    ],
)
def test_days_before_a_session(today: date, starts_on: date, working: int, calendar: int) -> None:
    assert days_before(today, starts_on, working=True) == working
    assert days_before(today, starts_on, working=False) == calendar


@given(DAYS, st.integers(0, 120))
def test_working_days_are_some_of_the_days(today: date, span: int) -> None:
    starts_on = today + timedelta(days=span)
    working = days_before(today, starts_on, working=True)
    assert 0 <= working <= days_before(today, starts_on, working=False) == span
    assert days_before(today, starts_on + timedelta(days=1), working=True) == working + is_working_day(starts_on)
