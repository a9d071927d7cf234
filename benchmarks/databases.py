"""Two worlds side by side in one process: each has its own database and its own connection pool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend


@dataclass(frozen=True)
class Database:
    """One database of the throw-away server, and the connection through which the site reads it when it is in use."""

    name: str
    connection: BaseDatabaseWrapper

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Make it the site's database (`default`) inside the block."""
        usual = connections["default"]
        connections["default"] = self.connection
        try:
            yield
        finally:
            connections["default"] = usual

    def close(self) -> None:
        """Close its connections, so that the server may copy or drop it."""
        self.connection.close()
        self.connection.close_pool()  # type: ignore[attr-defined]


def open_database(name: str) -> Database:
    """The database of this name on the server of the settings, with a pool of its own as another process would have."""
    settings = {**connections.settings["default"], "NAME": name}
    connection: BaseDatabaseWrapper = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, "default")
    # Django keeps the pools on the class, by alias: both worlds are `default`.
    connection._connection_pools = {}  # type: ignore[attr-defined]
    return Database(name, connection)


def make_databases(names: list[str]) -> list[Database]:
    """Migrate the server's first database, and copy it once for each name."""
    call_command("migrate", verbosity=0)
    first = Database(connections.settings["default"]["NAME"], connections["default"])
    first.close()
    with first.connection._nodb_cursor() as cursor:
        for name in names:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {first.name}")
    return [open_database(name) for name in names]
