"""How background tasks run: in workers (`manage.py worker`), tried again when they fail, and found again when lost.

A task is written `@task()` of django_tasks, in any app, and enqueued inside the transaction of the change that asks for
it: the database keeps both or neither. It may run more than once, so it begins by looking whether it is still needed.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.dispatch import receiver
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus
from django_tasks.signals import task_finished
from django_tasks_db.models import DBTaskResult

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 100  # about four days
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=15), timedelta(hours=1)
LIVING = 0x65C1  # the class of the advisory locks that living workers hold


def delay_after(attempts: int) -> timedelta:
    """How long a task waits after it failed for the n-th time: 15 s, 30 s, a minute, … at most an hour."""
    doublings = min(attempts - 1, 10)
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)


@receiver(task_finished)
def try_again(task_result: Any, **kwargs: Any) -> None:
    """Put a task that failed back in the queue; its last error stays on its row until then."""
    if task_result.status != TaskResultStatus.FAILED:
        return
    row = DBTaskResult.objects.get(pk=task_result.id)
    attempts = len(row.worker_ids)
    logger.error("Task %s failed (attempt %d)\n%s", row.task_path, attempts, row.traceback)
    if attempts < MOST_ATTEMPTS:
        DBTaskResult.objects.filter(pk=row.pk, status=TaskResultStatus.FAILED).update(
            status=TaskResultStatus.READY, run_after=timezone.now() + delay_after(attempts), finished_at=None
        )


def find_lost_tasks() -> int:
    """Put back the tasks whose worker died while it ran them: its advisory lock is no longer held. Returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        running = DBTaskResult.objects.select_for_update(skip_locked=True).filter(status=TaskResultStatus.RUNNING)
        cursor.execute("SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted", [LIVING])
        living = {row[0] for row in cursor.fetchall()}
        lost = [row.pk for row in running if not row.worker_ids or lock_number(row.worker_ids[-1]) not in living]
        return DBTaskResult.objects.filter(pk__in=lost).update(status=TaskResultStatus.READY, started_at=None)


def lock_number(worker_id: str) -> int:
    """The advisory lock of a worker, from its id: the eight hex digits that end it."""
    return int(worker_id[-8:], 16)


def enqueue_due_chores() -> list[str]:
    """Enqueue each of settings.CHORES whose period is over; the shared cache says when it last was."""
    due = [path for path, period in settings.CHORES.items() if cache.add(f"chore:{path}", 1, period.total_seconds())]
    for path in due:
        import_string(path).enqueue()
    return due
