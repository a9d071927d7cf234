"""What staff read after a drop: counts per file and one row per thing that was wrong (ImportRun, ImportRefusal)."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from espace_client.models import ImportRefusal, ImportRun, ImportStatus

from .chunk import Chunk, Fate, Refusal
from .columns import Problem

BATCH = 2000
MOST_WARNINGS = 20
MOST_LINES = 200  # that a file's warnings speak of one by one
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_COUNTED = {Fate.CREATED: "created", Fate.CHANGED: "changed", Fate.UNCHANGED: "unchanged"}


class FileReport:
    """The counts of one file, and its warnings: of the whole file, or of what was left out of lines that were taken."""

    def __init__(self, report: Report, file: str) -> None:
        self._report = report
        self.file = file
        self.counts = dict.fromkeys([*_COUNTED.values(), "refused"], 0)
        self._warnings: list[str] = []
        self._lines_told: list[str] = []
        self._lines_untold = 0

    def count(self, chunk: Chunk) -> None:
        """Add what became of the lines of a chunk, once it is committed."""
        for fate in chunk.fates.values():
            self.counts[_COUNTED[fate]] += 1
        self.counts["refused"] += len(chunk.refused)
        for line, problem in chunk.warnings:
            if line not in chunk.refused:
                self._warn_of_line(line.number, problem)
        self._report.add(self.file, chunk.refusals)

    @property
    def warnings(self) -> list[str]:
        more = ngettext(
            "%(count)d autre ligne de ce genre.", "%(count)d autres lignes de ce genre.", self._lines_untold
        )
        rest = [more % {"count": self._lines_untold}] if self._lines_untold else []
        return [*self._warnings, *self._lines_told, *rest]

    def refuse_whole(self, problem: Problem) -> None:
        self.counts["refused"] += 1
        self._report.add(self.file, [Refusal(1, problem)])

    def warn(self, warning: str) -> None:
        self._warnings.append(warning)

    def _warn_of_line(self, number: int, problem: Problem) -> None:
        if len(self._lines_told) >= MOST_LINES:
            self._lines_untold += 1
            return
        said = {"line": number, "column": problem.column, "value": written(problem.value, 60), "why": problem.reason}
        self._lines_told.append(_("Ligne %(line)s, %(column)s « %(value)s » : %(why)s") % said)

    def warn_of_columns(self, unknown: Sequence[str]) -> None:
        """At most a line of the report each, and few: a wrong separator can make thousands."""
        for name in unknown[:MOST_WARNINGS]:
            self.warn(_("Colonne inconnue, ignorée : %(name)s.") % {"name": written(name, 60)})


class Report:
    """The run being made. A dry run keeps its refusals in a file until all that it did was undone, then stores them."""

    def __init__(self, folder: str, *, dry_run: bool) -> None:
        self.run = ImportRun.objects.create(folder=folder[:500], dry_run=dry_run)
        self._files: list[FileReport] = []
        self._spool: IO[str] | None = tempfile.TemporaryFile("w+", encoding="utf-8") if dry_run else None  # noqa: SIM115

    def file(self, name: str) -> FileReport:
        self._files.append(FileReport(self, name))
        return self._files[-1]

    @property
    def refused(self) -> int:
        return sum(file.counts["refused"] for file in self._files)

    def add(self, file: str, refusals: Sequence[Refusal]) -> None:
        """Keep refusals, and in a run that is not dry the counts so far, for whoever looks while it goes on."""
        rows = (self._row(file, refusal) for refusal in sorted(refusals, key=lambda one: one.line))
        if self._spool is None:
            ImportRefusal.objects.bulk_create(rows, batch_size=BATCH)
            self._save_counts()
            return
        for row in rows:
            self._spool.write(json.dumps([row.file, row.line, row.column, row.value, row.reason]) + "\n")

    def finish(self) -> None:
        self._store_spooled()
        self._end(ImportStatus.REFUSALS if self.refused else ImportStatus.DONE)

    def fail(self, error: str) -> None:
        self._store_spooled()
        self._end(ImportStatus.FAILED, error)

    def _end(self, status: ImportStatus, error: str = "") -> None:
        self.run.status, self.run.error, self.run.finished_at = status, error, timezone.now()
        self.run.counts = self._counts()
        self.run.save(update_fields=["status", "error", "finished_at", "counts"])

    def _row(self, file: str, refusal: Refusal) -> ImportRefusal:
        problem = refusal.problem
        return ImportRefusal(
            run=self.run,
            file=file,
            line=refusal.line,
            column=problem.column,
            value=written(problem.value),
            reason=written(problem.reason),
        )

    def _counts(self) -> dict[str, dict[str, object]]:
        return {file.file: {**file.counts, "warnings": file.warnings} for file in self._files}

    def _save_counts(self) -> None:
        self.run.counts = self._counts()
        self.run.save(update_fields=["counts"])

    def _store_spooled(self) -> None:
        if self._spool is None:
            return
        self._spool.seek(0)
        rows = self._spooled(self._spool)
        while batch := list(islice(rows, BATCH)):
            ImportRefusal.objects.bulk_create(batch)
        self._spool.close()
        self._spool = None

    def _spooled(self, lines: Iterable[str]) -> Iterator[ImportRefusal]:
        for one in lines:
            file, line, column, value, reason = json.loads(one)
            yield ImportRefusal(run=self.run, file=file, line=line, column=column, value=value, reason=reason)


def written(text: str, longest: int = 500) -> str:
    """What a field holds, with what can't be stored or shown written as an escape, cut to fit."""
    shown = _UNSHOWN.sub(lambda match: ascii(match.group())[1:-1], text[:longest])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
