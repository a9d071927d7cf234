"""Archives: what they hold, their names, the right read again for each file, what is missing, memory, progress."""

from __future__ import annotations

import io
import os
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast
from unittest import mock
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.services import set_document_types
from documents.archives import choosing, streaming, views
from documents.archives.naming import README, Names
from documents.models import Archive, ArchiveState, Document, Serving, ServingOutcome, documents_storage
from documents.storage import PrivateFileSystemStorage
from tests.conftest import ClientFor, RunTasks
from tests.documents.zips import CREATE, ask, download, texts
from tests.worlds import World, make_document


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


def test_a_filter_becomes_an_archive(world: World, client: Client) -> None:
    archive = ask(client, "type=facture&type=convention&tri=-numero")
    found = Document.objects.filter(establishment=world.lille, type__in=["facture", "convention"])
    with download(client, archive) as zipped:
        assert zipped.testzip() is None
        assert len(zipped.namelist()) == found.count() == archive.done == archive.total
        assert README not in zipped.namelist()
        paper = found.filter(type="facture").earliest("pk")
        name = f"{paper.issued_on}_Facture_{paper.number}_Python-les-bases.pdf"
        with documents_storage().open(str(paper.file)) as stored:
            assert zipped.read(name) == stored.read()
        assert {info.compress_type for info in zipped.infolist()} == {0}
    assert archive.state == ArchiveState.DONE
    journal = Serving.objects.filter(outcome=ServingOutcome.DOWNLOADED, user=world.personas["administrator"])
    assert set(journal.values_list("document_id", flat=True)) == set(found.values_list("pk", flat=True))


def test_a_selection_holds_what_was_ticked_and_nobody_elses(world: World, client: Client) -> None:
    mine = Document.objects.filter(establishment=world.lille).order_by("pk")[:3]
    others = Document.objects.filter(establishment=world.brume.establishments[0])[:2]
    ticked = [*(str(one.pk) for one in (*mine, *others)), "abc", "9" * 30, "-1", "²"]
    archive = ask(client, quoi="selection", document=ticked)
    assert archive.document_ids == sorted(one.pk for one in mine)
    assert len(download(client, archive).namelist()) == 3


@pytest.mark.parametrize("data", [{"quoi": "selection"}, {"quoi": "selection", "document": ["abc"]}])
def test_nothing_ticked_is_said(data: dict[str, Any], client: Client) -> None:
    answer = client.post(reverse(CREATE), data, follow=True)
    assert "Cochez d’abord" in answer.text
    assert not Archive.objects.exists()


def test_an_empty_filter_and_one_too_large_are_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Aucun document à télécharger" in client.post(f"{reverse(CREATE)}?periode=2019", follow=True).text
    monkeypatch.setattr(Archive, "MOST_DOCUMENTS", 2)
    answer = client.post(f"{reverse(CREATE)}?type=facture&type=convention", follow=True)
    assert "au plus 2 documents" in answer.text
    assert answer.redirect_chain[0][0].endswith("?type=facture&type=convention")
    assert not Archive.objects.exists()


def test_what_was_asked_for_is_one_s_own(world: World, client: Client, client_for: ClientFor) -> None:
    archive = ask(client)
    assert not Archive.objects.visible_to(AnonymousUser()).exists()
    neighbour = client_for(world.personas["member_of_two"])
    for route in ("archive_detail", "archive_download"):
        assert neighbour.get(reverse(route, args=[archive.pk])).status_code == 404
        assert client.get(reverse(route, args=[archive.pk])).status_code == 200
    assert archive.title not in neighbour.get(reverse("archive_list")).text
    assert archive.title in client.get(reverse("archive_list")).text


def chunks_of(client: Client, archive: Archive) -> Iterator[bytes]:
    answer = client.get(reverse("archive_download", args=[archive.pk]))
    return cast(Iterator[bytes], cast(StreamingHttpResponse, answer).streaming_content)


def standard_with_bills(world: World, number: int) -> Access:
    order = world.armor.orders[world.lille.pk][0]
    for _ in range(number):
        make_document(DocumentType.FACTURE, order, session=order.enrolments.earliest("pk").session)
    return Access.objects.get(user=world.personas["standard"], establishment=world.lille)


