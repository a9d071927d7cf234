"""A real worker that stops dead at one step of issuing: `python -m tests.documents.issuing.killed_worker STEP FOLDER`.

At the first pass of the step it leaves its pid in FOLDER and waits to be killed; later passes go on. With FOLDER "-" it
is a worker like any other. It ends when there is nothing more to do.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

STEPS = ("number", "draw", "render", "check", "write", "store", "document", "figures", "commit", "finished")


def stopping(function: Callable[..., Any], folder: Path, *, after: bool) -> Callable[..., Any]:
    """The function, with the stop before or after its first call of all processes."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs) if after else None
        mark = folder / "pid"
        if not mark.exists():
            (folder / ".pid").write_text(str(os.getpid()))
            (folder / ".pid").rename(mark)
            time.sleep(3600)
        return result if after else function(*args, **kwargs)

    return wrapped


def arm(step: str, folder: Path) -> None:
    """Put the stop where `step` says."""
    from django_tasks_db.models import DBTaskResult

    from documents.issuing import drawing, invoicing, making
    from documents.models import Document, Issue

    places: dict[str, tuple[Any, str, bool]] = {
        "number": (making, "next_number", True),
        "draw": (drawing, "draw", False),
        "render": (making, "render", False),
        "check": (making, "_checked", True),
        "write": (os, "replace", False),
        "store": (making, "store", True),
        "document": (Document, "save_base", True),
        "figures": (invoicing, "seats_of", True),
        "commit": (Issue, "save", True),
        "finished": (DBTaskResult, "set_successful", False),
    }
    owner, name, after = places[step]
    setattr(owner, name, stopping(getattr(owner, name), folder, after=after))


def main() -> None:
    django.setup()
    from espace_client.management.commands.worker import Watched

    step, folder = sys.argv[1:]
    if folder != "-":
        arm(step, Path(folder))
    worker = Watched(
        queue_names=["*"], interval=0, batch=True, backend_name="default", startup_delay=False, max_tasks=None,
        worker_id=f"killed-{os.getpid()}-{os.getpid():08x}", excluded_queue_names=[],
    )  # fmt: skip
    import psycopg
    from django.db import connection

    from espace_client.management.commands.worker import PLAIN
    from espace_client.tasks import LIVING, lock_number

    parameters = {key: value for key, value in connection.get_connection_params().items() if key in PLAIN}
    with psycopg.connect(**parameters, autocommit=True) as guard:
        guard.execute("SELECT pg_advisory_lock(%s::int, %s::int)", [LIVING, lock_number(worker.worker_id)])
        worker.guard, worker.parent = guard, os.getppid()
        worker.run()


if __name__ == "__main__":
    main()
