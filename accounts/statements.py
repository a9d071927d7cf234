"""Queries that are written with the ORM, turned into SQL once, and from then on only executed.

Making the SQL of a list costs Django ten times what sending it costs, and it is the same text every time but for ids,
addresses and dates. So it is made with marks in their places, kept, and executed with the real values.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import CharField, Expression, QuerySet
from django.utils import timezone
from psycopg import Pipeline
from psycopg.abc import PQGen
from psycopg.generators import fetch_many
from psycopg.raw_cursor import RawCursorMixin

Build = Callable[..., QuerySet[Any, Any]]
Value = int | str | date | datetime
FIRST_NUMBER = 9_000_000_000_000_000_000  # no row has such an id
LAST_DAY = date(9999, 12, 31)
OPENING, CLOSING = "\ue000", "\ue001"  # characters for private use: no text that we store has them


def mark(kind: type, rank: int) -> Value:
    """A value of this kind that nothing real equals, for something whose value is not known yet."""
    if kind is int:
        return FIRST_NUMBER + rank
    if kind is date:
        return LAST_DAY - timedelta(rank)
    if kind is datetime:
        return datetime.combine(LAST_DAY - timedelta(rank), datetime.min.time(), timezone.get_default_timezone())
    return f"{OPENING}{rank}{CLOSING}"


class Word(Expression):
    """A word of ours that stands in the SQL itself: a kept plan then sees that a partial index has what it asks for."""

    def __init__(self, word: str) -> None:
        if not word.isidentifier():
            raise ValueError(f"{word!r} is no word of ours")
        super().__init__(output_field=CharField())
        self.word = word

    def as_sql(self, compiler: object, connection: object) -> tuple[str, tuple[str | int, ...]]:
        return f"'{self.word}'", ()


@dataclass(frozen=True)
class Statement:
    """SQL with its parameters, of which those at `places` are marks: (position, rank of the value)."""

    sql: str
    parameters: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]

    def execute(self, values: Sequence[Value], around: str = "{}", *more: object) -> list[Sequence[Any]]:
        """The rows, with these values in the places of the marks.

        `around`: SQL to put the statement in, which may have parameters of its own, `more`, after it.
        """
        return self.ask(values, around, *more).rows()

    def ask(self, values: Sequence[Value], around: str = "{}", *more: object) -> Answer:
        """What `execute` gives, to be taken later; several may be under way inside `together`."""
        if not self.sql:  # Django knows already that there are none
            return Answer(self, None)
        cursor = _cursor()
        parameters: list[Any] = [*self.filled(values), *more]
        cursor.execute(_numbered(around.format(self.sql)), parameters)
        _want_now()
        return Answer(self, cursor)

    def filled(self, values: Sequence[Value]) -> list[Any]:
        """The parameters, with these values in the places of the marks."""
        parameters = list(self.parameters)
        for position, rank in self.places:
            parameters[position] = values[rank]
        return parameters

    def count(self, values: Sequence[Value]) -> int:
        """How many rows there are."""
        if not self.sql:
            return 0
        counting = replace(self, converters={})
        return int(counting.execute(values, "SELECT COUNT(*) FROM ({}) AS counted")[0][0])

    def converted(self, row: Sequence[Any]) -> Sequence[Any]:
        converted = list(row)
        for index, (converters, expression) in self.converters.items():
            for converter in converters:
                converted[index] = converter(converted[index], expression, connection)
        return converted


@dataclass(frozen=True)
class Answer:
    """The answer to a statement that was sent."""

    statement: Statement
    cursor: CursorWrapper | None

    def rows(self) -> list[Sequence[Any]]:
        """Its rows, once: it may have to be waited for. DatabaseError when it was refused."""
        if self.cursor is None:
            return []
        with self.cursor as cursor:
            _wait_for(cursor)
            rows: list[Sequence[Any]] = cursor.fetchall()
        return [self.statement.converted(row) for row in rows] if self.statement.converters else rows


@contextmanager
def together() -> Iterator[None]:
    """Inside, statements that are asked go to the database at once, and it works on them while we do something else.

    At the end all are waited for, and their answers may be taken afterwards; DatabaseError when one was refused.
    """
    connection.ensure_connection()
    if connection.connection._pipeline is None:
        connection.connection._pipeline = _Pipeline(connection.connection)
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


class _Pipeline(Pipeline):
    """psycopg's own, of which each statement ends with its own Sync: nothing is left to ask for at the end."""

    def _exit_gen(self) -> PQGen[None]:
        if self.result_queue and self.result_queue[-1] is None:  # the Sync of the last statement is under way
            yield from self._fetch_gen(flush=False)
        else:
            yield from super()._exit_gen()


