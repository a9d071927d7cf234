"""Fixtures that many tests use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from time import sleep

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.models import User
from catalogue import facets
from tests.worlds import World, make_world

ClientFor = Callable[[User | None], Client]
RunTasks = Callable[[], None]


# A test lives within one day: one that would begin this little before midnight in France begins after it.
LAST_SECONDS_OF_A_DAY = 30


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    now = timezone.localtime()
    midnight = datetime.combine(now.date() + timedelta(days=1), time.min, now.tzinfo)
    if (left := (midnight - now).total_seconds()) < LAST_SECONDS_OF_A_DAY:
        sleep(left)


@pytest.fixture(autouse=True)
def private_store(settings: Settings, tmp_path: Path) -> Path:
    """Every test has a document store and a mail folder of its own."""
    root = tmp_path / "documents"
    storages = {name: dict(options) for name, options in settings.STORAGES.items()}
    for name in ("default", "documents"):
        storages[name]["OPTIONS"] = {**storages[name]["OPTIONS"], "location": str(root)}
    settings.STORAGES = storages
    settings.DOCUMENTS_ROOT = root
    settings.EMAIL_FILE_PATH = tmp_path / "mails"
    return root


@pytest.fixture(autouse=True)
def fresh_facets() -> None:
    """What the catalogue offers to choose from is kept for a minute, longer than a test lasts."""
    facets.forget()


@pytest.fixture
def world(db: None) -> World:
    """Two rich tenants and the personas."""
    return make_world()


@pytest.fixture
def client_for() -> ClientFor:
    """A browser in which a person is logged in; None for an anonymous one."""

    def make(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return make


@pytest.fixture
def run_tasks() -> RunTasks:
    """Run the background tasks that are due, and those that they enqueue, in this process and on its connection."""

    worker = Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="in-a-test-00000000",
        excluded_queue_names=[],
    )

    def run() -> None:
        while (row := DBTaskResult.objects.ready().first()) is not None:
            row.claim(worker.worker_id)
            worker.run_task(row)

    return run


@pytest.fixture
def no_rate_limit(db: None) -> None:
    """Start with empty rate limits: they count in the shared cache, which outlives a test without a rollback."""
    cache.clear()
