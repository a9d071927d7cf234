"""The bytes: headers, names, ranges, HEAD, the journal, and what happens when something breaks."""

from __future__ import annotations

import tracemalloc
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.models import Access
from accounts.models.user import still_so
from accounts.rights import Rights
from accounts.services import set_document_types
from documents import serving
from documents.models import Document, Serving, ServingOutcome, documents_storage
from documents.serving import byte_range, file_name
from documents.store import store
from tests.conftest import ClientFor
from tests.worlds import World, make_document


@pytest.fixture
def document(world: World) -> Document:
    return Document.objects.filter(establishment=world.lille, type=DocumentType.FACTURE).earliest("pk")


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


def content_of(document: Document) -> bytes:
    with documents_storage().open(str(document.file.name)) as file:
        return bytes(file.read())


@pytest.mark.parametrize(("route", "disposition"), [("document_view", "inline"), ("document_download", "attachment")])
def test_the_file_and_its_headers(route: str, disposition: str, document: Document, client: Client) -> None:
    answer = client.get(reverse(route, args=[document.pk]))
    assert answer.status_code == 200
    assert answer.getvalue() == content_of(document)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Length"] == str(document.size)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["Content-Disposition"].startswith(f"{disposition}; filename")


def test_the_name_of_the_file_can_be_filed(document: Document, world: World) -> None:
    document.number, document.issued_on = "FA2026-00123", date(2026, 10, 14)
    assert document.session is not None
    assert file_name(document) == "2026-10-14_Facture_FA2026-00123_Python-les-bases.pdf"
    document.session.course.title = 'Éviter "les" pièges : l’été/../\r\nX-Bad: 1 ' + "long " * 60
    document.type = DocumentType.EMARGEMENT
    name = file_name(document)
    assert name.startswith("2026-10-14_Émargement_FA2026-00123_Éviter-les-pièges-l-été-X-Bad-1")
    assert len(name) <= 160
    assert not set(name) & set('"/\\\r\n')


def test_a_french_name_travels_in_the_header(world: World, client: Client) -> None:
    order = world.armor.orders[world.lille.pk][0]
    sheet = make_document(DocumentType.EMARGEMENT, order, session=world.sessions[0])
    answer = client.get(reverse("document_download", args=[sheet.pk]))
    assert "filename*=utf-8''" in answer["Content-Disposition"]
    assert "%C3%89margement" in answer["Content-Disposition"]


def test_head_says_everything_and_sends_nothing(document: Document, client: Client) -> None:
    answer = client.head(reverse("document_view", args=[document.pk]))
    assert (answer.status_code, answer["Content-Length"], answer.getvalue()) == (200, str(document.size), b"")
    assert Serving.objects.count() == 0


