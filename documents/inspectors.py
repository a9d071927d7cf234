"""Processes that read and inspect files, so that a file made to exhaust the parser takes down none of ours.

Inspecting is also half of what importing a drop costs, and it is work for a second core while the database works.
Each worker has a bounded address space and, for each file, a bounded time of computing; one that dies is replaced and
the file that it was on is refused. Workers end by themselves when the process that started them is killed, because
the pipe they read from is closed. Their own pool rather than `concurrent.futures`: there a dead worker breaks the
whole pool, does not say on which file, and outlives a parent that is killed.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import signal
import stat
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from types import TracebackType

from documents.inspection import Flaw, inspect_pdf

MAX_BYTES = 50_000_000
MEMORY = 1536 * 1024 * 1024  # bytes of address space of a worker
SECONDS = 10.0  # of computing, for one file
BATCH = 50  # files given to a worker at a time
_PROCESSES = multiprocessing.get_context("spawn")  # nothing of the parent's is inherited: no connection, no lock


@dataclass(frozen=True, slots=True)
class Request:
    """A file to look at. When its hash is `known`, it was inspected already and is only hashed."""

    path: str
    known: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file is: its hash in hex and its size in bytes (as far as it could be read), and why it is refused."""

    sha256: str = ""
    size: int = 0
    flaw: Flaw | None = None


def read_file(path: str, max_bytes: int | None = None) -> bytes | Flaw:
    """The bytes of a regular file; never waits on a pipe or a device, never reads more than `max_bytes`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (OSError, ValueError):
        return Flaw.MISSING
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Flaw.MISSING
        if max_bytes is not None and status.st_size > max_bytes:
            return Flaw.TOO_LARGE
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            content = file.read(status.st_size + 1) or b""
    except OSError:
        return Flaw.MISSING
    finally:
        os.close(descriptor)
    return content if len(content) == status.st_size else Flaw.MISSING  # it is being written


def look_at(request: Request, max_bytes: int = MAX_BYTES) -> Verdict:
    """Read, hash and, unless it is known, inspect one file; in this very process."""
    content = read_file(request.path, max_bytes)
    if isinstance(content, Flaw):
        return Verdict(flaw=content)
    sha256 = hashlib.sha256(content).hexdigest()
    return Verdict(sha256, len(content), None if sha256 == request.known else inspect_pdf(content))


def _work(parent: Connection, position: Synchronized[int], max_bytes: int) -> None:
    """What a worker does until its pipe is closed. `position` tells, if it dies, on which file of its batch."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # sent by the timer below, it ends the process
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        parent.send(None)
        while True:
            batch: list[Request] = parent.recv()
            verdicts = []
            for position.value, request in enumerate(batch):
                signal.setitimer(signal.ITIMER_PROF, SECONDS)
                verdicts.append(look_at(request, max_bytes))
            signal.setitimer(signal.ITIMER_PROF, 0)
            parent.send(verdicts)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


class _Worker:
    """One process and the files that it was given and has not answered for."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._position = _PROCESSES.Value("i", 0, lock=False)
        self.given: list[int] = []
        self.start()

    def start(self) -> None:
        self.connection, theirs = _PROCESSES.Pipe()
        arguments = (theirs, self._position, self._max_bytes)
        self.process: BaseProcess = _PROCESSES.Process(target=_work, args=arguments, daemon=True)
        self.process.start()
        theirs.close()

    def wait_until_ready(self) -> None:
        """Raises OSError when the process ends before it could work: no file is to blame for that."""
        try:
            self.connection.recv()
        except (EOFError, ConnectionResetError) as error:
            raise OSError("a process that inspects files could not start") from error

    def give(self, numbers: list[int], requests: Sequence[Request]) -> None:
        self.given = numbers
        self._position.value = 0
        batch = [requests[number] for number in numbers]
        try:
            self.connection.send(batch)
        except (BrokenPipeError, ConnectionResetError):  # it died while it had nothing to do
            self._replace()
            self.connection.send(batch)

    def answer(self) -> dict[int, Verdict] | int:
        """The verdicts on what was given; if the process died, the number of the file that it was on."""
        try:
            verdicts: list[Verdict] = self.connection.recv()
        except (EOFError, ConnectionResetError):
            suspect: int = self.given[self._position.value]
            self._replace()
            return suspect
        return dict(zip(self.given, verdicts, strict=True))

    def _replace(self) -> None:
        self.stop()
        self.start()
        self.wait_until_ready()

    def stop(self) -> None:
        self.connection.close()
        self.process.join(SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


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
