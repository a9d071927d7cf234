"""A picture becomes a PDF in a process of its own, which may be lost: pictures too are made to exhaust readers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from documents.files import Flaw

SECONDS = 40.0  # by the clock; the process bounds its own memory and computing
_PROJECT = Path(__file__).resolve().parent.parent.parent


def pdf_of_picture(content: bytes) -> bytes | Flaw:
    """One A4 page that shows the picture, upright and whole; or why there is none."""
    with TemporaryDirectory(prefix="espace-client-") as folder:
        source, target = Path(folder, "picture"), Path(folder, "picture.pdf")
        source.write_bytes(content)
        command = [sys.executable, "-m", "documents.deposits.picture_worker", str(source), str(target)]
        try:
            done = subprocess.run(  # noqa: S603  # our own program
                command, cwd=_PROJECT, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Flaw.EXHAUSTING
        if done.returncode == 0:
            return target.read_bytes()
        said = done.stdout.decode("ascii", "replace").strip()
        return Flaw(said) if said in (Flaw.BAD_PICTURE, Flaw.HUGE_PICTURE) else Flaw.EXHAUSTING
