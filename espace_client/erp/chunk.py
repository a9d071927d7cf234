"""Some lines of a file on their way in, and what becomes of each: one fate a line, no more, no less."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, TypeVar

from django.db import models

from .columns import Line, Problem

ModelT = TypeVar("ModelT", bound=models.Model)


class Fate(IntEnum):
    """In rising order: what one part of taking a line found never hides what another part changed."""

    UNCHANGED = 0
    CHANGED = 1
    CREATED = 2


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something wrong with a line, by the line's number."""

    line: int
    problem: Problem


class Chunk:
    """Lines with different keys, taken together. What is done with them is one transaction."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = list(lines)
        self._left = dict.fromkeys(lines)
        self.fates: dict[Line, Fate] = {}
        self.refusals: list[Refusal] = []
        self.refused: set[Line] = set()
        self.warnings: list[tuple[Line, Problem]] = []
        self.put_off: set[Line] = set()
        self.repeated: set[Line] = set()  # lines whose key was decided by another one

    def __iter__(self) -> Iterator[Line]:
        """The lines that nothing was decided about yet."""
        return iter(list(self._left))

    def wait(self, line: Line) -> None:
        """Leave a line for later: it has no fate yet."""
        self._left.pop(line, None)
        self.put_off.add(line)

    def repeat(self, line: Line) -> None:
        """Set aside a line that says again what another one of the chunk says, until that one has its fate."""
        self._left.pop(line, None)
        self.repeated.add(line)

    def refuse(self, line: Line, problem: Problem) -> None:
        self._left.pop(line, None)
        self.fates.pop(line, None)
        self.refused.add(line)
        self.refusals.append(Refusal(line.number, problem))

    def warn(self, line: Line, problem: Problem) -> None:
        """Tell that something of a line is left out, although the line is taken."""
        self.warnings.append((line, problem))

    def mark(self, line: Line, fate: Fate) -> None:
        self._left.pop(line, None)
        self.fates[line] = max(fate, self.fates.get(line, fate))


class Saving(Generic[ModelT]):
    """Rows to create or to bring up to date from lines, then done together: `put` each, then `save`.

    A field whose value is None is unknown to the ERP and left alone, and so is a field that the portal decided.
    Rows that differ are read again under a lock before they are written, so that what a person decides in the portal at
    this very moment is neither overwritten nor undone.
    """

    def __init__(self, chunk: Chunk, model: type[ModelT]) -> None:
        self._chunk = chunk
        self._rows = model._default_manager
        self._model = model
        self._new: list[tuple[Line, ModelT]] = []
        self._different: dict[int, tuple[Line, dict[str, Any]]] = {}
        self.saved: dict[Line, ModelT] = {}

    def put(
        self, line: Line, existing: ModelT | None, values: dict[str, Any], *, nothing: Collection[str] = ()
    ) -> None:
        """`values` by attribute name (`establishment_id` for a foreign key); the fields in `nothing` become NULL."""
        known = {name: value for name, value in values.items() if value is not None} | dict.fromkeys(nothing)
        if existing is None:
            self._new.append((line, self._model(**known)))
            return
        self.saved[line] = existing
        self._chunk.mark(line, Fate.UNCHANGED)
        if differences(existing, known):
            self._different[existing.pk] = (line, known)

    def save(self) -> None:
        """Write everything, in two or three queries."""
        if self._new:
            self._rows.bulk_create([row for _line, row in self._new])
        for line, row in self._new:
            self._chunk.mark(line, Fate.CREATED)
            self.saved[line] = row
        if self._different:
            self._update()

    def _update(self) -> None:
        changed: list[ModelT] = []
        names: set[str] = set()
        for row in self._rows.select_for_update().filter(pk__in=self._different).order_by("pk"):
            line, known = self._different[row.pk]
            self.saved[line] = row
            found = differences(row, known)
            if found:
                for name, value in found.items():
                    setattr(row, name, value)
                names |= found.keys()
                changed.append(row)
                self._chunk.mark(line, Fate.CHANGED)
        if changed:
            fields = sorted({self._model._meta.get_field(name).name for name in names})
            self._rows.bulk_update(changed, fields, batch_size=500)


def differences(row: models.Model, known: dict[str, Any]) -> dict[str, Any]:
    """The values of `known` that the row does not have and that the portal did not decide."""
    decided: Sequence[str] = getattr(row, "decided_in_portal", ())
    return {
        name: value
        for name, value in known.items()
        if getattr(row, name) != value and name.removesuffix("_id") not in decided
    }
