"""The private store: a file lies under its own hash, is written once, and is never written again.

On a disk (PrivateFileSystemStorage) what is there is whole. On S3 an object appears whole or not at all; there, writing
the same name twice writes the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from documents.files import Flaw, read_file
from documents.models import documents_storage
from documents.storage import PrivateFileSystemStorage

UPLOADS = 8  # at once, to a store that is far away: what costs there is waiting


class UnwritableStoreError(OSError):
    """The store can't be written, and keeps nothing of what was given; `errno` is what the system said."""


@dataclass(frozen=True)
class StoredFile:
    """What a Document records of its file. `name` is the key in the store, `size` in bytes, `sha256` in hex."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class InspectedFile:
    """A file outside the store that was found good: its path and the hash of what was inspected."""

    path: str
    sha256: str


def name_for(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}.pdf"


def store(content: bytes) -> StoredFile:
    """Keep `content` and return where; the same bytes are kept once. Raises UnwritableStoreError."""
    sha256 = hashlib.sha256(content).hexdigest()
    with _writing():
        return StoredFile(_put(documents_storage(), name_for(sha256), content), sha256, len(content))


def keep_aside(content: bytes, ending: str) -> str:
    """Keep the picture that a PDF was made of, under its hash and its own ending. Raises UnwritableStoreError."""
    sha256 = hashlib.sha256(content).hexdigest()
    with _writing():
        return _put(documents_storage(), f"{sha256[:2]}/{sha256}.{ending}", content)


def store_files(files: Sequence[InspectedFile]) -> dict[str, StoredFile]:
    """Keep many files, and return them by path: those whose bytes are still the ones that were inspected.

    Raises UnwritableStoreError; nothing half written is left. One file at a time is in memory on a disk, `UPLOADS` on
    S3.
    """
    with _writing():
        return _store_files(files)


def _store_files(files: Sequence[InspectedFile]) -> dict[str, StoredFile]:
    storage = documents_storage()
    kept: dict[str, StoredFile] = {}
    if isinstance(storage, PrivateFileSystemStorage):
        storage.save_all(_read(files, kept))
        return kept
    with ThreadPoolExecutor(UPLOADS) as pool:
        for stored in pool.map(lambda file: _upload(storage, file), files):
            kept.update(stored)
    return kept


@contextmanager
def _writing() -> Iterator[None]:
    """What the system says of a store that it can't write, as one error. Files outside it are read without raising."""
    try:
        yield
    except OSError as error:
        raise UnwritableStoreError(error.errno, error.strerror, error.filename) from error


def _put(storage: Storage, name: str, content: bytes) -> str:
    """Disks look for themselves whether they have the file; S3 is asked, so that a second run uploads nothing."""
    if not isinstance(storage, PrivateFileSystemStorage) and storage.exists(name):
        return name
    return storage.save(name, ContentFile(content))


def _same_bytes(file: InspectedFile) -> bytes | None:
    """The content, unless the file changed since it was inspected."""
    content = read_file(file.path)
    if isinstance(content, Flaw) or hashlib.sha256(content).hexdigest() != file.sha256:
        return None
    return content


def _read(files: Sequence[InspectedFile], kept: dict[str, StoredFile]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each unchanged file, recorded in `kept` as it is given."""
    for file in files:
        content = _same_bytes(file)
        if content is not None:
            kept[file.path] = StoredFile(name_for(file.sha256), file.sha256, len(content))
            yield kept[file.path].name, content


def _upload(storage: Storage, file: InspectedFile) -> dict[str, StoredFile]:
    content = _same_bytes(file)
    if content is None:
        return {}
    return {file.path: StoredFile(_put(storage, name_for(file.sha256), content), file.sha256, len(content))}
