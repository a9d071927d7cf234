"""Which documents each order of the demonstration has, and when they were issued."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Protocol

from django.conf import settings

from accounts.document_types import DocumentType
from catalogue.models import Session
from documents.papers import Paper, Provider, commercial
from documents.papers.bill import Funding
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState

from . import received
from .filing import CREDIT_PREFIX, Sheet
from .session_papers import around_session, attendance_sheets
from .story import Story
from .working_days import next_office_day

# How long an order has papers of every type. Older ones keep their invoice and, where a documented account looks,
# their attestations: enough to show a history, few enough for `make demo` to start in a minute and a half.
FOCUS = ("lyon", "toulouse", "morvan", "numerique")
RECENT_DAYS, RECENT_DAYS_ELSEWHERE = 130, 30
DAY = timedelta(days=1)


class OrderPaper(Protocol):
    """A paper about a whole order: those of documents.papers.commercial and of `received`."""

    def __call__(
        self, *, provider: Provider, order: Order, enrolments: Sequence[Enrolment], number: str, issued_on: date
    ) -> Paper: ...


@dataclass
class Folder:
    """The papers of one order to be. `scene` is what must happen to them: "credit", "correct" or nothing."""

    story: Story
    provider: Provider
    order: Order
    enrolments: list[Enrolment]
    scene: str

    @property
    def sessions(self) -> list[Session]:
        return list({one.session_id: one.session for one in self.enrolments}.values())

    @property
    def last_day(self) -> date:
        return max(session.ends_on for session in self.sessions)

    @property
    def in_focus(self) -> bool:
        return self.order.establishment in (None, *(self.story.places[key] for key in FOCUS))

    @property
    def recent(self) -> bool:
        return (self.story.today - self.last_day).days < (RECENT_DAYS if self.in_focus else RECENT_DAYS_ELSEWHERE)

    def sheet(self, kind: DocumentType, day: date, build: OrderPaper, **changes: object) -> Sheet:
        """A paper about the order; its session is named when there is only one, on what the portal does not issue."""
        sole = len(self.sessions) == 1 and kind not in (DocumentType.BON_POUR_ACCORD, DocumentType.CONVENTION)
        session = self.sessions[0] if sole else None

        def draw(number: str) -> Paper:
            return build(
                provider=self.provider, order=self.order, enrolments=self.enrolments, number=number, issued_on=day
            )

        sheet = Sheet(kind, day, draw, self.order, session=session)
        for name, value in changes.items():
            setattr(sheet, name, value)
        return sheet


def all_sheets(story: Story, scenes: dict[int, str]) -> list[Sheet]:
    """Every document, in the order of dates, which is that of numbers; `scenes` by order. Nothing is of the future."""
    provider = Provider.from_settings(settings.DEMO_PROVIDER)
    folders = [
        Folder(story, provider, order, story.enrolments[order.pk], scenes.get(order.pk, ""))
        for order in story.orders
        if order.state in (OrderState.VALIDATED, OrderState.PENDING)
    ]
    sheets = [sheet for folder in folders for sheet in _sheets_of(folder)]
    validated = [folder for folder in folders if folder.order.state == OrderState.VALIDATED]
    recent = [(folder.order, folder.enrolments, bool(folder.scene)) for folder in validated if folder.recent]
    sheets += attendance_sheets(story, provider, recent)
    return sorted((one for one in sheets if one.issued_on <= story.today), key=lambda one: one.issued_on)


def _sheets_of(folder: Folder) -> Iterator[Sheet]:
    order, placed = folder.order, folder.order.placed_on
    if folder.recent:
        yield folder.sheet(DocumentType.BON_POUR_ACCORD, placed, commercial.bon_pour_accord)
        if order.purchase_order_number:
            yield folder.sheet(DocumentType.BON_DE_COMMANDE, placed, received.bon_de_commande)
    if order.state != OrderState.VALIDATED:
        return
    if folder.recent:
        yield from _convention(folder)
    if folder.recent or folder.in_focus:
        yield from around_session(folder.story, folder.provider, folder.enrolments, everything=folder.recent)
    agreement = None
    if folder.recent and order.opco:
        agreement = folder.sheet(DocumentType.PRISE_EN_CHARGE, next_office_day(placed + 9 * DAY), _agreement(order))
        yield agreement
    if folder.last_day < folder.story.today:
        yield from _invoice(folder, agreement)


def _convention(folder: Folder) -> Iterator[Sheet]:
    day = next_office_day(folder.order.placed_on + 2 * DAY)
    convention = folder.sheet(DocumentType.CONVENTION, day, commercial.convention)
    if folder.scene == "correct":
        # The first one went out before the client gave its order number.
        before = copy.copy(folder)
        before.order = copy.copy(folder.order)
        before.order.purchase_order_number = ""
        first = before.sheet(DocumentType.CONVENTION, day, commercial.convention, order=folder.order)
        yield first
        convention = folder.sheet(
            DocumentType.CONVENTION, next_office_day(day + 6 * DAY), commercial.convention, replaces=first
        )
    yield convention


def _agreement(order: Order) -> OrderPaper:
    return partial(received.prise_en_charge, share=Decimal("0.7"), subrogation=_subrogated(order))


def _subrogated(order: Order) -> bool:
    return int(order.number[-1]) % 3 > 0


@dataclass
class _Facture:
    """An invoice of which the OPCO pays its part, by the agreement that was filed before."""

    agreement: Sheet

    def __call__(
        self, *, provider: Provider, order: Order, enrolments: Sequence[Enrolment], number: str, issued_on: date
    ) -> Paper:
        part = self.agreement.drawn.facts["granted"]
        return commercial.facture(
            provider=provider,
            order=order,
            enrolments=enrolments,
            number=number,
            issued_on=issued_on,
            funding=Funding(order.opco, self.agreement.number, part),
        )


def _invoice(folder: Folder, agreement: Sheet | None) -> Iterator[Sheet]:
    day = next_office_day(folder.last_day + 3 * DAY)
    before = agreement is not None and agreement.issued_on < day and _subrogated(folder.order)
    build = _Facture(agreement) if agreement is not None and before else commercial.facture
    invoice = folder.sheet(DocumentType.FACTURE, day, build)
    yield invoice
    absent = [one for one in folder.enrolments if one.state == EnrolmentState.ABSENT]
    if folder.scene == "credit" and absent:
        credited = copy.copy(folder)
        credited.enrolments = absent
        # An avoir names the invoice, whose number is known by the time it is drawn: earlier dates are numbered first.
        credit = _Avoir(invoice, f"Absence justifiée de {absent[0].participant} : la place n’est pas due")
        yield credited.sheet(DocumentType.FACTURE, next_office_day(day + 8 * DAY), credit, prefix=CREDIT_PREFIX)


@dataclass
class _Avoir:
    invoice: Sheet
    reason: str

    def __call__(
        self, *, provider: Provider, order: Order, enrolments: Sequence[Enrolment], number: str, issued_on: date
    ) -> Paper:
        return commercial.avoir(
            provider=provider,
            order=order,
            enrolments=enrolments,
            number=number,
            issued_on=issued_on,
            invoice_number=self.invoice.number,
            invoice_date=self.invoice.issued_on,
            reason=self.reason,
        )
