"""Files that clients hand in, good and bad."""

from __future__ import annotations

import errno
import io
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from documents.deposits.examining import Examined
from documents.models import Scan
from tests.worlds import number, pdf

# Where a full disk, or one that may not be written, shows itself while a file is handed in.
BROKEN_AT = ["documents.deposits.examining.NamedTemporaryFile", "documents.storage.PrivateFileSystemStorage._save"]


def no_room(*_arguments: object, **_options: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def upload(content: bytes, name: str = "bon.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/octet-stream")


def examined(text: str = "") -> Examined:
    """A PDF as `examine` lets it through."""
    content = pdf(text or number("depot"))
    return Examined(content, content, "", Scan.NONE)


def picture(kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = (40, 60), **options: Any) -> bytes:
    output = io.BytesIO()
    Image.new(mode, size).save(output, kind, **options)
    return output.getvalue()


def zipped(text: bytes = b"macro") -> bytes:
    output = io.BytesIO()
    with ZipFile(output, "w") as archive:
        archive.writestr("run.class", text)
    return output.getvalue()


@contextmanager
def clamd(folder: Path, answer: bytes | None) -> Iterator[tuple[str, list[bytes]]]:
    """A scanner that listens in `folder` and gives one answer; None: it hangs up. What it was sent is kept."""
    server, heard = socket.socket(socket.AF_UNIX), list[bytes]()
    path = str(folder / "clamd.sock")
    server.bind(path)
    server.listen()

    def serve() -> None:
        connection, _address = server.accept()
        with connection, connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            received = b""
            while length := struct.unpack("!L", stream.read(4))[0]:
                received += stream.read(length)
            heard.append(received)
            if answer is not None:
                connection.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield path, heard
    thread.join(5)
    server.close()
