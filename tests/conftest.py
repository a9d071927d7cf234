"""Fixtures that many tests use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.worlds import World, make_world

ClientFor = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def private_store(settings: Settings, tmp_path: Path) -> Path:
    """Every test has a document store and a mail folder of its own."""
    root = tmp_path / "documents"
    storages = {name: dict(options) for name, options in settings.STORAGES.items()}
    for name in ("default", "documents"):
        storages[name]["OPTIONS"] = {**storages[name]["OPTIONS"], "location": str(root)}
    settings.STORAGES = storages
    settings.DOCUMENTS_ROOT = root
    settings.EMAIL_FILE_PATH = tmp_path / "mails"
    return root


@pytest.fixture
def world(db: None) -> World:
    """Two rich tenants and the personas."""
    return make_world()


@pytest.fixture
def client_for() -> ClientFor:
    """A browser in which a person is logged in; None for an anonymous one."""

    def make(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return make


@pytest.fixture
def no_rate_limit(db: None) -> None:
    """Start with empty rate limits: they count in the shared cache, which outlives a test without a rollback."""
    cache.clear()
