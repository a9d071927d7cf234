"""PDFs: what printing adds to WeasyPrint's own work, and a batch of convocations through real workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import time as clock
from datetime import timedelta
from decimal import Decimal
from statistics import median
from urllib.parse import urlsplit, urlunsplit

import psutil
from django.conf import settings
from django.db import connection
from django.utils import timezone
from weasyprint import HTML

from accounts.document_types import DocumentType
from accounts.models import Company, Establishment
from catalogue.models import Course, Domain, HalfDay, Session, SessionState
from documents import rendering
from documents.issuing import due
from documents.models import IssueBatch
from documents.papers import Paper
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState, Participant
from tests.documents.sample_papers import Case

MEASURED = (DocumentType.CONVOCATION, DocumentType.CONVENTION, DocumentType.EMARGEMENT, DocumentType.FACTURE)
LONGEST_WAIT = 1800  # seconds


def bare(paper: Paper) -> bytes:
    """WeasyPrint alone, warm, on the same HTML with the same styles, fonts and variant."""
    press = rendering._press()
    content: bytes = HTML(string=rendering.source(paper), url_fetcher=press.fetcher).write_pdf(
        stylesheets=[press.stylesheet],
        font_config=press.fonts,
        cache=press.images,
        pdf_variant="pdf/a-3a" if paper.structured else "pdf/ua-1",
    )
    return content


def rendering_table(rounds: int) -> str:
    """Medians of processor time, the two taking turns."""
    lines = ["| Paper | WeasyPrint alone, ms | Ours, ms | Ratio |", "|---|--:|--:|--:|"]
    papers = Case(trainees=6, days=3).papers()
    for kind in MEASURED:
        paper, series = papers[kind], {"bare": list[float](), "ours": list[float]()}
        for _round in range(rounds + 2):
            series["bare"].append(_spent(bare, paper))
            series["ours"].append(_spent(rendering.render, paper))
        alone, ours = (median(series[name][2:]) for name in ("bare", "ours"))
        lines.append(f"| {kind.value} | {alone:.0f} | {ours:.0f} | {ours / alone:.2f} |")
    return "\n".join(lines)


def _spent(work: Callable[[Paper], bytes], paper: Paper) -> float:
    start = time.process_time()
    work(paper)
    return (time.process_time() - start) * 1000


def batch_table(count: int) -> str:
    """`count` convocations of one session, by one worker process, then by as many as there are cores.

    Processor time and cores used are the workers' own, and say on a busy machine what the seconds do not; waits are the
    moments, of those looked at, when a worker waited for a lock of another.
    """
    lines = [
        "| Workers | Convocations | Seconds | Per second | CPU, ms each | Cores used | Waits for a lock | Load |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for processes in dict.fromkeys((1, os.cpu_count() or 1)):
        batch = due.when_confirmed(_session(count))
        if batch is None:
            raise RuntimeError("nothing to issue")
        cost = _issue(batch, processes)
        lines.append(
            f"| {processes} | {count} | {cost.seconds:.1f} | {cost.papers / cost.seconds:.1f} |"
            f" {cost.processor / cost.papers * 1000:.0f} | {cost.processor / cost.seconds:.2f} |"
            f" {cost.waits} of {cost.looks} | {os.getloadavg()[0]:.1f} |"
        )
    return "\n".join(lines)


@dataclass
class BatchCost:
    """From the first paper issued, as the progress tells, to the last: loading Python and WeasyPrint is not counted."""

    papers: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    waits: int = 0
    looks: int = 0


def _note_processor_time(workers: psutil.Process, spent: dict[int, float]) -> float:
    """Seconds of processor that the workers have used, those that have ended too (`spent`, by pid)."""
    for child in workers.children():
        with suppress(psutil.NoSuchProcess):
            spent[child.pid] = sum(child.cpu_times()[:2])
    return sum(spent.values())


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        row = cursor.fetchone()
    return bool(row and row[0])


def _issue(batch: IssueBatch, processes: int) -> BatchCost:
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    command = [sys.executable, "manage.py", "worker", "--processes", str(processes)]
    workers = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url}, cwd=settings.BASE_DIR)
    cost, end, tree = BatchCost(), time.monotonic() + LONGEST_WAIT, psutil.Process(workers.pid)
    begun, before, already = 0.0, 0.0, 0
    spent: dict[int, float] = {}
    try:
        while (progress := batch.progress).waiting:
            used = _note_processor_time(tree, spent)
            if progress.settled >= processes and not begun:
                begun, before, already = time.monotonic(), used, progress.settled
            if time.monotonic() > end:
                raise RuntimeError(f"{progress.waiting} convocations are still waiting")
            cost.looks += 1
            cost.waits += _somebody_waits()
            time.sleep(0.1)
        cost.seconds, cost.processor = time.monotonic() - begun, _note_processor_time(tree, spent) - before
        cost.papers = batch.progress.asked - already
    finally:
        workers.terminate()
        workers.wait()
    if batch.progress.failed:
        raise RuntimeError(batch.issues.filter(state="failed")[0].error)
    return cost


def _session(count: int) -> Session:
    rank = Session.objects.count()
    company = Company.objects.create(siren=f"{rank + 1:09d}", name="Banc")
    place = Establishment.objects.create(company=company, siret=f"{rank + 1:09d}00001", name="Banc", city="Lyon")
    domain, _new = Domain.objects.get_or_create(code="BANC", defaults={"label": "Banc"})
    course = Course.objects.create(
        reference=f"B{rank}", title="Python, les bases", domain=domain, days=3, hours=21, public_price=Decimal(1500)
    )
    day = timezone.localdate() + timedelta(days=20)
    session = Session.objects.create(
        code=f"BANC-{rank}", course=course, starts_on=day, ends_on=day + timedelta(days=2), seats=count,
        state=SessionState.CONFIRMED,
    )  # fmt: skip
    for offset in range(3):
        for start, end in ((clock(9), clock(12, 30)), (clock(13, 30), clock(17))):
            HalfDay.objects.create(session=session, date=day + timedelta(offset), starts_at=start, ends_at=end)
    order = Order.objects.create(
        number=f"BANC-{rank}", order_email="banc@banc.example", establishment=place, state=OrderState.VALIDATED
    )
    people = Participant.objects.bulk_create(
        Participant(company=company, last_name=f"Nom {one}", first_name="Zoé") for one in range(count)
    )
    Enrolment.objects.bulk_create(
        Enrolment(
            number=f"BANC-{rank}-{person.pk}",
            order=order,
            session=session,
            participant=person,
            state=EnrolmentState.CONFIRMED,
            public_price=1500,
            price=1500,
        )
        for person in people
    )
    return session
