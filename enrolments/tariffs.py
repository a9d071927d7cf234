"""The lines in force for whoever buys, with the seats that their thresholds are compared to, in one query for a page.

Who buys is a row of `id, company_id` that other SQL gives, so that finding out who does, reading the accords and
counting the seats is one conversation with PostgreSQL instead of three. The rules stay where they are, in querysets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import Establishment
from accounts.statements import Statement, statement
from catalogue.models import AccordCadre, AccordLine
from catalogue.prices import Tariff, ids_of, line_columns, line_of
from catalogue.pricing import Subject

from .accord_seats import enrolments_under_accord

# `{buyer}` is the place of the SQL that says who buys. Of an accord of 200 lines, a page of 25 courses needs a few.
AROUND = """WITH buyer AS ({buyer}),
line AS MATERIALIZED (
  SELECT * FROM ({lines}) AS line
  WHERE scope = 'everything' OR (scope = 'course' AND target_id = ANY(%s))
     OR (scope IN ('domain', 'subdomain') AND target_id = ANY(%s))
),
counted AS ({seats})
SELECT buyer.*, line.*, counted.seats
FROM buyer LEFT JOIN line ON true LEFT JOIN counted ON counted.pk = line.accord_id ORDER BY line.pk"""
KNOWN_BUYER = "SELECT %s::bigint AS pk, %s::bigint AS company_id"
LINE_COLUMNS = 11  # and the seats


class _UpToTheHighestThreshold(ArraySubquery):
    """Nobody counts further: a price asks only whether a threshold is reached, and how many seats are missing."""

    template = "ARRAY(%(subquery)s LIMIT (SELECT max(from_seats) FROM line))"


def around_buyer(on: date, subjects: Iterable[Subject]) -> tuple[str, list[object]]:
    """SQL to put around `{}`, which says who buys, and its parameters: the lines about these subjects on a day."""
    text, lines, seats = _around()
    return text, [*lines.filled([on]), *ids_of(subjects), *seats.filled([on])]


@lru_cache(maxsize=1)
def _around() -> tuple[str, Statement, Statement]:
    named = (("on", date),)
    lines, seats = statement(_lines_of_buyer, (), named), statement(_seats_of_lines, (), named)
    return AROUND.format(buyer="{}", lines=lines.sql, seats=seats.sql), lines, seats


def _lines_of_buyer(*, on: date) -> QuerySet[Any, Any]:
    """See accounts.statements."""
    accords = AccordCadre.objects.covering_ids(
        RawSQL("SELECT pk FROM buyer", ()), RawSQL("SELECT company_id FROM buyer", ())
    )
    return line_columns(AccordLine.objects.in_force(on).filter(accord__in=accords)).order_by()


def _seats_of_lines(*, on: date) -> QuerySet[Any, Any]:
    """The seats ordered in the period of each accord of which a line asks for some; see accounts.statements."""
    counted = _UpToTheHighestThreshold(enrolments_under_accord(on).values("pk"))
    seats = Func(counted, function="CARDINALITY", output_field=IntegerField())
    tiered = RawSQL("SELECT accord_id FROM line WHERE from_seats > 0", ())
    return AccordCadre.objects.filter(pk__in=tiered).order_by().annotate(seats=seats).values_list("pk", "seats")


def tariff_of_rows(rows: Iterable[Sequence[Any]]) -> Tariff:
    """The rows that `around_buyer` gives."""
    lines, seats = [], {}
    for row in rows:
        *columns, ordered = row[-LINE_COLUMNS:]
        if columns[0] is not None:
            line = line_of(*columns)
            lines.append(line)
            seats[line.accord_id] = ordered or 0
    return Tariff(lines, seats)


def tariff_of(establishment: Establishment, on: date, subjects: Iterable[Subject]) -> Tariff:
    """The lines that hold for an establishment on a day, with the seats that their thresholds are compared to."""
    around, more = around_buyer(on, subjects)
    known = Statement(KNOWN_BUYER, (establishment.pk, establishment.company_id), (), {})
    return tariff_of_rows(known.execute((), around, *more))
