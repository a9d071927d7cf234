"""Serve requests in this process as gunicorn would, and time them: through WSGI, all middleware, and a real session."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from gunicorn.http.wsgi import FileWrapper

from benchmarks.personas import HOST
from espace_client.wsgi import application

BLOCK = 1 << 20


@dataclass(frozen=True)
class Timing:
    """What one request cost, in milliseconds: by the clock, and of this process's processor time."""

    clock: float
    processor: float


@dataclass
class Queries:
    """What one request asked the database: how many statements, and how long they took in all (ms)."""

    statements: list[str] = field(default_factory=list)
    milliseconds: float = 0.0

    def watch(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """A wrapper for `connection.execute_wrapper`."""
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.milliseconds += (time.perf_counter() - start) * 1000
            self.statements.append(sql)


class Server:
    """One worker process of the site, without the network."""

    def __init__(self) -> None:
        self._handler = application
        self._drain = os.open(os.devnull, os.O_WRONLY)

    def get(self, path: str, cookie: str) -> Timing:
        """Answer one request to the last byte; AssertionError unless it is answered 200."""
        environ = _environ(path, cookie)
        statuses: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exception: Any = None) -> None:
            statuses.append(status)

        processor, clock = time.process_time(), time.perf_counter()
        self._send(self._handler(environ, start_response))  # type: ignore[arg-type]
        timing = Timing((time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000)
        assert statuses == ["200 OK"], f"{path}: {statuses}"
        return timing

    def body(self, path: str, cookie: str) -> Iterable[bytes]:
        """The answer to one request, as it comes; AssertionError unless it is answered 200."""
        statuses: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exception: Any = None) -> None:
            statuses.append(status)

        body: Iterable[bytes] = self._handler(_environ(path, cookie), start_response)  # type: ignore[arg-type]
        assert statuses == ["200 OK"], f"{path}: {statuses}"
        return body

    def _send(self, body: Iterable[bytes]) -> None:
        """Send an answer nowhere, a file with the system call that gunicorn uses."""
        if isinstance(body, FileWrapper):
            descriptor = body.filelike.fileno()
            offset = 0
            while sent := os.sendfile(self._drain, descriptor, offset, BLOCK):
                offset += sent
        else:
            for _chunk in body:
                pass
        if hasattr(body, "close"):
            body.close()


def _environ(path: str, cookie: str) -> dict[str, Any]:
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": HOST,
        "HTTP_COOKIE": cookie,
        "HTTP_ACCEPT": "text/html,application/xhtml+xml",
        "HTTP_ACCEPT_LANGUAGE": "fr",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.file_wrapper": FileWrapper,
    }


@contextmanager
def watched() -> Iterator[Queries]:
    """Record what the database in use is asked inside the block."""
    queries = Queries()
    with connection.execute_wrapper(queries.watch):
        yield queries
