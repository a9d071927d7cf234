"""What people paste as addresses, and domains that are not what they look like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.addresses import read_addresses
from accounts.domains import distance, imitated, is_outside, known_domains
from accounts.models import Company
from tests.worlds import World

KNOWN = frozenset({"solvane.fr", "armor.example"})


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("lea@armor.fr\nmax@armor.fr", ["lea@armor.fr", "max@armor.fr"]),
        ("lea@a.fr, max@a.fr;zoe@a.fr  tom@a.fr", ["lea@a.fr", "max@a.fr", "zoe@a.fr", "tom@a.fr"]),
        ('"Dupont, Léa" <Lea@Armor.FR>; Max Roy <max@armor.fr>', ["lea@armor.fr", "max@armor.fr"]),
        ("\r\n  LEA@armor.fr \t\n\n", ["lea@armor.fr"]),
        ("jean@société.fr", ["jean@xn--socit-esab.fr"]),
        ("", []),
        (" ,; \n", []),
    ],
)  # fmt: skip
def test_addresses_are_read_as_they_are_pasted(text: str, emails: list[str]) -> None:
    assert [one.email for one in read_addresses(text)] == emails


@pytest.mark.parametrize(
    "wrong", ["lea", "lea@", "@armor.fr", "lea@armor", "lea@@armor.fr", "<>x", "léa@armor.fr", "a" * 250 + "@armor.fr"]
)
def test_a_malformed_address_has_a_message_and_its_line(wrong: str) -> None:
    good, bad = read_addresses(f"max@armor.fr\n{wrong}")
    assert good.email == "max@armor.fr"
    assert (bad.line, bad.email) == (2, "")
    assert "n’est pas une adresse email" in bad.error


def test_a_repeated_address_says_where_the_first_is() -> None:
    first, second = read_addresses("Lea@armor.fr\n\nlea@ARMOR.fr")
    assert first.email == "lea@armor.fr"
    assert second.error == "« lea@armor.fr » est déjà à la ligne 1."


@given(st.text(max_size=200))
def test_nothing_that_is_typed_is_lost_or_breaks_it(text: str) -> None:
    found = read_addresses(text)
    assert all(bool(one.email) != bool(one.error) for one in found)
    assert len({one.email for one in found if one.email}) == sum(bool(one.email) for one in found)
    assert all("\n" not in one.email and "\r" not in one.email for one in found)


@pytest.mark.parametrize(
    "domain",
    [
        *("solvame.fr", "so1vane.fr", "soivane.fr", "solvanne.fr", "solavne.fr", "solvane.com", "solvane-rh.fr"),
        *("solvan.fr", "sol-vane.fr", "solväne.fr".encode("idna").decode(), "arrnor.example", "solvane.fr.rh.com"),
    ],
)
def test_a_domain_that_only_looks_like_the_companys_is_seen(domain: str) -> None:
    assert imitated(f"lea@{domain}", KNOWN) in KNOWN


@pytest.mark.parametrize(
    "domain", ["solvane.fr", "lyon.solvane.fr", "armor.example", "gmail.com", "cabinet-lesage.example", "orange.fr"]
)
def test_other_domains_are_not(domain: str) -> None:
    assert imitated(f"lea@{domain}", KNOWN) is None


@pytest.mark.parametrize("domain", ["xn--99999999.fr", "été.xn--99999999.fr"])
def test_a_domain_that_no_browser_could_show_is_read_as_it_is_written(domain: str) -> None:
    assert imitated(f"lea@{domain}", KNOWN) is None
    assert imitated(f"lea@{domain}", {domain.replace("99999999", "99999998")}) is not None


def test_nobody_is_outside_when_nothing_is_known() -> None:
    assert not is_outside("lea@armor.fr", frozenset())
    assert imitated("lea@armor.fr", frozenset()) is None
    assert is_outside("lea@notarmor.example", {"armor.example"})


@given(st.text("ab-", max_size=8), st.text("ab-", max_size=8))
def test_the_distance_is_symmetrical_and_zero_for_the_same(one: str, other: str) -> None:
    assert distance(one, other, 2) == distance(other, one, 2)
    assert (distance(one, other, 2) == 0) == (one == other)


def test_domains_are_the_given_ones_else_those_of_administrators(world: World) -> None:
    armor, brume = world.armor.company, world.brume.company
    assert known_domains([armor])[armor.pk] == {"armor.example"}
    Company.objects.filter(pk=brume.pk).update(email_domains=[])
    brume.refresh_from_db()
    assert known_domains([armor, brume])[brume.pk] == {"brume.example"}
    neighbour = world.personas["neighbour"]
    neighbour.email = "voisin@gmail.com"
    neighbour.save(update_fields=["email"])
    assert known_domains([brume])[brume.pk] == frozenset(), "a public provider tells no company apart"
