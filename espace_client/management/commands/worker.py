"""`manage.py worker`: runs the background tasks (mails, documents, reminders) until it is told to stop."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

import psycopg
from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections, connection
from django_tasks_db.management.commands.db_worker import Worker

from espace_client.tasks import LIVING, enqueue_due_chores, find_lost_tasks, lock_number

logger = logging.getLogger(__name__)
ROUND = 1.0  # seconds between two looks
ROUNDS_BETWEEN_CHORES = 20


class Command(BaseCommand):
    help = "Exécute les tâches de fond (mails, documents, rappels), dans plusieurs processus, jusqu’à Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="nombre de processus")
        parser.add_argument("--with-parent", action="store_true", help="s’arrête avec le processus qui l’a lancé")
        parser.add_argument("--one", action="store_true", help="un seul processus, celui-ci, sans surveillance")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["one"]:
            work_alone(os.getppid())
        else:
            Supervisor(options["processes"], os.getppid() if options["with_parent"] else None).run()


class Supervisor:
    """Keeps `processes` workers alive, finds the tasks of those that died, and enqueues the chores that are due."""

    def __init__(self, processes: int, parent: int | None) -> None:
        self.processes, self.parent = processes, parent
        self.children: list[subprocess.Popen[bytes]] = []
        self.running = True

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        rounds = 0
        while self.running and self.parent in (None, os.getppid()):
            died = [child for child in self.children if child.poll() is not None]
            self.children = [child for child in self.children if child not in died]
            self.children += [self._start() for _ in range(self.processes - len(self.children))]
            if died or rounds % ROUNDS_BETWEEN_CHORES == 0:
                self._look_after_tasks()
            rounds += 1
            time.sleep(ROUND)
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.running = False

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, sys.argv[0], "worker", "--one"])  # noqa: S603 - ourselves

    @staticmethod
    def _look_after_tasks() -> None:
        try:
            find_lost_tasks()
            enqueue_due_chores()
        except OperationalError:
            logger.exception("The database does not answer; trying again")
        close_old_connections()


def work_alone(parent: int) -> None:
    """One worker. The lock that says it lives is held by a connection of its own, which ends with the process."""
    worker_id = f"{os.uname().nodename[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
    parameters = {key: value for key, value in connection.get_connection_params().items() if key in PLAIN}
    with psycopg.connect(**parameters, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s::int, %s::int)", [LIVING, _signed(lock_number(worker_id))])
        worker = Watched(
            queue_names=["*"],
            interval=ROUND,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=500,  # then a fresh process: what PDFs leave in memory goes
            worker_id=worker_id,
            excluded_queue_names=[],
        )
        worker.guard, worker.parent = guard, parent
        worker.configure_signals()
        worker.run()


PLAIN = {"host", "port", "dbname", "user", "password", "sslmode", "sslrootcert", "options", "service"}


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number


class Watched(Worker):
    """A worker that stops between two tasks once its supervisor, or the connection that says it lives, is gone."""

    guard: psycopg.Connection[Any]
    parent: int

    @property
    def running(self) -> bool:
        if self._running and os.getppid() == self.parent:
            self.guard.execute("SELECT 1")
            return True
        return False

    @running.setter
    def running(self, value: bool) -> None:
        self._running = value
