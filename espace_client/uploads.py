"""Large files that come in: what the server has no room for is told by the form, not by an error page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class UnkeptUpload(UploadedFile[bytes]):
    """A file that came in whole but could not be written down: reading it raises the OSError that told so."""

    def __init__(self, error: OSError, **about: Any) -> None:
        super().__init__(None, **about)
        self.error = error

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        raise self.error

    def read(self, *_sizes: int) -> bytes:
        raise self.error


class RoomyUploadHandler(TemporaryFileUploadHandler):
    """Writes into a temporary file, as Django does; on a full disk what is typed beside the file is still read."""

    broken: OSError | None = None

    def new_file(self, *arguments: Any, **options: Any) -> None:
        self.broken = None
        try:
            super().new_file(*arguments, **options)
        except OSError as error:
            self.broken = error

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if self.broken is None:
            try:
                return super().receive_data_chunk(raw_data, start)
            except OSError as error:
                self.broken = error
        return None

    def file_complete(self, file_size: int) -> UploadedFile[bytes] | None:
        if self.broken is None:
            try:
                return super().file_complete(file_size)
            except OSError as error:  # what was buffered does not fit
                self.broken = error
        about = {"name": self.file_name, "content_type": self.content_type, "charset": self.charset}
        return UnkeptUpload(self.broken, size=file_size, **about)
