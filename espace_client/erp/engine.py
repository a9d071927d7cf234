"""One file through its importer, in chunks of lines; each is one transaction, and halved when the database refuses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

import psycopg
from django.db import DataError, IntegrityError, OperationalError, connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrolments.transitions import any_state

from .chunk import Chunk, Fate
from .columns import Layout, Line, Problem
from .importer import Importer, find_references
from .ledger import Ledger, Said, State, Waiting
from .reading import BadRecord, Reader, Record
from .report import FileReport

logger = logging.getLogger(__name__)

LINES = 2000
CHARACTERS = 4_000_000  # of fields, in one chunk: what bounds the memory when lines are long
ATTEMPTS = 3  # of a chunk that met a deadlock with the portal

# What the database keeps, said to whoever reads the report; the checks of the importers say it better and first.
_CONSTRAINTS = {
    "enrolment_accord_of_its_company": gettext_lazy("L’accord-cadre est celui d’une autre entreprise."),
    "document_agrees_with_its_subject": gettext_lazy("Commande, inscription, session et SIRET ne vont pas ensemble."),
    "document_replaces_its_like": gettext_lazy("Le document remplacé est d’un autre type ou d’une autre commande."),
    "document_never_changes": gettext_lazy("Un document émis ne change pas."),
    "accord_company_fixed": gettext_lazy("Un accord-cadre ne change pas d’entreprise."),
    "domain_two_levels": gettext_lazy("Les domaines n’ont que deux niveaux."),
}


class Engine:
    """Takes the lines of one file. `heard` is told after each chunk, with the reader, to show progress."""

    def __init__(self, importer: Importer, report: FileReport, heard: Callable[[Reader], None]) -> None:
        self._importer = importer
        self._report = report
        self._ledger: Ledger = importer.setting.ledger
        self._heard = heard

    def read(self, reader: Reader) -> None:
        """Read the whole file. Raises BadHeaderError when its header is not one of this file."""
        records = iter(reader)
        layout = Layout(next(records, None), self._importer.columns)
        self._report.warn_of_columns(layout.unknown)
        for number, lines in enumerate(self._chunks(records, layout), 1):
            self._settle(lines, self._take_first_time)
            self._heard(reader)
            if number & (number - 1) == 0:
                self._analyse()
        self._take_put_off(layout)
        late = list(self._importer.late_lines())
        if late:
            self._settle(late, self._take)
        self._analyse()

    def _analyse(self) -> None:
        """Tell the planner how the tables grew, after chunks 1, 2, 4, 8...: it was told when they were small, or never.

        PostgreSQL does so by itself a minute later, and not at all for what a dry run is about to undo.
        """
        tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in self._importer.fills)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {tables}")

    def _chunks(self, records: Iterator[Record | BadRecord], layout: Layout) -> Iterator[list[Line]]:
        lines: list[Line] = []
        characters = 0
        for record in records:
            line = layout.line(record, self._importer.key_of)
            if line is None:
                continue
            if not line.problems:
                line.problems.extend(self._importer.problems(line.values))
            lines.append(line)
            characters += sum(map(len, line.fields))
            if len(lines) >= LINES or characters > CHARACTERS:
                yield lines
                lines, characters = [], 0
        if lines:
            yield lines

    def _settle(self, lines: Sequence[Line], take: Callable[[Chunk], None]) -> None:
        """Take lines in one transaction; when the database refuses, halve them down to those at fault."""
        try:
            chunk = self._attempt(lines, take)
        except (IntegrityError, DataError) as error:
            if len(lines) > 1:
                half = len(lines) // 2
                self._settle(lines[:half], take)
                self._settle(lines[half:], take)
                return
            lines[0].problems.append(Problem("", ";".join(lines[0].fields), self._reason(error, lines[0])))
            chunk = self._attempt(lines, self._take)
        self._report.count(chunk)

    def _reason(self, error: Exception, line: Line) -> str:
        """What the database kept from being false, in French; what nothing foresaw is for those who read the log."""
        cause = error.__cause__
        diagnosis = cause.diag if isinstance(cause, psycopg.Error) else None
        name = (diagnosis.constraint_name if diagnosis else None) or ""
        if name in _CONSTRAINTS:
            return str(_CONSTRAINTS[name])
        said = diagnosis.message_primary if diagnosis else error  # not its detail, which holds the row
        logger.error("%s, line %s: the database refused it: %s", self._importer.file, line.number, said)
        return _("La base de données refuse cette ligne ; le détail est dans le journal du serveur.")

    def _attempt(self, lines: Sequence[Line], take: Callable[[Chunk], None]) -> Chunk:
        """One transaction, begun again when the portal and the import waited for each other."""
        for attempt in range(1, ATTEMPTS + 1):
            chunk = Chunk(lines)
            try:
                with any_state():  # one transaction, in which the ERP's states count, not the portal's steps to them
                    self._transact(chunk, take)
            except OperationalError as error:
                if attempt == ATTEMPTS or not isinstance(error.__cause__, psycopg.errors.DeadlockDetected):
                    raise
            else:
                break
        return chunk

    def _transact(self, chunk: Chunk, take: Callable[[Chunk], None]) -> None:
        for line in chunk.lines:
            line.found = dict.fromkeys(reference.column for reference in self._importer.references)
            for problem in line.problems:
                chunk.refuse(line, problem)
        take(chunk)
        self._write_down(chunk)
        if self._importer.setting.dry_run:  # nothing will be committed, so what a commit checks is checked now
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    def _take_first_time(self, chunk: Chunk) -> None:
        """Lines as they are read: the first of its key decides, and what refers to its own file may have to wait."""
        echoes = self._set_aside_repetitions(chunk)
        self._put_off(chunk)
        self._take(chunk)
        for line, first in echoes.items():
            if first in chunk.refused:
                chunk.refuse(line, _refused_like(line, first.number))
            else:
                chunk.mark(line, Fate.UNCHANGED)

    def _take(self, chunk: Chunk) -> None:
        find_references(chunk, self._importer.references, self._ledger)
        self._importer.take(chunk)
        left = list(chunk)
        if left:
            raise AssertionError(f"{self._importer.file}: nothing was decided about line {left[0].number}")

    def _set_aside_repetitions(self, chunk: Chunk) -> dict[Line, Line]:
        """Refuse lines that say otherwise than an earlier one of their key. Those that say the same of a line of this
        very chunk are returned with it: they share its fate.
        """
        lines = list(chunk)
        said = self._ledger.said(self._importer.file, {line.key for line in lines})
        firsts: dict[str, Line] = {}
        echoes: dict[Line, Line] = {}
        for line in lines:
            before = said.get(line.key)
            if before is not None and before.digest:
                self._repeat(chunk, line, before)
            elif line.key not in firsts:
                firsts[line.key] = line
            elif firsts[line.key].digest == line.digest:
                chunk.repeat(line)
                echoes[line] = firsts[line.key]
            else:
                chunk.repeated.add(line)
                chunk.refuse(line, _contradiction(line, firsts[line.key].number))
        return echoes

    def _repeat(self, chunk: Chunk, line: Line, before: Said) -> None:
        """Settle a line whose key was spoken of in an earlier chunk."""
        chunk.repeated.add(line)
        if before.digest != line.digest:
            chunk.refuse(line, _contradiction(line, before.line))
        elif before.state == State.REFUSED:
            chunk.refuse(line, _refused_like(line, before.line))
        else:
            chunk.mark(line, Fate.UNCHANGED)

    def _put_off(self, chunk: Chunk) -> None:
        waiting = []
        for line in chunk:
            awaited = self._importer.awaits(line.values)
            if awaited and line not in chunk.repeated:
                waiting.append((line.key, awaited, line.number, line.fields))
                chunk.wait(line)
        self._ledger.wait(self._importer.file, waiting)

    def _take_put_off(self, layout: Layout) -> None:
        """Take what waited, as what it awaits gets taken; what is left at the end refers to itself, in a circle."""
        file = self._importer.file
        while waiting := self._ledger.ready(file, LINES):
            self._settle(self._read_again(layout, waiting), self._take)
            self._ledger.done_waiting(file, [one.key for one in waiting])
        while waiting := self._ledger.ready(file, LINES, all_of_them=True):
            lines = self._read_again(layout, waiting)
            for line in lines:
                line.problems.append(Problem("", ";".join(line.fields), _("Ces lignes se renvoient l’une à l’autre.")))
            self._settle(lines, self._take)
            self._ledger.done_waiting(file, [one.key for one in waiting])

    def _read_again(self, layout: Layout, waiting: Sequence[Waiting]) -> list[Line]:
        lines = (layout.line(Record(one.line, one.fields), self._importer.key_of) for one in waiting)
        return [line for line in lines if line is not None]

    def _write_down(self, chunk: Chunk) -> None:
        """Tell the ledger what became of each key. A line that could not be parsed gives way to one that could."""
        entries: dict[str, Said] = {}
        for line in chunk.lines:
            if line.key and line not in chunk.repeated:
                state = State.WAITING if line in chunk.put_off else State.TAKEN
                state = State.REFUSED if line in chunk.refused else state
                if line.digest or line.key not in entries:
                    entries[line.key] = Said(line.number, line.digest, state)
        self._ledger.say(self._importer.file, list(entries.items()))


def _contradiction(line: Line, first: int) -> Problem:
    reason = _("Contredit la ligne %(line)s, qui a la même clé.") % {"line": first}
    return Problem("", ";".join(line.fields), reason)


def _refused_like(line: Line, first: int) -> Problem:
    reason = _("Répète la ligne %(line)s, qui a été refusée.") % {"line": first}
    return Problem("", ";".join(line.fields), reason)
