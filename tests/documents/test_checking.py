"""Every stored file is read again and compared: what is missing or altered is named, and the team is told."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils.module_loading import import_string

from documents.checking import check_files
from documents.models import Document, FileCheck, documents_storage
from tests.conftest import RunTasks
from tests.worlds import World, make_user

pytestmark = pytest.mark.django_db


def said() -> str:
    out = io.StringIO()
    call_command("check_documents", stdout=out)
    return out.getvalue()


def test_all_is_well(world: World) -> None:
    assert f"{Document.objects.count()} documents contrôlés" in said()
    assert not mail.outbox
    assert FileCheck.objects.get().sound


def test_missing_and_altered_files_are_named_and_told(world: World) -> None:
    first, second = Document.objects.order_by("pk")[:2]
    storage = documents_storage()
    storage.delete(str(first.file.name))
    with open(storage.path(str(second.file.name)), "r+b") as file:
        file.seek(20)
        file.write(b"x")
    make_user("lecteur@ib.example", is_staff=True)
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"1 absent\(s\), 1 modifié\(s\)"):
        call_command("check_documents", stdout=out)
    assert f"Fichier absent : {first.number}" in out.getvalue()
    assert f"Fichier modifié : {second.number}" in out.getvalue()
    check = FileCheck.objects.get()
    assert (check.missing, check.altered) == ([first.pk], [second.pk])
    assert str(check)
    assert [message.to for message in mail.outbox] == [["equipe@ib.example"]]
    assert f"/gestion/documents/filecheck/{check.pk}/change/" in str(mail.outbox[0].body)


def test_a_file_that_two_documents_name_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = Document.objects.order_by("pk").first()
    assert twin is not None
    twin.pk, twin.number = None, "JUMEAU"
    twin.save(force_insert=True)
    read: list[str] = []
    storage = type(documents_storage())
    original: Any = storage.open

    def recording(self: object, name: str, mode: str = "rb") -> object:
        read.append(name)
        return original(self, name, mode)

    monkeypatch.setattr(storage, "open", recording)
    check = check_files()
    assert check.checked == len(read) + 1


def test_the_chore_runs_every_day(world: World, run_tasks: RunTasks) -> None:
    path = next(path for path in settings.CHORES if path.endswith("check_stored_files"))
    assert settings.CHORES[path].days == 1
    import_string(path).enqueue()
    run_tasks()
    assert FileCheck.objects.get().checked == Document.objects.count()
