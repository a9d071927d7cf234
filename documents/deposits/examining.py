"""What a client's file is: read once, scanned, made a PDF when it is a picture, inspected; or why it is refused."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from tempfile import NamedTemporaryFile

from django.core.files.uploadedfile import UploadedFile

from documents.deposits import scanner
from documents.deposits.pictures import pdf_of_picture
from documents.files import Flaw
from documents.inspectors import Inspectors, Request
from documents.models import Scan

logger = logging.getLogger(__name__)
MOST_UPLOADED = 20_000_000  # bytes
PICTURES = {b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}


@dataclass(frozen=True)
class Examined:
    """A file that may be kept. `pdf` are the bytes to keep; `original` those that came, of a picture `ending`."""

    pdf: bytes
    original: bytes
    ending: str
    scan: Scan

    @property
    def sha256(self) -> str:
        """Of what came."""
        return hashlib.sha256(self.original).hexdigest()


def examine(upload: UploadedFile[bytes]) -> Examined | Flaw:
    """Raises ScannerUnavailableError when a scanner is configured and gives no verdict."""
    if (upload.size or 0) > MOST_UPLOADED:
        return Flaw.TOO_LARGE
    content = b"".join(upload.chunks())
    if not content:
        return Flaw.EMPTY
    ending = next((ending for magic, ending in PICTURES.items() if content.startswith(magic)), "")
    if not ending and not content.startswith(b"%PDF-"):
        return Flaw.NOT_TAKEN
    scan = Scan.NONE
    if scanner.is_configured():
        if (found := scanner.malware_in(content)) is not None:
            logger.warning("The malware scanner recognised %s in a file that was handed in", found)
            return Flaw.MALWARE
        scan = Scan.CLEAN
    pdf = pdf_of_picture(content) if ending else content
    if isinstance(pdf, Flaw):
        return pdf
    flaw = _inspected(pdf)
    return flaw if flaw is not None else Examined(pdf, content, ending, scan)


def _inspected(pdf: bytes) -> Flaw | None:
    """The first reason to refuse a PDF, found in a process of its own."""
    with NamedTemporaryFile(prefix="espace-client-", suffix=".pdf") as copy, Inspectors(workers=1) as inspectors:
        copy.write(pdf)
        copy.flush()
        verdict = inspectors.inspect([Request(copy.name)])[0]
    if verdict.flaw is None and verdict.sha256 != hashlib.sha256(pdf).hexdigest():
        return Flaw.MISSING  # what was looked at is not what was given
    return verdict.flaw
