"""Where the demonstration's papers become files: in processes of their own, one per core, or not at all in a test."""

from __future__ import annotations

import gc
import logging
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING

import django
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from documents.papers import Paper

Press = Callable[[Sequence["Paper"]], Iterator[bytes]]
CHUNK = 6  # papers sent at once to a process: few, so that both finish together


@contextmanager
def printing_works() -> Iterator[Press]:
    """Start the processes now, so that they load while the caller prepares, and give the press that uses them.

    They are spawned, not forked: this process has a pool of database connections, with threads.
    """
    workers = min(4, os.cpu_count() or 1)
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_open_shop) as pool:
        pool.submit(os.getpid)
        yield lambda papers: pool.map(_print, papers, chunksize=CHUNK)


def _open_shop() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    django.setup()
    logging.getLogger("weasyprint").setLevel(logging.WARNING)  # it tells what it loads, before it can be told not to
    import_string("documents.rendering.warm_up")()
    gc.freeze()  # what is loaded stays: not walking through it again saves a sixth of the time


def _print(paper: Paper) -> bytes:
    # Named, not imported: only these processes should load WeasyPrint.
    content: bytes = import_string("documents.rendering.render")(paper)
    return content


def plain(papers: Sequence[Paper]) -> Iterator[bytes]:
    """A press for tests: a valid one-page PDF that bears the paper's title, some thousands of times faster."""
    return (_plain_page(f"{paper.title} {paper.number}") for paper in papers)


def _plain_page(text: str) -> bytes:
    shown = text.encode("latin-1", "replace").replace(b"\\", b"").replace(b"(", b"").replace(b")", b"")
    stream = b"BT /F1 12 Tf 60 780 Td (%s) Tj ET" % shown
    bodies = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    content, places = b"%PDF-1.4\n", []
    for rank, body in enumerate(bodies, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (rank, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, len(content))
    return content + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(bodies) + 1, table) + end
