"""The throw-away cluster, and the pytest plugin that gives one to a test run: nothing of them must remain."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from espace_client import local_database
from espace_client.local_database.temporary import YOUNG

from .private_checkout import REPOSITORY, Checkout, ask, checkout, folder_of, reachable_folder, until

SAY_AND_STAY = ("throwaway", "--", "sh", "-c", "echo $DATABASE_URL; sleep 60")


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A short directory for the clusters of one test, open to all like /tmp."""
    with reachable_folder() as made:
        made.chmod(0o1777)
        yield made


@pytest.fixture
def other(scratch: Path) -> Iterator[Checkout]:
    with checkout(scratch / "c", {"ESPACE_POSTGRES": "wheel", "TMPDIR": str(scratch)}) as made:
        yield made


def nothing_left(folder: Path) -> Callable[[], bool]:
    """A condition: neither the files of the cluster in `folder` nor one of its processes."""

    def gone() -> bool:
        commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
        return not folder.exists() and not any(str(folder) in command for command in commands)

    return gone


def supervisor(folder: Path) -> psutil.Process:
    """The shell that looks after the cluster in `folder`."""
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or [""]
        if command[0] == "/bin/sh" and str(folder) in command:
            return process
    pytest.fail("le cluster jetable n'a pas de surveillant")


@contextlib.contextmanager
def killed_run(checkout: Checkout, *, with_its_supervisor: bool) -> Iterator[Path]:
    """Start a command on a throw-away cluster, kill -9 the launcher, and yield where the cluster was."""
    with checkout.background(*SAY_AND_STAY) as run:
        assert run.stdout is not None
        folder = folder_of(run.stdout.readline())
        shell = supervisor(folder)
        command = next(child for child in psutil.Process(run.pid).children() if child != shell)
        if with_its_supervisor:
            shell.kill()
        run.kill()
        try:
            yield folder
        finally:
            os.killpg(command.pid, signal.SIGKILL)


def test_a_throwaway_cluster_is_empty_fast_and_gone_afterwards() -> None:
    with local_database.throwaway() as address:
        folder = folder_of(address)
        asked = ("SHOW fsync", "SHOW synchronous_commit", "SHOW full_page_writes", "SELECT current_database()")
        assert ask(address, *asked) == ["off", "off", "off", "espace_client"]
        assert ask(address, "SELECT count(*) FROM pg_stat_user_tables") == [0]
        assert folder.stat().st_mode & 0o077 == 0
    assert nothing_left(folder)()


def test_a_kill_9_leaves_nothing(other: Checkout) -> None:
    """No handler runs then: the supervisor sees its pipe close."""
    with killed_run(other, with_its_supervisor=False) as folder:
        assert until(nothing_left(folder))


def test_what_a_crash_left_is_cleaned_by_the_next_run(other: Checkout) -> None:
    """Both we and the supervisor are killed: the server runs on, until the next one comes by."""
    with killed_run(other, with_its_supervisor=True) as folder:
        assert (folder / "data" / "postmaster.pid").exists()
        long_ago = folder.stat().st_mtime - 2 * YOUNG
        os.utime(folder, (long_ago, long_ago))
        other.do("throwaway", "true")
        assert nothing_left(folder)()


def pytest_on(folder: Path, body: str, *options: str, **environment: str) -> subprocess.Popen[str]:
    """Start pytest with the plugin alone, as addopts loads it, on one file with `body`."""
    (folder / "test_it.py").write_text(f"import os, pathlib, time\n{body}")
    command = ["-m", "pytest", "-c", os.devnull, f"--rootdir={folder}", "-p", "tests.plugins.database"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DATABASE"))}
    return subprocess.Popen(
        [sys.executable, *command, "-p", "no:django", "-p", "no:cacheprovider", *options, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=REPOSITORY,
        env={**kept, **environment},
    )


def test_the_plugin_gives_all_workers_one_cluster_and_says_which(tmp_path: Path) -> None:
    body = (
        "import pytest\n"
        "@pytest.mark.parametrize('n', range(2))\n"
        "def test_it(n, worker_id):\n"
        "    assert os.environ['ESPACE_ENV'] == 'test'\n"
        f"    pathlib.Path({str(tmp_path)!r}, worker_id).write_text(os.environ['DATABASE_URL'])\n"
    )
    with pytest_on(tmp_path, body, "-n2", "--dist=each") as run:
        output, _ = run.communicate(timeout=120)
    assert run.returncode == 0, output
    addresses = {(tmp_path / worker).read_text() for worker in ("gw0", "gw1")}
    assert len(addresses) == 1
    assert re.search(r"base de données : PostgreSQL \d+\.\d+ \(.+\), grappe jetable", output)
    assert nothing_left(folder_of(addresses.pop()))()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    told = tmp_path / "address"
    body = (
        "def test_it():\n"
        f"    pathlib.Path({str(tmp_path)!r}, 'draft').write_text(os.environ['DATABASE_URL'])\n"
        f"    os.rename({str(tmp_path / 'draft')!r}, {str(told)!r})\n"
        "    time.sleep(60)\n"
    )
    with pytest_on(tmp_path, body) as run:
        assert until(told.exists)
        run.send_signal(number)
    assert until(nothing_left(folder_of(told.read_text())))


def test_the_plugin_uses_the_server_that_it_is_given(tmp_path: Path) -> None:
    given = "postgresql://someone:secret@db.example/portal"
    body = f"def test_it():\n    assert os.environ['DATABASE_URL'] == {given!r}\n"
    with pytest_on(tmp_path, body, DATABASE_URL=given) as run:
        output, _ = run.communicate(timeout=120)
    assert run.returncode == 0, output
    assert "DATABASE_URL (db.example/portal)" in output
    assert "secret" not in output


def test_without_a_postgresql_the_run_ends_on_one_line(tmp_path: Path) -> None:
    with pytest_on(tmp_path, "", ESPACE_POSTGRES="nuage") as run:
        output, _ = run.communicate(timeout=120)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: ESPACE_POSTGRES vaut « nuage »" in output
    assert "Traceback" not in output
