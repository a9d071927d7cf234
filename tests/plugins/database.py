"""Gives the test run its database before anything reads the settings: `-p tests.plugins.database`.

Without DATABASE_URL: a throw-away cluster of the local database launcher, started by pytest's main process and
inherited by the workers of pytest-xdist. With DATABASE_URL: that server. Either way ESPACE_ENV is `test`.
"""

import os
from collections.abc import Generator
from contextlib import ExitStack
from urllib.parse import unquote, urlsplit

import pytest

from espace_client import local_database

HEADER = pytest.StashKey[str]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Start the server before pytest-django, which reads the settings in this same hook, gets its turn."""
    os.environ["ESPACE_ENV"] = "test"
    if not _without_tests(early_config):
        early_config.stash[HEADER] = _provide(early_config)
    return (yield)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say which PostgreSQL the tests ran on."""
    return config.stash.get(HEADER, None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say it at the end when `-q` leaves the header out."""
    if not terminalreporter.showheader and HEADER in config.stash:
        terminalreporter.write_line(config.stash[HEADER])


def _without_tests(config: pytest.Config) -> bool:
    """Whether pytest was only asked for its help or its version."""
    options = config.known_args_namespace
    return bool(options.help or options.version)


def _provide(config: pytest.Config) -> str:
    """Have a server named in DATABASE_URL until the end of the run; return the line of the report about it."""
    if given := os.environ.get("DATABASE_URL"):
        parts = urlsplit(given)
        return f"base de données : DATABASE_URL ({unquote(parts.netloc.rpartition('@')[2])}{parts.path})"
    stack = ExitStack()
    config.add_cleanup(stack.close)
    stack.callback(os.environ.pop, "DATABASE_URL", None)
    try:
        os.environ["DATABASE_URL"] = stack.enter_context(local_database.throwaway())
    except local_database.DatabaseUnavailableError as error:
        raise pytest.UsageError(str(error)) from error
    return f"base de données : {local_database.description()}, grappe jetable"
