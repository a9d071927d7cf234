"""What the drop being read said so far of each key: taken, refused, or waiting for another line of its file.

It lives in temporary tables of the database, which are this connection's alone and vanish with it. A Python set of
400,000 keys would grow with the drop; these cost one query and one insert for two thousand lines, and what they say
is undone with the transaction that they were written in, so a chunk that failed and is read again finds no trace of
itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection

_CREATE = """
CREATE TEMPORARY TABLE IF NOT EXISTS erp_said (
  file text, key text, line integer, digest text, state "char", PRIMARY KEY (file, key)
);
CREATE TEMPORARY TABLE IF NOT EXISTS erp_waiting (
  file text, key text, awaits text, line integer, fields text, PRIMARY KEY (file, key)
);
TRUNCATE erp_said, erp_waiting;
"""
_SAID = "SELECT key, line, digest, state FROM erp_said WHERE file = %s AND key = ANY(%s)"
_REFUSED = "SELECT key FROM erp_said WHERE file = %s AND key = ANY(%s) AND state = 'R'"
# A line that could not even be parsed says nothing: it gives way to any other of its key, and replaces none.
_SAY = """
INSERT INTO erp_said (file, key, line, digest, state)
SELECT %s, * FROM json_to_recordset(%s) AS said (key text, line integer, digest text, state "char")
ON CONFLICT (file, key) DO UPDATE SET line = EXCLUDED.line, digest = EXCLUDED.digest, state = EXCLUDED.state
WHERE EXCLUDED.digest <> '' OR erp_said.digest = ''
"""
_WAIT = """
INSERT INTO erp_waiting (file, key, awaits, line, fields)
SELECT %s, * FROM json_to_recordset(%s) AS waiting (key text, awaits text, line integer, fields text)
"""
_READY = """
SELECT key, line, fields FROM erp_waiting one WHERE file = %s AND (%s OR NOT EXISTS (
  SELECT FROM erp_waiting other WHERE other.file = one.file AND other.key = one.awaits
)) ORDER BY line LIMIT %s
"""


class State(StrEnum):
    """Where the first line of a key stands."""

    TAKEN = "T"
    REFUSED = "R"
    WAITING = "W"


@dataclass(frozen=True, slots=True)
class Said:
    """The line that decided for a key. An empty digest is that of a line that could not be parsed.

    Rows go to the database as one JSON text, which costs a third of what arrays of 2,000 do.
    """

    line: int
    digest: str
    state: State


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line put off until the line of its own file that it refers to has been dealt with."""

    key: str
    line: int
    fields: list[str]


class Ledger:
    """The book of one drop; make it outside any transaction that could be undone before the drop is read."""

    def __init__(self) -> None:
        self._files_with_refusals: set[str] = set()
        self._refused_whole: set[str] = set()
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)

    def close(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS erp_said, erp_waiting")

    def said(self, file: str, keys: Iterable[str]) -> dict[str, Said]:
        with connection.cursor() as cursor:
            cursor.execute(_SAID, [file, list(keys)])
            return {key: Said(line, digest, State(state)) for key, line, digest, state in cursor.fetchall()}

    def say(self, file: str, entries: Sequence[tuple[str, Said]]) -> None:
        """Write down what became of the first lines of these keys."""
        if any(said.state == State.REFUSED for _key, said in entries):
            self._files_with_refusals.add(file)
        rows = [
            {"key": key, "line": said.line, "digest": said.digest, "state": said.state.value} for key, said in entries
        ]
        with connection.cursor() as cursor:
            cursor.execute(_SAY, [file, json.dumps(rows)])

    def refuse_whole(self, file: str) -> None:
        """A file whose header can't be read: whatever it was to say is refused, so whatever refers to it is."""
        self._refused_whole.add(file)

    def is_refused_whole(self, file: str) -> bool:
        return file in self._refused_whole

    def refused(self, file: str, keys: Iterable[str]) -> set[str]:
        """Those of these keys whose line was refused in this drop; no query when the file had no refusal."""
        if file not in self._files_with_refusals:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(_REFUSED, [file, list(keys)])
            return {key for (key,) in cursor.fetchall()}

    def wait(self, file: str, entries: Sequence[tuple[str, str, int, list[str]]]) -> None:
        """Put lines off: their key, the key that each awaits, their number and their fields."""
        if entries:
            rows = [
                {"key": key, "awaits": awaits, "line": line, "fields": json.dumps(fields)}
                for key, awaits, line, fields in entries
            ]
            with connection.cursor() as cursor:
                cursor.execute(_WAIT, [file, json.dumps(rows)])

    def ready(self, file: str, at_most: int, *, all_of_them: bool = False) -> list[Waiting]:
        """Lines put off whose awaited key is not itself put off; with `all_of_them`, those that await in a circle."""
        with connection.cursor() as cursor:
            cursor.execute(_READY, [file, all_of_them, at_most])
            return [Waiting(key, line, json.loads(fields)) for key, line, fields in cursor.fetchall()]

    def done_waiting(self, file: str, keys: Iterable[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM erp_waiting WHERE file = %s AND key = ANY(%s)", [file, list(keys)])
