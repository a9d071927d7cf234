"""`manage.py import_erp FOLDER [--dry-run]`: what it writes and how it exits."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
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
