"""What a PDF says to its reader: its text, as software extracts it."""

from __future__ import annotations

import io

import pypdf


def text_of(content: bytes) -> str:
    """The text of all pages, with plain single spaces."""
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())
