"""From a Paper to the bytes of its PDF, with WeasyPrint.

Importing this module costs over a second: only what renders imports it (a worker, a management command), never the
web process at start-up. Styles, fonts and fetcher are made once per process; a warm page then takes some 60 ms.

Tagged PDF/UA-1; invoices are PDF/A-3a with their Factur-X besides. The same Paper gives the same bytes: dates are the
paper's own, the file's identifier is derived from its type and number, and fonts are made without a time stamp.
"""

import hashlib
import io
import logging
import re
import threading
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousOperation
from django.template.loader import render_to_string
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from documents.facturx.embedding import embed
from documents.facturx.invoice import xml_of
from documents.papers import Paper

SCHEME = "static"
STYLESHEET = "css/pdf.css"
READABLE = ("css/", "fonts/", "img/")  # folders of static files that a paper is made of
# Figtree has no narrow no-break space: every amount would pull in another font of the machine. What turns
# the direction of the text round is left out: in a name, it would turn what is printed after the name.
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
PRINTABLE = str.maketrans({"\u202f": "\u00a0"} | dict.fromkeys(TURNING, ""))
# For what has no place to break at, Pango lays all of the rest out anew for each line: quadratic.
TAG_OR_UNBROKEN = re.compile(r"<[^>]*>|(?:&#?\w{1,8};|[^ \t\r\n<>&\u200b]){81,}+")
PIECE = re.compile(r"(?:&#?\w{1,8};|[^&]){40}+")

for _talkative in ("fontTools", "weasyprint.progress"):  # each step of each page, at INFO
    logging.getLogger(_talkative).setLevel(logging.WARNING)
_lock = threading.Lock()  # Pango's font map, shared by all renderings, is not made for two threads


class RenderingError(RuntimeError):
    """A template asked for something that is not one of our own static files, or that is not there."""


class OwnFilesFetcher(URLFetcher):
    """Answers `static:<path>` from our static files and refuses everything else; a refusal stops the rendering.

    `static:fonts/x.woff2?wght=600` is that variable font made static at a weight: WeasyPrint would otherwise do it for
    every document (a third of its time) and stamp the result with the hour.
    """

    def __init__(self) -> None:
        super().__init__(allowed_protocols=(SCHEME,), fail_on_errors=True)  # type: ignore[no-untyped-call]

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """Return the file; ValueError for an address that is not ours."""
        parts = urlsplit(url)
        if parts.scheme != SCHEME or parts.netloc:
            raise ValueError(f"not one of our own static files: {url}")
        path = _static_file(parts.path)
        weight = parse_qs(parts.query).get("wght")
        return URLFetcherResponse(url, _font_at(path, int(weight[0])) if weight else path.read_bytes())

    def open(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Close urllib's own door, which the parent class leaves beside `fetch`."""
        raise ValueError("not one of our own static files")


def _static_file(path: str) -> Path:
    """Where our static file `path` lies; ValueError if it is none, or of a folder that papers have no use for."""
    try:
        found = finders.find(path) if path.startswith(READABLE) else None
    except SuspiciousOperation:
        found = None
    if not isinstance(found, str):
        raise ValueError(f"not one of our own static files: {path}")
    return Path(found)


def _font_at(path: Path, weight: int) -> bytes:
    font = TTFont(path, recalcTimestamp=False)
    font.flavor = None
    instantiateVariableFont(font, {"wght": weight}, inplace=True, static=True)  # type: ignore[no-untyped-call]
    content = io.BytesIO()
    font.save(content)
    return content.getvalue()


class _Press:
    """What every rendering of this process shares."""

    def __init__(self) -> None:
        self.fetcher = OwnFilesFetcher()
        self.fonts = FontConfiguration()
        self.images: dict[str, Any] = {}
        # Without font_config, WeasyPrint would drop @font-face without a word.
        self.stylesheet = CSS(url=f"{SCHEME}:{STYLESHEET}", url_fetcher=self.fetcher, font_config=self.fonts)


@cache
def _press() -> _Press:
    return _Press()


def source(paper: Paper) -> str:
    """The HTML of which the PDF is made; every value in it is escaped by the templates."""
    return printable(render_to_string(paper.template, {**paper.facts, "paper": paper}))


def printable(html: str) -> str:
    """The same page, in characters of our fonts, able to break after 40 characters in words longer than 80."""
    return TAG_OR_UNBROKEN.sub(_with_places_to_break, html.translate(PRINTABLE))


def _with_places_to_break(found: re.Match[str]) -> str:
    return found[0] if found[0].startswith("<") else PIECE.sub("\\g<0>\u200b", found[0])


def render(paper: Paper) -> bytes:
    """Return the PDF of `paper`; that of an invoice or avoir is a PDF/A-3 with its Factur-X in it.

    Raises RenderingError when the template refers to a file that is not ours, ValueError when the XML of an invoice
    lacks a term.
    """
    if not paper.structured:
        return _print(paper, "pdf/ua-1")
    return embed(_print(paper, "pdf/a-3a"), xml_of(paper), paper.issued_on)


def _print(paper: Paper, variant: str) -> bytes:
    identifier = hashlib.sha256(f"{paper.type}:{paper.number}".encode()).digest()[:16]
    try:
        return draw(source(paper), identifier, variant)
    except RenderingError as error:
        raise RenderingError(f"{paper.title}: {error}") from error


def draw(html: str, identifier: bytes, variant: str = "pdf/ua-1") -> bytes:
    """The PDF of a page, which need not be a Paper; RenderingError as above. `identifier`: 16 bytes."""
    try:
        with _lock:
            press = _press()
            document = HTML(string=printable(html), url_fetcher=press.fetcher)
            content: bytes = document.write_pdf(
                stylesheets=[press.stylesheet],
                font_config=press.fonts,
                cache=press.images,
                pdf_variant=variant,
                pdf_identifier=identifier,
            )
    except FatalURLFetchingError as error:  # a BaseException, which would end a worker
        raise RenderingError(str(error)) from error
    return content


def warm_up() -> None:
    """Load styles and fonts now rather than at the first document."""
    with _lock:
        _press()
