"""Mails are kept with the change that they tell of, leave through a worker, and none is lost or sent twice."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives, send_mail
from django.db import connection, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.mails import KEY
from espace_client.models import OutgoingMail
from espace_client.outbox import deliver
from tests.conftest import RunTasks

LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def outbox(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "espace_client.outbox.Backend"
    settings.DELIVERY_BACKEND = LOCMEM


def write(key: str = "") -> int:
    message = EmailMultiAlternatives(
        "Votre accès à l’été", "Bonjour é", "ib <ib@example.org>", ["Zoé <zoe@armor.example>"], bcc=["b@armor.example"]
    )
    message.attach_alternative("<p>Bonjour é</p>", "text/html")
    message.attach("bon.pdf", b"%PDF-1.4 \x00\xff", "application/pdf")
    if key:
        message.extra_headers[KEY] = key
    return message.send()


@pytest.mark.django_db
def test_a_mail_leaves_when_a_worker_comes_by_and_its_text_is_forgotten(run_tasks: RunTasks) -> None:
    assert write() == 1
    assert mail.outbox == []
    run_tasks()
    (sent,) = mail.outbox
    assert sent.recipients() == ["Zoé <zoe@armor.example>", "b@armor.example"]
    assert sent.from_email == "ib <ib@example.org>"
    written: Any = sent.message()
    assert written["Bcc"] is None
    assert [part.get_content_type() for part in written.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf",
    ]  # fmt: skip
    assert b"\r\n" in written.as_bytes(linesep="\r\n")
    row = OutgoingMail.objects.get()
    assert row.sent_at is not None
    assert bytes(row.raw) == b""


@pytest.mark.django_db
def test_a_mail_about_the_same_thing_is_kept_once(run_tasks: RunTasks) -> None:
    assert [write("commande-1"), write("commande-1"), write("commande-2")] == [1, 0, 1]
    run_tasks()
    assert len(mail.outbox) == 2


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_undone_mails_nothing(run_tasks: RunTasks) -> None:
    def fail() -> None:
        with transaction.atomic():
            write()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    run_tasks()
    assert mail.outbox == []
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db
def test_a_mail_server_that_is_down_delays_and_loses_nothing(settings: Settings, run_tasks: RunTasks) -> None:
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    write()
    run_tasks()
    task = DBTaskResult.objects.get()
    assert task.status == TaskResultStatus.READY
    assert task.run_after > timezone.now()
    settings.DELIVERY_BACKEND = LOCMEM
    DBTaskResult.objects.update(run_after=timezone.now())
    run_tasks()
    run_tasks()
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_a_mail_once() -> None:
    """Fails without the lock on the row: both workers find the mail unsent."""
    write()
    pk = OutgoingMail.objects.get().pk

    def work() -> None:
        deliver.call(pk)
        connection.close()

    with transaction.atomic():  # both are at the lock when it opens
        OutgoingMail.objects.select_for_update().get()
        threads = [Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(0.3)
    for thread in threads:
        thread.join()
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_the_file_backend_of_the_demonstration_gets_whole_mails(
    settings: Settings, tmp_path: Path, run_tasks: RunTasks
) -> None:
    settings.DELIVERY_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    send_mail("Objet", "Texte", None, ["zoe@armor.example"])
    run_tasks()
    (path,) = tmp_path.iterdir()
    assert b"Subject: Objet" in path.read_bytes()
