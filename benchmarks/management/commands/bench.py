"""`python -m benchmarks`: build the worlds, measure, print the tables."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from benchmarks.accords_world import fill_accords
from benchmarks.archiving import archive_table, measure_archive
from benchmarks.catalogue_world import fill_catalogue
from benchmarks.checking import assert_lawful
from benchmarks.databases import Database, make_databases
from benchmarks.filling import fill
from benchmarks.importing import import_table, measure_import
from benchmarks.measuring import Site, measure
from benchmarks.personas import PERSONAS, admit
from benchmarks.report import machine, pages_table
from benchmarks.world import LARGE, QUICK, SMALL, World
from documents.store import StoredFile, store

FOLDER = Path(os.environ["BENCH_FOLDER"])
QUICK_IMPORT, WHOLE_IMPORT = 2_000, 100_000  # enrolments, with three documents each
PAPER_BYTES = 85_000  # a generated invoice or convention, with its fonts


class Command(BaseCommand):
    help = "Mesure les pages, le téléchargement et l’import (docs/performance.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quick", action="store_true", help="100 000 documents, moins de tours")
        parser.add_argument("--only", help="une seule page, par exemple document_list")
        parser.add_argument("--rounds", type=int, help="mesures par page")
        parser.add_argument(
            "--papers", action="store_true", help="les PDF seulement : mise en page et lot de convocations"
        )
        parser.add_argument("--output", type=Path, help="écrit aussi les tableaux dans ce fichier")

    def handle(
        self, *, quick: bool, only: str | None, rounds: int | None, papers: bool, output: Path | None, **_: Any
    ) -> None:
        report = self._papers(quick, rounds) if papers else self._pages(quick, only, rounds)
        sys.stdout.write(report)
        if output:
            output.write_text(report)

    def _papers(self, quick: bool, rounds: int | None) -> str:
        """What printing costs. Named, not imported: what measures pages does not load WeasyPrint."""
        (empty,) = make_databases(["papers"])
        printing = import_module("benchmarks.papers")
        with empty.in_use():
            lot = printing.batch_table(100 if quick else 500)
            report = f"{machine()}\n\n{printing.rendering_table(rounds or 15)}\n\n{lot}\n"
        empty.close()
        return report

    def _pages(self, quick: bool, only: str | None, rounds: int | None) -> str:
        call_command("collectstatic", interactive=False, verbosity=0)
        worlds = (SMALL, QUICK if quick else LARGE)
        paper = store(b"%PDF-1.7\n" + b"0" * (PAPER_BYTES - 9))
        *databases, empty = make_databases([*(world.name for world in worlds), "importing"])
        imported = None if only else measure_import(empty, FOLDER, QUICK_IMPORT if quick else WHOLE_IMPORT)
        sites = [self._site(world, database, paper) for world, database in zip(worlds, databases, strict=True)]
        found = measure(sites, rounds or (40 if quick else 150), [only] if only else ())
        report = f"{machine()}\n\n{pages_table(found, *worlds)}\n"
        report += f"\n{import_table(imported)}\n" if imported else ""
        report += "" if only else f"\n{archive_table(measure_archive(sites[-1]))}\n"
        for database in (*databases, empty):
            database.close()
        return report

    def _site(self, world: World, database: Database, paper: StoredFile) -> Site:
        start = time.perf_counter()
        with database.in_use():
            fill(world, paper)
            fill_catalogue()
            fill_accords()
            filled = time.perf_counter()
            assert_lawful(world.documents)
            browsers = [admit(persona) for persona in PERSONAS]
        self.stderr.write(
            f"{world.documents} documents: {filled - start:.0f} s, checked in {time.perf_counter() - filled:.0f} s"
        )
        return Site(database, browsers)
