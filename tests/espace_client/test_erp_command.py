"""`manage.py import_erp FOLDER [--dry-run]`: what it writes and how it exits."""

from __future__ import annotations

import errno
import sys
from io import StringIO
from pathlib import Path
from unittest.mock import Mock

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError

from accounts.models import User
from documents.models import Document
from espace_client.erp.engine import Engine
from espace_client.models import ImportRun, ImportStatus
from tests.espace_client.drops import Drop


def call(drop: Drop, *arguments: str) -> str:
    drop.write()
    output = StringIO()
    call_command("import_erp", str(drop.folder), *arguments, stdout=output)
    return output.getvalue()


def test_counts_and_success(drop: Drop) -> None:
    output = call(drop)
    assert "commandes.csv" in output
    assert ["commandes.csv", "3", "0", "0", "0"] in [line.split() for line in output.splitlines()]


def test_exit_status_1_and_the_refusals_when_something_is_refused(drop: Drop) -> None:
    drop.row("commandes", "CMD2")["date"] = "31/02/2026"
    output = StringIO()
    drop.write()
    with pytest.raises(CommandError, match="3 lignes refusées") as raised:
        call_command("import_erp", str(drop.folder), stdout=output)
    assert raised.value.returncode == 1
    assert "commandes.csv:3:date « 31/02/2026 » Cette date n’existe pas." in output.getvalue()


def test_exit_status_2_for_a_missing_folder(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="n’est pas un dossier") as raised:
        call_command("import_erp", str(tmp_path / "nowhere"))
    assert raised.value.returncode == 2


FULL, LOCKED = OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EACCES, "Permission denied", "/srv/ab")
NO_ROOM = OperationalError("could not extend file")
NO_ROOM.__cause__ = psycopg.errors.DiskFull()
REFUSED = OperationalError("out of memory")
REFUSED.__cause__ = psycopg.errors.OutOfMemory()
WRITE, READ = "documents.storage.PrivateFileSystemStorage._write_beside", "espace_client.erp.run.Engine.read"


@pytest.mark.parametrize(
    ("fails", "error", "said"),
    [
        (WRITE, FULL, "le disque des documents est plein (ENOSPC). Faites-y de la place."),
        (WRITE, LOCKED, "le magasin des documents ne peut pas être écrit (EACCES, /srv/ab)."),
        (READ, OSError("?"), "un fichier du serveur ne peut pas être lu"),
        (READ, FULL, "un disque du serveur est plein (ENOSPC)."),
        (READ, NO_ROOM, "le disque de la base de données est plein."),
        (READ, REFUSED, "a refusé une opération (53200)"),
        (READ, InterfaceError("?"), "la base de données ne répond plus."),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_what_breaks_an_import_off_is_told_in_french(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, fails: str, error: Exception, said: str, dry_run: bool
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(fails, fail)
    if dry_run and fails == WRITE:
        assert "À blanc" in call(drop, "--dry-run")
        return
    with pytest.raises(CommandError, match=r"^Import interrompu") as raised:
        call(drop, *["--dry-run"] * dry_run)
    assert raised.value.returncode == 2
    told = str(raised.value)
    assert said in told
    assert "No space" not in told
    assert ("Rien n’a été changé" if dry_run else "Rien n’est perdu") in told
    run = ImportRun.objects.get()
    assert (run.status, run.error) == (ImportStatus.FAILED, told)
    monkeypatch.undo()
    call(drop)
    assert Document.objects.exists()


def test_an_import_that_somebody_stopped_or_that_has_a_bug_says_so_in_its_report(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, said in ((KeyboardInterrupt(), "arrêté au clavier"), (ZeroDivisionError(), "(ZeroDivisionError)")):
        monkeypatch.setattr(Engine, "read", Mock(side_effect=error))
        with pytest.raises(type(error)):
            call(drop)
        assert said in ImportRun.objects.latest("pk").error


def test_quiet_when_asked(drop: Drop, capsys: pytest.CaptureFixture[str]) -> None:
    drop.write()
    call_command("import_erp", str(drop.folder), verbosity=0)
    assert capsys.readouterr() == ("", "")


def test_progress_for_a_person_who_watches(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    call(drop)
    assert "entreprises.csv" in terminal.getvalue()
    assert "documents.csv" in terminal.getvalue()


def test_none_for_a_program(drop: Drop, capsys: pytest.CaptureFixture[str]) -> None:
    call(drop)
    assert capsys.readouterr().err == ""


def test_dry_run_says_so(drop: Drop) -> None:
    assert "À blanc" in call(drop, "--dry-run")
    assert not User.objects.exists()