@pytest.mark.parametrize("loss", ["types", "access", "account"])
def test_a_right_taken_away_during_the_download_stops_what_follows(
    loss: str, world: World, client_for: ClientFor
) -> None:
    access, client = standard_with_bills(world, 6), client_for(world.personas["standard"])
    archive = ask(client)
    assert archive.total == 8
    received, stream = b"", chunks_of(client, archive)
    while received.count(b"%PDF-1.4") < 3:
        received += next(stream)
    if loss == "types":
        set_document_types(access=access, types=[DocumentType.CONVENTION])
    elif loss == "access":
        access.delete()
    else:
        type(world.personas["standard"]).objects.filter(pk=access.user_id).update(is_active=False)
    received += b"".join(stream)
    with ZipFile(io.BytesIO(received)) as zipped:
        assert len(texts(zipped.namelist())) == 3
        assert zipped.namelist()[-1] == README
        said = zipped.read(README).decode("utf-8-sig")
    assert "Documents joints\u00a0: 3 sur 8." in said
    assert "5 documents n’ont pas été joints\u00a0: votre droit de les ouvrir a pris fin" in said
    archive.refresh_from_db()
    assert (archive.done, archive.left_out, archive.state) == (3, 5, ArchiveState.DONE)
    outcomes = Serving.objects.filter(user=access.user_id)
    assert outcomes.filter(outcome=ServingOutcome.DOWNLOADED).count() == 3
    assert outcomes.filter(outcome=ServingOutcome.REFUSED).count() == 5


def test_an_account_that_is_gone_during_the_download_gets_no_more(world: World, client_for: ClientFor) -> None:
    access, client = standard_with_bills(world, 6), client_for(world.personas["standard"])
    archive = ask(client)
    received, stream = b"", chunks_of(client, archive)
    while received.count(b"%PDF-1.4") < 3:
        received += next(stream)
    User.objects.filter(pk=access.user_id).delete()
    received += b"".join(stream)
    with ZipFile(io.BytesIO(received)) as zipped:
        assert len(texts(zipped.namelist())) == 3
        assert "5 documents n’ont pas été joints" in zipped.read(README).decode("utf-8-sig")
    assert Serving.objects.filter(user=access.user_id, outcome=ServingOutcome.REFUSED).count() == 5


def test_what_one_looks_at_changes_nothing_in_a_zip_and_a_lost_access_stops_its_part(
    world: World, client_for: ClientFor
) -> None:
    """The right is read again whole: while it is prepared, the person chooses Lille alone, and loses Lille."""
    user, convocation = world.personas["member_of_two"], [DocumentType.CONVOCATION]
    client = client_for(user)
    archive = ask(client)
    of_lille = Document.objects.filter(pk__in=archive.document_ids, establishment=world.lille).count()
    of_nice = Document.objects.filter(pk__in=archive.document_ids, establishment=world.nice, type__in=convocation)
    assert (archive.total, of_nice.count()) == (of_lille + 2, 2)
    User.objects.filter(pk=user.pk).update(shown_establishments=[world.lille.pk])
    assert len(texts(download(client, archive).namelist())) == archive.total
    received, stream = b"", chunks_of(client, archive)
    while received.count(b"%PDF-1.4") < 1:
        received += next(stream)
    first = archive.document_ids[0]
    assert Document.objects.get(pk=first).establishment == world.lille
    Access.objects.filter(user=user, establishment=world.lille).delete()
    received += b"".join(stream)
    with ZipFile(io.BytesIO(received)) as zipped:
        names = texts(zipped.namelist())
    assert len(names) == 1 + 2
    for number in of_nice.values_list("number", flat=True):
        assert any(number in name for name in names)
    archive.refresh_from_db()
    assert (archive.done, archive.left_out) == (3, of_lille - 1)


