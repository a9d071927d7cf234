"""Tasks that only tests enqueue."""

import os
import time
from pathlib import Path

from django_tasks import task


@task()
def note() -> str:
    return "fait"


@task()
def linger(folder: str) -> None:
    """Leave the pid of this process in a file named after the attempt; the first attempt would take an hour."""
    attempt = len(list(Path(folder).iterdir())) + 1
    path = Path(folder) / f".{attempt}"
    path.write_text(str(os.getpid()))
    path.rename(Path(folder) / str(attempt))
    if attempt == 1:
        time.sleep(3600)
