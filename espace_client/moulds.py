"""Rows of a list, from a template that is rendered once for each shape of row and poured from then on.

The rows of a page differ in a few texts, numbers and dates, and in a few choices (a badge, a missing amount). For each
combination of choices the template is rendered once, with marks where the texts go; what lies between the marks is
kept, and a row is its texts put between these pieces. That costs ten times less than rendering the template each time.

    {% for order in orders %}{% include "enrolments/order_line.html" %}{% endfor %}      becomes
    {% pour orders "enrolments/order_line.html" "order" amounts_visible=amounts_visible %}

A row is a dataclass; what it holds may be another. The template sees the row under that name, the choices that the tag
names, and nothing else. It may print whatever the row has, through any filter of `{% load portal %}`; ask whether it is
there; and look closer only at what the class of the row lists in `CHOICES`, of which there must be few values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from html import escape
from operator import attrgetter
from secrets import token_hex
from typing import Any

from django.template import loader
from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe

# What a mark begins with is this process's own secret: no text that somebody typed can pass for a mark.
OPENING, CLOSING = f"\ue000{token_hex(8)}:", "\ue001"
FIRST_NUMBER = 8_000_000_000_000_000_000  # no row has such an id
MARK = re.compile(f"{OPENING}([0-9]+){CLOSING}|(8[0-9]{{18}})")
PLAIN = frozenset((str, int, Decimal, date, datetime))  # of what these are only whether they are empty is asked
NOT_PLAIN = re.compile("[&<>\"']").search
MOST_SHAPES = 1000  # of one template; there are a few dozen

Get = Callable[[Any], Any]


class Mark:
    """Stands for something that each row has its own of: `get` takes it from the row, `sample` is that of one row.

    Printing it notes the place.
    """

    def __init__(self, places: list[Get], get: Get, sample: Any) -> None:
        self._places, self.get, self.sample = places, get, sample

    def through(self, function: Callable[..., object], *arguments: object) -> Mark:
        """A mark for what a filter makes of it."""
        gets = [argument.get if isinstance(argument, Mark) else None for argument in arguments]
        own = self.get

        def filtered_alone(row: Any) -> object:
            return function(own(row), *arguments)

        def filtered(row: Any) -> object:
            values = [get(row) if get else value for get, value in zip(gets, arguments, strict=True)]
            return function(own(row), *values)

        samples = [argument.sample if isinstance(argument, Mark) else argument for argument in arguments]
        get = filtered if any(gets) else filtered_alone
        return Mark(self._places, get, function(self.sample, *samples))

    def __str__(self) -> str:
        self._places.append(self.get)
        return f"{OPENING}{len(self._places) - 1}{CLOSING}"

    def __bool__(self) -> bool:
        return bool(self.sample)


class NumberMark(Mark, int):
    """A mark for a number, which is one itself: `{% url %}` makes addresses of it."""

    def __new__(cls, places: list[Get], get: Get, sample: int) -> NumberMark:
        places.append(get)
        return int.__new__(cls, FIRST_NUMBER + len(places) - 1)

    __str__ = int.__str__
    __hash__ = int.__hash__

    def __bool__(self) -> bool:
        return bool(self.sample)


class StandIn(Mark):
    """Stands for a row, or for something that it holds: gives what all of its shape have, and marks for the rest."""

    def __init__(self, places: list[Get], path: str, sample: Any) -> None:
        super().__init__(places, attrgetter(path) if path else _itself, sample)
        self._path = path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.sample, name)
        if value is None or isinstance(value, bool) or name in _choices(type(self.sample)):
            return value
        path = f"{self._path}.{name}" if self._path else name
        if is_dataclass(value):
            return StandIn(self._places, path, value)
        get = attrgetter(path)
        if callable(value):
            return Mark(self._places, lambda row: get(row)(), value())
        return NumberMark(self._places, get, value) if isinstance(value, int) else Mark(self._places, get, value)


@dataclass(frozen=True)
class Pieces:
    """What stands before each place, what goes there, and what stands after the last."""

    parts: tuple[tuple[str, Get], ...]
    last: str

    def pour(self, row: object) -> str:
        """The text of one row."""
        texts: list[str] = []
        for before, get in self.parts:
            value = get(row)
            texts += before, _printed(value) if type(value) is not str or NOT_PLAIN(value) else value
        return "".join(texts) + self.last


@dataclass
class Mould:
    """One template, for rows of one class under one name, with given choices."""

    template: str
    name: str
    choices: dict[str, Any]
    shapes: dict[Any, Pieces] = field(default_factory=dict)

    def pour(self, row: object) -> str:
        """The text of one row, through the pieces of its shape; for a row that is no dataclass, the template's."""
        if not is_dataclass(row):
            return loader.render_to_string(self.template, {**self.choices, self.name: row})
        shape = _shape_of(_kind(row))(row)
        pieces = self.shapes.get(shape)
        if pieces is None:
            if len(self.shapes) >= MOST_SHAPES:
                self.shapes.clear()
            pieces = self.shapes[shape] = self._made_for(row)
        return pieces.pour(row)

    def _made_for(self, row: object) -> Pieces:
        places: list[Get] = []
        context = {**self.choices, self.name: StandIn(places, "", row)}
        parts, last = [], 0
        text = loader.render_to_string(self.template, context)
        for mark in MARK.finditer(text):
            get = places[int(mark[1]) if mark[1] else int(mark[2]) - FIRST_NUMBER]
            parts.append((text[last : mark.start()], get))
            last = mark.end()
        return Pieces(tuple(parts), text[last:])


_MOULDS: dict[Any, Mould] = {}


def pour(rows: Iterable[object], template: str, name: str, choices: dict[str, Any]) -> SafeString:
    """The text of all rows."""
    key = (template, name, *choices.items())
    mould = _MOULDS.get(key)
    if mould is None:
        mould = _MOULDS[key] = Mould(template, name, choices)
    return mark_safe("".join(map(mould.pour, rows)))  # noqa: S308  # the pieces are a template's, the texts are escaped


@cache
def _shape_of(kind: Any) -> Callable[[Any], object]:
    """What a template may ask without a mark, of something of this kind: choices, what is missing, what is empty."""
    if kind in (bool, type(None)):
        return _itself
    if not is_dataclass(kind):
        return bool
    names = [one.name for one in fields(kind)]
    chosen = [name in _choices(kind) for name in names]
    get = attrgetter(*names) if len(names) > 1 else lambda row: (getattr(row, names[0]),)

    def shape(row: Any) -> object:
        parts = zip(chosen, get(row), strict=True)
        return kind, *[
            value if choice else bool(value) if _kind(value) in PLAIN else _shape_of(_kind(value))(value)
            for choice, value in parts
        ]

    return shape


_kind: Callable[[Any], Any] = type  # which mypy does not take for hashable


def _choices(kind: Any) -> tuple[str, ...]:
    return getattr(kind, "CHOICES", ())


def _itself(row: Any) -> Any:
    return row


def _printed(value: object) -> str:
    """What `{{ value }}` prints."""
    if type(value) is str:
        return escape(value) if NOT_PLAIN(value) else value
    return str(value) if isinstance(value, (int, SafeString)) else escape(str(localize(value)))
