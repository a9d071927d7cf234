"""An import that is killed at any point and run again ends as one that was not (real processes, real kill -9)."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from catalogue.models import AccordLine, Session
from documents.models import Document
from enrolments.models import Enrolment, Order, Participant
from espace_client.models import ImportRun, ImportStatus
from tests.espace_client.drops import BASE, Drop

# Reads a drop three lines at a time and kills itself at the n-th saving of rows: before they are written, or once they
# are but not yet committed (the files of documents are in the store by then).
RUNNER = """
import os, signal, sys
import django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[4]
django.setup()
from django.core.management import call_command
from espace_client.erp import chunk, engine
engine.LINES = 3
folder, when, moment = sys.argv[1], int(sys.argv[2]), sys.argv[3]
save, calls = chunk.Saving.save, 0
def dying(self):
    global calls
    calls += 1
    if calls == when and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    save(self)
    if calls == when and moment == "after":
        os.kill(os.getpid(), signal.SIGKILL)
chunk.Saving.save = dying
call_command("import_erp", folder)
"""
NEVER = 10**9


def run(folder: Path, store: Path, when: int = NEVER, moment: str = "before") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ESPACE_ENV": "test", "DOCUMENTS_ROOT": str(store)}
    database = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-c", RUNNER, str(folder), str(when), moment, database]
    return subprocess.run(
        command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False, timeout=120
    )


def kept_files(store: Path) -> dict[str, str]:
    """The hash of what each file of the store holds."""
    paths = [path for path in store.rglob("*") if path.is_file()]
    return {str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def state(store: Path) -> dict[str, object]:
    """What the portal holds, without ids, and its files."""
    return {
        "orders": set(Order.objects.values_list("number", "order_email", "establishment__siret", "state")),
        "enrolments": set(Enrolment.objects.values_list("number", "order__number", "participant__erp_key", "price")),
        "participants": sorted(Participant.objects.values_list("erp_key", flat=True)),
        "sessions": set(Session.objects.values_list("code", "state")),
        "lines": AccordLine.objects.count(),
        "documents": set(Document.objects.values_list("number", "order__number", "order_email", "sha256", "file")),
        "files": kept_files(store),
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("when", "moment"), [(2, "before"), (9, "after"), (12, "before"), (13, "after"), (14, "after")]
)
def test_killed_and_run_again(tmp_path: Path, when: int, moment: str) -> None:
    drop = Drop.base(tmp_path / "drop").write()
    store = tmp_path / "store"
    killed = run(drop.folder, store, when, moment)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert ImportRun.objects.get().status == ImportStatus.RUNNING
    assert Enrolment.objects.count() < len(BASE["inscriptions"]) or Document.objects.count() < len(BASE["documents"])
    again = run(drop.folder, store)
    assert again.returncode == 0, again.stderr
    assert list(ImportRun.objects.order_by("pk").values_list("status", flat=True)) == [
        ImportStatus.FAILED,
        ImportStatus.DONE,
    ]
    after_kill = state(store)
    files = kept_files(store)
    assert {name: name[3:67] for name in files} == files
    assert len(files) == len(BASE["documents"])  # nothing half written is left
    assert {kind: len(rows) for kind, rows in after_kill.items() if isinstance(rows, set)} == {
        "orders": 3,
        "enrolments": 4,
        "sessions": 2,
        "documents": 4,
    }
    once_more = run(drop.folder, store)
    assert once_more.returncode == 0, once_more.stderr
    assert state(store) == after_kill
    counts = ImportRun.objects.latest("pk").counts.values()
    assert sum(one["created"] + one["changed"] + one["refused"] for one in counts) == 0