def test_a_missing_an_altered_and_a_cut_file_are_left_out_named_and_not_counted_as_downloaded(
    world: World, client: Client
) -> None:
    missing, altered, cut, emptied = unsound = Document.objects.filter(establishment=world.lille).order_by("pk")[:4]
    store = cast(PrivateFileSystemStorage, documents_storage())
    store.delete(str(missing.file))
    with open(store.path(str(altered.file)), "r+b") as file:
        file.write(b"%PDF-1.5")
    os.truncate(store.path(str(cut.file)), cut.size - 1)
    os.truncate(store.path(str(emptied.file)), 0)
    archive = ask(client)
    with mock.patch.object(streaming.logger, "exception") as logged, download(client, archive) as zipped:
        said = zipped.read(README).decode("utf-8-sig")
        assert zipped.testzip() is None
    assert logged.call_count == 1
    assert f"{missing}\u00a0: le fichier est momentanément indisponible." in said
    names = zipped.namelist()
    for one in (altered, cut, emptied):
        assert f"{one}\u00a0: le fichier est incomplet ou altéré, il n’est pas joint." in said
    assert not [name for name in names for one in unsound if f"_{one.number}_" in name]
    assert (archive.done, archive.left_out, len(names)) == (archive.total - 4, 4, archive.total - 4 + 1)
    assert f"Documents joints\u00a0: {archive.done} sur {archive.total}." in said
    told = Serving.objects.filter(document__in=[one.pk for one in unsound]).values_list("document_id", "outcome")
    assert sorted(told) == [(one.pk, ServingOutcome.FAILED) for one in unsound]


def test_who_may_no_longer_open_a_missing_file_does_not_learn_that_it_is_missing(
    world: World, client_for: ClientFor
) -> None:
    access, client = standard_with_bills(world, 2), client_for(world.personas["standard"])
    archive = ask(client)
    documents_storage().delete(str(Document.objects.get(pk=archive.document_ids[-1]).file))
    stream = chunks_of(client, archive)
    received = next(stream)
    Access.objects.filter(pk=access.pk).delete()
    with mock.patch.object(streaming.logger, "exception"):
        received += b"".join(stream)
    with ZipFile(io.BytesIO(received)) as zipped:
        said = zipped.read(README).decode("utf-8-sig")
    assert "indisponible" not in said
    assert "n’ont pas été joints" in said or "n’a pas été joint" in said
    assert not Serving.objects.filter(outcome=ServingOutcome.FAILED).exists()


class Breaking(io.BytesIO):
    """A file that can be read so many times."""

    def __init__(self, content: bytes, reads: int) -> None:
        super().__init__(content)
        self.reads = reads

    def read(self, size: int | None = -1) -> bytes:
        self.reads -= 1
        if self.reads < 0:
            raise OSError("the disk went away")
        return super().read(size)


@pytest.mark.parametrize(
    ("reads", "said", "told"),
    [
        (0, "momentanément indisponible", ["failed"]),
        (1, "momentanément indisponible", ["failed"]),
        (2, "momentanément indisponible", ["failed"]),  # it was read through once
        (3, "le fichier joint est incomplet", ["downloaded", "failed"]),
    ],
)
def test_a_disk_that_fails_is_said(reads: int, said: str, told: list[str], world: World, client: Client) -> None:
    paper = Document.objects.filter(establishment=world.lille).earliest("pk")
    archive = ask(client, quoi="selection", document=[str(paper.pk)])
    with documents_storage().open(str(paper.file)) as file:
        content = file.read()
    storage = mock.Mock(open=lambda *_arguments: Breaking(content, reads))
    with (
        mock.patch.object(streaming, "documents_storage", return_value=storage),
        mock.patch.object(streaming.logger, "exception"),
        download(client, archive) as zipped,
    ):
        assert said in zipped.read(README).decode("utf-8-sig")
        assert zipped.testzip() is None
    journal = Serving.objects.filter(document=paper.pk).order_by("pk")
    assert list(journal.values_list("outcome", flat=True)) == told


def test_a_person_who_leaves_interrupts_and_may_begin_again(world: World, client: Client) -> None:
    archive = ask(client)
    answer = cast(Any, client.get(reverse("archive_download", args=[archive.pk])))
    next(iter(answer.streaming_content))
    archive.refresh_from_db()
    assert archive.state == ArchiveState.RUNNING
    assert archive.is_under_way
    for close in answer._resource_closers:  # what the server calls when the client is gone
        close()
    archive.refresh_from_db()
    assert archive.state == ArchiveState.INTERRUPTED
    assert "interrompu" in client.get(reverse("archive_detail", args=[archive.pk])).text
    download(client, archive)
    assert archive.state == ArchiveState.DONE


