"""The rules of the board of missing papers, one paper each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.document_types import DocumentType
from catalogue.models import SessionState
from documents.board.folders import Blocks, Folder, Missing, Owes
from enrolments.models import Enrolment, EnrolmentState

NAMED_BEFORE = timedelta(days=30)  # a seat must have its name so long before the session
CONVENED_BEFORE = timedelta(days=21)
RUNS = (SessionState.CONFIRMED, SessionState.GUARANTEED, SessionState.FULL, SessionState.DONE)
THERE = (EnrolmentState.CONFIRMED, EnrolmentState.PRESENT, EnrolmentState.PARTIAL)


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
    """One for the whole order, or one for each session: what says old dates waits for another of as much."""
    held = folder.held(DocumentType.CONVENTION)
    if not folder.validated or DocumentType.CONVENTION not in folder.opens:
        return
    if not held:
        yield Missing(_("Convention"), Owes.PROVIDER, Blocks.OPCO)
    valid = {paper.session_id for paper in held if not paper.outdated}
    whole = None in valid or valid.issuperset(session.pk for session in folder.sessions)
    old = [paper for paper in held if paper.outdated and not whole and paper.session_id not in valid]
    if old:
        moved = _("la session a changé de dates")
        yield Missing(_("Convention à refaire"), Owes.PROVIDER, Blocks.OPCO, moved, remade=tuple(old))


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
    yield from _convocations(folder, [seat for seat in coming if seat.participant is not None])


def _convocations(folder: Folder, coming: Sequence[Enrolment]) -> Iterator[Missing]:
    """One that summons nobody any more is to be made again at once: whoever has it goes by it."""
    held = folder.held(DocumentType.CONVOCATION)
    covered = {paper.enrolment_id for paper in held if not paper.outdated}
    due = [seat for seat in coming if seat.pk not in covered and seat.session.state in RUNS]
    void = {paper.enrolment_id: paper for paper in held if paper.outdated}
    again = [seat for seat in due if seat.pk in void]
    first = [seat for seat in due if seat.pk not in void and seat.starts_on - folder.today <= CONVENED_BEFORE]
    if first:
        yield Missing(_("Convocation"), Owes.PROVIDER, Blocks.START, names_of(first))
    if again:
        remade = tuple(void[seat.pk] for seat in again)
        yield Missing(_("Convocation à refaire"), Owes.PROVIDER, Blocks.START, names_of(again), remade=remade)


def _attendance(folder: Folder) -> Iterator[Missing]:
    if not folder.validated or DocumentType.EMARGEMENT not in folder.opens:
        return
    sheets = folder.held(DocumentType.EMARGEMENT)
    for session in folder.sessions:
        about = [one for one in sheets if one.session_id in (session.pk, None)]
        if any(not one.outdated for one in about):
            continue
        if session.ends_on < folder.today:
            yield Missing(_("Émargement signé"), Owes.PROVIDER, Blocks.OPCO, session.course.title)
        elif about:
            what = _("Feuille d’émargement à refaire")
            yield Missing(what, Owes.PROVIDER, Blocks.OPCO, session.course.title, remade=tuple(about))


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