def test_a_file_is_never_compressed_on_the_way(document: Document, client: Client) -> None:
    for headers in ({"Accept-Encoding": "gzip"}, {"Accept-Encoding": "gzip", "Range": "bytes=0-300"}):
        answer = client.get(reverse("document_view", args=[document.pk]), headers=headers)
        assert "Content-Encoding" not in answer
        assert answer.getvalue() == content_of(document)[: int(answer["Content-Length"])]
    page = client.get(reverse("document_list"), headers={"Accept-Encoding": "gzip"})
    assert page["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused(method: str, document: Document, client: Client) -> None:
    assert getattr(client, method)(reverse("document_download", args=[document.pk])).status_code == 405


@pytest.mark.parametrize(
    ("header", "bounds"),
    [
        ("", None),
        ("bytes=0-99", (0, 99)),
        ("bytes=100-", (100, 999)),
        ("bytes=-100", (900, 999)),
        ("bytes=-5000", (0, 999)),
        ("bytes=990-5000", (990, 999)),
        ("bytes=1000-", (1000, 0)),
        ("bytes=5000-6000", (1000, 0)),
        ("bytes=-0", (1000, 0)),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("bytes=a-b", None),
        ("bytes=-", None),
        ("items=0-1", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_byte_ranges(header: str, bounds: tuple[int, int] | None) -> None:
    assert byte_range(header, 1000) == bounds


def test_a_part_of_the_file(document: Document, client: Client) -> None:
    url, whole = reverse("document_view", args=[document.pk]), content_of(document)
    answer = client.get(url, headers={"Range": "bytes=5-14"})
    assert (answer.status_code, answer.getvalue()) == (206, whole[5:15])
    assert answer["Content-Range"] == f"bytes 5-14/{len(whole)}"
    assert answer["Content-Length"] == "10"
    beyond = client.get(url, headers={"Range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(whole)}")
    same = client.get(url, headers={"Range": "bytes=0-0", "If-Range": f'"{document.sha256}"'})
    assert (same.status_code, same.getvalue()) == (206, whole[:1])
    other = client.get(url, headers={"Range": "bytes=0-0", "If-Range": '"another"'})
    assert (other.status_code, other.getvalue()) == (200, whole)


def test_every_download_is_journaled(document: Document, client: Client, world: World) -> None:
    client.get(reverse("document_view", args=[document.pk]), headers={"User-Agent": "Navigateur \x00" + "x" * 400})
    client.get(reverse("document_download", args=[document.pk]), REMOTE_ADDR="192.0.2.7")
    viewed, downloaded = Serving.objects.order_by("pk")
    user = world.personas["administrator"]
    assert (viewed.outcome, viewed.document, viewed.user, viewed.user_email) == ("viewed", document, user, user.email)
    assert len(viewed.user_agent) <= 300
    assert (downloaded.outcome, downloaded.ip_address) == ("downloaded", "192.0.2.7")


def test_every_refusal_is_journaled(document: Document, world: World, client_for: ClientFor) -> None:
    neighbour = world.personas["neighbour"]
    client = client_for(neighbour)
    for pk in (document.pk, 987654321, 10**30):
        assert client.get(reverse("document_download", args=[1]).replace("/1/", f"/{pk}/")).status_code == 404
    lines = Serving.objects.order_by("pk")
    assert {line.outcome for line in lines} == {ServingOutcome.REFUSED}
    assert [line.document_id for line in lines] == [document.pk, None, None]
    assert [line.requested_id for line in lines] == [document.pk, 987654321, 2**63 - 1]


def test_a_right_taken_away_bites_on_the_next_request(document: Document, client: Client, world: World) -> None:
    url = reverse("document_download", args=[document.pk])
    assert client.get(url).status_code == 200
    world.personas["administrator"].accesses.all().delete()
    assert client.get(url).status_code == 404


def test_rights_that_never_stop_changing_open_nothing(
    world: World, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = Access.objects.get(user=world.personas["standard"])
    paper = Document.objects.filter(establishment=world.lille, type="facture").earliest("pk")
    types, looked = [DocumentType.FACTURE, DocumentType.CONVENTION], []

    def changed_meanwhile(user_id: int, rights: Rights) -> Any:
        looked.append(user_id)
        set_document_types(access=access, types=types[: 1 + len(looked) % 2])
        return still_so(user_id, rights)

    client = client_for(access.user)
    set_document_types(access=access, types=types[:1])
    monkeypatch.setattr(serving, "still_so", changed_meanwhile)
    assert client.get(reverse("document_download", args=[paper.pk])).status_code == 404
    assert len(looked) == serving.MOST_CHANGES
    assert Serving.objects.get().outcome == ServingOutcome.REFUSED


def test_a_missing_file_answers_503_and_is_journaled(document: Document, client: Client, private_store: Path) -> None:
    (private_store / str(document.file.name)).unlink()
    answer = client.get(reverse("document_view", args=[document.pk]))
    assert answer.status_code == 503
    assert document.number in answer.text
    outcomes = [line.outcome for line in Serving.objects.order_by("pk")]
    assert outcomes == [ServingOutcome.VIEWED, ServingOutcome.FAILED], "the right was given, then there was nothing"


@pytest.mark.parametrize("change", [b"", b"%PDF-1.4 cut short", None])
@pytest.mark.parametrize(("method", "headers"), [("get", {}), ("head", {}), ("get", {"Range": "bytes=0-9"})])
def test_a_file_of_another_size_answers_as_a_missing_one(
    document: Document, client: Client, private_store: Path, change: bytes | None, method: str, headers: dict[str, str]
) -> None:
    path = private_store / str(document.file.name)
    path.write_bytes(path.read_bytes() + b"more" if change is None else change)
    answer = getattr(client, method)(reverse("document_view", args=[document.pk]), headers=headers)
    assert answer.status_code == 503
    assert not set(answer.headers) & {"Content-Range", "ETag"}
    assert Serving.objects.latest("pk").outcome == ServingOutcome.FAILED


def test_a_size_that_a_distant_store_tells_is_compared_too(
    document: Document, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What S3 answers is a file without a descriptor, which knows its size from the answer that opened it."""
    for more, status in ((0, 200), (1, 503)):
        distant = ContentFile(content_of(document) + b"x" * more)
        monkeypatch.setattr(serving, "documents_storage", lambda held=distant: mock.Mock(open=lambda *_: held))
        assert client.get(reverse("document_view", args=[document.pk])).status_code == status


def test_a_broken_database_never_answers_200(document: Document, client: Client) -> None:
    client.raise_request_exception = False
    with mock.patch("documents.serving.read_within", side_effect=DatabaseError("connection lost")):
        answer = client.get(reverse("document_download", args=[document.pk]))
    assert answer.status_code == 500
    assert b"%PDF" not in answer.content


def test_no_byte_leaves_without_its_line_in_the_journal(document: Document, client: Client) -> None:
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE documents_serving ADD CONSTRAINT nothing_more CHECK (false) NOT VALID")
    answer = client.get(reverse("document_download", args=[document.pk]))
    assert answer.status_code == 500
    assert b"%PDF" not in answer.content


def test_a_large_file_streams_with_flat_memory(world: World, client: Client) -> None:
    stored = store(b"%PDF-1.4\n" + b"x" * 32_000_000)
    order = world.armor.orders[world.lille.pk][0]
    large = make_document(
        DocumentType.CONVENTION, order, file=stored.name, sha256=stored.sha256, size=stored.size, session=None
    )
    for headers in ({}, {"Range": "bytes=1-"}):
        answer = client.get(reverse("document_download", args=[large.pk]), headers=headers)
        tracemalloc.start()
        received = sum(len(chunk) for chunk in answer)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert received >= stored.size - 1
        assert peak < 2_000_000


def test_the_same_bytes_are_kept_once(private_store: Path, db: None) -> None:
    first, second = store(b"%PDF-1.4 same"), store(b"%PDF-1.4 same")
    assert first == second
    assert [path.name for path in private_store.rglob("*.pdf")] == [f"{first.sha256}.pdf"]
