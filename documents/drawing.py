"""PDFs that a page asks for and waits for: drawn one at a time by a process beside each web process.

Drawing loads a hundred megabytes and holds the processor for a tenth of a second: in a web process every other page
would wait. The process starts at the first demand, and ends by itself when nobody asks any more or when the web process
dies: the socket between them closes.
"""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import threading
from collections import OrderedDict
from multiprocessing.connection import Connection
from pathlib import Path

KEPT = 64  # PDFs of some 30 kB
PATIENCE = 8.0  # seconds that a page waits for its turn
SECONDS = 20.0  # for one PDF
START_SECONDS = 60.0  # for the process to load: two or three on a machine that has nothing else to do
_PROJECT = Path(__file__).resolve().parent.parent


class DrawingError(RuntimeError):
    """No PDF now: too many are waiting, or the drawing failed."""


class Drawer:
    """The process, started when it is needed, and the last PDFs."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def draw(self, html: str) -> bytes:
        """The PDF of this page; DrawingError when its turn does not come, or when it can't be drawn."""
        page = html.encode()
        key = hashlib.sha256(page).digest()
        if (kept := self._kept.get(key)) is not None:
            return kept
        if not self._turn.acquire(timeout=PATIENCE):
            raise DrawingError("too many pages wait to be drawn")
        try:
            if (kept := self._kept.get(key)) is None:  # unless somebody else had it drawn meanwhile
                kept = self._kept[key] = self._drawn(page)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return kept
        finally:
            self._turn.release()

    def _drawn(self, page: bytes) -> bytes:
        for _attempt in range(2):  # the process may have ended by itself since the last page
            try:
                connection = self._connection or self._start()
                connection.send_bytes(page)
                if not connection.poll(SECONDS):
                    break
                answer = connection.recv_bytes()
            except (OSError, EOFError):
                self.stop()
                continue
            if answer.startswith(b"%PDF"):
                return answer
            raise DrawingError(answer.decode(errors="replace"))
        self.stop()
        raise DrawingError("the process that draws does not answer")

    def _start(self) -> Connection:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "documents.drawing_worker", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                command, cwd=_PROJECT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        self._connection = Connection(ours.detach())
        if not self._connection.poll(START_SECONDS):
            raise EOFError
        self._connection.recv_bytes()  # it is ready
        return self._connection

    def stop(self) -> None:
        """End the process; the next page starts another."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._connection = self._process = None


_drawer = Drawer()


def draw(html: str) -> bytes:
    """The PDF of a page of HTML whose addresses are our own static files; see Drawer.draw."""
    return _drawer.draw(html)
