"""Invoices for machines: the official XSD and schematrons take them, and the figures are those that are printed."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pikepdf
import pytest
from lxml import etree

from catalogue.models import Course
from documents import rendering
from documents.facturx import checking, embedding, invoice
from documents.papers import Paper, commercial
from documents.papers.bill import Funding
from tests.documents.reading import text_of
from tests.documents.sample_papers import PROVIDER, Case

RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"


def facture(case: Case | None = None) -> Paper:
    """The invoice of the case's order, alone."""
    case = case or Case()
    return commercial.facture(
        provider=PROVIDER,
        order=case.order,
        enrolments=case.enrolments,
        number="FA2026-00001",
        issued_on=date(2026, 12, 10),
    )


def values(xml: bytes, name: str) -> list[str]:
    return [str(found.text) for found in etree.fromstring(xml).iter(f"{{{RAM}}}{name}")]


def two_rates() -> Case:
    """Two trainees with VAT at 20 %, one exempt."""
    case = Case()
    exempt = Course(pk=2, reference="FPC-01", title="Cours exonéré", domain=case.course.domain, days=1, hours=7)
    exempt.vat_rate = Decimal(0)
    session = type(case.session)(pk=2, code="FPC-2", course=exempt, starts_on=case.session.starts_on)
    session.ends_on = session.starts_on
    case.enrolments[2].session = session
    return case


def exempt() -> Case:
    case = Case()
    case.course.vat_rate = Decimal(0)
    return case


def forty_lines() -> Case:
    """Forty seats, each at a price of its own, hence forty lines."""
    case = Case(trainees=40)
    for rank, enrolment in enumerate(case.enrolments):
        enrolment.price = Decimal("1000.33") + rank
    return case


CASES = {"one rate": Case, "two rates": two_rates, "exempt": exempt, "forty lines": forty_lines}


@pytest.mark.parametrize("name", CASES)
def test_official_rules_take_it(name: str) -> None:
    checking.check(invoice.xml_of(facture(CASES[name]())))


@pytest.mark.parametrize("name", CASES)
def test_totals_of_the_xml_are_those_printed(name: str) -> None:
    """Both are read back from the PDF: the text as a reader extracts it, the XML as an accountant's software does."""
    content = rendering.render(facture(CASES[name]()))
    text = text_of(content)
    printed = [Decimal(found) for found in amounts(text)]
    xml = embedding.embedded_xml(content)
    for element in ("LineTotalAmount", "TaxBasisTotalAmount", "GrandTotalAmount", "DuePayableAmount", "BasisAmount"):
        found = values(xml, element)
        assert found
        assert {Decimal(one) for one in found} <= set(printed), element
    total = re.search(r"Net à payer TTC ([\d ]+,\d\d)", text)
    assert total is not None
    assert [Decimal(one) for one in amounts(total[0])] == [Decimal(one) for one in values(xml, "GrandTotalAmount")]


def amounts(text: str) -> list[str]:
    """The amounts in a text, as a computer writes them: "7 007,40" → "7007.40"."""
    return [
        re.sub(r"\s", "", one).replace(",", ".") for one in re.findall(r"\d{1,3}(?:[\u00a0\u202f ]\d{3})*,\d\d", text)
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (b"DuePayableAmount>7007.40", b"DuePayableAmount>7007.41", "BR-CO-16"),
        (b'currencyID="EUR">1167.90', b'currencyID="EUR">1167.91', "BR-CO-14"),
        (b"<ram:LineTotalAmount>5839.50", b"<ram:LineTotalAmount>5839.51", "BR-CO-13"),
        (b">PMD<", b">TXD<", "BR-FR-05"),
        (b"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", b"", "InvoiceCurrencyCode"),
    ],
)
def test_wrong_figures_are_refused(right: bytes, wrong: bytes, rule: str) -> None:
    xml = invoice.xml_of(facture())
    assert right in xml
    with pytest.raises(checking.InvoiceRefusedError, match=rule):
        checking.check(xml.replace(right, wrong))


