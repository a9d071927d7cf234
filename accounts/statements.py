"""Queries that are written with the ORM, turned into SQL once, and from then on only executed.

Making the SQL of a list costs Django ten times what sending it costs, and it is the same text every time but for ids,
addresses and dates. So it is made with marks in their places, kept, and executed with the real values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

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


@dataclass(frozen=True)
class Statement:
    """SQL with its parameters, of which those at `places` are marks: (position, rank of the value)."""

    sql: str
    parameters: tuple[Any, ...]
    places: tuple[tuple[int, int], ...]
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]

    def execute(self, values: Sequence[Value]) -> list[Sequence[Any]]:
        """The rows, with these values in the places of the marks."""
        if not self.sql:  # Django knows already that there are none
            return []
        parameters = list(self.parameters)
        for position, rank in self.places:
            parameters[position] = values[rank]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            rows: list[Sequence[Any]] = cursor.fetchall()
        return [self._converted(row) for row in rows] if self.converters else rows

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        converted = list(row)
        for index, (converters, expression) in self.converters.items():
            for converter in converters:
                converted[index] = converter(converted[index], expression, connection)
        return converted


def execute(build: Build, fixed: tuple[Any, ...], **values: Value) -> list[Sequence[Any]]:
    """The rows of `build(*fixed, **values)`, a queryset of `values_list`; its SQL is made once for each `fixed`.

    `build` is a function of a module. What it does may depend on `fixed` (hashable), never on `values`, which reach the
    database as they are.
    """
    names = tuple((name, type(value)) for name, value in values.items())
    return statement(build, fixed, names).execute(list(values.values()))


@lru_cache(maxsize=2048)
def statement(build: Build, fixed: tuple[Any, ...], names: tuple[tuple[str, type], ...]) -> Statement:
    """The SQL of `build` with a mark for each name; ValueError when it makes something else of a mark."""
    marks = {name: mark(kind, rank) for rank, (name, kind) in enumerate(names)}
    made = written(build(*fixed, **marks))
    ranks = {value: rank for rank, value in enumerate(marks.values())}
    places = [(position, ranks.get(value)) for position, value in enumerate(made.parameters) if _is_mark(value)]
    known = tuple((position, rank) for position, rank in places if rank is not None)
    if len(known) != len(places):
        raise ValueError(f"{build.__qualname__} does not hand every value to the database as it is")
    return Statement(made.sql, made.parameters, known, made.converters)


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
    if isinstance(value, date):
        return value.year == LAST_DAY.year
    return isinstance(value, int) and value >= FIRST_NUMBER
