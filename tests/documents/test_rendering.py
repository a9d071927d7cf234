"""From papers to PDFs: what each type carries, one page where there is room, the same bytes, and nothing fetched."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pikepdf
import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from accounts.document_types import DocumentType
from accounts.models import Establishment
from documents import rendering
from documents.papers import Paper, Provider
from documents.papers.bill import bill_of
from documents.papers.codes import way_to
from documents.papers.training import SessionFacts
from tests.documents.reading import text_of
from tests.documents.sample_papers import MONDAY, PROVIDER, Case

TYPES = list(DocumentType)
OF_THE_PROVIDER = [one for one in TYPES if one not in (DocumentType.BON_DE_COMMANDE, DocumentType.PRISE_EN_CHARGE)]
HOSTILE = '<b>x</b><link rel=attachment href="file:///etc/passwd"><img src="http://127.0.0.1:9/x"><style>*{}</style>'

# What the law wants to read on each type (PRODUCT.md, "The nine document types").
MENTIONS = {
    DocumentType.BON_POUR_ACCORD: ("CMD-2026-0412", "Bon pour accord", "Objectifs", "Contenu", "D6353-1", "Total TTC"),
    DocumentType.BON_DE_COMMANDE: ("BC-4512", "Solvane Lyon", "ib Cegos", "7 007,40 €"),
    DocumentType.CONVENTION: (
        "L6353-1", "Intitulé", "Objectifs", "Contenu", "Moyens, déroulement, suivi et sanction", "Période et durée",
        "3 jours (21 h)", "Effectif", "Article 2 · Le prix", "Article 3 · Le règlement", "L6354-1",
    ),
    DocumentType.PRISE_EN_CHARGE: (
        "Opco Numérique et Conseil", "PEC2026-00001", "WIŚNIEWSKI-0 Zoë", "4 087,65 €", "Subrogation",
    ),
    DocumentType.CONVOCATION: (
        "WIŚNIEWSKI-0 Zoë", "Python, les bases", "lundi 7 décembre 2026", "9 h 00 – 12 h 30", "35 rue des Cuirassiers",
        "Anaïs Lefort", "Accessibilité", "Règlement intérieur", "01 40 00 00 00",
    ),
    DocumentType.EMARGEMENT: (
        "Python, les bases", "35 rue des Cuirassiers", "3 jours (21 h)", "mercredi 9 décembre 2026", "Après-midi",
        "Formateur\u00a0: Anaïs Lefort", "WIŚNIEWSKI-2 Zoë",
    ),
    DocumentType.EVALUATION: ("WIŚNIEWSKI-0 Zoë", "Les acquis", "La satisfaction", "85 %"),
    DocumentType.ATTESTATION: (
        "WIŚNIEWSKI-0 Zoë", "Solvane Lyon", "Python, les bases", "Nature de l’action", "L6313-1", "7 – 9 déc. 2026",
        "17,5 h", "certificat de réalisation", "Fait le",
    ),
    DocumentType.FACTURE: (
        "FA2026-00001", "BC-4512", "842 173 969 00024", "FR40842173969", "901 847 269 00015", PROVIDER.vat_number,
        "jeudi 10 décembre 2026", "2 290,00 €", "1 946,50 €", "AC-2026-014", "TVA 20 %", "1 167,90 €", "7 007,40 €",
        "samedi 9 janvier 2027", "trois fois le taux de l’intérêt légal", "40 €", "D441-5", "escompte",
        "prestation de services", "842 173 969", "901 847 269",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def papers() -> dict[DocumentType, Paper]:
    return Case().papers()


@pytest.fixture(scope="module")
def printed(papers: dict[DocumentType, Paper]) -> dict[DocumentType, bytes]:
    return {kind: rendering.render(paper) for kind, paper in papers.items()}


def pages(content: bytes) -> int:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return len(pdf.pages)


def fonts(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    for page in pdf.pages:
        for font in page.Resources.Font.values():
            yield from font.DescendantFonts


@pytest.mark.parametrize("kind", TYPES)
def test_carries_what_the_law_wants(kind: DocumentType, printed: dict[DocumentType, bytes]) -> None:
    text = text_of(printed[kind])
    missing = [mention for mention in MENTIONS[kind] if " ".join(mention.split()) not in text]
    assert not missing, text


@pytest.mark.parametrize("kind", OF_THE_PROVIDER)
def test_legal_footer(kind: DocumentType, printed: dict[DocumentType, bytes]) -> None:
    text = text_of(printed[kind])
    for mention in (PROVIDER.name, PROVIDER.address, "SIRET 901 847 269 00015", "11 92 23456 92"):
        assert mention in text
    assert "cet enregistrement ne vaut pas agrément de l’État" in text


@pytest.mark.parametrize("kind", TYPES)
def test_tagged_titled_and_dated(
    kind: DocumentType, papers: dict[DocumentType, Paper], printed: dict[DocumentType, bytes]
) -> None:
    with pikepdf.open(io.BytesIO(printed[kind])) as pdf:
        assert pdf.Root.Lang == "fr"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert pdf.Root.StructTreeRoot.K[0].S == "/Document"
        assert str(pdf.docinfo["/Title"]) == papers[kind].title
        assert str(pdf.docinfo["/CreationDate"]) == f"D:{papers[kind].issued_on:%Y%m%d}"
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"


@pytest.mark.parametrize("kind", TYPES)
def test_fonts_are_ours_and_embedded(kind: DocumentType, printed: dict[DocumentType, bytes]) -> None:
    with pikepdf.open(io.BytesIO(printed[kind])) as pdf:
        found = list(fonts(pdf))
        assert found
        for font in found:
            assert "Figtree" in str(font.BaseFont), "a font of the machine: the paper would differ elsewhere"
            assert "/FontFile2" in font.FontDescriptor


def test_weasyprint_has_nothing_to_say(papers: dict[DocumentType, Paper], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for paper in papers.values():
            rendering.render(paper)
    assert not [record.getMessage() for record in caplog.records]


def test_one_page_when_there_is_room(printed: dict[DocumentType, bytes]) -> None:
    longer = {DocumentType.CONVENTION, DocumentType.BON_POUR_ACCORD}
    assert {kind for kind, content in printed.items() if pages(content) > 1} <= longer


def test_one_page_for_five_days_of_a_long_title() -> None:
    title = "Concevoir, déployer et exploiter une plateforme de données temps réel, de l’architecture à la production"
    title = f"{title}, avec Kafka et Kubernetes"
    case = Case(title=title, trainees=12, days=5)
    assert pages(rendering.render(case.papers()[DocumentType.CONVOCATION])) == 1
    sheet = case.attendance_sheet()
    assert pages(rendering.render(sheet)) == 1
    assert len(sheet.facts["sheets"]) == 1
    assert len(sheet.facts["sheets"][0].rows) == 12


def test_a_long_session_has_several_sheets() -> None:
    case = Case(days=8)
    sheets = case.attendance_sheet().facts["sheets"]
    assert [len(sheet.rows[0].marks) for sheet in sheets] == [10, 6]
    assert sheets[1].days[0].date == MONDAY + timedelta(days=5)


def test_an_attendance_sheet_names_one_establishment_only() -> None:
    case, other = Case(), Case()
    other.order.establishment = Establishment(pk=2, company=case.establishment.company, siret="0", name="Autre")
    case.enrolments.append(other.enrolments[0])
    with pytest.raises(ValueError, match="one establishment"):
        case.attendance_sheet()


def test_avoir_names_the_invoice_and_is_negative() -> None:
    paper = Case().credit_note()
    text = text_of(rendering.render(paper))
    assert paper.amount == Decimal("-1946.50")
    assert "Avoir" in text
    assert "FA2026-00001" in text
    assert "−2 335,80 €" in text


def test_exemption_is_named() -> None:
    case = Case()
    case.course.vat_rate = Decimal(0)
    text = text_of(rendering.render(case.papers()[DocumentType.FACTURE]))
    assert "261-4-4° a du CGI" in text
    assert "Net à payer TTC 5 839,50 €" in text


def test_vat_is_rounded_once_by_rate() -> None:
    case = Case(trainees=3)
    for enrolment in case.enrolments:
        enrolment.public_price = enrolment.price = Decimal("10.05")
    case.course.vat_rate = Decimal("5.50")
    bill = bill_of(case.enrolments)
    assert (bill.net, bill.vat[0].label) == (Decimal("30.15"), "5,5\u00a0%")
    assert bill.vat[0].amount == Decimal("1.66")  # seat by seat it would be 3 x 0,55 = 1,65
    assert bill.total == Decimal("31.81")


def test_cancelled_seats_are_not_billed() -> None:
    case = Case(trainees=2)
    case.enrolments[0].state = "cancelled"
    assert bill_of(case.enrolments).net == Decimal("1946.50")


def test_same_paper_same_bytes(papers: dict[DocumentType, Paper], printed: dict[DocumentType, bytes]) -> None:
    for kind, paper in papers.items():
        assert rendering.render(paper) == printed[kind]


def test_same_bytes_in_another_process(
    papers: dict[DocumentType, Paper], printed: dict[DocumentType, bytes], tmp_path: Path
) -> None:
    """Another hash seed, another hour: neither may show."""
    pickled = tmp_path / "papers"
    pickled.write_bytes(pickle.dumps(papers))
    script = (
        "import django, hashlib, pathlib, pickle; django.setup()\n"
        "from documents.rendering import render\n"
        f"papers = pickle.loads(pathlib.Path({str(pickled)!r}).read_bytes())\n"
        "print(*(hashlib.sha256(render(paper)).hexdigest() for paper in papers.values()))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "DJANGO_SETTINGS_MODULE": "espace_client.settings"}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == [hashlib.sha256(content).hexdigest() for content in printed.values()]


def dangers(pdf: pikepdf.Pdf) -> set[str]:
    """What in a PDF acts, opens or carries something: every object is looked at."""
    found = set()
    for item in pdf.objects:
        for one in walk(item):
            if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
                found |= {
                    key for key in ("/JS", "/JavaScript", "/Launch", "/EF", "/EmbeddedFiles", "/AA") if key in one
                }
                if one.get("/S") == "/URI":
                    found.add(str(one.URI))
    return found


def walk(item: object) -> Iterator[object]:
    """An object and the direct ones in it."""
    yield item
    if isinstance(item, pikepdf.Array):
        for one in item:
            yield from () if getattr(one, "is_indirect", False) else walk(one)
    elif isinstance(item, pikepdf.Dictionary):
        for one in item.values():
            yield from () if getattr(one, "is_indirect", False) else walk(one)


LONGEST = 8.0  # seconds of processor for one paper, 13 of whose fields are 5,000 characters; 2 on a quiet machine
HOSTILE_TEXTS = {
    "markup": HOSTILE,
    "directions": "a\u202eb\u2067c\u200fd אבג",
    "emoji": "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 é\u0301",
    "long": "Pneumonoultramicroscopique " * 185,
    "without a space": "X" * 5000,
    "entities without a space": "<&\u00a0" * 1700,
    "template": "{{ 7|add:7 }}{% load static %}&amp;&#60;",
}


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_hostile_text_is_text(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every field of every type: printed as it is typed, nothing fetched, nothing attached, nothing that acts."""
    text, fetched = HOSTILE_TEXTS[name], []
    original = rendering.OwnFilesFetcher.fetch

    def recording(self: rendering.OwnFilesFetcher, url: str, headers: dict[str, str] | None = None) -> object:
        fetched.append(url)
        return original(self, url, headers)

    monkeypatch.setattr(rendering.OwnFilesFetcher, "fetch", recording)
    rendering._press.cache_clear()
    for kind, paper in Case(text=text).papers(text).items():
        begun = time.process_time()
        content = rendering.render(paper)
        assert time.process_time() - begun < LONGEST, kind
        with pikepdf.open(io.BytesIO(content)) as pdf:
            own = {"/EF", "/EmbeddedFiles"} if kind == DocumentType.FACTURE else set()
            assert dangers(pdf) == own, kind
            assert set(pdf.attachments) == ({"factur-x.xml"} if own else set()), kind
        if name in ("markup", "template"):
            squeezed = "".join(text_of(content).split())
            assert "".join(text.split())[:30] in squeezed, kind
    assert fetched
    assert all(url.startswith("static:") for url in fetched)


