"""The import reads as much as there is: memory and queries do not grow with the file."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks import erp_drop
from espace_client.erp import engine, report
from espace_client.erp.run import import_drop
from tests.espace_client.drops import Drop, in_all


def big_drop(tmp_path: Path, enrolments: int) -> Path:
    folder = tmp_path / f"drop-{enrolments}"
    erp_drop.write(folder, enrolments, distinct=False)
    return folder


@pytest.mark.usefixtures("drop")
def test_the_drop_of_the_benchmark_is_good(tmp_path: Path) -> None:
    run = import_drop(big_drop(tmp_path, 60))
    assert in_all(run)[1:] == (0, 0, 0)
    assert run.counts["inscriptions.csv"]["created"] == 60
    assert run.counts["documents.csv"]["created"] == 180


@pytest.mark.usefixtures("drop")
def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LINES", 50)
    peaks = []
    for enrolments in (200, 1000):
        folder = big_drop(tmp_path, enrolments)
        with transaction.atomic():
            tracemalloc.start()
            run = import_drop(folder)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert run.counts["documents.csv"]["created"] == enrolments * 3
            transaction.set_rollback(True)
    # Five times the lines. The small answers that parsers remember are bounded, and are what the margin is for; the
    # lines themselves, kept, would be over 10 MB.
    assert peaks[1] < peaks[0] + 3_000_000


@pytest.mark.usefixtures("drop")
def test_queries_do_not_grow_with_the_lines_of_a_chunk(tmp_path: Path) -> None:
    counts: dict[str, list[int]] = {"created": [], "unchanged": [], "changed": []}
    for enrolments in (40, 280):
        folder = big_drop(tmp_path, enrolments)
        with transaction.atomic():
            for fate, numbers in counts.items():
                if fate == "changed":
                    change_everything(folder)
                with CaptureQueriesContext(connection) as queries:
                    run = import_drop(folder)
                assert run.counts["inscriptions.csv"][fate] == enrolments
                numbers.append(len(queries))
            transaction.set_rollback(True)
    assert {fate: numbers[1] - numbers[0] for fate, numbers in counts.items()} == dict.fromkeys(counts, 0)


def change_everything(folder: Path) -> None:
    for name, before, after in (
        ("inscriptions", ";presente;", ";absente;"),
        ("commandes", ";Atlas;", ";OPCO EP;"),
        ("sessions", ";realisee", ";garantie"),
    ):
        path = folder / f"{name}.csv"
        path.write_text(path.read_text().replace(before, after))


@pytest.mark.usefixtures("drop")
def test_refusals_do_not_pile_up_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LINES", 50)
    monkeypatch.setattr(report, "BATCH", 50)
    peaks = []
    for lines in (200, 4000):
        drop = Drop.base(tmp_path / f"refused-{lines}").only("commandes")
        drop.rows["commandes"] *= 0
        drop.rows["commandes"] += [{**drop.add("commandes"), "numero": f"X{n}", "date": "hier"} for n in range(lines)]
        tracemalloc.start()
        drop.write()
        tracemalloc.reset_peak()
        base = tracemalloc.get_traced_memory()[0]
        run = import_drop(drop.folder, dry_run=True)
        peaks.append(tracemalloc.get_traced_memory()[1] - base)
        tracemalloc.stop()
        assert run.refusals.filter(column="date").count() == lines
    assert peaks[1] < peaks[0] + 2_000_000
