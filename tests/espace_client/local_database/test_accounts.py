"""Who runs the private server, and who can reach it."""

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from espace_client.local_database import place

from .private_checkout import Checkout, ask, checkout, copy_of_the_wheel, python_for, wheel_for

ROOT = os.geteuid() == 0
AS_ROOT = pytest.mark.skipif(not ROOT, reason="se vérifie depuis un compte root")


def test_nobody_else_can_reach_it(running: Checkout) -> None:
    address = running.do("url")
    directory = running.socket_folder
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / ".s.PGSQL.5432").stat().st_mode) == 0o700
    if ROOT and directory.stat().st_uid != pwd.getpwnam("nobody").pw_uid:
        stranger = Checkout(Path("/"), python_for(pwd.getpwnam("nobody").pw_uid), pwd.getpwnam("nobody").pw_uid)
        knock = f"import socket; socket.socket(socket.AF_UNIX).connect({str(directory / '.s.PGSQL.5432')!r})"
        refused = subprocess.run(
            [stranger.python, "-c", knock], capture_output=True, check=False, **stranger.settings()
        )
        assert "PermissionError" in refused.stderr, address


@AS_ROOT
def test_from_root_it_works_in_a_checkout_closed_to_others(folder: Path, road: str) -> None:
    """A checkout in the home of root, made with umask 077: neither it nor the wheel in it can be read by the
    account."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    wheel = copy_of_the_wheel(closed / "packages") if road == "wheel" else None
    with checkout(closed / "c", {"ESPACE_POSTGRES": road}, packages=wheel) as server:
        assert ask(server.do("start"), "SELECT 1") == [1]
        assert server.socket_folder.parent == place.SHORT_BASE
        assert not (closed / "c" / ".data").exists()
        assert server.do("throwaway", "--", sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])")


@AS_ROOT
def test_from_root_it_runs_as_another_account(running: Checkout) -> None:
    runner = Path(f"/proc/{running.postmaster}").stat().st_uid
    assert pwd.getpwuid(runner).pw_name in {"postgres", "nobody"}


@AS_ROOT
def test_an_ordinary_account_runs_it_itself(folder: Path, road: str) -> None:
    """With its own Python, no HOME, USER nor LANG, and a checkout of its own."""
    nobody = pwd.getpwnam("nobody").pw_uid
    wheel = wheel_for(nobody, folder / "packages")
    options = {"uid": nobody, "python": python_for(nobody), "packages": wheel}
    with checkout(folder / "c", {"ESPACE_POSTGRES": road}, **options) as server:
        assert ask(server.do("start"), "SELECT 1") == [1]
        assert server.socket_folder == folder / "c" / ".data" / "postgresql"
        assert server.postmaster_file.stat().st_uid == nobody
        assert "jetable" in server.do("throwaway", "sh", "-c", "echo $DATABASE_URL")


@AS_ROOT
def test_root_takes_up_the_server_of_the_account_that_made_it(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    wheel = wheel_for(nobody, folder / "packages")
    options = {"uid": nobody, "python": python_for(nobody), "packages": wheel}
    with checkout(folder / "c", {"ESPACE_POSTGRES": "wheel"}, **options) as server:
        address = server.do("start")
        assert Checkout(server.path, environment=server.environment).do("start") == address


@pytest.mark.skipif(ROOT, reason="root écrit partout")
def test_a_read_only_checkout_keeps_its_server_elsewhere(folder: Path) -> None:
    with checkout(folder / "c", {"ESPACE_POSTGRES": "wheel"}) as server:
        server.path.chmod(0o555)
        assert ask(server.do("start"), "SELECT 1") == [1]
        assert server.socket_folder.parent == place.SHORT_BASE
        server.do("remove")  # at the end the checkout can be written again, and has its server elsewhere


def test_a_directory_prepared_by_somebody_else_is_refused(wheel_server: Checkout, folder: Path) -> None:
    """A link where the files should be: following it would give somebody else's directory away."""
    (folder / "c" / ".data").mkdir()
    (folder / "elsewhere").mkdir()
    link = folder / "c" / ".data" / "postgresql"
    link.symlink_to(folder / "elsewhere")
    refused = wheel_server.say("start")
    link.unlink()
    assert refused.returncode == 1
    assert "est inutilisable" in refused.stderr
    assert not list((folder / "elsewhere").iterdir())
