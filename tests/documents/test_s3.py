"""The private store in a bucket: what it keeps, and what is said when it can't be reached."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.base import ContentFile
from django.test import Client
from moto import mock_aws
from storages.backends.s3 import S3Storage

from documents import store as stores
from documents.s3 import PrivateS3Storage
from documents.store import UnwritableStoreError, keep_aside, store
from enrolments.models import Order
from tests.conftest import ClientFor
from tests.documents.test_deposits import post
from tests.worlds import World, make_order, pdf

UNREACHABLE = EndpointConnectionError(endpoint_url="https://s3.example")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateS3Storage]:
    """The store, in a bucket of a pretended S3."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "pretended")
    with mock_aws():
        boto3.client("s3", region_name="eu-west-3").create_bucket(
            Bucket="papiers", CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
        )
        options = {"bucket_name": "papiers", "region_name": "eu-west-3", "file_overwrite": False}
        storage = PrivateS3Storage(**options)  # type: ignore[no-untyped-call]
        monkeypatch.setattr(stores, "documents_storage", lambda: storage)
        yield storage


def test_the_same_bytes_are_kept_once_and_read_whole(bucket: PrivateS3Storage) -> None:
    stored = store(pdf("x"))
    assert store(pdf("x")) == stored
    with bucket.open(stored.name, "rb") as file:
        assert (file.size, hashlib.sha256(file.read()).hexdigest()) == (stored.size, stored.sha256)
    assert not bucket.exists("ab/rien.pdf")
    with pytest.raises(FileNotFoundError):
        bucket.open("ab/rien.pdf", "rb")


def test_what_a_bucket_refuses_is_an_error_of_the_store(bucket: PrivateS3Storage) -> None:
    stored = store(pdf("x"))
    setattr(bucket, "bucket_name", "inconnu")  # noqa: B010  # django-storages sets its settings one by one
    bucket._bucket = None
    with pytest.raises(UnwritableStoreError):
        keep_aside(b"photo", "jpg")
    with pytest.raises(OSError, match=r"."):
        bucket.save("ab/nouveau.pdf", ContentFile(b"%PDF-"))
    with pytest.raises(OSError, match=r"."):
        bucket.open(stored.name, "rb")


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


def test_a_bucket_that_cannot_be_reached_is_said_to_whoever_hands_in(
    world: World, client: Client, bucket: PrivateS3Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: Order = make_order(world.lille, "responsable@armor.example", world.sessions[:1], papers=False)

    def unreachable(*_arguments: object) -> None:
        raise UNREACHABLE

    monkeypatch.setattr(S3Storage, "exists", unreachable)
    answer = post(client, order, pdf("BC 80"), purchase_order_number="BC-80")
    assert "n’a pas pu être enregistré" in answer.text
