"""The files that documents.csv names: where they may be, and what they must not be."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from documents.models import Document
from espace_client.erp.run import import_drop
from tests.espace_client.drops import Drop, reasons, refused
from tests.worlds import pdf


@pytest.mark.parametrize(
    "path",
    [
        "../commandes.csv",
        "/etc/hostname",
        "facture/../../../etc/hostname",
        "link.pdf",
        "away/FAC1.pdf",
        "..\\x.pdf",
        "..",
    ],
)
def test_a_path_that_leads_out(drop: Drop, tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "FAC1.pdf").write_bytes(pdf("secret"))
    (drop.folder / "documents").mkdir(parents=True)
    (drop.folder / "documents" / "link.pdf").symlink_to(outside / "FAC1.pdf")
    (drop.folder / "documents" / "away").symlink_to(outside)
    drop.row("documents", "FAC1")["fichier"] = path
    run = drop.run()
    assert refused(run) == [("documents.csv", 3, "fichier", path)]
    assert "sort du dossier" in reasons(run)


@pytest.mark.parametrize("path", ["facture/sub/../FAC1.pdf", "facture\\FAC1.pdf", "./facture//FAC1.pdf", "inside.pdf"])
def test_a_path_that_stays_inside(drop: Drop, path: str) -> None:
    drop.write()
    (drop.folder / "documents" / "facture" / "sub").mkdir()
    (drop.folder / "documents" / "inside.pdf").symlink_to("facture/FAC1.pdf")
    drop.row("documents", "FAC1")["fichier"] = path
    drop.put("facture/FAC1.pdf", pdf("mine"))
    assert refused(drop.run()) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "vide"), (b"PK\x03\x04", "pas un PDF"), (b"%PDF-1.4\nnonsense", "endommagé")],
)
def test_a_file_that_can_not_be_taken(drop: Drop, content: bytes, reason: str) -> None:
    drop.put("facture/FAC1.pdf", content)
    run = drop.run()
    assert refused(run) == [("documents.csv", 3, "fichier", "facture/FAC1.pdf")]
    assert reason in reasons(run)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_in_a_name(drop: Drop, form: Literal["NFC", "NFD"]) -> None:
    drop.row("documents", "FAC1")["fichier"] = unicodedata.normalize(form, "reçus/été.pdf")
    drop.row("documents", "FAC2")["fichier"] = unicodedata.normalize(form, "dû.pdf")
    drop.folder = drop.folder.with_name("dépôt")
    assert refused(drop.run()) == []


def test_a_file_that_is_missing_or_no_file(drop: Drop) -> None:
    drop.row("documents", "FAC2")["fichier"] = "facture"
    del drop.rows["documents"][2:3]
    drop.write()
    (drop.folder / "documents" / "facture" / "FAC1.pdf").unlink()
    run = import_drop(drop.folder)
    assert [line[:3] for line in refused(run)] == [("documents.csv", 3, "fichier"), ("documents.csv", 4, "fichier")]


def test_a_file_that_changes_under_our_eyes(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("espace_client.erp.importers.documents.store_files", lambda _files: {})
    assert "changé pendant l’import" in reasons(drop.run())
    assert not Document.objects.exists()
