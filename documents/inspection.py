"""Whether a file may be kept as a document: a PDF that can be read and carries nothing that acts on its reader.

Every object is walked, because `qpdf --check` says nothing of scripts. Contents of streams are never decompressed, but
for those that hold objects, which the parser needs: it does so under the limits set below. A file made to exhaust the
parser still can, so this is called in a process that can be lost: see `documents.inspectors`.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator

import pikepdf

from documents.files import Flaw

HEADER, END = b"%PDF-", b"%%EOF"
MOST_AFTER_END = 1024  # bytes; some writers leave a few
# The largest stream of objects that is expanded. A thousand pages hold a few megabytes of objects.
MAX_EXPANDED = 64 * 1024 * 1024

pikepdf.settings.set_qpdf_limits(
    doc_max_warnings=1000,
    max_stream_filters=4,
    flate_max_memory=MAX_EXPANDED,
    png_max_memory=MAX_EXPANDED,
    run_length_max_memory=MAX_EXPANDED,
    tiff_max_memory=MAX_EXPANDED,
)


_FORBIDDEN_KEYS = {
    "/JavaScript": Flaw.SCRIPT,
    "/OnInstantiate": Flaw.SCRIPT,  # of a 3D model
    "/EmbeddedFiles": Flaw.EMBEDDED_FILE,
    "/EF": Flaw.EMBEDDED_FILE,
    "/XFA": Flaw.XFA,
}
# Actions (ISO 32000-2, 12.6.4) and annotations (12.5.6). Opening an address (/URI) is good, unless nobody clicks.
_FORBIDDEN_VALUES = {
    "/S": {
        "/JavaScript": Flaw.SCRIPT,
        "/Launch": Flaw.LAUNCH,
        **dict.fromkeys(("/GoToR", "/GoToE", "/ImportData", "/SubmitForm"), Flaw.REACHES_OUT),
        **dict.fromkeys(("/Rendition", "/Movie", "/Sound", "/RichMediaExecute"), Flaw.ACTIVE),
    },
    "/Type": {"/EmbeddedFile": Flaw.EMBEDDED_FILE},
    "/Subtype": {
        **dict.fromkeys(("/RichMedia", "/FileAttachment"), Flaw.EMBEDDED_FILE),
        **dict.fromkeys(("/3D", "/Movie", "/Sound"), Flaw.ACTIVE),
    },
}
_BY_ITSELF = {
    "/OpenAction",
    "/AA",
}  # what a reader does without a click: on opening, on showing a page, on passing over
_NAMES = {"/JS", *_BY_ITSELF, *_FORBIDDEN_KEYS, *(name for names in _FORBIDDEN_VALUES.values() for name in names)}
# Names as qpdf writes them, always in full letters: `/J#53` is `/JS` once parsed.
_SUSPICIOUS = re.compile(rb"(?:%s)(?![^\s/<>\[\](){}%%])" % b"|".join(name.encode() for name in sorted(_NAMES)))
# A name alone in an object of its own: nobody writes so, but to hide what it is the value of.
_FORBIDDEN_NAMES = {name: flaw for values in _FORBIDDEN_VALUES.values() for name, flaw in values.items()}
# Warnings about streams that hold objects: what this parser could not see there, another reader might.
_UNSEEN_OBJECTS = re.compile(r"decod|filterable|object stream|objstm", re.IGNORECASE)


def inspect_pdf(content: bytes) -> Flaw | None:
    """The first reason to refuse these bytes, or None. Call it through `documents.inspectors.Inspectors`."""
    if not content:
        return Flaw.EMPTY
    if not content.startswith(HEADER):
        return Flaw.NOT_A_PDF
    if _has_a_tail(content) or _is_a_zip(content):
        return Flaw.POLYGLOT
    try:
        with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as pdf:
            return _inspect(pdf)
    except pikepdf.PasswordError:
        return Flaw.ENCRYPTED
    except MemoryError:
        return Flaw.EXHAUSTING
    except (pikepdf.PikepdfError, RuntimeError, ValueError, KeyError, AttributeError, TypeError):
        # What pikepdf raises for nonsense in a file is not one family: a file that can't be walked is not taken.
        return Flaw.DAMAGED


def _has_a_tail(content: bytes) -> bool:
    """Whether something that is no PDF comes after its end: another reader would begin there."""
    end = content.rfind(END)
    return end >= 0 and len(content[end + len(END) :].strip(b"\0\t\n\f\r ")) > MOST_AFTER_END


def _is_a_zip(content: bytes) -> bool:
    """Whether readers of ZIP, who look from the end, would find an archive (a JAR, a document with macros)."""
    record = content.rfind(b"PK\5\6", max(0, len(content) - 65_557))
    if record < 0 or len(content) < record + 22:
        return False
    size = struct.unpack_from("<L", content, record + 12)[0]
    return content[max(0, record - size) : record].startswith(b"PK\1\2")


def _inspect(pdf: pikepdf.Pdf) -> Flaw | None:
    if pdf.is_encrypted:
        return Flaw.ENCRYPTED
    for item in _objects(pdf):
        flaw = _flaw_of(item)
        if flaw is not None:
            return flaw
    if len(pdf.pages) == 0 or any(_UNSEEN_OBJECTS.search(str(warning)) for warning in pdf.get_warnings()):
        return Flaw.DAMAGED
    return None


def _objects(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every object of the file, reachable or not, and its trailer, where a dictionary could hide."""
    yield pdf.trailer
    yield from pdf.objects


