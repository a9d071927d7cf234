"""Asking for archives and reading them."""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZipFile

from django.test import Client
from django.urls import reverse

from documents.archives.naming import README
from documents.models import Archive

CREATE = "archive_create"


def ask(client: Client, query: str = "", **data: Any) -> Archive:
    """The archive that the form makes."""
    answer = client.post(f"{reverse(CREATE)}?{query}", data or {"quoi": "tout"})
    assert answer.status_code == 302
    archive = Archive.objects.latest("pk")
    assert answer["Location"] == reverse("archive_detail", args=[archive.pk])
    return archive


def download(client: Client, archive: Archive) -> ZipFile:
    answer = client.get(reverse("archive_download", args=[archive.pk]))
    assert answer.status_code == 200
    zipped = ZipFile(io.BytesIO(answer.getvalue()))
    archive.refresh_from_db()
    return zipped


def texts(names: list[str]) -> list[str]:
    return [name for name in names if name != README]
