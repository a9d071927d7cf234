"""What of a client's file may be kept: hostile ones are refused with their reason, pictures become pages."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pikepdf
import pytest
from PIL import Image
from pytest_django import Settings

from documents.deposits import examining, picture_worker, pictures, scanner
from documents.deposits.examining import Examined, examine
from documents.files import FLAW_REASONS, Flaw
from documents.inspection import inspect_pdf
from documents.models import Scan
from tests.documents.test_inspection import attachment, launch, named_script, saved, spoilt, xfa
from tests.documents.uploads import clamd, picture, upload, zipped
from tests.worlds import pdf


def encrypted() -> bytes:
    document = pikepdf.new()
    document.add_blank_page()
    return saved(document, encryption=pikepdf.Encryption(owner="o", user="u"))


def enormous_png() -> bytes:
    """A few bytes that claim a picture of 40,000 by 40,000."""
    head = struct.pack("!LLBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!L", len(data)) + kind + data + struct.pack("!L", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
        + chunk(b"IEND", b"")
    )


HOSTILE: dict[str, tuple[Callable[[], bytes], Flaw]] = {
    "script": (lambda: spoilt(named_script), Flaw.SCRIPT),
    "launch": (lambda: spoilt(launch), Flaw.LAUNCH),
    "embedded": (lambda: spoilt(attachment), Flaw.EMBEDDED_FILE),
    "xfa": (lambda: spoilt(xfa), Flaw.XFA),
    "encrypted": (encrypted, Flaw.ENCRYPTED),
    "pdf and zip": (lambda: pdf("x") + zipped(), Flaw.POLYGLOT),
    "pdf and page": (lambda: pdf("x") + b"<html>" + b"x" * 2000, Flaw.POLYGLOT),
    "page": (lambda: b"<html><script>1</script>", Flaw.NOT_TAKEN),
    "late pdf": (lambda: b"GIF89a" + pdf("x"), Flaw.NOT_TAKEN),
    "program": (lambda: b"MZ\x90\0", Flaw.NOT_TAKEN),
    "damaged": (lambda: b"%PDF-1.7\nnothing", Flaw.DAMAGED),
    "empty": (lambda: b"", Flaw.EMPTY),
    "broken picture": (lambda: picture()[:200], Flaw.BAD_PICTURE),
    "picture in name only": (lambda: b"\xff\xd8\xff" + b"nonsense" * 50, Flaw.BAD_PICTURE),
    "picture bomb": (enormous_png, Flaw.HUGE_PICTURE),
    "too large": (lambda: b"%PDF-" + b"0" * 20_000_001, Flaw.TOO_LARGE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(name: str) -> None:
    make, flaw = HOSTILE[name]
    assert examine(upload(make())) == flaw
    assert FLAW_REASONS[flaw]


def test_a_sound_pdf_is_kept_as_it_is() -> None:
    content = pdf("Bon de commande")
    found = examine(upload(content))
    assert isinstance(found, Examined)
    assert (found.pdf, found.original, found.ending, found.scan) == (content, content, "", Scan.NONE)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1")],
)
def test_a_picture_becomes_a_page(kind: str, mode: str) -> None:
    content = picture(kind, mode)
    found = examine(upload(content, "photo.pdf"))
    assert isinstance(found, Examined)
    assert found.ending == {"JPEG": "jpg", "PNG": "png"}[kind]
    assert found.original == content
    with pikepdf.open(io.BytesIO(found.pdf)) as document:
        assert len(document.pages) == 1
        width, height = document.pages[0].mediabox[2:]
    assert (round(float(width)), round(float(height))) == (595, 842)
    assert inspect_pdf(found.pdf) is None


def test_only_the_first_of_several_pictures_is_kept() -> None:
    frames = [Image.new("RGB", (30, 30), color) for color in ("red", "blue")]
    output = io.BytesIO()
    frames[0].save(output, "PNG", save_all=True, append_images=frames[1:])
    found = examine(upload(output.getvalue()))
    assert isinstance(found, Examined)
    with pikepdf.open(io.BytesIO(found.pdf)) as document:
        assert len(document.pages) == 1


def test_the_worker_by_itself(tmp_path: Path) -> None:
    """What runs in its own process, run in this one; its limits are those of the process, so they are not set."""
    good, bad, target = tmp_path / "good", tmp_path / "bad", tmp_path / "x.pdf"
    good.write_bytes(picture("PNG", "LA"))
    bad.write_bytes(b"\x89PNG\r\n\x1a\n")
    with mock.patch("resource.setrlimit") as limited:
        assert picture_worker.main(str(good), str(target)) == 0
        assert picture_worker.main(str(bad), str(target)) == 1
    assert limited.call_count == 6
    assert target.read_bytes().startswith(b"%PDF")
    with mock.patch.object(picture_worker, "MOST_PIXELS", 10):
        assert picture_worker.convert(picture()) == Flaw.HUGE_PICTURE
        assert picture_worker.convert(picture(size=(3, 5))) == Flaw.HUGE_PICTURE


def test_a_worker_that_dies_or_hangs_refuses_the_picture() -> None:
    with mock.patch.object(pictures, "SECONDS", 0.001):
        assert pictures.pdf_of_picture(picture()) == Flaw.EXHAUSTING
    killed = mock.Mock(returncode=-9, stdout=b"")
    with mock.patch("subprocess.run", return_value=killed):
        assert pictures.pdf_of_picture(picture()) == Flaw.EXHAUSTING


def test_what_was_inspected_is_what_was_given() -> None:
    verdict = mock.Mock(flaw=None, sha256="0" * 64)
    with mock.patch.object(examining, "Inspectors") as inspectors:
        inspectors.return_value.__enter__.return_value.inspect.return_value = [verdict]
        assert examine(upload(pdf("x"))) == Flaw.MISSING


@pytest.mark.parametrize(
    ("content", "polyglot"),
    [
        (pdf("x") + b"\r\n\0\0  ", False),
        (pdf("x") + b"%" + b"x" * 1000, False),
        (pdf("x") + b"PK\5\6", False),
        (pdf("x") + b"PK\5\6" + b"\0" * 18, False),
        (pdf("x") + zipped(), True),
        (pdf("x") + zipped() + b"\0" * 30, True),
    ],
)
def test_what_comes_after_the_end(content: bytes, polyglot: bool) -> None:
    assert (inspect_pdf(content) == Flaw.POLYGLOT) is polyglot


# --- The scanner ------------------------------------------------------------------------------------------------------


def test_the_scanner_hears_the_whole_file_and_says_it_is_clean(settings: Settings, tmp_path: Path) -> None:
    content = picture("PNG", "RGB", (600, 400)) + b"\0" * 200_000
    with clamd(tmp_path, b"stream: OK\0") as (path, heard):
        settings.MALWARE_SCANNER = path
        found = examine(upload(content))
    assert isinstance(found, Examined)
    assert found.scan == Scan.CLEAN
    assert heard == [content]


def test_the_scanner_recognises_something(settings: Settings, tmp_path: Path) -> None:
    with (
        clamd(tmp_path, b"stream: Win.Test.EICAR_HDB-1 FOUND\0") as (path, _heard),
        mock.patch.object(examining.logger, "warning") as logged,
    ):
        settings.MALWARE_SCANNER = path
        assert examine(upload(pdf("x"))) == Flaw.MALWARE
    assert "EICAR" in str(logged.call_args)


@pytest.mark.parametrize("answer", [None, b"INSTREAM size limit exceeded. ERROR\0", b"x" * 5000])
def test_a_scanner_without_a_verdict_refuses(answer: bytes | None, settings: Settings, tmp_path: Path) -> None:
    with clamd(tmp_path, answer) as (path, _heard):
        settings.MALWARE_SCANNER = path
        with pytest.raises(scanner.ScannerUnavailableError):
            examine(upload(pdf("x")))


@pytest.mark.parametrize("address", ["/nowhere/clamd.sock", "127.0.0.1:1", "127.0.0.1:port"])
def test_an_unreachable_scanner_refuses(address: str, settings: Settings) -> None:
    settings.MALWARE_SCANNER = address
    with pytest.raises(scanner.ScannerUnavailableError):
        scanner.malware_in(b"x")