def _want_now() -> None:
    """Inside `together`, have PostgreSQL send this answer when it has it, instead of all answers at the end."""
    pipeline = connection.connection._pipeline
    if pipeline is not None:
        pipeline.pgconn.pipeline_sync()
        pipeline.result_queue.append(None)


def _wait_for(cursor: CursorWrapper) -> None:
    """Inside `together`, wait until this answer is there, and no longer: psycopg's own cursor waits for all of them."""
    raw, conn = cursor.cursor, cursor.cursor.connection
    with connection.wrap_database_errors:
        while conn._pipeline is not None and conn._pipeline.result_queue and raw.pgresult is None:
            conn.wait(_next_answer(conn._pipeline))


def _next_answer(pipeline: Any) -> PQGen[None]:
    results = yield from fetch_many(pipeline.pgconn)
    pipeline._process_results(pipeline.result_queue.popleft(), results)


class _ServerCursor(RawCursorMixin[Any, Any], ServerBindingCursor):
    """Sends parameters apart from the text, in which they are $1, $2…: nothing is left to look for in it."""


def _cursor() -> CursorWrapper:
    """A cursor of statements, which PostgreSQL can keep the plan of (`prepare_threshold`)."""
    connection.ensure_connection()
    cursor: Any = _ServerCursor(connection.connection)
    return connection.make_debug_cursor(cursor) if connection.queries_logged else connection.make_cursor(cursor)


@lru_cache(maxsize=2048)
def _numbered(sql: str) -> str:
    """SQL whose parameters are %s, with $1, $2… in their places."""
    ranks = itertools.count(1)
    return re.sub("%([s%])", lambda found: "%" if found[1] == "%" else f"${next(ranks)}", sql)


def execute(build: Build, fixed: tuple[Any, ...], **values: Value) -> list[Sequence[Any]]:
    """The rows of `build(*fixed, **values)`, a queryset of `values_list`; its SQL is made once for each `fixed`.

    `build` is a function of a module. What it does may depend on `fixed` (hashable), never on `values`, which reach the
    database as they are.
    """
    names = tuple((name, type(value)) for name, value in values.items())
    return statement(build, fixed, names).execute(list(values.values()))


@lru_cache(maxsize=2048)
def statement(build: Build, fixed: tuple[Any, ...], names: tuple[tuple[str, type], ...]) -> Statement:
    """The SQL of `build` with a mark for each name.

    ValueError when it makes something else of a mark, or puts in a date of its own: both would be there for good.
    """
    marks = {name: mark(kind, rank) for rank, (name, kind) in enumerate(names)}
    made = written(build(*fixed, **marks))
    ranks: dict[Hashable, int] = {value: rank for rank, value in enumerate(marks.values())}
    places = []
    for position, value in enumerate(made.parameters):
        if isinstance(value, Hashable) and value in ranks:
            places.append((position, ranks[value]))
        elif _is_mark(value) or isinstance(value, date):
            raise ValueError(f"{build.__qualname__}: {value!r} would be kept in the statement")
    return Statement(made.sql, made.parameters, tuple(places), made.converters)


def written(rows: QuerySet[Any, Any]) -> Statement:
    """The SQL of one queryset of `values_list`, without marks."""
    compiler = rows.query.get_compiler(connection=connection)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return Statement("", (), (), {})
    converters = compiler.get_converters([expression for expression, _sql, _alias in compiler.select or ()])
    return Statement(sql, tuple(parameters), (), converters)


def _is_mark(value: object) -> bool:
    if isinstance(value, str):
        return OPENING in value
    return isinstance(value, int) and value >= FIRST_NUMBER
