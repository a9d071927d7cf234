"""A start with something missing or malformed says everything that is wrong, and does not start."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

COMPLETE = {
    "DATABASE_URL": "postgresql://espace@localhost/espace",
    "SECRET_KEY": "0123456789" * 6,
    "ALLOWED_HOSTS": "espace.example",
    "EMAIL_URL": "submission://user:password@mail.example:587",
    "DEFAULT_FROM_EMAIL": "espace@espace.example",
    "PROVIDER_SIRET": "90184726500019",
    "PROVIDER_NDA": "11922345692",
}
SHOW = (
    "from espace_client import settings as s; print(s.ESPACE_ENV, s.DELIVERY_BACKEND, s.SESSION_COOKIE_SECURE, s.DEMO)"
)


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_production_starts_secure() -> None:
    started = start(COMPLETE)
    assert started.stdout.split() == ["production", "django.core.mail.backends.smtp.EmailBackend", "True", "False"]


def test_everything_that_is_missing_is_said_at_once() -> None:
    started = start({"DATABASE_URL": COMPLETE["DATABASE_URL"]})
    assert started.returncode != 0
    for name in set(COMPLETE) - {"DATABASE_URL"}:
        assert name in started.stderr, name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "court"),
        ("ESPACE_ENV", "staging"),
        ("EMAIL_URL", "smtp+tsl://mail.example"),
        ("DATABASE_POOL_SIZE", "beaucoup"),
        ("ESPACE_DEMO", "peut-être"),
        ("TRUSTED_PROXY_COUNT", "un"),
    ],
)
def test_a_malformed_variable_is_named(name: str, value: str) -> None:
    started = start({**COMPLETE, name: value})
    assert started.returncode != 0
    assert name in started.stderr


def test_without_a_database_the_checkout_runs_for_itself() -> None:
    started = start({})
    assert started.stdout.split()[0] == "local"


def test_the_local_secret_is_made_once_and_private() -> None:
    start({})
    path = settings.BASE_DIR / ".data" / "secret-key"
    first = path.read_text()
    start({})
    assert path.read_text() == first
    assert path.stat().st_mode & 0o077 == 0
