"""What runs in a process of its own to read and inspect files: `python -m documents.inspection_worker`.

Started by `documents.inspectors`, which speaks JSON with it over a socket: a parser taken over by a hostile file could
answer nonsense, and nonsense in JSON is only that.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection

from documents import inspection
from documents.files import Flaw, Verdict, read_file

MEMORY = 1536 * 1024 * 1024  # bytes of address space
SECONDS = 10.0  # of computing, for one file


def look_at(path: str, known: str, max_bytes: int) -> Verdict:
    """Read, hash and inspect one file; one whose hash is `known` was inspected before."""
    content = read_file(path, max_bytes)
    if isinstance(content, Flaw):
        return Verdict(flaw=content)
    sha256 = hashlib.sha256(content).hexdigest()
    return Verdict(sha256, len(content), None if sha256 == known else inspection.inspect_pdf(content))


def _bound() -> None:
    """Let this process die rather than its machine suffer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the socket
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # sent by the timer of each file, it ends the process
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def work(parent: Connection, position: int, max_bytes: int) -> None:
    """Answer until the socket is closed, which the death of the parent does.

    The file descriptor `position` is told which file of the batch is looked at, for the case that it is the last.
    """
    _bound()
    parent.send_bytes(b"ready")
    while True:
        try:
            batch: list[tuple[str, str]] = json.loads(parent.recv_bytes())
        except (EOFError, ConnectionResetError):
            return
        verdicts = []
        for number, (path, known) in enumerate(batch):
            os.pwrite(position, number.to_bytes(4), 0)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            verdict = look_at(path, known, max_bytes)
            verdicts.append((verdict.sha256, verdict.size, verdict.flaw))
        signal.setitimer(signal.ITIMER_PROF, 0)
        parent.send_bytes(json.dumps(verdicts).encode())


if __name__ == "__main__":
    _socket, _position, _max_bytes = map(int, sys.argv[1:])
    work(Connection(_socket), _position, _max_bytes)
