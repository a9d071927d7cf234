"""A private PostgreSQL for this checkout, for whoever has no server to name in DATABASE_URL.

It listens on a socket only, in a directory that nobody else can enter, and runs as an unprivileged account.
Standard library only: it works before anything is installed, and from a root shell.

    url()             the address of this checkout's server; starts nothing
    ensure_running()  starts it when needed, returns its address
    stop()            stops it
    throwaway()       a cluster for one test run
    description()     which PostgreSQL is used

All but url() raise DatabaseUnavailableError, whose text is the one line to show. Command line: `python -m
espace_client.local_database start|stop|status|url|psql|remove|run|throwaway`.
"""

import contextlib
from collections.abc import Iterator

from . import cluster
from .errors import DatabaseUnavailableError
from .place import locate
from .programs import find
from .temporary import throwaway_cluster

__all__ = ["DatabaseUnavailableError", "description", "ensure_running", "stop", "throwaway", "url"]


def url() -> str:
    """Return the address of this checkout's private server, running or not."""
    return locate().url


def ensure_running() -> str:
    """Start the private server unless it runs, and return its address.

    The database `espace_client` exists and its owner may create the extensions `unaccent` and `pg_trgm`. Safe
    when several processes call at once. Raises DatabaseUnavailableError.
    """
    place = locate()
    cluster.ensure(place, find(place))
    return place.url


def stop() -> bool:
    """Stop the private server; return whether it was running. Raises DatabaseUnavailableError."""
    return cluster.stop(locate())


@contextlib.contextmanager
def throwaway() -> Iterator[str]:
    """Yield the address of a new, empty database that goes with the block, or with this process if it is
    killed.

    Nothing is flushed to disk: for tests only. Raises DatabaseUnavailableError.
    """
    place = locate()
    with throwaway_cluster(place, find(place)) as address:
        yield address


def description() -> str:
    """Return which PostgreSQL is used, for people: its version and where it comes from."""
    return str(find(locate()))
