"""The records of a CSV file, one at a time, with the physical line each begins on; bad quoting costs one line.

`;` between fields, `"` around a field that holds a `;`, a quote (doubled) or a line break; LF or CRLF.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from .encoding import encoding_of

# Bounds of one record, so that a quote that is never closed, or a file without line breaks, can't be read without end.
MAX_LINES = 1000
MAX_CHARACTERS = 1 << 20
csv.field_size_limit(MAX_CHARACTERS)  # Python's own is smaller


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one record as they are written, `line` being that of its first character (the header is line 1)."""

    line: int
    fields: list[str]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A line that is no record: its beginning, and whether it was too long rather than badly quoted."""

    line: int
    text: str
    too_long: bool


class _TooLongError(Exception):
    """A record went past the bounds."""


class _Lines:
    """Physical lines, numbered; those read in vain for an unclosed quote can be given back."""

    def __init__(self, stream: TextIOWrapper) -> None:
        self._stream = stream
        self._given_back: deque[str] = deque()
        self.number = 0

    def read(self) -> str:
        """The next line with its end, "" at the end of the file; of an overlong line, the beginning only."""
        line = self._given_back.popleft() if self._given_back else self._read_bounded()
        self.number += bool(line)
        return line

    def _read_bounded(self) -> str:
        line = self._stream.readline(MAX_CHARACTERS + 1)
        rest = line
        while len(rest) > MAX_CHARACTERS and not rest.endswith("\n"):
            rest = self._stream.readline(MAX_CHARACTERS + 1)
        return line

    def give_back(self, lines: list[str]) -> None:
        self._given_back.extendleft(reversed(lines))
        self.number -= len(lines)


class Reader:
    """Iterate over the records of one file; blank lines are passed over.

    A record that can't be told (a quote unclosed or out of place) costs its first line only: reading goes on with the
    next physical line. Raises OSError, and UnknownEncodingError for UTF-16.
    """

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self._bytes = path.open("rb")
        self._stream = TextIOWrapper(self._bytes, encoding_of(path), "surrogateescape", newline="\n")
        self._lines = _Lines(self._stream)

    def close(self) -> None:
        self._stream.close()

    def position(self) -> int:
        """About how many bytes were read."""
        return self._bytes.tell()

    def __iter__(self) -> Iterator[Record | BadRecord]:
        while line := self._lines.read():
            if len(line) > MAX_CHARACTERS:
                yield BadRecord(self._lines.number, line[:500], too_long=True)
            elif '"' not in line:
                if line.strip():
                    yield Record(self._lines.number, _normal(line.rstrip("\r\n")).split(";"))
            else:
                yield self._quoted(line)

    def _quoted(self, first: str) -> Record | BadRecord:
        number, taken = self._lines.number, [first]
        try:
            fields = next(csv.reader(self._feed(taken), delimiter=";", strict=True))
        except (csv.Error, _TooLongError) as error:
            self._lines.give_back(taken[1:])
            return BadRecord(number, first[:500], too_long=isinstance(error, _TooLongError))
        return Record(number, [_normal(field) for field in fields])

    def _feed(self, taken: list[str]) -> Iterator[str]:
        """The first line, then as many as the record asks for, within the bounds."""
        yield taken[0]
        characters = len(taken[0])
        while line := self._lines.read():
            taken.append(line)
            characters += len(line)
            if len(taken) > MAX_LINES or characters > MAX_CHARACTERS:
                raise _TooLongError
            yield line


def _normal(text: str) -> str:
    """Accents in one character each (NFC), so that the same name is the same text whatever wrote it."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
