"""How fast a drop of the ERP goes in, beside what the bare work costs: COPY of its lines, and copying its files."""

from __future__ import annotations

import csv
import hashlib
import shutil
import time
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction

from benchmarks.databases import Database
from benchmarks.erp_drop import HEADERS, write


@dataclass(frozen=True)
class ImportRate:
    """A drop of `lines` lines (all files together): seconds for its first and second reading, and for the floor."""

    enrolments: int
    lines: int
    first: float
    second: float
    floor: float


def measure_import(database: Database, folder: Path, enrolments: int) -> ImportRate:
    """Write a drop of so many enrolments (three documents each) in `folder`, and import it twice."""
    drop = folder / "drop"
    write(drop, enrolments, distinct=False)
    with database.in_use():
        floor = _floor(drop, folder / "copied")
        first = _import(drop)
        second = _import(drop)
    lines = sum(1 for path in drop.glob("*.csv") for _line in path.open("rb")) - len(HEADERS)
    return ImportRate(enrolments, lines, first, second, floor)


def _import(drop: Path) -> float:
    start = time.perf_counter()
    call_command("import_erp", str(drop), stdout=StringIO(), stderr=StringIO())
    return time.perf_counter() - start


def _floor(drop: Path, copied: Path) -> float:
    """The lines into tables without keys or checks, the files read, hashed and written once more."""
    start = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for name, header in HEADERS.items():
            columns = ", ".join(f"{column} text" for column in header.split(";"))
            cursor.execute(f"CREATE TEMPORARY TABLE bare_{name} ({columns}) ON COMMIT DROP")
            with cursor.copy(f"COPY bare_{name} FROM STDIN") as copy, (drop / f"{name}.csv").open(newline="") as file:
                for line in list(csv.reader(file, delimiter=";"))[1:]:
                    copy.write_row(line)
    copied.mkdir()
    for path in (drop / "documents").rglob("*.pdf"):
        content = path.read_bytes()
        (copied / hashlib.sha256(content).hexdigest()).write_bytes(content)
    shutil.rmtree(copied)
    return time.perf_counter() - start


def import_table(rate: ImportRate) -> str:
    """One line of Markdown under its head."""
    return (
        "| Import | Lines | Floor, s | First, s | Lines a second | First ÷ floor | Second, s |\n"
        "|---|--:|--:|--:|--:|--:|--:|\n"
        f"| {rate.enrolments} enrolments | {rate.lines} | {rate.floor:.1f} | {rate.first:.1f}"
        f" | {rate.lines / rate.first:.0f} | {rate.first / rate.floor:.1f} | {rate.second:.1f} |"
    )
