"""The processes that inspect: order of verdicts, files made to kill, and what is left when the parent is killed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from documents.files import Flaw, Verdict, read_file
from documents.inspection_worker import look_at
from documents.inspectors import BATCH, Inspectors, Request
from tests.documents.test_inspection import with_object_stream
from tests.worlds import pdf


@pytest.fixture(scope="module")
def pool() -> Iterator[Inspectors]:
    with Inspectors(workers=2, max_bytes=20_000_000) as inspectors:
        yield inspectors


def write(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return str(folder / name)


def test_verdicts_come_in_the_order_of_the_requests(pool: Inspectors, tmp_path: Path) -> None:
    contents = [pdf(str(number)) if number % 3 else b"no pdf %d" % number for number in range(BATCH * 3 + 7)]
    requests = [Request(write(tmp_path, f"{number}.pdf", content)) for number, content in enumerate(contents)]
    verdicts = pool.inspect(requests)
    assert [verdict.sha256 for verdict in verdicts] == [hashlib.sha256(content).hexdigest() for content in contents]
    assert [verdict.size for verdict in verdicts] == list(map(len, contents))
    assert [verdict.flaw for verdict in verdicts] == [
        None if number % 3 else Flaw.NOT_A_PDF for number in range(len(contents))
    ]


def test_nothing_to_inspect_starts_nothing() -> None:
    with Inspectors() as inspectors:
        assert inspectors.inspect([]) == []
        assert not inspectors._workers


def test_what_is_known_is_only_hashed(pool: Inspectors, tmp_path: Path) -> None:
    path = write(tmp_path, "known.pdf", b"inspected long ago")
    known = hashlib.sha256(b"inspected long ago").hexdigest()
    assert pool.inspect([Request(path, known)])[0].flaw is None
    assert pool.inspect([Request(path, "0" * 64)])[0].flaw == Flaw.NOT_A_PDF


def test_what_is_no_file(pool: Inspectors, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(write(tmp_path, "good.pdf", pdf("x")))
    paths = [tmp_path / "gone", tmp_path, tmp_path / "pipe", tmp_path / "link", Path("/dev/zero"), Path("nul\0")]
    verdicts = pool.inspect([Request(str(path)) for path in paths])
    assert [verdict.flaw for verdict in verdicts] == [Flaw.MISSING] * len(paths)


def test_what_is_too_large_is_not_read(pool: Inspectors, tmp_path: Path) -> None:
    with (tmp_path / "huge.pdf").open("wb") as file:
        file.truncate(20_000_001)
    assert pool.inspect([Request(str(tmp_path / "huge.pdf"))])[0].flaw == Flaw.TOO_LARGE
    assert read_file(str(tmp_path / "huge.pdf"), 20_000_000) == Flaw.TOO_LARGE


def test_what_stops_being_readable_is_missing(tmp_path: Path) -> None:
    assert read_file(str(tmp_path)) == Flaw.MISSING
    assert look_at(str(tmp_path), "", 100) == Verdict(flaw=Flaw.MISSING)
    assert read_file("/proc/self/mem") == Flaw.MISSING, "a regular file, whose first byte can't be read"


def test_a_worker_that_can_not_start_blames_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Request(write(tmp_path, "good.pdf", pdf("x")))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Inspectors(workers=1) as inspectors, pytest.raises(OSError, match="could not start"):
        inspectors.inspect([request])


def test_a_worker_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.inspectors.GRACE", 0.05)
    with Inspectors(workers=1) as inspectors:
        inspectors.inspect([Request(write(tmp_path, "good.pdf", pdf("x")))])
        process = inspectors._workers[0].process
        process.send_signal(signal.SIGSTOP)
    assert process.returncode == -signal.SIGKILL


def test_a_worker_that_dies_for_no_fault_of_a_file(pool: Inspectors, tmp_path: Path) -> None:
    requests = [Request(write(tmp_path, f"{number}.pdf", pdf(str(number)))) for number in range(BATCH * 2)]
    pool.inspect(requests)
    for worker in pool._workers:
        worker.process.kill()
        worker.process.wait()
    assert {verdict.flaw for verdict in pool.inspect(requests)} == {None}


def test_a_file_that_exhausts_the_parser_costs_itself_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = b" ".join(b"%d 0" % number for number in range(6, 3_000_000)) + b" << >>"
    bomb = with_object_stream(zlib.compress(many), b"/FlateDecode").replace(b"/N 1", b"/N 9999999")
    paths = [write(tmp_path, "1.pdf", pdf("1")), write(tmp_path, "bomb.pdf", bomb), write(tmp_path, "2.pdf", pdf("2"))]
    with Inspectors(workers=1) as inspectors:
        first, middle, last = inspectors.inspect([Request(path) for path in paths])
    assert (first.flaw, last.flaw) == (None, None)
    assert middle.flaw in {Flaw.EXHAUSTING, Flaw.DAMAGED}


def test_a_worker_that_dies_on_a_file_twice_refuses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{settings.BASE_DIR}")
    # A stand-in for a parser that crashes: the workers, and only they, die on a file that says so.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'documents.inspection_worker' in sys.orig_argv:\n"
        "    import os, signal\n"
        "    from documents import inspection\n"
        "    sound = inspection.inspect_pdf\n"
        "    def crashing(content):\n"
        "        if b'CRASH' in content: os.kill(os.getpid(), signal.SIGSEGV)\n"
        "        return sound(content)\n"
        "    inspection.inspect_pdf = crashing\n"
    )
    paths = [write(tmp_path, f"{number}.pdf", pdf("CRASH" if number == 70 else str(number))) for number in range(120)]
    with Inspectors() as inspectors:
        verdicts = inspectors.inspect([Request(path) for path in paths])
    assert [number for number, verdict in enumerate(verdicts) if verdict.flaw] == [70]
    assert verdicts[70].flaw == Flaw.EXHAUSTING


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    path = write(tmp_path, "x.pdf", pdf("x"))
    script = (
        "import sys\nfrom documents.inspectors import Inspectors, Request\n"
        f"pool = Inspectors(); pool.inspect([Request({path!r})])\n"
        "print(*(worker.process.pid for worker in pool._workers), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR
    ) as parent:
        assert parent.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        assert len(workers) == 2
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        deadline = time.monotonic() + 30
        while any(_runs(worker) for worker in workers) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not any(_runs(worker) for worker in workers)


def _runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
