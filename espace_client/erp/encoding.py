"""Which of the two encodings a file is in, told from all of its bytes, read in blocks."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

UTF_8, WINDOWS = "utf-8-sig", "cp1252"  # the first one drops a byte order mark
_BLOCK = 1 << 20
_BROKEN = re.compile("[\udc80-\udcff]")  # how Python keeps a byte that is not UTF-8 ("surrogateescape")


class UnknownEncodingError(ValueError):
    """The file is in neither encoding: UTF-16, as "Unicode text" of a spreadsheet is."""


def encoding_of(path: Path) -> str:
    """UTF-8 when the file has a byte order mark, or when at least half of its non-ASCII characters are good UTF-8.

    Text in Windows-1252 is good UTF-8 by accident only (« É » before a closing quote), so half is far from both sides:
    a UTF-8 file with a broken byte stays UTF-8, and the line with that byte is refused; the answer is always the same
    for the same bytes. Raises UnknownEncodingError for UTF-16, OSError when the file can't be read.
    """
    good = broken = 0
    for text in _decoded(path):
        if not text.isascii():
            broken_here = len(_BROKEN.findall(text))
            broken += broken_here
            good += len(text) - len(text.encode("ascii", "ignore")) - broken_here
    return UTF_8 if good >= broken else WINDOWS


def _decoded(path: Path) -> Iterator[str]:
    """The file as UTF-8, in blocks, broken bytes kept as lone surrogates; nothing after a byte order mark of UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with path.open("rb") as file:
        block = file.read(_BLOCK)
        if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise UnknownEncodingError
        if block.startswith(codecs.BOM_UTF8):
            return
        while block:
            yield decoder.decode(block)
            block = file.read(_BLOCK)
        yield decoder.decode(b"", final=True)