def test_names_both_parties_the_order_and_the_dates() -> None:
    xml = invoice.xml_of(facture()).decode()
    for term in (
        "901847269", "90184726900015", PROVIDER.vat_number, "842173969", "84217396900024", "FR40842173969",
        "<ram:IssuerAssignedID>BC-4512<", "<ram:IssuerAssignedID>CMD-2026-0412<", "20261210", "20270109",
        "FR7630001007941234567890185", "40 €", "D441-5", "L441-10", "escompte", "urn:cen.eu:en16931:2017",
    ):  # fmt: skip
        assert term in xml, term


def test_exemption_says_why() -> None:
    xml = invoice.xml_of(facture(exempt())).decode()
    assert "261-4-4° a du CGI" in xml
    assert "VATEX-EU-132-1I" in xml


def test_an_avoir_is_a_credit_note_that_names_its_invoice() -> None:
    xml = invoice.xml_of(Case().credit_note())
    checking.check(xml)
    assert values(xml, "TypeCode")[0] == "381"
    assert values(xml, "GrandTotalAmount") == ["2335.80"]
    assert b"FA2026-00001" in xml
    assert b"DueDateDateTime" not in xml


def test_subrogation_shares_what_is_due() -> None:
    case = Case()
    funding = Funding("Opco Numérique et Conseil", "PEC-77", Decimal("4000.00"))
    paper = commercial.facture(
        provider=PROVIDER, order=case.order, enrolments=case.enrolments, number="FA2026-00002",
        issued_on=case.session.ends_on, funding=funding,
    )  # fmt: skip
    xml = invoice.xml_of(paper)
    checking.check(xml)
    assert b"dossier PEC-77, r\xc3\xa8gle 4000.00 EUR ; le client r\xc3\xa8gle 3007.40 EUR" in xml
    source = rendering.source(paper).replace("\u00a0", " ")
    assert "4 000,00 €" in source
    assert "3 007,40 €" in source


def test_a_provider_without_account_postcode_or_legal_form() -> None:
    paper = facture()
    provider = replace(PROVIDER, iban="", legal="", address="Tour Horizon")
    xml = invoice.xml_of(replace(paper, facts={**paper.facts, "provider": provider}))
    checking.check(xml)
    assert b"<ram:LineOne>Tour Horizon<" in xml
    assert b"IBANID" not in xml


def test_what_xml_cannot_hold_is_left_out() -> None:
    case = Case(text="A\x0bB\x1f <b>&amp; ]]> \u202e\U0001f600")
    xml = invoice.xml_of(facture(case))
    checking.check(xml)
    assert "AB &lt;b&gt;&amp;amp; ]]&gt; \u202e\U0001f600".encode() in xml


def test_the_pdf_is_a_pdf_a_3_and_carries_the_xml_once() -> None:
    paper = facture()
    content = rendering.render(paper)
    assert rendering.render(paper) == content
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert len(pdf.Root.AF) == 1
        assert list(pdf.attachments) == ["factur-x.xml"]
        specification = pdf.Root.AF[0]
        assert specification.AFRelationship == "/Data"
        assert specification.EF.F.Subtype == "/text/xml"
        assert specification.EF.F.Params.Size == len(embedding.embedded_xml(content))
        assert pdf.Root.OutputIntents
        assert pdf.Root.MarkInfo.Marked
        with pdf.open_metadata() as metadata:
            assert metadata.pdfa_status == "3A"
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}ConformanceLevel"] == "EN 16931"
            assert metadata["dc:title"] == paper.title
            assert metadata["xmp:CreateDate"] == paper.issued_on.isoformat()
    checking.check(embedding.embedded_xml(content))


def test_forty_lines_take_two_pages() -> None:
    with pikepdf.open(io.BytesIO(rendering.render(facture(forty_lines())))) as pdf:
        assert len(pdf.pages) == 2
