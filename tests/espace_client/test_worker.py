"""Background tasks: tried again when they fail, found again when their worker died, chores enqueued once a period."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as project
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import connection
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from espace_client.models import OutgoingMail
from espace_client.tasks import LONGEST_DELAY, delay_after, enqueue_due_chores, find_lost_tasks
from tests.conftest import RunTasks
from tests.espace_client.sample_tasks import linger, note


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def test_the_delay_doubles_up_to_an_hour() -> None:
    delays = [delay_after(attempts) for attempts in (1, 2, 3, 50)]
    assert delays == [timedelta(seconds=15), timedelta(seconds=30), timedelta(minutes=1), LONGEST_DELAY]


@pytest.mark.django_db
def test_a_chore_is_enqueued_once_a_period(settings: Settings, run_tasks: RunTasks) -> None:
    settings.CHORES = {"tests.espace_client.sample_tasks.note": timedelta(hours=1)}
    cache.clear()
    assert enqueue_due_chores() == ["tests.espace_client.sample_tasks.note"]
    assert enqueue_due_chores() == []
    run_tasks()
    assert DBTaskResult.objects.get().status == TaskResultStatus.SUCCESSFUL


@pytest.mark.django_db
def test_a_task_whose_worker_died_is_put_back() -> None:
    note.enqueue()
    DBTaskResult.objects.update(status=TaskResultStatus.RUNNING, worker_ids=["host-1-0badcafe"])
    assert find_lost_tasks() == 1
    assert DBTaskResult.objects.get().status == TaskResultStatus.READY


@pytest.mark.django_db(transaction=True)
def test_workers_send_and_a_killed_one_is_replaced(tmp_path: Path, settings: Settings) -> None:
    """The real command: a mail leaves; a worker killed in the middle of a task loses nothing; TERM ends them all."""
    settings.EMAIL_BACKEND = "espace_client.outbox.Backend"
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {**os.environ, "DATABASE_URL": url, "EMAIL_URL": "dummy:"}
    command = [sys.executable, "manage.py", "worker", "--processes", "1"]
    supervisor = subprocess.Popen(command, env=environment, cwd=project.BASE_DIR)
    try:
        send_mail("Objet", "Texte", None, ["zoe@armor.example"])
        linger.enqueue(str(tmp_path))
        wait_until(lambda: OutgoingMail.objects.filter(sent_at__isnull=False).exists())
        wait_until(lambda: (tmp_path / "1").exists())
        os.kill(int((tmp_path / "1").read_text()), signal.SIGKILL)
        wait_until(lambda: (tmp_path / "2").exists())
        wait_until(lambda: not DBTaskResult.objects.exclude(status=TaskResultStatus.SUCCESSFUL).exists())
    finally:
        supervisor.terminate()
        assert supervisor.wait(20) == 0
    pid = int((tmp_path / "2").read_text())
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
