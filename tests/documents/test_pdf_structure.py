"""What PDF/UA-1 (ISO 14289-1) and PDF/A-3 (ISO 19005-3) want of a file, as far as its objects say it.

No validator of these norms is among our tools: each rule that can be read from the objects is read here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pikepdf
import pytest

from accounts.document_types import DocumentType
from documents import rendering
from documents.issuing.verifying import check_at
from documents.papers.attendance import attestation
from tests.documents.sample_papers import MONDAY, PROVIDER, Case

TYPES = list(DocumentType)
STANDARD = {
    "/Document", "/Part", "/Sect", "/Div", "/P", "/H1", "/H2", "/H3", "/H4", "/L", "/LI", "/Lbl", "/LBody", "/Table",
    "/THead", "/TBody", "/TFoot", "/TR", "/TH", "/TD", "/Span", "/Link", "/Figure", "/NonStruct", "/BlockQuote",
    "/Caption", "/Form", "/Strong", "/Em", "/Art", "/Quote", "/Private",
}  # fmt: skip
MARKS, ENDS = {"BDC", "BMC"}, {"EMC"}
SHOWS = {"Tj", "TJ", "'", '"', "Do", "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh"}


@pytest.fixture(scope="module")
def files() -> dict[DocumentType, bytes]:
    return {kind: rendering.render(paper) for kind, paper in Case(trainees=4, days=3).papers().items()}


def elements(node: pikepdf.Object) -> Iterator[pikepdf.Dictionary]:
    """The structure elements under a node, in the order they are read."""
    kids: Any = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from elements(kid)


@pytest.mark.parametrize("kind", TYPES)
class TestAccessible:
    def test_everything_that_shows_is_tagged_or_an_artifact(
        self, kind: DocumentType, files: dict[DocumentType, bytes]
    ) -> None:
        """ISO 14289-1, 7.1: no drawing and no text outside of marked content, whose marks are balanced."""
        with pikepdf.open(io.BytesIO(files[kind])) as pdf:
            for page in pdf.pages:
                depth, shown = 0, 0
                for instruction in pikepdf.parse_content_stream(page):
                    operator = str(instruction.operator)
                    depth += (operator in MARKS) - (operator in ENDS)
                    assert depth >= 0
                    if operator in SHOWS:
                        shown += 1
                        assert depth, f"{operator} {instruction.operands} is neither"
                assert depth == 0
                assert shown

    def test_the_tree_is_whole(self, kind: DocumentType, files: dict[DocumentType, bytes]) -> None:
        """7.1, 7.2, 7.18: standard roles, each page in the parent tree, tab order by structure, no suspects."""
        with pikepdf.open(io.BytesIO(files[kind])) as pdf:
            tree = pdf.Root.StructTreeRoot
            found = list(elements(tree))
            assert {str(one.S) for one in found} <= STANDARD
            assert not pdf.Root.MarkInfo.get("/Suspects", False)
            parents = set(pikepdf.NumberTree(tree.ParentTree).keys())
            for page in pdf.pages:
                assert int(page.StructParents) in parents
                if "/Annots" in page:
                    assert page.Tabs == "/S"
                    assert all(int(one.StructParent) in parents for one in page.Annots if one.Subtype == "/Link")

    def test_headings_pictures_and_tables(self, kind: DocumentType, files: dict[DocumentType, bytes]) -> None:
        """7.3, 7.4, 7.5: a first heading and no level left out; pictures say what they are; header cells are there."""
        with pikepdf.open(io.BytesIO(files[kind])) as pdf:
            found = list(elements(pdf.Root.StructTreeRoot))
            levels = [int(str(one.S)[2]) for one in found if str(one.S) in ("/H1", "/H2", "/H3", "/H4")]
            assert levels[0] == 1
            assert all(after - before <= 1 for before, after in pairwise(levels)), levels
            assert all(str(one.get("/Alt", "")) for one in found if one.S == "/Figure")
            for table in (one for one in found if one.S == "/Table"):
                cells = [str(one.S) for one in elements(table)]
                assert "/TH" in cells
                assert "/TR" in cells

    def test_text_can_be_read(self, kind: DocumentType, files: dict[DocumentType, bytes]) -> None:
        """7.21: every font embedded, with the way back to Unicode."""
        with pikepdf.open(io.BytesIO(files[kind])) as pdf:
            for page in pdf.pages:
                for font in page.Resources.Font.values():
                    assert "/ToUnicode" in font
                    assert all("/FontFile2" in one.FontDescriptor for one in font.DescendantFonts)


def test_the_codes_of_attestations_and_convocations_say_what_they_are() -> None:
    """A QR is a picture with words for whoever does not see it."""
    case = Case()
    checked = attestation(
        provider=PROVIDER,
        enrolment=case.enrolments[0],
        hours_attended=Decimal(21),
        achievements=[],
        number="ATT2026-00002",
        issued_on=MONDAY,
        check=check_at("un-code"),
    )
    for paper in (case.papers()[DocumentType.CONVOCATION], checked):
        with pikepdf.open(io.BytesIO(rendering.render(paper))) as pdf:
            said = [str(one.Alt) for one in elements(pdf.Root.StructTreeRoot) if one.S == "/Figure"]
        assert any("Code QR" in one for one in said), paper.title


class TestArchived:
    """The invoice, which is a PDF/A-3."""

    def test_the_colours_are_defined(self, files: dict[DocumentType, bytes]) -> None:
        """6.2.2, 6.2.3: an output intent with its RGB profile, and one only."""
        with pikepdf.open(io.BytesIO(files[DocumentType.FACTURE])) as pdf:
            (intent,) = pdf.Root.OutputIntents
            assert intent.S == "/GTS_PDFA1"
            assert intent.DestOutputProfile.N == 3
            assert bytes(intent.DestOutputProfile.read_bytes())[36:40] == b"acsp"

    def test_the_file_is_plain(self, files: dict[DocumentType, bytes]) -> None:
        """6.1: an identifier, no encryption, no LZW, nothing outside, nothing that acts."""
        content = files[DocumentType.FACTURE]
        assert content.startswith(b"%PDF-1.7\n%")
        assert all(byte > 127 for byte in content[10:14])
        assert content.rstrip().endswith(b"%%EOF")
        with pikepdf.open(io.BytesIO(content)) as pdf:
            assert not pdf.is_encrypted
            assert len(pdf.trailer.ID) == 2
            assert not {"/OpenAction", "/AA", "/AcroForm"} & set(pdf.Root.keys())
            for item in pdf.objects:
                if isinstance(item, pikepdf.Stream):
                    assert "LZWDecode" not in str(item.get("/Filter", ""))
                    assert "/F" not in item
                    assert item.get("/Subtype") != "/PS"

    def test_links_are_printed_and_not_hidden(self, files: dict[DocumentType, bytes]) -> None:
        """6.3.2: flag Print set, Hidden, Invisible, ToggleNoView and NoView clear."""
        with pikepdf.open(io.BytesIO(files[DocumentType.FACTURE])) as pdf:
            for page in pdf.pages:
                for one in page.get("/Annots", []):
                    assert int(one.get("/F", 0)) & 0b100100111 == 0b100

    def test_the_xml_says_what_it_is(self, files: dict[DocumentType, bytes]) -> None:
        """6.8: name in both forms, relationship, type and date of what is embedded."""
        with pikepdf.open(io.BytesIO(files[DocumentType.FACTURE])) as pdf:
            (given,) = pdf.Root.AF
            assert [str(given.F), str(given.UF)] == ["factur-x.xml"] * 2
            assert given.AFRelationship in ("/Data", "/Alternative")
            assert given.EF.F.Subtype == "/text/xml"
            assert str(given.EF.F.Params.ModDate).startswith("D:")

    def test_both_metadata_agree(self, files: dict[DocumentType, bytes]) -> None:
        """6.6.2: what the information dictionary says, the XMP says, and the XMP is not compressed."""
        with pikepdf.open(io.BytesIO(files[DocumentType.FACTURE])) as pdf:
            assert "/Filter" not in pdf.Root.Metadata
            with pdf.open_metadata() as metadata:
                assert metadata["dc:title"] == str(pdf.docinfo["/Title"])
                assert metadata["pdfaid:part"] == "3"
                if "/Producer" in pdf.docinfo:
                    assert metadata["pdf:Producer"] == str(pdf.docinfo["/Producer"])
                if "/Author" in pdf.docinfo:
                    assert str(pdf.docinfo["/Author"]) in str(metadata["dc:creator"])