def test_a_place_of_any_length_has_its_code() -> None:
    """A QR holds so much: the longest place, in characters that take twelve each, still fits."""
    for text in ("\U0001f600" * 300, "é" * 300):
        place = SessionFacts.of(Case(text=text).session)
        assert "<svg" in str(way_to(place))
        assert "<svg" in str(way_to(replace(place, link="https://exemple.example/" + "x" * 400)))
    assert way_to(replace(place, venue="", city="")) is None


def test_a_word_of_any_length_is_printed_whole() -> None:
    text = text_of(rendering.render(Case(text="X" * 5000).papers()[DocumentType.CONVENTION]))
    assert text.count("X") > 4 * 5000, "it ran out of the page"


def test_places_to_break_spare_markup_and_ordinary_words() -> None:
    path = f'<path d="{"M0,0" * 50}"/>'
    ordinary = f"{path}<p>{'a' * 80} &amp; b\u00a0c</p>"
    assert rendering.printable(ordinary) == ordinary
    broken = rendering.printable(f"<p>{'&lt;' * 100}</p>")
    assert broken == f"<p>{'&lt;' * 40}\u200b{'&lt;' * 40}\u200b{'&lt;' * 20}</p>"
    assert rendering.printable(broken) == broken


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:9/x",
        "https://exemple.example/x",
        "data:text/plain,x",
        "ftp://127.0.0.1/x",
        "static:../manage.py",
        "static:css/../../manage.py",
        "static:/etc/passwd",
        "static://hote/css/pdf.css",
        "static:js/portal.js",
        "static:css/absent.css",
    ],
)
def test_fetcher_reads_our_own_files_only(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = rendering.OwnFilesFetcher()
    with pytest.raises(ValueError, match="not one of our own"):
        fetcher.fetch(url)
    with pytest.raises(ValueError, match="not one of our own"):
        fetcher.open(url)
    page = f'<html lang="fr"><title>x</title><img src="{url}" alt="x">'
    monkeypatch.setattr(rendering, "source", lambda paper: page)
    with pytest.raises(rendering.RenderingError):
        rendering.render(Case().credit_note())


def test_a_provider_without_numbers_issues_nothing(settings: Settings) -> None:
    settings.PROVIDER = {**settings.PROVIDER, "siret": "", "nda": ""}
    with pytest.raises(ImproperlyConfigured):
        Provider.from_settings()
    assert Provider.from_settings({"siret": "90184726900015", "nda": "11922345692"}).siren == "901847269"


def test_settings_win_over_the_stand_in(settings: Settings) -> None:
    settings.PROVIDER = {**settings.PROVIDER, "siret": "84217396900024", "nda": "1"}
    assert Provider.from_settings({"siret": "x", "nda": "y"}).siret == "84217396900024"


def test_a_press_that_was_warmed_up_loads_nothing_at_the_first_document() -> None:
    rendering._press.cache_clear()
    rendering.warm_up()
    loaded = rendering._press.cache_info().misses
    assert rendering.draw("<p>Programme</p>", bytes(16)).startswith(b"%PDF")
    assert (loaded, rendering._press.cache_info().misses) == (1, 1)


def test_the_web_process_does_not_load_weasyprint() -> None:
    script = "import sys, espace_client.wsgi; sys.exit('weasyprint' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
