"""What a file must not be, to be kept as a document."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from documents import inspection
from documents.files import FLAW_REASONS, Flaw
from documents.inspection import inspect_pdf
from tests.worlds import pdf

Spoil = Callable[[pikepdf.Pdf], None]
REACHING_OUT = ("ImportData", "SubmitForm", "GoToR", "GoToE")


def page() -> pikepdf.Pdf:
    document = pikepdf.new()
    document.add_blank_page()
    return document


def saved(document: pikepdf.Pdf, **options: Any) -> bytes:
    output = io.BytesIO()
    document.save(output, **options)
    return output.getvalue()


def spoilt(spoil: Spoil, **options: Any) -> bytes:
    document = page()
    spoil(document)
    return saved(document, **options)


def script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def open_action(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = script()


def script_in_a_stream(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=document.make_stream(b"app.alert(1)"))


def named_script(document: pikepdf.Pdf) -> None:
    tree = Dictionary(Names=Array([String("x"), document.make_indirect(script())]))
    document.Root.Names = Dictionary(JavaScript=tree)


def page_action(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.AA = Dictionary(O=script())


def field_action(document: pikepdf.Pdf) -> None:
    field = Dictionary(FT=Name.Tx, T=String("a"), AA=Dictionary(K=script()))
    document.Root.AcroForm = Dictionary(Fields=Array([document.make_indirect(field)]))


def annotation_action(document: pikepdf.Pdf) -> None:
    annotation = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=script())
    document.pages[0].obj.Annots = Array([document.make_indirect(annotation)])


def next_action(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = Dictionary(S=Name.GoTo, D=String("x"), Next=Array([script()]))


def script_that_nothing_refers_to(document: pikepdf.Pdf) -> None:
    document.Root.PieceInfo = document.make_indirect(Array([Array([script()])]))


def kind_of_action_elsewhere(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = Dictionary(S=document.make_indirect(Name.Launch), F=String("calc.exe"))


def launch(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = Dictionary(S=Name.Launch, F=String("calc.exe"))


def attachment(document: pikepdf.Pdf) -> None:
    document.attachments["a.txt"] = b"hello"


def file_annotation(document: pikepdf.Pdf) -> None:
    file = Dictionary(Type=Name.Filespec, F=String("a.exe"), EF=Dictionary(F=document.make_stream(b"MZ")))
    document.pages[0].obj.Annots = Array(
        [document.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, FS=file))]
    )


def associated_file(document: pikepdf.Pdf) -> None:
    stream = document.make_stream(b"<xml/>", Type=Name.EmbeddedFile)
    document.Root.AF = Array([document.make_indirect(Dictionary(Type=Name.Filespec, EF=Dictionary(F=stream)))])


def rich_media(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name.RichMedia)])


def xfa(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm = Dictionary(Fields=Array([]), XFA=document.make_stream(b"<xdp/>"))


def annotated(kind: Name, **more: Any) -> Spoil:
    def spoil(document: pikepdf.Pdf) -> None:
        made = Dictionary(Type=Name.Annot, Subtype=kind, Rect=Array([0, 0, 9, 9]), **more)
        document.pages[0].obj.Annots = Array([document.make_indirect(made)])

    return spoil


def scripted_model(document: pikepdf.Pdf) -> None:
    model = Dictionary(Type=Name("/3D"), OnInstantiate=document.make_stream(b"while(1);"))
    annotated(Name("/3D"), **{"3DD": model})(document)


def scripted_model_alone(document: pikepdf.Pdf) -> None:
    document.Root.PieceInfo = document.make_stream(b"", Type=Name("/3D"), OnInstantiate=document.make_stream(b"x"))


def opening(kind: str, **more: Any) -> Spoil:
    def spoil(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = document.make_indirect(Dictionary(S=Name(f"/{kind}"), **more))

    return spoil


def linked(kind: str) -> Spoil:
    return annotated(Name.Link, A=Dictionary(S=Name(f"/{kind}"), F=String("//a.example/b.pdf")))


def address() -> Dictionary:
    return Dictionary(S=Name.URI, URI=String("https://a.example"))


def address_after_a_place(document: pikepdf.Pdf) -> None:
    after = document.make_indirect(Array([address()]))
    document.Root.OpenAction = Dictionary(S=Name.GoTo, D=String("x"), Next=after)


def address_when_a_page_shows(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.AA = document.make_indirect(Dictionary(O=document.make_indirect(address())))


def address_in_a_ring_of_actions(document: pikepdf.Pdf) -> None:
    first = document.make_indirect(Dictionary(S=Name.GoTo, D=String("x")))
    first.Next = Array([first, address()])
    document.Root.OpenAction = first


FLAWS: list[tuple[Spoil, Flaw]] = [
    (scripted_model_alone, Flaw.SCRIPT),
    *[(annotated(Name(f"/{kind}")), Flaw.ACTIVE) for kind in ("3D", "Movie", "Sound")],
    *[(opening(kind), Flaw.ACTIVE) for kind in ("Rendition", "Movie", "Sound", "RichMediaExecute")],
    *[(opening(kind, F=String("//a/b")), Flaw.REACHES_OUT) for kind in REACHING_OUT],
    *[(linked(kind), Flaw.REACHES_OUT) for kind in REACHING_OUT],
    (opening("URI", URI=String("https://a.example")), Flaw.REACHES_OUT),
    (address_after_a_place, Flaw.REACHES_OUT),
    (address_when_a_page_shows, Flaw.REACHES_OUT),
    (address_in_a_ring_of_actions, Flaw.REACHES_OUT),
    (open_action, Flaw.SCRIPT),
    (script_in_a_stream, Flaw.SCRIPT),
    (named_script, Flaw.SCRIPT),
    (page_action, Flaw.SCRIPT),
    (field_action, Flaw.SCRIPT),
    (annotation_action, Flaw.SCRIPT),
    (next_action, Flaw.SCRIPT),
    (script_that_nothing_refers_to, Flaw.SCRIPT),
    (kind_of_action_elsewhere, Flaw.LAUNCH),
    (launch, Flaw.LAUNCH),
    (attachment, Flaw.EMBEDDED_FILE),
    (file_annotation, Flaw.EMBEDDED_FILE),
    (associated_file, Flaw.EMBEDDED_FILE),
    (rich_media, Flaw.EMBEDDED_FILE),
    (xfa, Flaw.XFA),
]
STREAMS = [pikepdf.ObjectStreamMode.disable, pikepdf.ObjectStreamMode.generate]


@pytest.mark.parametrize("mode", STREAMS)
@pytest.mark.parametrize(("spoil", "flaw"), FLAWS)
def test_what_acts_on_its_reader(spoil: Spoil, flaw: Flaw, mode: pikepdf.ObjectStreamMode) -> None:
    assert inspect_pdf(spoilt(spoil, object_stream_mode=mode)) == flaw


@pytest.mark.parametrize("mode", STREAMS)
def test_a_scripted_model(mode: pikepdf.ObjectStreamMode) -> None:
    """Whichever of the two is met first: the annotation, or the script of its model."""
    assert inspect_pdf(spoilt(scripted_model, object_stream_mode=mode)) in {Flaw.ACTIVE, Flaw.SCRIPT}


def test_names_written_in_hexadecimal() -> None:
    content = spoilt(open_action, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    hidden = content.replace(b"/JavaScript", b"/#4aavaScrip#74").replace(b"/JS", b"/#4AS")
    assert hidden != content
    assert inspect_pdf(hidden) == Flaw.SCRIPT


def test_a_script_in_the_trailer() -> None:
    content = pdf("x").replace(b"/Root 1 0 R", b"/Root 1 0 R/X<</S/JavaScript/JS(app.alert(1))>>")
    assert inspect_pdf(content) == Flaw.SCRIPT


@pytest.mark.parametrize("mode", STREAMS)
def test_what_is_good(mode: pikepdf.ObjectStreamMode) -> None:
    document = page()
    document.Root.OpenAction = Array([document.pages[0].obj, Name.Fit])
    document.Root.Names = Dictionary(Dests=Dictionary(Names=Array([])))
    document.pages[0].obj.Resources = Dictionary(
        Font=Dictionary({"/JS": Dictionary(Type=Name.Font), "/EFGH": Dictionary(Type=Name.Font)})
    )
    document.pages[0].obj.Annots = Array(
        [
            Dictionary(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String("https://a.example"))),
            Dictionary(Subtype=Name.Link, A=Dictionary(S=Name.GoTo, D=String("x"), Next=address())),
            Dictionary(Subtype=Name.Link, AA=Dictionary(E=Dictionary(S=Name.Hide, T=String("x")))),
        ]
    )
    document.docinfo["/Title"] = String("HTML/CSS /JavaScript /JS /Launch")
    document.pages[0].contents_add(document.make_stream(b"BT (/JavaScript /JS app.alert) Tj ET"))
    assert inspect_pdf(saved(document, object_stream_mode=mode)) is None


def test_the_slightly_malformed_are_good() -> None:
    content = pdf("Le 04/09/2026")
    assert inspect_pdf(content) is None
    assert inspect_pdf(content.replace(b"/Length 4", b"/Length 3", 1)) is None
    assert inspect_pdf(content.replace(b"startxref\n", b"startxref\n9")) is None
    assert inspect_pdf(content + b"\n\n\x00") is None


@pytest.mark.parametrize("password", ["", "secret"])
def test_an_encrypted_file(password: str) -> None:
    content = saved(page(), encryption=pikepdf.Encryption(owner="owner", user=password))
    assert inspect_pdf(content) == Flaw.ENCRYPTED


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (b"", Flaw.EMPTY),
        (b"hello", Flaw.NOT_A_PDF),
        (b"<html>%PDF-1.4", Flaw.NOT_A_PDF),
        (b"\n" + pdf("x"), Flaw.NOT_A_PDF),
        (b"%PDF-1.4", Flaw.DAMAGED),
        (b"%PDF-1.4\n" + b"\xff" * 5000, Flaw.DAMAGED),
        (pdf("x")[:200], Flaw.DAMAGED),
        (pdf("x").replace(b"/Root 1 0 R", b"/Root 9 0 R"), Flaw.DAMAGED),
        (pdf("x").replace(b"/Kids[3 0 R]/Count 1", b"/Kids[]/Count 0"), Flaw.DAMAGED),
    ],
)
def test_what_is_no_pdf_or_can_not_be_read(content: bytes, flaw: Flaw) -> None:
    assert inspect_pdf(content) == flaw


def test_a_text_that_only_speaks_of_scripts_is_good() -> None:
    document = page()
    document.Root.Spoken = document.make_indirect(String("/JavaScript /OpenAction"))
    assert inspect_pdf(saved(document)) is None


def test_a_parser_short_of_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(_pdf: pikepdf.Pdf) -> None:
        raise MemoryError

    monkeypatch.setattr(inspection, "_inspect", starved)
    assert inspect_pdf(pdf("x")) == Flaw.EXHAUSTING


def test_a_document_without_pages() -> None:
    assert inspect_pdf(saved(pikepdf.new())) == Flaw.DAMAGED


def with_object_stream(payload: bytes, filters: bytes) -> bytes:
    """A PDF whose object 6, the OpenAction, is in an object stream with this content."""
    body = (
        b"%PDF-1.5\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction 6 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    )
    offsets = {number: body.index(b"%d 0 obj" % number) for number in (1, 2, 3)}
    offsets[5] = len(body)
    body += b"5 0 obj<</Type/ObjStm/N 1/First 5/Filter%s/Length %d>>stream\n%s\nendstream endobj\n" % (
        filters,
        len(payload),
        payload,
    )
    offsets[7] = len(body)
    rows = [(1, offsets[number], 0) if number in offsets else (0, 0, 0) for number in range(8)]
    rows[6] = (2, 5, 0)
    table = b"".join(struct.pack(">BIH", *row) for row in rows)
    body += b"7 0 obj<</Type/XRef/Size 8/W[1 4 2]/Root 1 0 R/Length %d>>stream\n%s\nendstream endobj\n" % (
        len(table),
        table,
    )
    return body + b"startxref\n%d\n" % offsets[7]


ACTION = b"6 0  << /S /JavaScript /JS (x) >>"


def test_an_object_stream_is_looked_into() -> None:
    assert inspect_pdf(with_object_stream(zlib.compress(ACTION), b"/FlateDecode")) == Flaw.SCRIPT
    assert inspect_pdf(with_object_stream(zlib.compress(b"6 0  /Launch"), b"/FlateDecode")) == Flaw.LAUNCH
    for harmless in (b"6 0  << /S /GoTo /D (x) >>", b"6 0  42", b"6 0  true"):
        assert inspect_pdf(with_object_stream(zlib.compress(harmless), b"/FlateDecode")) is None


@pytest.mark.parametrize("filters", [b"/FlateDecode", b"/NoSuchFilter"])
def test_what_can_not_be_looked_into_is_not_trusted(filters: bytes) -> None:
    payload = zlib.compress(ACTION) if filters != b"/FlateDecode" else zlib.compress(ACTION)[:-12]
    assert inspect_pdf(with_object_stream(payload, filters)) in {Flaw.DAMAGED, Flaw.SCRIPT}


def test_a_bomb_is_not_expanded() -> None:
    payload = zlib.compress(ACTION + b" " * (inspection.MAX_EXPANDED + 1), 9)
    assert len(payload) < 100_000
    assert inspect_pdf(with_object_stream(payload, b"/FlateDecode")) == Flaw.DAMAGED


def test_a_bomb_in_a_page_is_not_expanded(tmp_path: Path) -> None:
    document = page()
    stream = pikepdf.Stream(document, zlib.compress(b" " * 50_000_000, 9), Filter=Name.FlateDecode)
    document.pages[0].contents_add(stream)
    assert inspect_pdf(saved(document)) is None


def test_every_flaw_has_its_reason() -> None:
    assert set(FLAW_REASONS) == set(Flaw)
    assert len({str(reason) for reason in FLAW_REASONS.values()}) == len(Flaw)
