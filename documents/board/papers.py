"""What is missing of the papers of recent and coming sessions: by whom it is owed, and what it blocks.

Only types that the reader may open are spoken of (rule 6). Whether a document is there is asked of all documents of
those types: one that was withheld from the reader is not missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.document_types import DocumentType
from accounts.models import User
from catalogue.models import Session, SessionState
from documents.models import Document, Evaluation
from documents.reach import types_open
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState

LOOKED_BACK = timedelta(days=120)
NAMED_BEFORE = timedelta(days=30)  # a seat must have its name so long before the session
CONVENED_BEFORE = timedelta(days=21)
MOST_SEATS = 1000
RUNS = (SessionState.CONFIRMED, SessionState.GUARANTEED, SessionState.FULL, SessionState.DONE)
THERE = (EnrolmentState.CONFIRMED, EnrolmentState.PRESENT, EnrolmentState.PARTIAL)
Opens = Callable[[Order], frozenset[DocumentType]]


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
    """One paper that is not there. `url` and `action`: what the reader can do about it, if anything."""

    what: str
    owes: Owes
    blocks: Blocks
    detail: str = ""
    url: str = ""
    action: str = ""

    @property
    def tone(self) -> str:
        return "warm" if self.owes == Owes.CLIENT else "muted"


@dataclass(frozen=True)
class Paper:
    """What is known of one current document."""

    pk: int
    type: str
    order_id: int | None
    enrolment_id: int | None
    session_id: int | None
    establishment_id: int | None
    accepted: bool


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


def board_of(user: User) -> list[Folder]:
    """The folders of the person's orders in which something is missing, what is due first on top."""
    return folders_of(Enrolment.objects.visible_to(user), lambda order: types_open(order, user.rights))


def folders_of(seats: QuerySet[Enrolment], opens: Opens) -> list[Folder]:
    """Of these seats, at most MOST_SEATS, the orders in which something is missing; in four queries."""
    today = timezone.localdate()
    near = (
        seats.exclude(state=EnrolmentState.CANCELLED)
        .filter(
            session__ends_on__gte=today - LOOKED_BACK,
            order__state__in=[OrderState.PENDING, OrderState.VALIDATED],
        )
        .exclude(session__state=SessionState.CANCELLED)
        .select_related("order__establishment", "session__course", "participant")
        .order_by("-starts_on", "-pk")[:MOST_SEATS]
    )
    folders: dict[int, Folder] = {}
    for seat in near:
        folder = folders.setdefault(seat.order_id, Folder(seat.order, opens(seat.order), today))
        folder.seats.append(seat)
    _fill(folders)
    for folder in folders.values():
        folder.missing = [one for rule in RULES for one in rule(folder)]
    return sorted((one for one in folders.values() if one.missing), key=lambda one: (one.starts_on, one.order.pk))


def _fill(folders: dict[int, Folder]) -> None:
    """Put into each folder the current documents of its order, shared attendance sheets too, and the evaluations."""
    sessions = {session.pk for folder in folders.values() for session in folder.sessions}
    places = {folder.order.establishment_id for folder in folders.values()}
    shared = Q(
        order__isnull=True, type=DocumentType.EMARGEMENT, session__in=sessions, establishment__in=places - {None}
    )
    rows: Iterable[Any] = Document.objects.filter(Q(order__in=folders) | shared, replaced_by__isnull=True).values_list(
        "pk", "type", "order_id", "enrolment_id", "session_id", "establishment_id", "acceptance"
    )
    common: list[Paper] = []
    for pk, kind, order, enrolment, session, place, acceptance in rows:
        paper = Paper(pk, kind, order, enrolment, session, place, acceptance is not None)
        if paper.order_id is None:
            common.append(paper)
        else:
            folders[paper.order_id].papers.append(paper)
    for folder in folders.values():
        mine = {session.pk for session in folder.sessions}
        folder.papers += [
            one for one in common if one.session_id in mine and one.establishment_id == folder.order.establishment_id
        ]
    for evaluation in Evaluation.objects.filter(enrolment__order__in=folders).select_related("enrolment"):
        folders[evaluation.enrolment.order_id].evaluations[evaluation.enrolment_id] = evaluation


# --- The rules, one paper each ----------------------------------------------------------------------------------------


def _agreement(folder: Folder) -> Iterator[Missing]:
    """One signature is enough, on the quote or on the convention; it is asked for until the training is over."""
    quotes, conventions = folder.held(DocumentType.BON_POUR_ACCORD), folder.held(DocumentType.CONVENTION)
    if folder.ended or any(paper.accepted for paper in (*quotes, *conventions)):
        return
    if quotes and DocumentType.BON_POUR_ACCORD in folder.opens:
        url = reverse("document_sign", args=[quotes[-1].pk])
        yield Missing(_("Bon pour accord signé"), Owes.CLIENT, Blocks.START, url=url, action=_("Lire et signer"))
    elif conventions and DocumentType.CONVENTION in folder.opens:
        url = folder.deposit_url(DocumentType.CONVENTION)
        yield Missing(_("Convention signée"), Owes.CLIENT, Blocks.OPCO, url=url, action=_("Déposer"))


