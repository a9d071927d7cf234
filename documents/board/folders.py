"""What is known of an order on the board of missing papers: its seats, its papers, and what a rule finds missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.document_types import DocumentType
from catalogue.models import Session
from documents.models import Evaluation
from enrolments.models import Enrolment, Order, OrderState


class Owes(models.TextChoices):
    CLIENT = "client", gettext_lazy("À fournir par vous")
    PARTICIPANT = "participant", gettext_lazy("Attendu du participant")
    OPCO = "opco", gettext_lazy("Attendu de l’OPCO")
    PROVIDER = "provider", gettext_lazy("À émettre par nos équipes")


class Blocks(models.TextChoices):
    START = "start", gettext_lazy("bloque le départ en formation")
    PAYMENT = "payment", gettext_lazy("bloque le paiement de la facture")
    OPCO = "opco", gettext_lazy("bloque le remboursement par l’OPCO")
    QUALITY = "quality", gettext_lazy("manque au bilan de la formation")


@dataclass(frozen=True)
class Missing:
    """One paper that is not there. `url` and `action`: what the reader can do about it, if anything.

    `remade`: the papers that are there and say what is no longer so, each to be replaced by a new one.
    """

    what: str
    owes: Owes
    blocks: Blocks
    detail: str = ""
    url: str = ""
    action: str = ""
    remade: tuple[Paper, ...] = ()

    @property
    def tone(self) -> str:
        return "warm" if self.owes == Owes.CLIENT else "muted"


@dataclass(frozen=True)
class Paper:
    """What is known of one current document. `outdated`: it is void, or its session has had other dates since."""

    pk: int
    type: str
    number: str
    order_id: int | None
    enrolment_id: int | None
    session_id: int | None
    establishment_id: int | None
    accepted: bool
    outdated: bool


@dataclass
class Folder:
    """One order, its seats in recent or coming sessions, what there is, and what is missing."""

    order: Order
    opens: frozenset[DocumentType]
    today: date
    seats: list[Enrolment] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    evaluations: dict[int, Evaluation] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)

    @property
    def sessions(self) -> list[Session]:
        return list({seat.session_id: seat.session for seat in self.seats}.values())

    @property
    def starts_on(self) -> date:
        return min(seat.starts_on for seat in self.seats)

    @property
    def ended(self) -> bool:
        return all(session.ends_on < self.today for session in self.sessions)

    @property
    def validated(self) -> bool:
        return self.order.state == OrderState.VALIDATED

    def held(self, kind: DocumentType) -> list[Paper]:
        return [paper for paper in self.papers if paper.type == kind]

    def lacks(self, kind: DocumentType) -> bool:
        """Whether there is none of a type that the reader may open."""
        return kind in self.opens and not self.held(kind)

    def deposit_url(self, kind: DocumentType) -> str:
        return f"{reverse('deposit_create', args=[self.order.pk])}?type={kind.value}"


@dataclass(frozen=True)
class Board:
    """The folders in which something is missing, what is due first on top.

    At most `most` seats are looked at, those that start last. When that left some out, `left_out` is the first day on
    which a seat that was looked at starts: any other seat starts that day or before.
    """

    folders: list[Folder]
    most: int
    left_out: date | None = None
