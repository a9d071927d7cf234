"""The columns of a file, and a record read through them: values by column, or what is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from .parsing import FieldError, Parser
from .reading import BadRecord, Record

# NUL and the other controls, which PostgreSQL or a screen can't hold; and bytes that are not of the file's encoding.
_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file. Without a value in a `required` one, a line is refused; without the column, the whole file.

    In an `expected` column an empty field says something (no type ticked, no parent), so the column can't be missing
    either. The columns marked `key` make, together, what names the object of a line.
    """

    name: str
    parse: Parser
    required: bool = False
    key: bool = False
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line: the column ("" for the whole line), what is written there, and why it is refused."""

    column: str
    value: str
    reason: str


@dataclass(slots=True, eq=False)
class Line:
    """One line of a file. `values` has every column of the file's type; None is unknown. `key` is in folded form.

    `found` has, for each column that refers to another object, that object. `digest` is equal for lines that say the
    same; a line with problems has none.
    """

    number: int
    fields: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    digest: str = ""
    problems: list[Problem] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)


def _said(values: Mapping[str, Any]) -> str:
    """What a line says of the object that its key names, whatever the order of its columns and of its lists."""
    parts = (sorted(map(repr, value)) if isinstance(value, list) else value for _name, value in sorted(values.items()))
    return repr(list(parts))


class BadHeaderError(Exception):
    """The file can't be read by its first line: refused whole."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.problem = Problem(column, value, reason)


class Layout:
    """Where each column of a file is, told by its header line."""

    def __init__(self, header: Record | BadRecord | None, columns: Sequence[Column]) -> None:
        if header is None:
            raise BadHeaderError("", "", _("Le fichier est vide : il n’a pas de ligne d’en-tête."))
        text = header.text if isinstance(header, BadRecord) else ";".join(header.fields)
        if "\r" in text.rstrip("\r\n"):
            reason = _("Fichier refusé en entier : ses lignes finissent par CR seul ; il faut LF ou CRLF.")
            raise BadHeaderError("", text.partition("\r")[0], reason)
        if isinstance(header, BadRecord) or _UNREADABLE.search(text):
            raise BadHeaderError("", text, _("La ligne d’en-tête est illisible."))
        names = [name.strip().casefold() for name in header.fields]
        while names and not names[-1]:
            names.pop()
        self.width = len(names)
        self._check(names, columns)
        known = {column.name for column in columns}
        self.unknown = [name for name in names if name and name not in known]
        self._places = [(column, names.index(column.name)) for column in columns if column.name in names]
        self._absent = [column.name for column in columns if column.name not in names]

    def _check(self, names: list[str], columns: Sequence[Column]) -> None:
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if twice:
            raise BadHeaderError(twice[0], ";".join(names), _("Cette colonne est deux fois dans l’en-tête."))
        missing = [
            column.name for column in columns if (column.required or column.expected) and column.name not in names
        ]
        if missing:
            reason = _("Fichier refusé en entier : il manque %(names)s.") % {"names": ", ".join(missing)}
            raise BadHeaderError(missing[0], ";".join(names), reason)

    def line(self, record: Record | BadRecord, key_of: Callable[[dict[str, Any]], str]) -> Line | None:
        """Read a record; None for one whose fields are all empty. Every bad field is told, not the first one only."""
        if isinstance(record, BadRecord):
            reason = (
                _("Cette ligne est trop longue, ou ses guillemets ne sont jamais fermés.")
                if record.too_long
                else _("Guillemets mal placés ou jamais fermés.")
            )
            return Line(record.line, [], problems=[Problem("", record.text, reason)])
        fields = [one.strip() for one in record.fields]
        if not any(fields):
            return None
        while len(fields) > self.width and not fields[-1]:
            fields.pop()
        line = Line(record.line, fields)
        if len(fields) != self.width:
            counts = {"found": len(fields), "expected": self.width}
            reason = _("La ligne a %(found)s champs et l’en-tête %(expected)s.") % counts
            line.problems.append(Problem("", ";".join(fields), reason))
            return line
        self._parse(line, key_of)
        return line

    def _parse(self, line: Line, key_of: Callable[[dict[str, Any]], str]) -> None:
        unreadable = bool(_UNREADABLE.search("\n".join(line.fields)))
        line.values = dict.fromkeys(self._absent)
        for column, place in self._places:
            line.values[column.name] = self._value(line, column, line.fields[place], unreadable)
        bad = {problem.column for problem in line.problems}
        if not any(column.key and column.name in bad for column, _place in self._places):
            line.key = key_of(line.values)
        if not bad:
            said = {column.name: line.values[column.name] for column, _place in self._places if not column.key}
            line.digest = hashlib.blake2b(_said(said).encode(), digest_size=16).hexdigest()

    def _value(self, line: Line, column: Column, raw: str, unreadable: bool) -> Any:
        if not raw:
            if column.required:
                line.problems.append(Problem(column.name, "", _("Cette valeur est obligatoire.")))
            return None
        try:
            if unreadable and _UNREADABLE.search(raw):
                raise FieldError(_("Caractère illisible dans cet encodage, ou de contrôle."))
            return column.parse(raw)
        except FieldError as error:
            line.problems.append(Problem(column.name, raw, str(error)))
            return None
