"""What each file of a drop must say of itself, and the finding of what its lines refer to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext as _

from accounts.codes import by_code, fold
from documents.inspectors import Inspectors

from .chunk import Chunk
from .columns import Column, Line, Problem
from .ledger import Ledger

Find = Callable[[list[str]], Mapping[str, models.Model]]


def find_by_code(rows: Callable[[], models.QuerySet[Any]], field: str) -> Find:
    """Objects by a code of the ERP; `rows` makes the query, with what must be read along."""
    return lambda keys: by_code(rows(), field, keys)


def find_exactly(rows: Callable[[], models.QuerySet[Any]], field: str) -> Find:
    """Objects by a value that has one spelling only, in small letters: a SIREN, a SIRET, a normalised address."""

    def find(keys: list[str]) -> dict[str, models.Model]:
        found = rows().filter(**{f"{field}__in": [key.lower() for key in keys]})
        return {fold(getattr(row, field)): row for row in found}

    return find


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names objects of another file (or of this one): the file, and how to find them by key.

    With `applies`, only in the lines whose values it says so of: a code may be that of a course or of a domain.
    """

    column: str
    file: str
    find: Find
    applies: Callable[[Mapping[str, Any]], bool] = lambda _values: True


@dataclass(frozen=True, slots=True)
class Setting:
    """What taking lines needs besides the lines."""

    folder: str
    ledger: Ledger
    inspectors: Inspectors
    dry_run: bool


class Importer(ABC):
    """One file of the drop. Lines come with their problems told; `take` decides the fate of all those left.

    `fills`: the tables that grow with the file.
    """

    file: ClassVar[str]
    fills: ClassVar[tuple[type[models.Model], ...]]
    columns: ClassVar[tuple[Column, ...]]
    references: ClassVar[tuple[Reference, ...]] = ()

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    def key_of(self, values: Mapping[str, Any]) -> str:
        """What names the object of a line, in folded form; "" when the line does not say."""
        parts = [values.get(column.name) for column in self.columns if column.key]
        return "" if None in parts else " ".join(fold(str(part)) for part in parts)

    def problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        """What is wrong between the columns of one line."""
        yield from ()

    def awaits(self, values: Mapping[str, Any]) -> str:
        """The key of the line of this very file that must be dealt with first, or ""."""
        return ""

    @abstractmethod
    def take(self, chunk: Chunk) -> None:
        """Decide the fate of each line left in the chunk, whose references were found; inside a transaction."""

    def late_lines(self) -> Sequence[Line]:
        """Lines that `take` put off until the whole file was read."""
        return ()


def period_problem(values: Mapping[str, Any], start: str, end: str) -> Iterator[Problem]:
    """An end is not before its start."""
    if values[start] and values[end] and values[end] < values[start]:
        yield Problem(end, f"{values[end]:%d/%m/%Y}", _("La fin est avant le début."))


def _keys(value: Any) -> list[str]:
    if value is None:
        return []
    return [fold(one) for one in value] if isinstance(value, list) else [fold(value)]


def find_references(chunk: Chunk, references: Sequence[Reference], ledger: Ledger) -> None:
    """Find what the lines refer to, one query a column; refuse those that refer to nothing, or to what was refused."""
    for reference in references:
        lines = [line for line in chunk if reference.applies(line.values)]
        keys = sorted({key for line in lines for key in _keys(line.values[reference.column])})
        if not keys:
            continue
        refused = ledger.refused(reference.file, keys)
        found = reference.find(keys)
        for line in lines:
            _settle(chunk, line, reference, refused, found, ledger.is_refused_whole(reference.file))


def _settle(
    chunk: Chunk,
    line: Line,
    reference: Reference,
    refused: set[str],
    found: Mapping[str, models.Model],
    all_refused: bool,
) -> None:
    """Put what was found in `line.found`, or refuse the line for the first key that is nothing."""
    value = line.values[reference.column]
    for key, written in zip(_keys(value), value if isinstance(value, list) else [value], strict=False):
        reason = ""
        if all_refused or key in refused:
            reason = _("« %(key)s » a été refusé dans %(file)s.")
        elif key not in found:
            reason = _("« %(key)s » est inconnu : ni dans le portail, ni dans %(file)s.")
        if reason:
            chunk.refuse(line, Problem(reference.column, written, reason % {"key": written, "file": reference.file}))
            return
    objects = [found[key] for key in _keys(value)]
    line.found[reference.column] = objects if isinstance(value, list) else next(iter(objects), None)
