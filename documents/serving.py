"""The bytes of a document: streamed from the private store, never before the journal has a line about it."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, cast

from django.core.files.storage import FileSystemStorage
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header

from accounts.document_types import name_of
from accounts.models import User
from accounts.models.user import still_so
from accounts.readings import read, read_within
from accounts.requests import address_of, person
from documents.listing import Taught, Titled
from documents.models import Document, Serving, ServingOutcome, documents_storage
from documents.models.document import kind_of

logger = logging.getLogger(__name__)

CHUNK = 64 * 1024
BIGGEST_ID = 2**63 - 1
MOST_CHANGES = 5  # of a person's rights, while one document is being opened
# What is opened from here can run nothing, load nothing and submit nothing, and only the portal may frame it.
POLICY = "sandbox; default-src 'none'; object-src 'self'; plugin-types application/pdf; frame-ancestors 'self'"


LINE = "document_id, requested_id, user_id, user_email, at, outcome, ip_address, user_agent"
JOURNALED = f"""
WITH found AS MATERIALIZED ({{}}), served AS MATERIALIZED (SELECT * FROM found WHERE {{still}}), line AS (
  INSERT INTO documents_serving ({LINE}) SELECT pk, pk, %s, %s, %s, %s, %s::inet, %s FROM served
) SELECT * FROM served
"""  # noqa: S608  # made of our own names only


@dataclass(frozen=True, slots=True)
class ServedDocument:
    """What serving a document takes of it, with the names of the model."""

    pk: int
    kind: str
    number: str
    issued_on: date
    file: str
    sha256: str
    size: int
    session: Taught | None

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.number}"

    def get_type_display(self) -> str:
        return name_of(self.kind)


Served = Document | ServedDocument


def open_to(request: HttpRequest, pk: int, *, inline: bool, user: User | None = None) -> ServedDocument | None:
    """The document, if the person may open it, with a line about it in the journal.

    One statement reads the right and writes the line: neither can be without the other, and a right that was taken
    since the request came in opens nothing. HEAD, which gets no bytes, leaves no line. A database that can't take the
    line raises. `user`: the person with rights newer than the request's.
    """
    if pk > BIGGEST_ID:
        return None
    user = user or person(request)
    found = read(_served, user, pk=pk) if request.method == "HEAD" else _journaled(request, user, pk, inline=inline)
    if not found:
        return None
    _pk, document_type, amount, number, *file, course = found[0]
    session: list[Any] = [None if course is None else Taught(Titled(course))]
    return ServedDocument(pk, kind_of(document_type, number, amount), number, *file, *session)


def _journaled(request: HttpRequest, user: User, pk: int, *, inline: bool) -> list[Sequence[Any]]:
    """The document, if the person may open it as the database is now, with its line.

    Rights that have changed meanwhile are read again: what is left of them may still open it.
    """
    for _attempt in range(MOST_CHANGES):
        rights = user.whole_rights
        still, now = still_so(user.pk, rights)
        more = [*now, *_line(request, _outcome(inline)).values()]
        found = read_within(JOURNALED.replace("{still}", still), more, _served, user, pk=pk)
        fresh = None if found else User.objects.with_rights(user.pk)
        if fresh is None or fresh.whole_rights.as_read == rights.as_read:
            return found
        user = fresh
        user.rights = user.whole_rights  # what one looks at narrows lists, not what one may open
    return []


def _served(user: User, *, pk: int, condition: Q) -> QuerySet[Any, Any]:
    columns = ("pk", "type", "amount", "number", "issued_on", "file", "sha256", "size", "session__course__title")
    return Document.objects.visible_to(user).filter(pk=pk).order_by().values_list(*columns)


def serve_document(request: HttpRequest, document: Document, *, inline: bool) -> HttpResponseBase:
    """Answer with the file of a document that the caller has checked the person may open, and journal it."""
    if request.method != "HEAD":
        record(request, document.pk, _outcome(inline), document.pk)
    return answer_with(request, document, inline=inline)


def answer_with(request: HttpRequest, document: Served, *, inline: bool) -> HttpResponseBase:
    """Answer with the file of a document about which the journal has its line.

    HEAD, a single byte range (206, or 416 when it lies outside) and If-Range are understood; a request for several
    ranges gets the whole. Memory does not grow with the file. A file that can't be opened, or is not of the size that
    was issued, answers 503, and a second line says so.
    """
    try:
        file = _opened(document)
    except OSError:
        logger.exception("The file of document %s can't be opened", document.pk)
        record(request, document.pk, ServingOutcome.FAILED, document.pk)
        return render(request, "documents/unavailable.html", {"document": document}, status=503)
    response = _answer(request, document, file)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = f'"{document.sha256}"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    disposition = content_disposition_header(not inline, file_name(document))
    response.headers["Content-Disposition"] = disposition or "attachment"
    return response


def _opened(document: Served) -> BinaryIO:
    """The file of a document; raises OSError when it can't be opened, or has lost or gained bytes since it was issued.

    A disk is asked by the descriptor; what S3 answers when it opens a file tells the size.
    """
    storage = documents_storage()
    file = storage.open(str(document.file), "rb")
    size = os.fstat(file.fileno()).st_size if isinstance(storage, FileSystemStorage) else file.size
    if size != document.size:
        file.close()
        raise OSError(f"{document.file} has {size} bytes instead of {document.size}")
    return cast(BinaryIO, file)


def _outcome(inline: bool) -> ServingOutcome:
    return ServingOutcome.VIEWED if inline else ServingOutcome.DOWNLOADED


def _line(request: HttpRequest, outcome: ServingOutcome) -> dict[str, Any]:
    """Who, from where, when and what was answered, in the order of LINE."""
    user = person(request)
    return {
        "user_id": user.pk,
        "user_email": user.email,
        "at": timezone.now(),
        "outcome": outcome.value,
        "ip_address": address_of(request),
        "user_agent": request.META.get("HTTP_USER_AGENT", "")[:300].replace("\x00", ""),
    }


def record(request: HttpRequest, requested_id: int, outcome: ServingOutcome, document_id: int | None) -> None:
    """Write one line of the journal."""
    line = _line(request, outcome)
    Serving.objects.create(document_id=document_id, requested_id=min(requested_id, BIGGEST_ID), **line)


def record_refusal(request: HttpRequest, requested_id: int) -> None:
    """Journal that someone asked for a document that they may not open, or that does not exist."""
    exists = Document.objects.filter(pk=requested_id).exists()
    record(request, requested_id, ServingOutcome.REFUSED, requested_id if exists else None)


def file_name(document: Served) -> str:
    """A name that a person can file: `2026-10-14_Facture_FA2026-00123_Python-les-bases.pdf`."""
    parts = [document.issued_on.isoformat(), document.get_type_display(), document.number]
    if document.session is not None:
        parts.append(document.session.course.title)
    return "_".join(re.sub(r"[^\w-]+", "-", part).strip("-") for part in parts)[:150] + ".pdf"


def _answer(request: HttpRequest, document: Served, file: BinaryIO) -> HttpResponseBase:
    """The whole file, the part of it that the Range header asks for, or 416."""
    wanted = request.META.get("HTTP_RANGE", "")
    if request.META.get("HTTP_IF_RANGE", f'"{document.sha256}"') != f'"{document.sha256}"':
        wanted = ""
    bounds = byte_range(wanted, document.size)
    if bounds is None:
        return _WholeFile(file, document.size)
    first, last = bounds
    if first > last:
        file.close()
        refusal = HttpResponse(status=416, content_type="application/pdf")
        refusal.headers["Content-Range"] = f"bytes */{document.size}"
        return refusal
    response = StreamingHttpResponse(_slice(file, first, last), status=206, content_type="application/pdf")
    response.headers["Content-Range"] = f"bytes {first}-{last}/{document.size}"
    response.headers["Content-Length"] = str(last - first + 1)
    return response


class _WholeFile(FileResponse):
    """Django's own, whose size is known and whose name is not the one on the disk."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._size = size
        super().__init__(file, content_type="application/pdf")

    def set_headers(self, filelike: BinaryIO) -> None:
        self.headers["Content-Length"] = str(self._size)


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte that `Range: bytes=…` asks for (RFC 9110, 14.1.2); None for the whole.

    `first > last` says that the range can't be satisfied. Several ranges, other units and nonsense mean the whole.
    """
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", header.replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    start, end = match.groups()
    if not start:
        return (max(size - int(end), 0), size - 1) if int(end) else (size, 0)
    if end and int(end) < int(start):
        return None
    return (int(start), min(int(end or size), size - 1)) if int(start) < size else (size, 0)


def _slice(file: BinaryIO, first: int, last: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        left = last - first + 1
        while left and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
