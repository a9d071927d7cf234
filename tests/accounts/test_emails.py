"""One spelling for an address (rule 1)."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from accounts.emails import normalise_email


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("Lea.Noel@Armor.Example", "lea.noel@armor.example"),
        ("  lea@armor.example\t", "lea@armor.example"),
        ("lea@été.example", "lea@xn--t-9fab.example"),
        ("lea@XN--T-9FAB.example", "lea@xn--t-9fab.example"),
    ],
)
def test_the_normal_form(raw: str, normal: str) -> None:
    assert normalise_email(raw) == normal


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "lea",
        "lea@",
        "@armor.example",
        "léa@armor.example",
        "a b@armor.example",
        "\u212aim@armor.example",
        "lea@armor.example, x@y.example",
        "lea@armor.example\nBcc: x@y.example",
        f"{'a' * 250}@armor.example",
    ],
)
def test_what_is_not_an_address_is_refused_in_french(raw: str) -> None:
    with pytest.raises(ValidationError, match="n’est pas une adresse email"):
        normalise_email(raw)


@given(st.emails())
def test_the_form_is_stable_ascii_and_lower_case(raw: str) -> None:
    try:
        normal = normalise_email(raw)
    except ValidationError:
        return
    assert normal.isascii()
    assert normal == normal.lower() == normalise_email(normal)
