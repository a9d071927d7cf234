"""The PDF/A-3 that carries the XML of an invoice: the file is embedded once, named in /AF once, and the XMP says so.

WeasyPrint can attach too, but names an attachment of the document twice in /AF and writes one variant only; here the
PDF/A-3a that it made also says that it is PDF/UA-1, which it is: the tags are the same.
"""

from __future__ import annotations

import hashlib
import io
from datetime import date
from functools import cache
from pathlib import Path

import pikepdf
from lxml import etree
from pikepdf import Array, Dictionary, Name, String

FILE_NAME = "factur-x.xml"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
_OWN_XMP = Path(__file__).with_name("facturx.xmp")


def embed(content: bytes, xml: bytes, issued_on: date) -> bytes:
    """Return the PDF/A-3 `content` with `xml` in it; the same arguments give the same bytes."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        specification = pdf.make_indirect(_specification(pdf, xml, issued_on))
        pdf.Root.Names = Dictionary(
            EmbeddedFiles=pdf.make_indirect(Dictionary(Names=Array([String(FILE_NAME), specification])))
        )
        pdf.Root.AF = Array([specification])
        pdf.Root.Metadata = _metadata(pdf)
        result = io.BytesIO()
        pdf.save(result, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.preserve)
    return result.getvalue()


def embedded_xml(content: bytes) -> bytes:
    """The XML that an invoice carries. Raises KeyError when it carries none."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return bytes(pdf.attachments[FILE_NAME].get_file().read_bytes())


def _specification(pdf: pikepdf.Pdf, xml: bytes, issued_on: date) -> Dictionary:
    """The file specification, as Factur-X 1.0 and ISO 19005-3 want it: what it is for, its type, size and date."""
    checksum = hashlib.md5(xml, usedforsecurity=False).digest()
    stream = pdf.make_stream(
        xml,
        Type=Name.EmbeddedFile,
        Subtype=Name("/text/xml"),
        Params=Dictionary(CheckSum=String(checksum), ModDate=String(f"D:{issued_on:%Y%m%d}"), Size=len(xml)),
    )
    return Dictionary(
        Type=Name.Filespec,
        AFRelationship=Name.Data,
        Desc=String("Facture électronique Factur-X (EN 16931)"),
        F=String(FILE_NAME),
        UF=String(FILE_NAME),
        EF=Dictionary(F=stream, UF=stream),
    )


def _metadata(pdf: pikepdf.Pdf) -> pikepdf.Stream:
    """The XMP packet of WeasyPrint with, in the same rdf:RDF, Factur-X's properties and PDF/UA's, both declared."""
    packet = etree.fromstring(bytes(pdf.Root.Metadata.read_bytes()))
    rdf = next(packet.iter(_RDF))
    rdf.extend(etree.fromstring(_own_xmp(), etree.XMLParser(remove_comments=True)))
    written = etree.tostring(packet, encoding="utf-8")
    begin = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    return pdf.make_stream(begin + written + b'\n<?xpacket end="r"?>', Type=Name.Metadata, Subtype=Name.XML)


@cache
def _own_xmp() -> bytes:
    return _OWN_XMP.read_bytes()
