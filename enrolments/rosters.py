"""Lists of people, pasted from a spreadsheet or sent as CSV: the good lines, and one message per line that is not."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.emails import normalise_email
from enrolments.models import Participant

from .participants import erp_key

MOST_LINES = 5_000
MOST_BYTES = 2_000_000
LONGEST_CELL = 10_000  # characters
SEPARATORS = "\t;,"
# What spreadsheets call the three columns, folded (see `_folded`).
_TITLES = {
    "last_name": {"nom", "nom de famille", "nom usuel", "nom d'usage", "last name", "lastname"},
    "first_name": {"prenom", "prenoms", "first name", "firstname"},
    "email": {"email", "e-mail", "mail", "courriel", "adresse email", "adresse e-mail", "adresse mail"},
}
_WITHOUT_TITLES = {"last_name": 0, "first_name": 1, "email": 2}


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody to enrol: names as typed, the address in its normal form or empty."""

    last_name: str
    first_name: str
    email: str = ""

    @property
    def key(self) -> str:
        """The same for two lines about one person, whatever the case and the spaces."""
        return erp_key(self.email, self.last_name, self.first_name)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that names nobody yet: its number in the list, what it said, and what is wrong with it, in French."""

    number: int
    text: str
    problem: str


@dataclass(slots=True)
class Roster:
    """What a list says."""

    people: list[Named] = field(default_factory=list)
    bad_lines: list[BadLine] = field(default_factory=list)


def decoded(raw: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 with its mark (Excel), or the Windows code page; ValidationError otherwise."""
    if len(raw) > MOST_BYTES:
        raise ValidationError(_("Ce fichier dépasse 2 Mo : envoyez une liste de noms seulement."))
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ValidationError(
            _("Ce fichier est un classeur : enregistrez-le au format CSV, ou copiez ses cellules et collez-les.")
        )
    encodings = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValidationError(_("Ce fichier n’est pas un texte lisible : enregistrez-le au format CSV (UTF-8)."))


def read_roster(text: str) -> Roster:
    """The people of a list with one person per line: last name, first name and, if known, email.

    Columns are parted by tabs, semicolons or commas, and may be in any order under a line of titles. ValidationError,
    in French, when the list as a whole can't be read: titles without a name, or none of its lines in columns.
    """
    roster, seen = Roster(), dict[str, int]()
    rows = _rows(text)
    first = next(rows, None)
    if first is None:
        return roster
    titles = _titles(first[1])
    places = _WITHOUT_TITLES if titles is None else titles
    for number, cells in chain([first] if titles is None else [], rows):
        if len(roster.people) + len(roster.bad_lines) >= MOST_LINES:
            roster.bad_lines.append(BadLine(number, "", _("Une liste va jusqu’à 5 000 lignes ; la suite est à part.")))
            break
        try:
            person = _person(cells, places)
            if person.key in seen:
                raise ValidationError(_("Déjà nommé à la ligne %(line)s.") % {"line": seen[person.key]})
        except ValidationError as error:
            roster.bad_lines.append(BadLine(number, _line_of(cells), " ".join(error.messages)))
        else:
            seen[person.key] = number
            roster.people.append(person)
    return roster


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not blank, with its number, in cells; the separator is what the first line has most of."""
    lines = text.replace("\x00", "").splitlines()
    first = next((line for line in lines if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=separator)
    try:
        for cells in reader:
            if max(map(len, cells), default=0) > LONGEST_CELL:  # an open quotation mark swallows all that follows
                raise csv.Error
            if len(cells) == 1:  # a line that somebody typed below what was pasted
                cells = cells[0].split(max(SEPARATORS, key=cells[0].count))
            stripped = [" ".join(cell.split()) for cell in cells]
            if any(stripped):
                yield reader.line_num, stripped
    except csv.Error as error:
        raise ValidationError(_("Un guillemet n’est pas refermé, ou une cellule est démesurée.")) from error


def _titles(cells: Sequence[str]) -> dict[str, int] | None:
    """Where the columns are, if this is a line of titles; ValidationError for titles among which no name is."""
    folded = [_folded(cell) for cell in cells]
    ranked = list(enumerate(folded))[::-1]  # of two columns with one title, the first
    places = {name: rank for name, titles in _TITLES.items() for rank, cell in ranked if cell in titles}
    if "last_name" in places:
        return places
    if places or (len(cells) > 3 and not any("@" in cell for cell in cells)):
        raise ValidationError(
            _("Colonnes attendues : nom, prénom, email. Colonnes trouvées : %(found)s.") % {"found": ", ".join(cells)}
        )
    return None


def _folded(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title.casefold().replace("’", "'").replace("_", " "))
    return "".join(character for character in plain if not unicodedata.combining(character)).strip(" :*")


def _person(cells: Sequence[str], places: dict[str, int]) -> Named:
    values = {name: cells[rank] if rank < len(cells) else "" for name, rank in places.items()}
    return checked(values["last_name"], values.get("first_name", ""), values.get("email", ""))


def checked(last_name: str, first_name: str, email: str) -> Named:
    """Somebody with these names and address; ValidationError, in French, for what can't be one."""
    last_name, first_name = " ".join(last_name.split()), " ".join(first_name.split())
    if not last_name or not first_name:
        raise ValidationError(_("Il faut un nom et un prénom."))
    if "@" in last_name + first_name:
        raise ValidationError(_("Une adresse est à la place d’un nom : l’ordre est nom, prénom, email."))
    longest = Participant._meta.get_field("last_name").max_length or 0
    if max(len(last_name), len(first_name)) > longest:
        raise ValidationError(_("Un nom ou un prénom dépasse %(longest)s caractères.") % {"longest": longest})
    if not all(character.isprintable() for character in last_name + first_name):
        raise ValidationError(_("Un nom contient un caractère illisible."))
    return Named(last_name, first_name, normalise_email(email) if email.strip() else "")


def _line_of(cells: Sequence[str]) -> str:
    """The line as it can be corrected and pasted again."""
    return "\t".join(cells)[:300]