def _flaw_of(item: object) -> Flaw | None:
    """Look closely only at an object whose written form has a suspicious name: few have, and writing it is fast."""
    if not isinstance(item, pikepdf.Object):  # null, a number or a boolean, which pikepdf gives as Python's own
        return None
    whole = item.stream_dict if isinstance(item, pikepdf.Stream) else item
    if not _SUSPICIOUS.search(whole.unparse(resolved=True)):
        return None
    if isinstance(item, pikepdf.Name):
        return _FORBIDDEN_NAMES.get(str(item))
    return next(_flaws_in(whole), None)


def _flaws_in(root: pikepdf.Object) -> Iterator[Flaw]:
    """The flaws of an object and of those written inside it; what it refers to is an object of its own."""
    todo: list[object] = [root]
    while todo:
        item = todo.pop()
        if isinstance(item, pikepdf.Array):
            todo.extend(child for child in item if _is_written_here(child))
        elif isinstance(item, pikepdf.Dictionary):
            for key, value in item.items():
                flaw = _flaw_of_entry(key, value)
                if flaw is not None:
                    yield flaw
                if _is_written_here(value):
                    todo.append(value)


def _opens_an_address(key: str, value: object) -> bool:
    """Whether one of these actions, or one that follows it, opens an address. A place of the document is an array."""
    actions: list[object] = [value]
    if key == "/AA":
        actions = list(value.values()) if isinstance(value, pikepdf.Dictionary) else []
    seen: set[tuple[int, int]] = set()
    while actions:
        action = actions.pop()
        if not isinstance(action, pikepdf.Dictionary) or (action.is_indirect and action.objgen in seen):
            continue
        if action.get("/S") == pikepdf.Name.URI:
            return True
        seen.add(action.objgen)
        after = action.get("/Next")
        actions.extend(after if isinstance(after, pikepdf.Array) else [after])
    return False


def _is_written_here(value: object) -> bool:
    return isinstance(value, pikepdf.Array | pikepdf.Dictionary) and not value.is_indirect


def _flaw_of_entry(key: str, value: object) -> Flaw | None:
    if key == "/JS":  # also a possible name for a font or an image, which are dictionaries
        return Flaw.SCRIPT if isinstance(value, pikepdf.String | pikepdf.Stream) else None
    if key in _FORBIDDEN_KEYS:
        return _FORBIDDEN_KEYS[key]
    if key in _BY_ITSELF and _opens_an_address(key, value):
        return Flaw.REACHES_OUT
    return _FORBIDDEN_VALUES.get(key, {}).get(str(value)) if isinstance(value, pikepdf.Name) else None
