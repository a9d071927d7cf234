"""The malware scanner: clamd, asked over its socket (INSTREAM, clamd(8)), when settings.MALWARE_SCANNER names one."""

from __future__ import annotations

import socket
import struct

from django.conf import settings

CHUNK = 64 * 1024
SECONDS = 30.0  # for each exchange
LONGEST_ANSWER = 4096


class ScannerUnavailableError(Exception):
    """A scanner is configured and gave no verdict: nothing may be taken without one."""


def is_configured() -> bool:
    return bool(settings.MALWARE_SCANNER)


def malware_in(content: bytes) -> str | None:
    """What the scanner recognised, None when it found nothing. Raises ScannerUnavailableError."""
    try:
        with _connected() as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                chunk = content[start : start + CHUNK]
                connection.sendall(struct.pack("!L", len(chunk)) + chunk)
            connection.sendall(struct.pack("!L", 0))
            answer = _answer(connection)
    except (OSError, ValueError) as error:
        raise ScannerUnavailableError(str(error)) from error
    if answer == "stream: OK":
        return None
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerUnavailableError(answer or "no answer")


def _connected() -> socket.socket:
    """A connection to the path or the host:port of the setting."""
    address: str = settings.MALWARE_SCANNER
    if not address.startswith("/"):
        host, _, port = address.rpartition(":")
        return socket.create_connection((host, int(port)), timeout=SECONDS)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(SECONDS)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _answer(connection: socket.socket) -> str:
    received = b""
    while not received.endswith(b"\0") and len(received) < LONGEST_ANSWER and (chunk := connection.recv(CHUNK)):
        received += chunk
    return received.rstrip(b"\0\n").decode("utf-8", "replace")
