"""SIREN and SIRET: digits only, Luhn, and La Poste's own rule."""

import pytest
from django.core.exceptions import ValidationError

from accounts.siren import clean_siren, clean_siret, digits, validate_siren, validate_siret


def test_spaces_and_points_do_not_matter() -> None:
    assert digits("822 818.662") == "822818662"
    assert clean_siren("822 818 662") == "822818662"
    assert clean_siret("822 818 662 00014") == "82281866200014"


def test_la_poste_has_its_own_key() -> None:
    assert clean_siret("35600000049837") == "35600000049837"


@pytest.mark.parametrize("raw", ["", "822818663", "82281866", "abc", "８２２８１８６６２"])
def test_a_wrong_siren(raw: str) -> None:
    with pytest.raises(ValidationError, match="n’est pas un SIREN"):
        clean_siren(raw)


@pytest.mark.parametrize("raw", ["", "82281866200015", "8228186620001", "35600000049838"])
def test_a_wrong_siret(raw: str) -> None:
    with pytest.raises(ValidationError, match="n’est pas un SIRET"):
        clean_siret(raw)


def test_a_model_field_wants_digits_alone() -> None:
    validate_siren("822818662")
    validate_siret("82281866200014")
    with pytest.raises(ValidationError, match="sans espace"):
        validate_siren("822 818 662")
    with pytest.raises(ValidationError, match="sans espace"):
        validate_siret("822 818 662 00014")
