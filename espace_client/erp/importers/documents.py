"""documents.csv and the files that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.codes import by_code, fold
from accounts.models import Establishment
from catalogue.models import Session
from documents.files import FLAW_REASONS, Verdict
from documents.inspectors import Request
from documents.models import Document
from documents.store import InspectedFile, StoredFile, name_for, store_files
from enrolments.models import Enrolment, Order
from espace_client.erp.choices import DOCUMENT_TYPES
from espace_client.erp.chunk import Chunk, Saving
from espace_client.erp.columns import Column, Line, Problem
from espace_client.erp.files import Folder, OutsideError
from espace_client.erp.importer import Importer, Reference, Setting, find_by_code, find_exactly
from espace_client.erp.parsing import FieldError, choice, code, day, siret

from .subjects import Belonging, Subject, replacement_problem, shown_contents

LONGEST_PATH = 1000


def _path(raw: str) -> str:
    if len(raw) > LONGEST_PATH:
        raise FieldError(_("Chemin trop long."))
    return raw


class Documents(Importer):
    """A paper that was issued: a file, and what it is about. It is taken once and never changes.

    A later drop may correct its date and complete what it is about; another content, type or subject under the same
    number is refused. A line that says what the portal holds is not judged again: the enrolment may have moved since.
    Content that is shown to some people already is refused to others: a paper names one client.
    """

    file = "documents.csv"
    fills = (Document,)
    columns = (
        Column("numero", code(Document, "number"), required=True, key=True),
        Column("type", choice(DOCUMENT_TYPES), required=True),
        Column("commande", code(Order, "number")),
        Column("inscription", code(Enrolment, "number")),
        Column("session", code(Session, "code")),
        Column("siret", siret),
        Column("date", day, required=True),
        Column("fichier", _path, required=True),
        Column("remplace", code(Document, "number")),
    )
    references = (
        Reference("commande", "commandes.csv", find_by_code(lambda: Order.objects.all(), "number")),
        Reference(
            "inscription", "inscriptions.csv", find_by_code(lambda: Enrolment.objects.select_related("order"), "number")
        ),
        Reference("session", "sessions.csv", find_by_code(lambda: Session.objects.all(), "code")),
        Reference("siret", "etablissements.csv", find_exactly(lambda: Establishment.objects.all(), "siret")),
        Reference(
            "remplace", "documents.csv", find_by_code(lambda: Document.objects.select_related("replaced_by"), "number")
        ),
    )

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._folder = Folder(setting.folder)

    def awaits(self, values: Mapping[str, Any]) -> str:
        return fold(values["remplace"] or "")

    def take(self, chunk: Chunk) -> None:
        existing = by_code(Document.objects.all(), "number", [line.key for line in chunk])
        subjects = {line: Subject.of(line) for line in chunk}
        paths = self._locate(chunk)
        verdicts = self._inspect(chunk, paths, existing)
        self._judge(chunk, subjects, existing)
        self._claim(chunk, subjects, verdicts, existing)
        stored = self._store(chunk, paths, verdicts, existing)
        saving = Saving(chunk, Document)
        for line in list(chunk):
            document, file = existing.get(line.key), stored.get(paths[line])
            known = {"issued_on": line.values["date"], "replaces_id": _pk(line.found["remplace"])}
            if document is None and file is not None:
                known |= subjects[line].links
                known |= {"number": line.values["numero"], "type": line.values["type"]}
                known |= {"file": file.name, "sha256": file.sha256, "size": file.size}
            elif document is not None:
                known |= {name: value for name, value in _said(line).values() if getattr(document, name) is None}
            saving.put(line, document, known)
        saving.save()

    def _locate(self, chunk: Chunk) -> dict[Line, str]:
        paths: dict[Line, str] = {}
        for line in list(chunk):
            try:
                paths[line] = self._folder.locate(line.values["fichier"])
            except OutsideError:
                chunk.refuse(line, Problem("fichier", line.values["fichier"], _("Ce chemin sort du dossier.")))
        return paths

    def _inspect(
        self, chunk: Chunk, paths: Mapping[Line, str], existing: Mapping[str, Document]
    ) -> dict[Line, Verdict]:
        """Look at every file, in other processes; those whose content the portal holds are only compared with it."""
        lines = list(chunk)
        requests = [Request(paths[line], existing[line.key].sha256 if line.key in existing else "") for line in lines]
        verdicts = dict(zip(lines, self.setting.inspectors.inspect(requests), strict=True))
        for line, verdict in verdicts.items():
            document = existing.get(line.key)
            if document is not None and verdict.sha256 and verdict.sha256 != document.sha256:
                reason = _("Le fichier a changé : un document émis ne change pas.")
                chunk.refuse(line, Problem("fichier", line.values["fichier"], reason))
            elif verdict.flaw is not None:
                chunk.refuse(line, Problem("fichier", line.values["fichier"], str(FLAW_REASONS[verdict.flaw])))
        return verdicts

    def _judge(self, chunk: Chunk, subjects: Mapping[Line, Subject], existing: Mapping[str, Document]) -> None:
        """Refuse what does not belong together, and what would change a document that was issued."""
        judged = []
        for line in list(chunk):
            document = existing.get(line.key)
            problem = _change(line, document) if document else None
            if problem:
                chunk.refuse(line, problem)
            elif document is None or _says_more(line, document):
                judged.append(line)
        belonging = Belonging([subjects[line] for line in judged], self.setting.ledger)
        replaced: dict[int, str] = {}
        for line in judged:
            problem = belonging.problem(line, subjects[line])
            problem = problem or replacement_problem(line, subjects[line], existing.get(line.key), replaced)
            if problem:
                chunk.refuse(line, problem)

    def _claim(
        self,
        chunk: Chunk,
        subjects: Mapping[Line, Subject],
        verdicts: Mapping[Line, Verdict],
        existing: Mapping[str, Document],
    ) -> None:
        """Refuse a new paper whose content, under whatever name, is already that of one shown to other people."""
        new = [line for line in chunk if line.key not in existing]
        shown = shown_contents({verdicts[line].sha256 for line in new}) if new else {}
        for line in new:
            audience, held = subjects[line].audience, shown.setdefault(verdicts[line].sha256, {})
            others = [number for other, number in held.items() if other != audience]
            if others:
                reason = _("Ce fichier est celui de « %(number)s », qui est montré à d’autres personnes.")
                chunk.refuse(line, Problem("fichier", line.values["fichier"], reason % {"number": others[0]}))
            else:
                held[audience] = line.values["numero"]

    def _store(
        self,
        chunk: Chunk,
        paths: Mapping[Line, str],
        verdicts: Mapping[Line, Verdict],
        existing: Mapping[str, Document],
    ) -> dict[str, StoredFile]:
        """Keep the files of the new documents; in a dry run, only say where they would be."""
        new = {paths[line]: verdicts[line] for line in chunk if line.key not in existing}
        if self.setting.dry_run:
            return {path: StoredFile(name_for(one.sha256), one.sha256, one.size) for path, one in new.items()}
        stored = store_files([InspectedFile(path, verdict.sha256) for path, verdict in new.items()])
        for line in list(chunk):
            if line.key not in existing and paths[line] not in stored:
                reason = _("Le fichier a changé pendant l’import.")
                chunk.refuse(line, Problem("fichier", line.values["fichier"], reason))
        return stored


def _pk(row: Any) -> Any:
    return None if row is None else row.pk


def _said(line: Line) -> dict[str, tuple[str, Any]]:
    """What the columns of a line link the document to, by column: the field and the id."""
    fields = {"commande": "order_id", "inscription": "enrolment_id", "session": "session_id"}
    fields |= {"siret": "establishment_id", "remplace": "replaces_id"}
    return {column: (name, line.found[column].pk) for column, name in fields.items() if line.found[column] is not None}


def _says_more(line: Line, document: Document) -> bool:
    return any(getattr(document, name) is None for name, _value in _said(line).values())


def _change(line: Line, document: Document) -> Problem | None:
    """A document keeps its type and what it is about."""
    if document.type != line.values["type"]:
        return Problem("type", line.values["type"], _("Un document émis ne change pas de type."))
    for column, (name, value) in _said(line).items():
        if getattr(document, name) not in (None, value):
            reason = _("Un document émis ne change pas : il est au sujet d’autre chose.")
            return Problem(column, line.values[column], reason)
    return None
