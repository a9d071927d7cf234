"""A start with something missing or malformed says everything that is wrong, and does not start."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from django.conf import settings as own
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

COMPLETE = {
    "DATABASE_URL": "postgresql://espace@localhost/espace",
    "SECRET_KEY": "0123456789" * 6,
    "ALLOWED_HOSTS": "espace.example",
    "EMAIL_URL": "submission://user:password@mail.example:587",
    "DEFAULT_FROM_EMAIL": "espace@espace.example",
    "PROVIDER_SIRET": "90184726900015",
    "PROVIDER_NDA": "11922345692",
}
SHOW = (
    "from espace_client import settings as s; print(s.ESPACE_ENV, s.DELIVERY_BACKEND, s.SESSION_COOKIE_SECURE, s.DEMO)"
)


def start(environment: dict[str, str], code: str = SHOW) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=own.BASE_DIR,
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
        ("DATABASE_URL", "mysql://espace@localhost/espace"),
    ],
)
def test_a_malformed_variable_is_named(name: str, value: str) -> None:
    started = start({**COMPLETE, name: value})
    assert started.returncode != 0
    assert name in started.stderr


WRONG = {
    "ESPACE_DEMO": ("true", "not for production"),
    "ALLOWED_HOSTS": (", ", "may not be blank"),
    "EMAIL_URL": ("", "may not be blank"),
    "DEFAULT_FROM_EMAIL": ("notanaddress", "An address is expected"),
    "SITE_URL": ("portail", "A whole address is expected"),
    "DATABASE_POOL_SIZE": ("0", "1"),
    "TRUSTED_PROXY_COUNT": ("-1", "0"),
    "REDIS_URL": ("foo", "redis://"),
    "MALWARE_SCANNER": ("nonsense", "host:port"),
    "LOG_LEVEL": ("NOISY", "INFO"),
    "PROVIDER_SIRET": ("123", "fourteen digits"),
    "PROVIDER_NDA": ("12", "eleven digits"),
    "PROVIDER_IBAN": ("FR76", "key"),
}


def told(environment: dict[str, str]) -> dict[str, str]:
    """What a start that is refused says of each variable."""
    code = (
        "import json, environs\n"
        "try:\n    import espace_client.settings\n"
        "except environs.EnvValidationError as error:\n    print(json.dumps(error.error_messages))"
    )
    started = start(environment, code)
    return {name: " ".join(messages) for name, messages in json.loads(started.stdout or "{}").items()}


def test_all_that_is_wrong_is_said_at_once_with_what_is_expected() -> None:
    said = told({**COMPLETE, **{name: value for name, (value, _expected) in WRONG.items()}})
    assert set(said) == set(WRONG)
    for name, (_value, expected) in WRONG.items():
        assert expected in said[name], name


def test_a_required_variable_that_is_blank_is_as_good_as_missing() -> None:
    said = told({**dict.fromkeys(COMPLETE, " "), "ESPACE_ENV": "production"})
    assert set(said) == set(COMPLETE)


def test_what_is_right_is_taken_however_it_is_written() -> None:
    right = {
        "DEFAULT_FROM_EMAIL": "Espace client <espace@espace.example>",
        "PROVIDER_SIRET": "901 847 269 00015",
        "PROVIDER_NDA": "11 92 23456 92",
        "PROVIDER_IBAN": "FR76 3000 1007 9412 3456 7890 185",
        "SITE_URL": "https://espace.example/",
        "REDIS_URL": "rediss://cache.example:6380/0",
        "MALWARE_SCANNER": "scanner.example:3310",
    }
    assert told({**COMPLETE, **right}) == {}
    show = "from espace_client.settings import PROVIDER as p; print(p['siret'], p['nda'], p['iban'])"
    started = start({**COMPLETE, **right}, show)
    assert started.stdout.split() == ["90184726900015", "11922345692", "FR7630001007941234567890185"]


def test_demonstration_mode_is_for_a_checkout() -> None:
    started = start({"ESPACE_DEMO": "1"})
    assert started.stdout.split()[-1] == "True"


def test_a_load_balancer_may_ask_in_plain_http(settings: Settings, client: Client, db: None) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(reverse("health")).status_code == 200
    assert client.get(reverse("home")).status_code == 301


def test_a_connection_that_postgresql_ended_is_not_used_again() -> None:
    show = "from espace_client.settings import DATABASES as d; print(d['default']['CONN_HEALTH_CHECKS'])"
    assert start(COMPLETE, show).stdout.split() == ["True"]


def test_without_a_database_the_checkout_runs_for_itself() -> None:
    started = start({})
    assert started.stdout.split()[0] == "local"


def test_the_local_secret_is_made_once_and_private() -> None:
    start({})
    path = own.BASE_DIR / ".data" / "secret-key"
    first = path.read_text()
    start({})
    assert path.read_text() == first
    assert path.stat().st_mode & 0o077 == 0