def _convention(folder: Folder) -> Iterator[Missing]:
    if folder.validated and folder.lacks(DocumentType.CONVENTION):
        yield Missing(_("Convention"), Owes.PROVIDER, Blocks.OPCO)


def _purchase_order(folder: Folder) -> Iterator[Missing]:
    """The client said that there is one: accounting will want the file beside the invoice."""
    number = folder.order.purchase_order_number
    if number and folder.lacks(DocumentType.BON_DE_COMMANDE):
        url = folder.deposit_url(DocumentType.BON_DE_COMMANDE)
        yield Missing(_("Bon de commande"), Owes.CLIENT, Blocks.PAYMENT, number, url, _("Déposer"))


def _funding(folder: Folder) -> Iterator[Missing]:
    if folder.order.opco and folder.lacks(DocumentType.PRISE_EN_CHARGE):
        url = folder.deposit_url(DocumentType.PRISE_EN_CHARGE)
        yield Missing(_("Accord de prise en charge"), Owes.OPCO, Blocks.OPCO, folder.order.opco, url, _("Déposer"))


def _names_and_convocations(folder: Folder) -> Iterator[Missing]:
    if not folder.validated or DocumentType.CONVOCATION not in folder.opens:
        return
    coming = [seat for seat in folder.seats if seat.starts_on >= folder.today]
    unnamed = [seat for seat in coming if seat.participant is None and seat.starts_on - folder.today <= NAMED_BEFORE]
    if unnamed:
        detail = ngettext("%d place à désigner", "%d places à désigner", len(unnamed)) % len(unnamed)
        url = reverse("order_detail", args=[folder.order.pk])
        yield Missing(_("Nom du participant"), Owes.CLIENT, Blocks.START, detail, url, _("Désigner"))
    covered = {paper.enrolment_id for paper in folder.held(DocumentType.CONVOCATION)}
    due = [
        seat
        for seat in coming
        if seat.participant is not None
        and seat.pk not in covered
        and seat.session.state in RUNS
        and seat.starts_on - folder.today <= CONVENED_BEFORE
    ]
    if due:
        yield Missing(_("Convocation"), Owes.PROVIDER, Blocks.START, names_of(due))


def _attendance(folder: Folder) -> Iterator[Missing]:
    if not folder.validated or DocumentType.EMARGEMENT not in folder.opens:
        return
    sheets = folder.held(DocumentType.EMARGEMENT)
    for session in folder.sessions:
        if session.ends_on < folder.today and not any(one.session_id in (session.pk, None) for one in sheets):
            yield Missing(_("Émargement signé"), Owes.PROVIDER, Blocks.OPCO, session.course.title)


def _attestations(folder: Folder) -> Iterator[Missing]:
    if not folder.validated or DocumentType.ATTESTATION not in folder.opens:
        return
    covered = {paper.enrolment_id for paper in folder.held(DocumentType.ATTESTATION)}
    due = [seat for seat in _finished(folder) if seat.pk not in covered]
    if due:
        yield Missing(_("Attestation ou certificat de réalisation"), Owes.PROVIDER, Blocks.OPCO, names_of(due))


def _evaluations(folder: Folder) -> Iterator[Missing]:
    """Only those that were asked for and can still be answered."""
    if DocumentType.EVALUATION not in folder.opens:
        return
    covered, now = {paper.enrolment_id for paper in folder.held(DocumentType.EVALUATION)}, timezone.now()
    due = []
    for seat in _finished(folder):
        evaluation = folder.evaluations.get(seat.pk)
        open_still = evaluation is not None and evaluation.submitted_at is None and evaluation.expires_at > now
        if open_still and seat.pk not in covered:
            due.append(seat)
    if due:
        yield Missing(_("Évaluation"), Owes.PARTICIPANT, Blocks.QUALITY, names_of(due))


def _invoice(folder: Folder) -> Iterator[Missing]:
    if folder.validated and folder.ended and folder.lacks(DocumentType.FACTURE):
        yield Missing(_("Facture"), Owes.PROVIDER, Blocks.PAYMENT)


RULES: Sequence[Callable[[Folder], Iterable[Missing]]] = (
    _agreement,
    _convention,
    _purchase_order,
    _funding,
    _names_and_convocations,
    _attendance,
    _attestations,
    _evaluations,
    _invoice,
)


def _finished(folder: Folder) -> list[Enrolment]:
    """Seats of somebody who was there, as far as is known, in a session that is over."""
    return [
        seat
        for seat in folder.seats
        if seat.session.ends_on < folder.today and seat.participant is not None and seat.state in THERE
    ]


def names_of(seats: Sequence[Enrolment]) -> str:
    """Two names, and how many more."""
    names = ", ".join(str(seat.participant) for seat in seats[:2])
    rest = len(seats) - 2
    return (
        names
        if rest <= 0
        else ngettext("%(names)s et %(n)d autre", "%(names)s et %(n)d autres", rest)
        % {
            "names": names,
            "n": rest,
        }
    )
