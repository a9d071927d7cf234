"""Prices: the rules one by one, without a database."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from catalogue.models import LineKind, LineScope
from catalogue.pricing import Line, NextTier, Price, Subject, next_tier, price_of

END = date(2027, 12, 31)
COURSE, SUBDOMAIN, DOMAIN = 5, 20, 2
NBSP, NNBSP = "\u00a0", "\u202f"


def line(scope: str, value: str, *, fixed: bool = False, **fields: Any) -> Line:
    targets = {"course": COURSE, "subdomain": SUBDOMAIN, "domain": DOMAIN, "everything": None}
    given: dict[str, Any] = {
        "id": 1,
        "accord_id": 14,
        "accord_reference": "AC-14",
        "ends_on": END,
        "scope": LineScope(scope),
        "target_id": targets[scope],
        "target": "Cloud",
        "kind": LineKind.PRICE if fixed else LineKind.DISCOUNT,
        "value": Decimal(value),
    }
    return Line(**given | fields)


def subject(public: str = "1000", vat: str = "20", **fields: Any) -> Subject:
    given = {"course_id": COURSE, "domain_id": SUBDOMAIN, "parent_domain_id": DOMAIN}
    return Subject(**given | fields, public_price=Decimal(public), vat_rate=Decimal(vat))


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace(NNBSP, " ")


LADDER = [
    line("course", "900", fixed=True, id=1),
    line("course", "15", id=2),
    line("subdomain", "20", id=3),
    line("domain", "25", id=4),
    line("everything", "30", id=5),
]


@pytest.mark.parametrize("rank", range(5))
def test_the_most_specific_line_wins_even_when_it_costs_more(rank: int) -> None:
    found = price_of(subject(), LADDER[rank:][::-1])
    assert found.line == LADDER[rank]
    assert LADDER[rank].rank == rank


def test_without_a_line_the_price_is_the_public_one() -> None:
    found = price_of(subject(), [])
    assert (found.amount, found.saving, found.line, found.is_negotiated) == (Decimal(1000), Decimal(0), None, False)
    assert plain(found.explanation) == "Prix public : 1 000,00 € HT."


@pytest.mark.parametrize(
    "other",
    [
        line("course", "50", target_id=6),
        line("course", "1", fixed=True, target_id=6),
        line("subdomain", "50", target_id=21),
        line("subdomain", "50", target_id=DOMAIN),
        line("domain", "50", target_id=3),
        line("domain", "50", target_id=SUBDOMAIN),
    ],
)
def test_a_line_about_something_else_gives_nothing(other: Line) -> None:
    assert price_of(subject(), [other]).line is None


def test_a_course_right_under_a_domain_has_the_domain_s_line_and_no_sub_domain_s() -> None:
    course = subject(domain_id=DOMAIN, parent_domain_id=None)
    of_domain = line("domain", "10")
    assert price_of(course, [of_domain, line("subdomain", "50", target_id=DOMAIN)]).line == of_domain


def test_a_tier_counts_from_its_threshold() -> None:
    lines = [line("everything", "6", id=1), line("everything", "9", id=2, from_seats=40)]
    amounts = [price_of(subject(), lines, {14: seats}).amount for seats in (0, 39, 40, 41)]
    assert amounts == [940, 940, 910, 910]
    assert price_of(subject(), lines).amount == 940
    assert price_of(subject(), lines, {15: 100}).amount == 940, "the seats of another accord open nothing"


def test_among_equals_the_lowest_price_then_the_later_end_then_the_older_row() -> None:
    low, high = line("domain", "10", id=9), line("domain", "8", id=1, accord_id=2)
    assert price_of(subject(), [high, low]).line == low
    later = line("domain", "10", id=10, ends_on=date(2028, 1, 1))
    assert price_of(subject(), [low, later]).line == later
    twin = line("domain", "10", id=8)
    assert price_of(subject(), [low, twin]).line == twin


def test_two_accords_are_compared_by_their_lines_alone() -> None:
    specific, general = line("course", "5", accord_id=1), line("everything", "40", accord_id=2)
    assert price_of(subject(), [general, specific]).line == specific


def test_a_price_above_the_public_one_is_the_public_one() -> None:
    found = price_of(subject("800"), [line("course", "900", fixed=True)])
    assert (found.amount, found.saving, found.is_negotiated) == (Decimal(800), Decimal(0), True)
    assert "Le prix public de 800,00 € HT n’est pas plus élevé : il s’applique." in plain(found.explanation)


@pytest.mark.parametrize(
    ("public", "rate", "amount"),
    [
        ("0.05", "50", "0.03"),  # 0.025
        ("0.15", "50", "0.08"),  # 0.075
        ("999.99", "33.33", "666.69"),  # 666.693333
        ("1234.50", "12.5", "1080.19"),  # 1080.1875
        ("1000", "100", "0.00"),
        ("1000", "0", "1000.00"),
    ],
)
def test_cents_are_rounded_once_and_half_up(public: str, rate: str, amount: str) -> None:
    assert price_of(subject(public), [line("everything", rate)]).amount == Decimal(amount)


def test_the_vat_is_the_course_s_or_the_exemption() -> None:
    found = price_of(subject("1047.25"), [])
    assert (found.vat, found.with_vat, found.is_exempt) == (Decimal("209.45"), Decimal("1256.70"), False)
    assert plain(found.vat_words) == "TVA à 20 % : 209,45 €, soit 1 256,70 € TTC."
    exempt = price_of(subject("1047.25", vat="0"), [])
    assert (exempt.vat, exempt.with_vat, exempt.is_exempt) == (Decimal(0), Decimal("1047.25"), True)
    assert exempt.vat_words == "Exonéré de TVA (CGI, art. 261-4-4° a)."


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (line("course", "1190", fixed=True), "prix fixe de 1 190,00 € HT pour cette formation"),
        (line("course", "12.50"), "remise de 12,5 % sur cette formation"),
        (line("subdomain", "8"), "remise de 8 % sur le sous-domaine « Cloud »"),
        (line("domain", "8"), "remise de 8 % sur le domaine « Cloud »"),
        (line("everything", "8"), "remise de 8 % sur tout le catalogue"),
        (line("everything", "8", from_seats=1), "remise de 8 % sur tout le catalogue, à partir d’une place commandée"),
        (
            line("everything", "8", from_seats=15),
            "remise de 8 % sur tout le catalogue, à partir de 15 places commandées",
        ),
    ],
)
def test_a_line_says_what_it_gives(given: Line, words: str) -> None:
    assert plain(given.words()) == words


def test_the_explanation_names_the_accord_the_end_the_line_and_the_sum() -> None:
    found = price_of(subject("1190"), [line("domain", "12", from_seats=15)], {14: 15})
    assert plain(found.explanation) == (
        "Accord-cadre AC-14, jusqu’au 31 déc. 2027 : remise de 12 % sur le domaine « Cloud », à partir de 15 places "
        "commandées. 1 190,00 € − 142,80 € = 1 047,20 € HT."
    )


@pytest.mark.parametrize(("value", "fixed"), [("-0.01", False), ("100.01", False), ("-1", True)])
def test_a_value_out_of_bounds_is_refused(value: str, fixed: bool) -> None:
    with pytest.raises(ValueError, match="not negative"):
        line("course", value, fixed=fixed)


def test_a_fixed_price_for_more_than_a_course_is_refused() -> None:
    with pytest.raises(ValueError, match="for one course"):
        line("domain", "10", fixed=True)


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        Subject(1, 2, None, 10.0, Decimal(20))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Subject(1, 2, None, Decimal(10), 20.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        replace(line("domain", "10"), value=12.5)  # type: ignore[arg-type]


def test_a_price_is_compared_by_value() -> None:
    assert price_of(subject(), LADDER) == Price(Decimal(1000), Decimal(900), Decimal(20), LADDER[0])


def test_the_next_tier_is_the_nearest_threshold_that_lowers_the_price() -> None:
    base = line("everything", "5", id=1)
    dearer = line("course", "2", id=2, from_seats=10)  # more specific: reaching it raises the price
    far = line("everything", "20", id=3, from_seats=60)
    near = line("domain", "9", id=4, from_seats=40)
    elsewhere = line("everything", "50", id=5, accord_id=99, from_seats=45)
    other = line("course", "90", id=6, target_id=6, from_seats=1)
    lines = [base, far, near, elsewhere, other]
    assert next_tier(subject(), lines, {14: 30}) == NextTier(near, 10, Decimal(910))
    assert next_tier(subject(), lines, {14: 30, 99: 40}) == NextTier(elsewhere, 5, Decimal(500))
    assert next_tier(subject(), [base, dearer]) is None
    assert next_tier(subject(), [base, near], {14: 40}) is None
    assert next_tier(subject(), []) is None
