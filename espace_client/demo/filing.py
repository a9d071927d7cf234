"""From papers to Document rows: numbered by type and year without a gap, printed, stored, saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from tqdm import tqdm

from accounts.document_types import DocumentType
from accounts.models import Establishment
from catalogue.models import Session
from documents.models import Document
from documents.papers import Paper
from documents.store import store
from enrolments.models import Enrolment, Order

from .press import Press
from .story import Story

PREFIXES = {
    DocumentType.BON_POUR_ACCORD: "BPA",
    DocumentType.BON_DE_COMMANDE: "BDC",
    DocumentType.CONVENTION: "CNV",
    DocumentType.PRISE_EN_CHARGE: "PEC",
    DocumentType.CONVOCATION: "CVC",
    DocumentType.EMARGEMENT: "EMA",
    DocumentType.EVALUATION: "EVA",
    DocumentType.ATTESTATION: "ATT",
    DocumentType.FACTURE: "FA",
}
CREDIT_PREFIX = "AV"  # an avoir has a series of its own, so that invoices keep theirs without a gap


@dataclass(eq=False)
class Sheet:
    """A document to be: `draw` makes its paper once its number is known, `replaces` is the one that it corrects."""

    type: DocumentType
    issued_on: date
    draw: Callable[[str], Paper]
    order: Order | None = None
    enrolment: Enrolment | None = None
    session: Session | None = None
    establishment: Establishment | None = None
    replaces: Sheet | None = None
    prefix: str = ""
    number: str = ""
    signed: bool = False
    paper: Paper | None = None

    @property
    def drawn(self) -> Paper:
        """Its paper, once `file_sheets` has drawn it."""
        if self.paper is None:
            raise ValueError(f"{self.number} is not drawn yet")
        return self.paper

    @property
    def bills(self) -> bool:
        return self.type == DocumentType.FACTURE


def number_sheets(sheets: list[Sheet]) -> None:
    """Number each series in the order of its dates, which `sheets` must be in: FA2026-00001, FA2026-00002…"""
    last: Counter[str] = Counter()
    for sheet in sheets:
        series = f"{sheet.prefix or PREFIXES[sheet.type]}{sheet.issued_on.year}"
        last[series] += 1
        sheet.number = f"{series}-{last[series]:05d}"


def file_sheets(story: Story, sheets: list[Sheet], press: Press) -> list[Document]:
    """Print and save; what replaces another is saved after it."""
    papers = []
    for sheet in sheets:
        sheet.paper = sheet.draw(sheet.number)
        papers.append(sheet.paper)
    printed = tqdm(press(papers), total=len(papers), desc="Documents", unit=" PDF", disable=None, leave=False)
    documents = {
        sheet.number: _document(story, sheet, paper, content)
        for sheet, paper, content in zip(sheets, papers, printed, strict=True)
    }
    _save(documents[sheet.number] for sheet in sheets if sheet.replaces is None)
    for sheet in sheets:
        if sheet.replaces is not None:
            documents[sheet.number].replaces = documents[sheet.replaces.number]
    _save(documents[sheet.number] for sheet in sheets if sheet.replaces is not None)
    return list(documents.values())


def _save(documents: Iterable[Document]) -> None:
    Document.objects.bulk_create(documents, batch_size=500)


def _document(story: Story, sheet: Sheet, paper: Paper, content: bytes) -> Document:
    stored = store(content)
    return Document(
        type=sheet.type,
        number=sheet.number,
        issued_on=sheet.issued_on,
        order=sheet.order,
        enrolment=sheet.enrolment,
        session=sheet.session,
        establishment=sheet.establishment,
        file=stored.name,
        sha256=stored.sha256,
        size=stored.size,
        amount=paper.amount,
        recorded_at=story.at(sheet.issued_on, 18),
    )
