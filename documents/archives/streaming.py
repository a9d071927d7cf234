"""The bytes of an archive, made as they leave: stored, not deflated (PDFs are), ZIP64 when needed, in flat memory.

For each file, in this order: it is read once, and left out when it is not what was issued; the person's rights are read
anew; the journal gets its line in the same statement that reads the document; only then is anything of it written.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from zipstream.ng import ZipStream

from accounts.models import User
from accounts.requests import person
from documents.archives.naming import README, Names, readme
from documents.models import Archive, ArchiveState, Document, ServingOutcome, documents_storage
from documents.serving import CHUNK, ServedDocument, file_name, open_to, record, record_refusal
from documents.validity import void_among

logger = logging.getLogger(__name__)
AHEAD = 500  # documents whose files are looked up in one query
SAID_EVERY = 1.0  # seconds between two writings of how far the archive is


class AnotherDownloadError(Exception):
    """The same archive is being downloaded again: the earlier download stops."""


@dataclass
class Stream:
    """One download of one archive."""

    request: HttpRequest
    archive: Archive
    run: datetime = field(default_factory=timezone.now)
    done: int = 0
    size: int = 0
    refused: int = 0
    unopened: int = 0
    problems: list[str] = field(default_factory=list)
    void: list[str] = field(default_factory=list)
    _said_at: float = 0.0

    def __iter__(self) -> Iterator[bytes]:
        """All bytes; whatever interrupts them (the person, the network, the database) is noted on the archive."""
        state = ArchiveState.INTERRUPTED
        self._begin()
        try:
            for chunk in self._bytes():
                self.size += len(chunk)
                yield chunk
                self._say_how_far()
            state = ArchiveState.DONE
        except AnotherDownloadError:
            logger.info("Archive %s is downloaded again: this download stops", self.archive.pk)
        finally:
            self._say(state=state)

    def _bytes(self) -> Iterator[bytes]:
        stream, names = ZipStream(sized=False), Names()
        void = void_among(self.archive.document_ids)
        for pk, kept in self._kept():
            opened = self._open(pk, kept)
            if opened is None:
                continue
            document, file, first = opened
            name = names.unique(file_name(document))
            stream.add(self._content(document, file, first), name)
            yield from stream.all_files()
            self.done += 1
            if pk in void:
                self.void.append(_("%(file)s : %(why)s.") % {"file": name, "why": void[pk]})
        if text := readme(self.archive, self.done, self.refused, self.problems, self.void):
            stream.add(text, README)
            yield from stream.all_files()
        yield from stream.finalize()

    def _kept(self) -> Iterator[tuple[int, Sequence[Any]]]:
        """Each document's id, and what the store should have of it: name, SHA-256."""
        ids = self.archive.document_ids
        for start in range(0, len(ids), AHEAD):
            some = ids[start : start + AHEAD]
            rows = Document.objects.filter(pk__in=some).order_by().values_list("pk", "file", "sha256")
            found = {pk: kept for pk, *kept in rows}
            yield from ((pk, found.get(pk, ["", ""])) for pk in some)

    def _open(self, pk: int, kept: Sequence[Any]) -> tuple[ServedDocument, IO[Any], bytes] | None:
        """The document if the person may still open it, its file and the first bytes; None, and why is kept."""
        file, first, flaw = self._sound(pk, *kept)
        user = User.objects.with_rights(person(self.request).pk)
        if user is not None:
            user.rights = user.whole_rights  # what one looks at narrows lists, not what one may open
            if file is None and (unsound := Document.objects.visible_to(user).filter(pk=pk).first()):
                record(self.request, pk, ServingOutcome.FAILED, pk)
                self.unopened += 1
                self.problems.append(flaw % unsound)
                return None
        document = open_to(self.request, pk, inline=False, user=user) if file is not None and user is not None else None
        if file is not None and document is not None:
            return document, file, first
        if file is not None:
            file.close()
        record_refusal(self.request, pk)
        self.refused += 1
        return None

    def _sound(self, pk: int, name: str, sha256: str) -> tuple[IO[Any] | None, bytes, str]:
        """The file and its first bytes, once it was read through and found to be what was issued; or what to say."""
        digest = hashlib.sha256()
        try:
            file = documents_storage().open(name, "rb")
            try:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                file.seek(0)
                first = file.read(CHUNK)
            except OSError:
                file.close()
                raise
        except OSError:
            logger.exception("The file of document %s can't be put in archive %s", pk, self.archive.pk)
            return None, b"", _("%s : le fichier est momentanément indisponible.")
        if digest.hexdigest() == sha256:
            return file, first, ""
        file.close()
        logger.error("The file of document %s is not what was issued: left out of archive %s", pk, self.archive.pk)
        return None, b"", _("%s : le fichier est incomplet ou altéré, il n’est pas joint.")

    def _content(self, document: ServedDocument, file: IO[Any], first: bytes) -> Iterator[bytes]:
        """The bytes of one file. A disk that fails meanwhile is said: the archive is too far gone to take it back."""
        chunk = first
        with file:
            while chunk:
                yield chunk
                try:
                    chunk = file.read(CHUNK)
                except OSError:
                    logger.exception("The file of document %s broke off", document.pk)
                    record(self.request, document.pk, ServingOutcome.FAILED, document.pk)
                    self.problems.append(_("%s : le fichier joint est incomplet ; ne l’utilisez pas.") % document)
                    return

    # --- How far it is ------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        Archive.objects.filter(pk=self.archive.pk).update(
            state=ArchiveState.RUNNING, started_at=self.run, progressed_at=self.run, done=0, left_out=0, size=0
        )
        self._said_at = time.monotonic()

    def _say_how_far(self) -> None:
        if time.monotonic() - self._said_at >= SAID_EVERY:
            self._say(state=ArchiveState.RUNNING)
            self._said_at = time.monotonic()

    def _say(self, *, state: ArchiveState) -> None:
        """Write it down, unless a later download of the same archive has taken over: AnotherDownloadError."""
        left_out = self.refused + self.unopened
        told = Archive.objects.filter(pk=self.archive.pk, started_at=self.run).update(
            state=state, progressed_at=timezone.now(), done=self.done, left_out=left_out, size=self.size
        )
        if not told and state == ArchiveState.RUNNING:
            raise AnotherDownloadError
