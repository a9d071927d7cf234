"""What draws in a process of its own, for documents.drawing: `python -m documents.drawing_worker DESCRIPTOR`."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from multiprocessing.connection import Connection

IDLE = 600.0  # seconds without a page, after which the process ends


def work(parent: Connection) -> None:
    """Answer each page of HTML with its PDF, or with what is wrong, until the socket closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the socket
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "espace_client.settings")
    import django

    django.setup()
    from documents import rendering

    parent.send_bytes(b"ready")
    while parent.poll(IDLE):
        try:
            page = parent.recv_bytes()
        except (EOFError, ConnectionResetError):
            return
        try:
            answer = rendering.draw(page.decode(), hashlib.sha256(page).digest()[:16])
        except rendering.RenderingError as error:
            answer = f"error: {error}".encode()
        parent.send_bytes(answer)


if __name__ == "__main__":
    work(Connection(int(sys.argv[1])))
