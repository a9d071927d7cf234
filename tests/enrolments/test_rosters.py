"""Lists of people, pasted or sent: what is read of each, and the sentence for what can not be."""

from __future__ import annotations

import codecs

import pytest
from django.core.exceptions import ValidationError

from enrolments.rosters import MOST_BYTES, MOST_LINES, checked, decoded, read_roster


@pytest.mark.parametrize(
    "raw",
    [
        "Nom;Prénom\nLefèvre;Zoé".encode("cp1252"),
        "Nom;Prénom\nLefèvre;Zoé".encode(),
        codecs.BOM_UTF8 + "Nom;Prénom\nLefèvre;Zoé".encode(),
        codecs.BOM_UTF16_LE + "Nom;Prénom\nLefèvre;Zoé".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Nom;Prénom\nLefèvre;Zoé".encode("utf-16-be"),
    ],
)
def test_a_file_of_any_usual_encoding(raw: bytes) -> None:
    (one,) = read_roster(decoded(raw)).people
    assert (one.last_name, one.first_name) == ("Lefèvre", "Zoé")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a" * (MOST_BYTES + 1), "dépasse 2 Mo"),
        (b"\xd0\xcf\x11\xe0....", "est un classeur"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8", "pas un texte lisible"),
    ],
)
def test_a_file_that_is_no_text(raw: bytes, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        decoded(raw)


def test_a_list_stops_at_five_thousand_lines_and_says_so() -> None:
    lines = [f"Nom {rank};Zoé" for rank in range(MOST_LINES + 3)]
    roster = read_roster("\n".join(lines))
    assert len(roster.people) == MOST_LINES
    (last,) = roster.bad_lines
    assert (last.number, "jusqu’à 5 000 lignes" in last.problem) == (MOST_LINES + 1, True)


@pytest.mark.parametrize("text", ["", "\n\n  \n", "\x00"])
def test_nothing_is_nobody(text: str) -> None:
    roster = read_roster(text)
    assert (roster.people, roster.bad_lines) == ([], [])


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Roy", "", ""), "Il faut un nom et un prénom"),
        (("ana@armor.example", "Roy", ""), "Une adresse est à la place d’un nom"),
        (("R" * 101, "Ana", ""), "dépasse 100 caractères"),
        (("Roy\u200b\u0007", "Ana", ""), "caractère illisible"),
        (("Roy", "Ana", "ana@"), "n’est pas une adresse email"),
    ],
)
def test_who_can_not_be_anybody(names: tuple[str, str, str], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        checked(*names)
    assert said in " ".join(caught.value.messages).replace("\u00a0", " ")


def test_columns_in_any_order_under_titles() -> None:
    roster = read_roster("Courriel\tPrénom\tNom de famille\nana@armor.example\tAna\tRoy")
    (one,) = roster.people
    assert (one.last_name, one.first_name, one.email) == ("Roy", "Ana", "ana@armor.example")
