"""Numbers: no gap, none twice, dates that never go back; under real concurrency, and only because of the lock."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import date
from unittest import mock

import pytest
from django.db import connection, models, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from accounts.document_types import DocumentType
from documents.issuing import numbering
from documents.models import Document, NumberSeries, PaperKind
from tests.worlds import World, make_document, make_world

THREADS, EACH = 6, 8


def take(kind: PaperKind, world: World, outcome: list[str], failing: bool) -> None:
    """Take numbers, each with its document, in transactions of its own; every second one fails if `failing`."""
    order = world.armor.orders[world.lille.pk][0]
    try:
        for attempt in range(EACH):
            try:
                with transaction.atomic():
                    number, issued_on = numbering.next_number(kind)
                    make_document(kind.document_type, order, number=number, issued_on=issued_on)
                    if failing and attempt % 2:
                        raise KeyError(number)
                outcome.append(number)
            except (KeyError, IntegrityError) as error:
                outcome.append(type(error).__name__)
    finally:
        connection.close()


def race(world: World) -> list[str]:
    outcome: list[str] = []
    threads = [
        threading.Thread(target=take, args=(PaperKind.FACTURE, world, outcome, rank % 2 == 1))
        for rank in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


@pytest.mark.django_db(transaction=True)
def test_no_gap_under_concurrency_and_failure() -> None:
    outcome = race(make_world())
    counts = Counter(outcome)
    assert counts["KeyError"] == THREADS // 2 * EACH // 2
    assert counts["IntegrityError"] == 0
    kept = sorted(number for number in outcome if number.startswith("FA"))
    year = timezone.localdate().year
    assert kept == [f"FA{year}-{rank:05d}" for rank in range(1, THREADS * EACH - counts["KeyError"] + 1)]


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_race_is_lost() -> None:
    """What the test above would say if the row of the series were read without a lock."""
    unlocked = mock.patch.object(models.QuerySet, "select_for_update", lambda self, **kwargs: self)
    world = make_world()
    with unlocked:
        outcome = race(world)
    assert Counter(outcome)["IntegrityError"] > 0


@pytest.mark.django_db
def test_a_series_begins_after_the_numbers_that_others_gave(world: World) -> None:
    order, year = world.armor.orders[world.lille.pk][0], timezone.localdate().year
    make_document(DocumentType.FACTURE, order, number=f"FA{year}-00041")
    make_document(DocumentType.FACTURE, order, number=f"fa{year}-00043")
    make_document(DocumentType.FACTURE, order, number=f"FA{year}-BIS-9")
    assert numbering.next_number(PaperKind.FACTURE)[0] == f"FA{year}-00044"
    make_document(DocumentType.FACTURE, order, number=f"FA{year}-00045")  # a drop of the ERP, meanwhile
    assert numbering.next_number(PaperKind.FACTURE)[0] == f"FA{year}-00046"
    assert numbering.next_number(PaperKind.AVOIR)[0] == f"AV{year}-00001"
    assert str(NumberSeries.objects.get(name=f"FA{year}")) == f"FA{year} · 46"


@pytest.mark.django_db
def test_dates_never_go_back(monkeypatch: pytest.MonkeyPatch) -> None:
    days = iter(
        [date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 1), date(2026, 3, 1), date(2027, 1, 1), date(2027, 1, 1)]
    )
    monkeypatch.setattr(timezone, "localdate", lambda: next(days))
    given = [numbering.next_number(PaperKind.FACTURE) for _time in range(3)]
    assert given == [
        ("FA2026-00001", date(2026, 3, 2)),
        ("FA2026-00002", date(2026, 3, 2)),
        ("FA2027-00001", date(2027, 1, 1)),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_number_is_given_in_a_transaction_only() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        numbering.next_number(PaperKind.FACTURE)
    assert not Document.objects.exists()
