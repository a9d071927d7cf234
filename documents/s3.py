"""The private store in a bucket: what the bucket or the way to it refuses is an OSError, as on a disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage


@contextmanager
def _as_on_a_disk() -> Iterator[None]:
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise OSError(str(error)) from error


class PrivateS3Storage(S3Storage):
    """An object is fetched when it is opened, so that what fails fails before the first byte is sent on."""

    def exists(self, name: str) -> bool:
        with _as_on_a_disk():
            return bool(super().exists(name))  # type: ignore[no-untyped-call]

    def _save(self, name: str, content: File[bytes]) -> str:
        with _as_on_a_disk():
            return str(super()._save(name, content))  # type: ignore[no-untyped-call]

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _as_on_a_disk():
            return super()._open(name, mode).open()  # type: ignore[no-untyped-call]
