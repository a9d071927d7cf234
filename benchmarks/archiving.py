"""What an archive of 2,000 PDFs costs: its first byte, all of it, and the memory that it takes meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil
from django.urls import reverse

from accounts.models import User
from benchmarks.measuring import Site
from benchmarks.personas import PERSONAS
from benchmarks.serving import Server
from documents.archives.choosing import ask_for
from documents.models import Archive, Document

FILES = 2000
EVERY = 64  # pieces between two looks at the memory


@dataclass(frozen=True)
class ArchiveCost:
    """Of one archive: seconds to its first byte and to its last, and how many bytes the process grew by, at most."""

    files: int
    size: int
    first_byte: float
    whole: float
    growth: int


def measure_archive(site: Site) -> ArchiveCost:
    """The newest documents of the biggest establishment, as its administrator downloads them, after a small one."""
    with site.database.in_use():
        user, browser = User.objects.get(email=PERSONAS[0].email), site.browsers[0]
        newest = Document.objects.visible_to(user).order_by("-issued_on", "-pk").values_list("pk", flat=True)
        ids = list(newest[:FILES])
        server = Server()
        _download(server, _archive(user, ids[:20]), browser.cookie)  # fills the caches of the process
        return _download(server, _archive(user, ids), browser.cookie)


def _archive(user: User, ids: list[int]) -> Archive:
    return ask_for(user=user, title="Mesure", document_ids=ids)


def _download(server: Server, archive: Archive, cookie: str) -> ArchiveCost:
    process = psutil.Process()
    before = peak = process.memory_info().rss
    begun, first_byte, size = time.perf_counter(), 0.0, 0
    body: Iterable[bytes] = server.body(reverse("archive_download", args=[archive.pk]), cookie)
    for rank, piece in enumerate(body):
        size += len(piece)
        first_byte = first_byte or time.perf_counter() - begun
        if rank % EVERY == 0:
            peak = max(peak, process.memory_info().rss)
    whole = time.perf_counter() - begun
    if hasattr(body, "close"):
        body.close()
    archive.refresh_from_db()
    assert archive.done == archive.total, f"{archive.done} of {archive.total} files"
    return ArchiveCost(archive.total, size, first_byte, whole, peak - before)


def archive_table(cost: ArchiveCost) -> str:
    """The figures as a Markdown table."""
    return (
        "| ZIP | Size, MB | First byte, ms | Whole, s | Files a second | Memory grown by, MB |\n"
        "|---|--:|--:|--:|--:|--:|\n"
        f"| {cost.files} PDFs | {cost.size / 1e6:.0f} | {cost.first_byte * 1000:.0f} | {cost.whole:.1f}"
        f" | {cost.files / cost.whole:.0f} | {cost.growth / 1e6:.1f} |"
    )
