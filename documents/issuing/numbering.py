"""Numbers: FA2026-00001, FA2026-00002… by series and year, given under a lock."""

from __future__ import annotations

import re
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from documents.models import Document, NumberSeries, PaperKind

DIGITS = 5


def written(series: str, rank: int) -> str:
    """FA2026, 1 → "FA2026-00001"."""
    return f"{series}-{rank:0{DIGITS}d}"


def next_number(kind: PaperKind) -> tuple[str, date]:
    """The next number of the series and its document's date; call it in the transaction that keeps the document.

    The row of the series stays locked until that transaction ends: the next document waits, and a rollback leaves the
    number free. The date is today's, or the last document's if a clock went backwards: in the order of numbers, dates
    never go back. Numbers that others gave in the same form (the ERP, a demonstration) are stepped over.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a number is given with its document, in one transaction")
    held = _held(f"{kind.prefix}{timezone.localdate().year}")
    issued_on = max(timezone.localdate(), held.last_on or date.min)
    held.last += 1
    while Document.objects.filter(number__iexact=written(held.name, held.last)).exists():
        held.last += 1
    held.last_on = issued_on
    held.save(update_fields=["last", "last_on"])
    return written(held.name, held.last), issued_on


def _held(series: str) -> NumberSeries:
    """The row of the series, locked; made the first time, after the highest number that a document has."""
    found = NumberSeries.objects.select_for_update().filter(name=series).first()
    if found is not None:
        return found
    NumberSeries.objects.bulk_create([NumberSeries(name=series, last=_highest(series))], ignore_conflicts=True)
    return NumberSeries.objects.select_for_update().get(name=series)


def _highest(series: str) -> int:
    shape = re.compile(rf"{re.escape(series)}-([0-9]{{{DIGITS},9}})", re.IGNORECASE)
    numbers = Document.objects.filter(number__istartswith=f"{series}-").values_list("number", flat=True)
    ranks = [int(match[1]) for number in numbers if (match := shape.fullmatch(number))]
    return max(ranks, default=0)
