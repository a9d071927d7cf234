"""The private store on a disk: what is read there is whole, whenever the process that wrote it was killed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class PrivateFileSystemStorage(FileSystemStorage):
    """Files named after their content: written beside, made durable, then renamed; never under another name.

    Two writers of the same name write the same bytes, and the last to rename changes nothing. A full disk raises
    OSError and leaves nothing. No file has a public address (`base_url` is None).
    """

    def __init__(
        self,
        location: str | os.PathLike[str] | None = None,
        file_permissions_mode: int = 0o640,
        directory_permissions_mode: int = 0o750,
    ) -> None:
        super().__init__(location, None, file_permissions_mode, directory_permissions_mode)

    @property
    def base_url(self) -> None:  # type: ignore[override]  # Django would fall back on MEDIA_URL
        return None

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: it is that of the content."""
        return name

    def _save(self, name: str, content: File[bytes]) -> str:
        """Write one file and return when it would survive a power cut."""
        target = Path(self.path(name))
        if not self._holds(target, content.size):
            with self._beside(target) as (temporary, descriptor):
                _write(descriptor, content.chunks())
                os.fsync(descriptor)
                os.replace(temporary, target)
            _sync_directory(target.parent)
        return name

    def save_all(self, contents: Iterable[tuple[str, bytes]]) -> None:
        """Write many files, in memory at once, and return when all would survive a power cut.

        The system is asked twice to write down everything it holds (sync), instead of once per file: measured at
        0.1 ms a file instead of 1 ms. All files are written before the first gets its name.
        """
        written: list[tuple[Path, Path]] = []
        try:
            for name, content in contents:
                target = Path(self.path(name))
                if not self._holds(target, len(content)):
                    written.append((self._write_beside(target, content), target))
            if written:
                os.sync()
                while written:
                    temporary, target = written[-1]
                    os.replace(temporary, target)
                    written.pop()
                os.sync()
        finally:
            for temporary, _ in written:
                temporary.unlink(missing_ok=True)

    def _holds(self, target: Path, size: int) -> bool:
        """Whether the file is there, whole; a wrong size is what another program left, and is written over."""
        try:
            return target.stat().st_size == size
        except FileNotFoundError:
            return False

    def _write_beside(self, target: Path, content: bytes) -> Path:
        with self._beside(target) as (temporary, descriptor):
            _write(descriptor, [content])
        return temporary

    @contextmanager
    def _beside(self, target: Path) -> Iterator[tuple[Path, int]]:
        """Open a new file in the directory of `target`; it is taken away again when something fails."""
        self._make_directory(target.parent)
        temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.fchmod(descriptor, self.file_permissions_mode or 0o640)
            yield temporary, descriptor
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)

    def _make_directory(self, directory: Path) -> None:
        """Make the directory and those above it, each with its mode whatever the umask is."""
        if directory.is_dir():
            return
        self._make_directory(directory.parent)
        try:
            directory.mkdir(0o700)
            directory.chmod(self.directory_permissions_mode or 0o750)
        except FileExistsError:  # another writer was faster
            return
        _sync_directory(directory.parent)


def _write(descriptor: int, chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
