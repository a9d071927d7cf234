"""What the server answers by itself, before the portal hears of a request."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

LONGEST = 128 * 1024


@pytest.fixture(scope="module", params=["sync", "gthread"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Gunicorn with the file of this folder, and an application that answers 200 to anything."""
    path = tmp_path_factory.mktemp("gunicorn") / "socket"
    command = [sys.executable, "-m", "gunicorn", "wsgiref.simple_server:demo_app", "--no-control-socket"]
    command += ["--worker-class", request.param, "--bind", f"unix:{path}", "--log-level", "warning"]
    with subprocess.Popen(command, cwd=settings.BASE_DIR) as process:
        try:
            while not path.exists():
                assert process.poll() is None
                time.sleep(0.02)
            yield path
        finally:
            process.terminate()


def ask(path: Path, request: bytes) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(request)
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    return answer.decode()


def test_an_address_that_is_too_long_is_told_in_french(server: Path) -> None:
    answer = ask(server, b"GET /" + b"a" * (LONGEST + 1))
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 414 ")
    assert f"Content-Length: {len(body.encode())}" in head
    assert "Cette adresse dépasse ce que l’Espace client peut lire" in body


def test_all_else_is_as_it_was(server: Path) -> None:
    end = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert ask(server, b"GET /" + b"a" * (LONGEST - 100) + end).startswith("HTTP/1.1 200 ")
    assert ask(server, b"GET / HTTP/7.9\r\n\r\n").startswith("HTTP/1.1 400 ")
