"""Fields into values: numbers, dates, addresses, SIREN and SIRET, words of the ERP."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Company
from catalogue.models import AccordLine, Course
from espace_client.erp import parsing
from espace_client.erp.parsing import FieldError

AMOUNT = parsing.decimal(Course, "public_price")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1190", "1190.00"),
        ("1190,5", "1190.50"),
        ("1190.50", "1190.50"),
        ("1 190,50", "1190.50"),
        ("1\u00a0190,50", "1190.50"),
        ("1\u202f190\u202f000.5", "1190000.50"),
        ("1\u2009190", "1190.00"),
        ("+12", "12.00"),
        ("0", "0.00"),
        ("-0,00", "0.00"),
        ("12,", "12.00"),
        ("1742,505", "1742.51"),  # half up, to the cent
        ("1742,5000", "1742.50"),
        ("99999999,99", "99999999.99"),
    ],
)
def test_amounts(written: str, amount: str) -> None:
    assert str(AMOUNT(written)) == amount


@pytest.mark.parametrize(
    "written",
    ["", "abc", "1.190,50", "1,190,50", "12 34", "1e3", "NaN", "Infinity", "0x10", "12 €", "١٢", "1 1900", "--1"],
)
def test_what_is_no_amount(written: str) -> None:
    with pytest.raises(FieldError, match="pas un nombre"):
        AMOUNT(written)


@pytest.mark.parametrize(
    ("written", "reason"), [("-1", "négatif"), ("100000000", "trop grand"), ("9" * 5000, "trop grand")]
)
def test_amounts_out_of_bounds(written: str, reason: str) -> None:
    with pytest.raises(FieldError, match=reason):
        AMOUNT(written)


def test_a_percentage_goes_to_a_hundred() -> None:
    percent = parsing.decimal(AccordLine, "discount_rate", Decimal(100))
    assert percent("100") == 100
    with pytest.raises(FieldError):
        percent("100,01")


@pytest.mark.parametrize(
    ("written", "day"),
    [("29/02/2024", date(2024, 2, 29)), ("2024-02-29", date(2024, 2, 29)), ("1/2/2024", date(2024, 2, 1))],
)
def test_days(written: str, day: date) -> None:
    assert parsing.day(written) == day


@pytest.mark.parametrize(
    "written",
    [
        "29/02/2023",
        "31/04/2024",
        "00/01/2024",
        "01/13/2024",
        "2024-13-01",
        "01/01/0024",
        "31/12/9999",
        "01/01/1969",
        "01-01-2024",
        "2024/01/01",
        "20240101",
        "01/01/24",
        "demain",
        "2024-1-1",
        "2024-01-01T00:00:00",
    ],
)
def test_what_is_no_day(written: str) -> None:
    with pytest.raises(FieldError):
        parsing.day(written)


@pytest.mark.parametrize(("written", "number"), [("8", 8), ("1 000", 1000), ("8,0", 8), ("0", 0)])
def test_whole_numbers(written: str, number: int) -> None:
    assert parsing.integer(32767)(written) == number


@pytest.mark.parametrize("written", ["8,5", "32768", "-1", "huit"])
def test_what_is_no_whole_number(written: str) -> None:
    with pytest.raises(FieldError):
        parsing.integer(32767)(written)


def test_siren_and_siret_are_their_digits() -> None:
    assert parsing.siren("732 829 320") == "732829320"
    assert parsing.siret("732 829 320 00074") == "73282932000074"
    assert parsing.siret("356 000 000 00048") == "35600000000048"
    assert parsing.siret("35600000009075") == "35600000009075"  # La Poste: the sum of the digits, not Luhn


@pytest.mark.parametrize("written", ["732829321", "73282932", "73282932000074", "abc", "0"])
def test_what_is_no_siren(written: str) -> None:
    with pytest.raises(FieldError, match="pas un SIREN"):
        parsing.siren(written)


@pytest.mark.parametrize("written", ["73282932000075", "732829320", "7,32829E+13", "35600000009076"])
def test_what_is_no_siret(written: str) -> None:
    with pytest.raises(FieldError, match="pas un SIRET"):
        parsing.siret(written)


def test_addresses() -> None:
    assert parsing.email("Lea.NOEL@Armorel.Example") == "lea.noel@armorel.example"
    assert parsing.email_domain("@Armorel.Example") == "armorel.example"
    for written in ("lea", "lea@", "@armorel.example", "léa@armorel.example", "a b@armorel.example"):
        with pytest.raises(FieldError):
            parsing.email(written)
    with pytest.raises(FieldError, match="pas un domaine"):
        parsing.email_domain("armorel")


def test_words_in_any_case_and_the_expected_ones_when_unknown() -> None:
    word = parsing.choice({"oui": True, "non": False})
    assert word("OUI") is True
    with pytest.raises(FieldError, match="oui, non"):
        word("peut-être")


def test_lists_keep_each_value_once() -> None:
    assert parsing.listed(parsing.email_domain, ",")("a.example, b.example,, A.example") == ["a.example", "b.example"]


def test_text_is_one_line_and_fits() -> None:
    name = parsing.text(Company, "name")
    assert name("deux\r\nlignes") == "deux lignes"
    with pytest.raises(FieldError, match="200 caractères"):
        name("x" * 201)


def test_codes_compare_without_case_but_keep_it() -> None:
    code = parsing.code(Course, "reference")
    assert code("Pyb-é") == "Pyb-é"
    assert repr(code("Pyb-é")) == repr(code("PYB-é"))
    assert repr(code("Pyb-é")) != repr(code("Pyb-É"))


def test_long_fields_are_not_remembered() -> None:
    digits = "7" + " " * 2_000_000 + "32829320"
    for _again in range(3):
        assert parsing.siren(digits) == "732829320"
