"""Processes that read and inspect files, so that a file made to exhaust the parser takes down none of ours.

Inspecting is also half of what importing a drop costs, and it is work for a second core while the database works.
Each worker has a bounded address space and, for each file, a bounded time of computing; one that dies is replaced and
the file that it was on is refused. Workers end by themselves when the process that started them is killed, because
the socket they read from is closed. Their own pool rather than `concurrent.futures`: there a dead worker breaks the
whole pool, does not say on which file, and outlives a parent that is killed.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType

from documents.files import Flaw, Verdict

MAX_BYTES = 50_000_000
BATCH = 50  # files given to a worker at a time
GRACE = 15.0  # seconds that a worker has to end; more than any one file may take
_PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Request:
    """A file to look at. When its hash is `known`, it was inspected already and is only hashed."""

    path: str
    known: str = ""


class _Worker:
    """One process and the files that it was given and has not answered for."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._position = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed by stop()
        self.given: list[int] = []
        self._start()

    def _start(self) -> None:
        self._position.truncate(0)
        ours, theirs = socket.socketpair()
        descriptors = (theirs.fileno(), self._position.fileno())
        command = [sys.executable, "-m", "documents.inspection_worker", *map(str, (*descriptors, self._max_bytes))]
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603  # our own program
                command, cwd=_PROJECT, pass_fds=descriptors, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        self.connection = Connection(ours.detach())

    def wait_until_ready(self) -> None:
        """Raises OSError when the process ends before it could work: no file is to blame for that."""
        try:
            self.connection.recv_bytes()
        except (EOFError, ConnectionResetError) as error:
            raise OSError("a process that inspects files could not start") from error

    def give(self, numbers: list[int], requests: Sequence[Request]) -> None:
        self.given = numbers
        batch = json.dumps([(requests[number].path, requests[number].known) for number in numbers]).encode()
        try:
            self.connection.send_bytes(batch)
        except (BrokenPipeError, ConnectionResetError):  # it died while it had nothing to do
            self._replace()
            self.connection.send_bytes(batch)

    def answer(self) -> dict[int, Verdict] | int:
        """The verdicts on what was given; if the process died, the number of the file that it was on."""
        try:
            said = json.loads(self.connection.recv_bytes())
        except (EOFError, ConnectionResetError):
            self._position.seek(0)
            suspect = self.given[int.from_bytes(self._position.read(4))]
            self._replace()
            return suspect
        verdicts = (Verdict(sha256, size, Flaw(flaw) if flaw else None) for sha256, size, flaw in said)
        return dict(zip(self.given, verdicts, strict=True))

    def _replace(self) -> None:
        self._end()
        self._start()
        self.wait_until_ready()

    def _end(self) -> None:
        self.connection.close()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        self._end()
        self._position.close()


class Inspectors:
    """A pool of workers, started at first use: `with Inspectors() as inspectors: inspectors.inspect(requests)`."""

    def __init__(self, workers: int = 2, max_bytes: int = MAX_BYTES) -> None:
        self._size = workers
        self._max_bytes = max_bytes
        self._workers: list[_Worker] = []

    def __enter__(self) -> Inspectors:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers = []

    def inspect(self, requests: Sequence[Request]) -> list[Verdict]:
        """One verdict for each request, in their order; a file that killed its worker is refused as exhausting."""
        if requests:
            self._start()
        verdicts: dict[int, Verdict] = {}
        suspects: set[int] = set()
        todo = deque(range(len(requests)))
        while len(verdicts) < len(requests):
            for worker in self._workers:
                if todo and not worker.given:
                    worker.give([todo.popleft() for _ in range(min(BATCH, len(todo)))], requests)
            for worker in self._heard():
                answer = worker.answer()
                if isinstance(answer, int):
                    answer = self._suspect(answer, suspects)
                verdicts.update(answer)
                todo.extendleft(number for number in reversed(worker.given) if number not in verdicts)
                worker.given = []
        return [verdicts[number] for number in range(len(requests))]

    def _start(self) -> None:
        if not self._workers:
            self._workers = [_Worker(self._max_bytes) for _ in range(self._size)]
            for worker in self._workers:
                worker.wait_until_ready()

    def _heard(self) -> list[_Worker]:
        """Wait until some workers answered, or died."""
        busy = [worker for worker in self._workers if worker.given]
        ready = wait([worker.connection for worker in busy])
        return [worker for worker in busy if worker.connection in ready]

    def _suspect(self, number: int, suspects: set[int]) -> dict[int, Verdict]:
        """A worker died on this file: perhaps by another's fault, so only a second death is held against it."""
        if number in suspects:
            return {number: Verdict(flaw=Flaw.EXHAUSTING)}
        suspects.add(number)
        return {}
