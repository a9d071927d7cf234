"""Fixtures for the import of the ERP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from documents.inspectors import Inspectors
from espace_client.erp import run
from tests.espace_client.drops import Drop


@pytest.fixture(scope="session")
def inspection_pool() -> Iterator[Inspectors]:
    """The processes that inspect files, started once for all tests: starting them takes most of a second."""
    with Inspectors(workers=1) as inspectors:
        yield inspectors


@pytest.fixture
def drop(db: None, tmp_path: Path, inspection_pool: Inspectors, monkeypatch: pytest.MonkeyPatch) -> Drop:
    """A good small drop, in a folder of its own."""
    monkeypatch.setattr(run, "Inspectors", lambda max_bytes: nullcontext(inspection_pool))
    return Drop.base(tmp_path / "drop")
