"""`kill -9` at any step of issuing, on a real worker process: no half file, no lost number, nothing twice."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as project
from django.db import connection
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from documents.issuing import due
from documents.models import Document, InvoicedSeat, Issue, IssueState, NumberSeries
from espace_client.tasks import find_lost_tasks
from tests.documents.issuing.conftest import PROVIDER, make_deal
from tests.documents.issuing.killed_worker import STEPS
from tests.espace_client.local_database.private_checkout import until
from tests.worlds import make_order, make_world


def worker(step: str, folder: str, store: Path) -> subprocess.Popen[bytes]:
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    numbers = {f"PROVIDER_{name.upper()}": value for name, value in PROVIDER.items()}
    environment = {**os.environ, **numbers, "DATABASE_URL": url, "DOCUMENTS_ROOT": str(store)}
    environment["DJANGO_SETTINGS_MODULE"] = "espace_client.settings"
    command = [sys.executable, "-m", "tests.documents.issuing.killed_worker", step, folder]
    return subprocess.Popen(command, env=environment, cwd=project.BASE_DIR)


@pytest.mark.django_db(transaction=True)
def test_killed_at_every_step_it_is_issued_once(tmp_path: Path, private_store: Path) -> None:
    """One worker after the other dies, each at another step, over the same four papers; a last one lives."""
    deal = make_deal(make_world())
    make_order(deal.world.nice, "deux@armor.example", [deal.session], papers=False)
    deal.close()
    due.when_closed(deal.session)
    asked = Issue.objects.count()
    assert asked == 4  # two attestations, two invoices
    for step in STEPS:
        (tmp_path / step).mkdir()
        dying = worker(step, str(tmp_path / step), private_store)
        wait_for(tmp_path / step / "pid", dying)
        os.kill(dying.pid, signal.SIGKILL)
        dying.wait()
        for path in private_store.rglob("*.pdf"):
            if not path.name.startswith("."):  # one that has no name yet is no document's
                assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem, f"half a file after {step}"
        assert DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING).count() == 1, step
        # PostgreSQL lets go of a dead worker's lock when it finds its connection closed: soon, not at once.
        assert until(lambda: find_lost_tasks() == 1), step
    assert worker("none", "-", private_store).wait(120) == 0
    documents = Document.objects.filter(issue__isnull=False)
    assert documents.count() == asked
    assert not Issue.objects.exclude(state=IssueState.DONE).exists()
    year = timezone.localdate().year
    for prefix in ("FA", "ATT"):
        numbers = documents.filter(number__startswith=prefix).order_by("number").values_list("number", flat=True)
        assert list(numbers) == [f"{prefix}{year}-{rank:05d}" for rank in (1, 2)]
        assert NumberSeries.objects.get(name=f"{prefix}{year}").last == 2
    assert InvoicedSeat.objects.count() == 2
    for document in documents:
        content = (private_store / str(document.file.name)).read_bytes()
        assert hashlib.sha256(content).hexdigest() == document.sha256


def wait_for(mark: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 90
    while not mark.exists():
        assert process.poll() is None, "the worker ended before the step"
        assert time.monotonic() < end, "the step was not reached"
        time.sleep(0.05)
