"""The figures as Markdown tables."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from statistics import median

from django.db import connection
from django.utils import timezone

from benchmarks.measuring import Series
from benchmarks.world import World

HEAD = (
    "| Page | Persona | Queries | Floor, ms | Small, ms | Large, ms | Large ÷ floor (CPU) | Large ÷ small |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|"
)


def pages_table(found: Sequence[Series], small: World, large: World) -> str:
    """One line a page and persona; medians."""
    by_key = {(series.page, series.persona, series.world): series for series in found}
    lines = [HEAD]
    for page, persona in dict.fromkeys((series.page, series.persona) for series in found):
        one, other = by_key[page, persona, small.name], by_key[page, persona, large.name]
        queries = str(other.queries) if one.queries == other.queries else f"{one.queries}, {other.queries}"
        lines.append(
            f"| {page} | {persona} | {queries} | {other.floor_clock:.2f} | {one.clock:.2f} | {other.clock:.2f}"
            f" | {other.ratio:.2f} ({other.processor_ratio:.2f}) | {other.clock / one.clock:.2f} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """What the figures were taken on, in one line."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0].split()[0]
    cores = os.cpu_count()
    software = f"Python {platform.python_version()}, PostgreSQL {version}"
    return f"{timezone.localdate()}, {cores} cores ({platform.machine()}), {software}"


def processor_line(found: Sequence[Series]) -> str:
    """The floor's own cost: median over everything."""
    return f"{median(timing.clock for series in found for timing in series.floor):.2f} ms"