def test_a_journal_that_fails_stops_the_archive(world: World, client: Client) -> None:
    """Nothing leaves without its line: the connection breaks off, and the archive says that it was interrupted."""
    archive = ask(client)
    stream = chunks_of(client, archive)
    next(stream)
    with mock.patch.object(streaming, "open_to", side_effect=DatabaseError), pytest.raises(DatabaseError):
        list(stream)
    archive.refresh_from_db()
    assert archive.state == ArchiveState.INTERRUPTED


def test_a_second_download_of_the_same_archive_ends_the_first(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "SAID_EVERY", 0.0)
    archive = ask(client)
    first = chunks_of(client, archive)
    next(first)
    download(client, archive)
    rest = list(first)
    assert len(rest) < 2
    archive.refresh_from_db()
    assert archive.state == ArchiveState.DONE


def test_two_archives_at_a_time(world: World, client: Client) -> None:
    archives = [ask(client) for _ in range(3)]
    running = [chunks_of(client, archive) for archive in archives[:2]]
    for stream in running:
        next(stream)
    refused = client.get(reverse("archive_download", args=[archives[2].pk]))
    assert refused.status_code == 429
    assert "déjà en cours" in refused.text
    list(running[0])
    assert client.get(reverse("archive_download", args=[archives[2].pk])).status_code == 200
    assert views.MOST_AT_ONCE == 2


def test_the_page_starts_the_download_once_and_says_how_far_it_is(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "SAID_EVERY", 0.0)
    archive, url = ask(client), reverse("archive_download", args=[1]).replace("/1/", "/{}/")
    page = reverse("archive_detail", args=[archive.pk])
    assert f'http-equiv="refresh" content="0; url={url.format(archive.pk)}"' in client.get(page).text
    stream = chunks_of(client, archive)
    received = b""
    while received.count(b"%PDF-1.4") < 5:
        received += next(stream)
    running = client.get(page).text
    assert "http-equiv" not in running
    assert 'value="4"' in running
    assert "Téléchargement en cours" in running
    list(stream)
    done = client.get(page).text
    assert "Tous les documents sont dans l’archive." in done
    assert "hx-get" not in done.split('id="avancement"')[1]


def test_names_are_unique_whatever_their_case() -> None:
    names = Names()
    given = [names.unique(name) for name in ("Été.pdf", "été.pdf", "ÉTÉ.pdf", "été (2).pdf", "a-lire.txt")]
    assert given[:2] == ["Été.pdf", "été (2).pdf"]
    assert given[4] != "a-lire.txt"
    assert len({name.casefold() for name in given}) == 5


def test_old_archives_are_forgotten(world: World, client: Client, run_tasks: RunTasks) -> None:
    archive = ask(client)
    Archive.objects.filter(pk=archive.pk).update(created_at=timezone.now() - timedelta(days=7, minutes=1))
    assert client.get(reverse("archive_detail", args=[archive.pk])).status_code == 404
    kept = ask(client)
    Archive.objects.filter(pk=archive.pk).update(created_at=timezone.now() - timedelta(days=9))
    choosing.forget_old_archives.enqueue()
    run_tasks()
    assert list(Archive.objects.all()) == [kept]
    assert str(kept) == kept.title


def test_many_files_start_at_once_in_flat_memory(world: World, client: Client) -> None:
    """Whole archive, first byte and peak of memory; `make bench` measures 2,000."""
    order = world.armor.orders[world.lille.pk][0]
    paper = make_document(DocumentType.CONVENTION, order)
    archive = choosing.ask_for(user=world.personas["administrator"], title="x", document_ids=[paper.pk] * 300)
    client.get(reverse("document_list"))
    tracemalloc.start()
    begun = time.perf_counter()
    stream = chunks_of(client, archive)
    received = len(next(stream))
    first_byte = time.perf_counter() - begun
    received += sum(map(len, stream))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert first_byte < 1
    assert received > 300 * paper.size
    assert peak < 8_000_000
