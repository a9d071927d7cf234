"""What holds of every price, whatever the lines: tried on hundreds of invented accords."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path

from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from catalogue.models import LineKind, LineScope
from catalogue.pricing import Line, Price, Subject, next_tier, price_of

# By the clock, a busy machine would fail what is right.
patiently = tried(deadline=None, suppress_health_check=[HealthCheck.too_slow])

COURSES, SUBDOMAINS, DOMAINS = (1, 2), (10, 11), (20, 21)
TARGETS: Mapping[LineScope, tuple[int | None, ...]] = {
    LineScope.COURSE: COURSES,
    LineScope.SUBDOMAIN: SUBDOMAINS,
    LineScope.DOMAIN: DOMAINS,
    LineScope.EVERYTHING: (None,),
}

amounts = st.decimals(min_value=0, max_value=20_000, places=2, allow_nan=False, allow_infinity=False)
rates = st.decimals(min_value=0, max_value=100, places=2, allow_nan=False, allow_infinity=False)
thresholds = st.integers(min_value=0, max_value=30)
seat_counts = st.dictionaries(st.sampled_from([1, 2]), st.integers(min_value=0, max_value=40))


@st.composite
def some_line(draw: st.DrawFn) -> Line:
    scope = draw(st.sampled_from(list(LineScope)))
    kind = draw(st.sampled_from(list(LineKind))) if scope == LineScope.COURSE else LineKind.DISCOUNT
    return Line(
        id=draw(st.integers(min_value=1, max_value=10_000)),
        accord_id=draw(st.sampled_from([1, 2])),
        accord_reference="AC-2026-014",
        ends_on=date(2026, 1, 1),
        scope=scope,
        target_id=draw(st.sampled_from(TARGETS[scope])),
        target="Cloud",
        kind=kind,
        value=draw(amounts if kind == LineKind.PRICE else rates),
        from_seats=draw(thresholds),
    )


@st.composite
def some_subject(draw: st.DrawFn) -> Subject:
    below = draw(st.booleans())
    domain = draw(st.sampled_from(DOMAINS))
    return Subject(
        course_id=draw(st.sampled_from(COURSES)),
        domain_id=draw(st.sampled_from(SUBDOMAINS)) if below else domain,
        parent_domain_id=domain if below else None,
        public_price=draw(amounts),
        vat_rate=draw(rates),
    )


lists_of_lines = st.lists(some_line(), max_size=12, unique_by=lambda line: line.id)


@patiently
@given(some_subject(), lists_of_lines, seat_counts)
def test_never_above_the_public_price_nor_below_nothing(
    subject: Subject, lines: list[Line], seats: dict[int, int]
) -> None:
    price = price_of(subject, lines, seats)
    assert 0 <= price.amount <= price.public == subject.public_price
    assert price.saving == price.public - price.amount
    assert price.with_vat == price.amount + price.vat


@patiently
@given(some_subject(), lists_of_lines, seat_counts)
def test_no_line_that_applies_is_more_specific_nor_as_specific_and_cheaper(
    subject: Subject, lines: list[Line], seats: dict[int, int]
) -> None:
    price = price_of(subject, lines, seats)
    applying = [one for one in lines if subject.concerns(one) and seats.get(one.accord_id, 0) >= one.from_seats]
    if price.line is None:
        assert applying == []
        return
    assert price.line in applying
    for other in applying:
        assert other.rank >= price.line.rank
        assert other.rank > price.line.rank or other.amount_for(subject.public_price) >= price.amount


@patiently
@given(some_subject(), lists_of_lines, seat_counts, some_line())
def test_one_more_line_never_makes_the_winner_less_specific(
    subject: Subject, lines: list[Line], seats: dict[int, int], more: Line
) -> None:
    before, after = price_of(subject, lines, seats), price_of(subject, [*lines, more], seats)
    if before.line is not None:
        assert after.line is not None
        assert after.line.rank <= before.line.rank
        if after.line.rank == before.line.rank:
            assert after.amount <= before.amount


@patiently
@given(some_subject(), lists_of_lines, seat_counts, st.integers(min_value=0, max_value=40))
def test_more_seats_cost_less_or_the_same_unless_a_more_specific_line_takes_over(
    subject: Subject, lines: list[Line], seats: dict[int, int], more: int
) -> None:
    before = price_of(subject, lines, seats)
    after = price_of(subject, lines, {accord: seats.get(accord, 0) + more for accord in (1, 2)})
    if before.line is not None:
        assert after.line is not None
        assert after.line.rank <= before.line.rank
    if before.line is None or (after.line is not None and after.line.rank == before.line.rank):
        assert after.amount <= before.amount


@patiently
@given(some_subject(), lists_of_lines, seat_counts)
def test_the_order_of_the_lines_changes_nothing(subject: Subject, lines: list[Line], seats: dict[int, int]) -> None:
    assert price_of(subject, lines, seats) == price_of(subject, lines[::-1], seats)


@patiently
@given(some_subject(), lists_of_lines, seat_counts)
def test_the_next_tier_gives_what_it_promises(subject: Subject, lines: list[Line], seats: dict[int, int]) -> None:
    tier, now = next_tier(subject, lines, seats), price_of(subject, lines, seats)
    if tier is None:
        return
    accord = tier.line.accord_id
    then = price_of(subject, lines, {**seats, accord: seats.get(accord, 0) + tier.missing})
    assert then.amount == tier.amount < now.amount
    one_less = price_of(subject, lines, {**seats, accord: seats.get(accord, 0) + tier.missing - 1})
    assert one_less.amount >= now.amount


def half_up(exact: Fraction) -> Decimal:
    return Decimal(floor(exact * 100 + Fraction(1, 2))) / 100


def figures(text: str) -> list[Fraction]:
    """The amounts of a French text, in the order in which they stand."""
    plain = text.replace("\u202f", "").replace("\u00a0", " ")
    return [Fraction(found.replace(",", ".")) for found in re.findall(r"(\d+,\d\d) €", plain)]


@patiently
@given(some_subject(), lists_of_lines, seat_counts)
def test_the_explanation_recomputes_to_the_price(subject: Subject, lines: list[Line], seats: dict[int, int]) -> None:
    price = price_of(subject, lines, seats)
    words, amounts_said = price.explanation, figures(price.explanation)
    if price.line is None:
        assert amounts_said == [Fraction(price.amount)]
        return
    assert "AC-2026-014" in words
    rate = re.search(r"remise de ([\d,]+)", words)
    if rate is None:  # a fixed price is said first
        public = amounts_said[1]
        recomputed = half_up(min(amounts_said[0], public))
    else:
        public = amounts_said[0]
        recomputed = half_up(public * (100 - Fraction(rate.group(1).replace(",", "."))) / 100)
    assert recomputed == price.amount
    assert public == subject.public_price
    if price.saving:
        assert amounts_said[-3:] == [public, Fraction(price.saving), Fraction(price.amount)]
        assert amounts_said[-3] - amounts_said[-2] == amounts_said[-1]
    if price.line.from_seats:
        assert f"{price.line.from_seats} place" in words or "une place" in words


@patiently
@given(amounts, rates)
def test_vat_words_recompute_to_the_total(amount: Decimal, rate: Decimal) -> None:
    price = Price(amount, amount, rate)
    if price.is_exempt:
        assert "261-4-4°" in price.vat_words
        return
    vat, total = figures(price.vat_words)
    assert vat == Fraction(half_up(Fraction(amount) * Fraction(rate) / 100))
    assert total == Fraction(amount) + vat


@patiently
@given(some_subject(), lists_of_lines, seat_counts)
def test_amounts_are_decimals_to_the_cent(subject: Subject, lines: list[Line], seats: dict[int, int]) -> None:
    price = price_of(subject, lines, seats)
    for amount in (price.public, price.amount, price.saving, price.vat, price.with_vat):
        assert isinstance(amount, Decimal)
        assert amount == amount.quantize(Decimal("0.01"))


def test_no_float_is_written_where_prices_are_computed() -> None:
    files = [
        "catalogue/pricing.py",
        "catalogue/prices.py",
        "enrolments/prices.py",
        "enrolments/accord_seats.py",
        "enrolments/tariffs.py",
        "accounts/typography.py",
    ]
    for name in files:
        tree = ast.parse((Path(settings.BASE_DIR) / name).read_text())
        floats = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in ("float", "round")]
        assert floats + calls == [], name
