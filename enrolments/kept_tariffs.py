"""The lines of accords, kept in the process under the version of their accord, and the prices that they give.

Who buys, which accords they have, at which version, and how many seats were ordered is read for each page, in one
statement (enrolments.list_prices). A version is given by the database in the transaction that changes a line or the
accord, and never twice (migration 0006 of catalogue): lines that were read together with a version are the lines of an
accord that has it. What a line is about is not named here: titles and labels have no version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from accounts.statements import Statement, written
from catalogue.models import AccordLine
from catalogue.prices import Tariff, line_columns, line_of
from catalogue.pricing import Line, Subject

MOST_ACCORDS = 200  # of some 200 lines of half a kilobyte each
MOST_TARIFFS = 500
MOST_PRICES = 20_000

# An accord in force for the buyer: its id, its version, and the seats ordered in its period as far as anybody asks.
Accord = tuple[int, UUID, int]
# A line with its own first day; its last one is in it.
Lines = tuple[tuple[date | None, Line], ...]

LINES = """SELECT accord.id, accord.prices_version, own.starts_on, line.* FROM catalogue_accordcadre accord
LEFT JOIN ({}) AS line ON line.accord_id = accord.id LEFT JOIN catalogue_accordline own ON own.id = line.pk
WHERE accord.id = ANY(%s) ORDER BY accord.id, line.pk"""

_lines: dict[tuple[int, UUID], Lines] = {}
_tariffs: dict[tuple[date, tuple[Accord, ...]], KeptTariff] = {}


class KeptTariff:
    """What lines and seats that never change make of courses."""

    def __init__(self, tariff: Tariff) -> None:
        self._tariff = tariff

    @lru_cache(maxsize=MOST_PRICES)  # noqa: B019  # tariffs are few, and kept anyway
    def negotiated(self, subject: Subject) -> Decimal | None:
        """The price of a seat, EUR HT; None where the public one applies."""
        price = self._tariff.price_of(subject)
        return price.amount if price.saving else None


def kept_tariff(on: date, accords: tuple[Accord, ...]) -> KeptTariff | None:
    """The tariff of these accords on a day; None when one of them has changed since it was read."""
    tariff = _tariffs.get((on, accords))
    if tariff is None:
        held = [_lines.get(accord[:2]) for accord in accords]
        if None in held:
            _read(accords)
            held = [_lines.get(accord[:2]) for accord in accords]
        if None in held:
            return None
        tariff = KeptTariff(_tariff(on, [lines for lines in held if lines], accords))
        if len(_tariffs) >= MOST_TARIFFS:
            _tariffs.clear()
        _tariffs[on, accords] = tariff
    return tariff


def forget() -> None:
    """As in a process that has just begun."""
    _lines.clear()
    _tariffs.clear()


def _tariff(on: date, held: Sequence[Lines], accords: Sequence[Accord]) -> Tariff:
    in_force = [
        line
        for lines in held
        for starts_on, line in lines
        if (starts_on is None or starts_on <= on) and on <= line.ends_on
    ]
    return Tariff(in_force, {accord: seats for accord, _version, seats in accords})


def _read(accords: Sequence[Accord]) -> None:
    """Keep the lines of these accords under the version that they have now."""
    ids = [accord for accord, _version, _seats in accords]
    found: dict[tuple[int, UUID], list[tuple[date | None, Line]]] = {}
    for accord, version, starts_on, pk, *columns in _all_lines().execute((), LINES, ids):
        lines = found.setdefault((accord, version), [])
        if pk is not None:
            lines.append((starts_on, replace(line_of(pk, *columns), target="")))
    if len(_lines) >= MOST_ACCORDS:
        _lines.clear()
    _lines.update({version: tuple(lines) for version, lines in found.items()})


@lru_cache(maxsize=1)
def _all_lines() -> Statement:
    return written(line_columns(AccordLine.objects.all()).order_by())
