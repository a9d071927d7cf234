"""Whether every file that was issued is still there, whole, as it was: asked of the store, byte by byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.storage import Storage
from django.db import transaction
from django.utils import timezone

from accounts.mails import link_to, send
from accounts.models import User
from documents.models import Document, FileCheck, FileFlaw, documents_storage

CHUNK = 1024 * 1024
ROWS = 2000


@dataclass(frozen=True)
class Found:
    """A document whose file is not what was issued."""

    document_id: int
    flaw: FileFlaw


def check_files() -> FileCheck:
    """Read every file that a document names, compare it with its hash, and keep what was found.

    The people of the team who may change documents are told by mail when something is wrong.
    """
    check = FileCheck(begun_at=timezone.now())
    storage, flawed, verdicts = documents_storage(), [], dict[str, FileFlaw | None]()
    rows = Document.objects.order_by("sha256", "pk").values_list("pk", "file", "sha256")
    for pk, name, sha256 in rows.iterator(chunk_size=ROWS):
        if name not in verdicts:
            verdicts = {name: flaw_of(storage, name, sha256)}  # documents of one file follow one another
        check.checked += 1
        if (flaw := verdicts[name]) is not None:
            flawed.append(Found(pk, flaw))
    check.missing = [one.document_id for one in flawed if one.flaw == FileFlaw.MISSING]
    check.altered = [one.document_id for one in flawed if one.flaw == FileFlaw.ALTERED]
    check.ended_at = timezone.now()
    _keep(check)
    return check


def flaw_of(storage: Storage, name: str, sha256: str) -> FileFlaw | None:
    """What is wrong with a stored file, or None."""
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(storage, name):
            digest.update(chunk)
    except FileNotFoundError:
        return FileFlaw.MISSING
    return None if digest.hexdigest() == sha256 else FileFlaw.ALTERED


def _chunks(storage: Storage, name: str) -> Iterator[bytes]:
    with storage.open(name) as file:
        yield from file.chunks(CHUNK)


@transaction.atomic
def _keep(check: FileCheck) -> None:
    check.save()
    if not check.sound:
        people = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
        for person in people:
            if person.has_perm("documents.change_document"):
                url = link_to("admin:documents_filecheck_change", check.pk)
                send("files_altered", person.email, {"check": check, "url": url}, key=f"files-{check.pk}-{person.pk}")
