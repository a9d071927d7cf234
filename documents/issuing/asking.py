"""Asking for papers: each written down once, with the task that makes it, in the transaction of what calls for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Establishment, User
from catalogue.models import Session
from documents.issuing.errors import NotIssuableError
from documents.issuing.invoicing import billed_elsewhere
from documents.issuing.tasks import issue_paper
from documents.issuing.verifying import new_code
from documents.models import Document, InvoicedSeat, Issue, IssueBatch, IssueState, PaperKind
from documents.validity import tell_void, void_among, with_validity
from enrolments.models import Enrolment, EnrolmentEvent, EventKind, Order, OrderState


@dataclass(frozen=True)
class Subject:
    """What a paper is about: with its version, its identity."""

    kind: PaperKind
    order: Order | None = None
    enrolment: Enrolment | None = None
    session: Session | None = None
    establishment: Establishment | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """As an Issue and a Document have it."""
        return {
            "order": self.order,
            "enrolment": self.enrolment,
            "session": self.session,
            "establishment": self.establishment,
        }

    @classmethod
    def of_order(cls, kind: PaperKind, order: Order) -> Subject:
        return cls(kind, order=order)

    @classmethod
    def of_seat(cls, kind: PaperKind, seat: Enrolment) -> Subject:
        return cls(kind, order=seat.order, enrolment=seat, session=seat.session)

    @classmethod
    def of_sheet(cls, session: Session, establishment: Establishment) -> Subject:
        return cls(PaperKind.EMARGEMENT, session=session, establishment=establishment)

    @classmethod
    def of_bill(cls, order: Order, session: Session) -> Subject:
        return cls(PaperKind.FACTURE, order=order, session=session)


@transaction.atomic
def ask(*, subjects: Iterable[Subject], reason: str, actor: User | None = None) -> IssueBatch | None:
    """Have these papers issued, each once; None when all of them are, or are asked for, already.

    A paper that somebody else filed (the ERP, an upload) is there: it is not made a second time. One that is void is
    replaced.
    """
    wanted = list(subjects)
    void = _void(wanted)
    asked = [_first(one) for one in _missing(wanted)]
    asked += [issue for document, one in void.items() if (issue := _instead_of(document, one)) is not None]
    return _keep(asked, reason, actor)


@transaction.atomic
def correct(*, documents: Sequence[Document], reason: str, actor: User | None = None) -> IssueBatch | None:
    """Have these generated papers made again from the data of today, each as a new version that replaces the old one.

    NotIssuableError, in French, for an invoice (an avoir corrects it), somebody else's paper, or one replaced already.
    None when the new versions are all asked for already.
    """
    return _keep([_next_version(document) for document in _locked(documents)], reason, actor)


@transaction.atomic
def reissue(*, subjects: Iterable[Subject], reason: str) -> IssueBatch | None:
    """Make again, as new versions, those of these papers that were issued here and are still the last version.

    One that is only asked for will be made from the data of today anyway: its row is locked while it is made, so it is
    either not begun, or done when this looks.
    """
    documents = []
    for one in subjects:
        issues = Issue.objects.select_for_update().filter(kind=one.kind, **one.columns)
        last = issues.order_by("-version").first()
        if last is not None and last.document_id is not None:
            documents += list(Document.objects.filter(pk=last.document_id, replaced_by__isnull=True))
    return _keep([_next_version(document) for document in _locked(documents)], reason, None)


@transaction.atomic
def summon(*, seat: Enrolment, reason: str) -> IssueBatch | None:
    """Have a convocation made to the session that a seat has come to; it replaces the one that there was."""
    subject = Subject.of_seat(PaperKind.CONVOCATION, seat)
    filed = Document.objects.select_for_update(of=["self"]).filter(enrolment=seat, type=PaperKind.CONVOCATION)
    current = filed.filter(replaced_by__isnull=True).order_by("-pk").first()
    if current is not None and _summons(current, seat):
        return None
    versions = Issue.objects.filter(kind=subject.kind, **subject.columns).count()
    issue = Issue(kind=subject.kind, version=versions + 1, replaces=current, **subject.columns)
    return _keep([issue], reason, None)


def _summons(convocation: Document, seat: Enrolment) -> bool:
    """Whether it calls to the session of the seat, as that is: filed since the seat came there, and not void.

    While nobody was in a session its dates may have changed without a word.
    """
    came = EnrolmentEvent.objects.filter(
        enrolment=seat, kind=EventKind.MOVED, session_after=seat.session_id, at__gt=convocation.recorded_at
    )
    there = convocation.session_id == seat.session_id and not came.exists()
    return there and not void_among([convocation.pk])


@transaction.atomic
def credit(*, invoice: Document, seats: Sequence[InvoicedSeat], reason: str, actor: User) -> IssueBatch:
    """Have an avoir made on seats of an invoice; NotIssuableError, in French, for none, or one credited already."""
    held = Document.objects.select_for_update().get(pk=invoice.pk)
    rows = list(InvoicedSeat.objects.select_for_update().filter(invoice=held, pk__in=[one.pk for one in seats]))
    if not rows:
        raise NotIssuableError(_("Choisissez au moins une place à créditer."))
    if any(row.credited_by_id is not None for row in rows):
        raise NotIssuableError(_("Une de ces places a déjà son avoir."))
    batch = IssueBatch.objects.create(reason=_("Avoir sur la facture %s") % held.number, asked_by=actor)
    issue = Issue.objects.create(
        batch=batch,
        kind=PaperKind.AVOIR,
        order=held.order,
        session=held.session,
        credits=held,
        version=1 + Issue.objects.filter(kind=PaperKind.AVOIR, credits=held).count(),
        reason=reason,
    )
    InvoicedSeat.objects.filter(pk__in=[row.pk for row in rows]).update(credited_by=issue)
    issue_paper.enqueue(issue.pk)
    return batch


@transaction.atomic
def bill_again(*, invoice: Document, actor: User) -> IssueBatch | None:
    """Have the order billed anew for the session of an invoice that was credited whole; the new one replaces it."""
    held = Document.objects.select_for_update().get(pk=invoice.pk)
    if not held.seats.exists() or held.seats.filter(credited_by__isnull=True).exists():
        raise NotIssuableError(
            _("La facture %s n’est pas créditée en entier : faites d’abord son avoir.") % held.number
        )
    return _keep([_next_version(held)], _("Nouvelle facture après avoir sur %s") % held.number, actor)


@transaction.atomic
def try_again(issues: Iterable[Issue]) -> int:
    """Enqueue anew those that failed; returns how many."""
    held = Issue.objects.select_for_update().filter(pk__in=[one.pk for one in issues], state=IssueState.FAILED)
    pks = list(held.order_by("pk").values_list("pk", flat=True))
    Issue.objects.filter(pk__in=pks).update(state=IssueState.ASKED, error="")
    for pk in pks:
        issue_paper.enqueue(pk)
    return len(pks)


def _code(subject: Subject) -> str | None:
    return new_code() if subject.kind == PaperKind.ATTESTATION else None


def _first(subject: Subject) -> Issue:
    return Issue(kind=subject.kind, version=1, check_code=_code(subject), **subject.columns)


def _void(subjects: Iterable[Subject]) -> dict[Document, Subject]:
    """The convocations that are all that is filed for some of these, and summon nobody any more."""
    called = {
        one.enrolment.pk: one for one in subjects if one.enrolment is not None and one.kind == PaperKind.CONVOCATION
    }
    filed = Document.objects.filter(enrolment__in=called, type=PaperKind.CONVOCATION, replaced_by__isnull=True)
    current = tell_void(with_validity(filed.order_by("pk")))
    valid = {one.enrolment_id for one in current if not one.void}
    last = {one.enrolment_id: one for one in current if one.enrolment_id not in valid}
    return {document: called[pk] for pk, document in last.items() if pk is not None}


def _instead_of(document: Document, subject: Subject) -> Issue | None:
    """The issue that will replace a void `document`; None when one is asked for already."""
    issues = Issue.objects.filter(kind=subject.kind, **subject.columns)
    if issues.filter(document__isnull=True).exists():
        return None
    return Issue(kind=subject.kind, version=issues.count() + 1, replaces=document, **subject.columns)


def _missing(subjects: Sequence[Subject]) -> list[Subject]:
    """Those without a document of their type about the same thing."""
    seats = [one.enrolment.pk for one in subjects if one.enrolment is not None]
    filed: set[tuple[str, int | None]] = set(
        Document.objects.filter(enrolment__in=seats).values_list("type", "enrolment_id")
    )
    return [one for one in subjects if not _is_there(one, filed)]


def _is_there(subject: Subject, filed: set[tuple[str, int | None]]) -> bool:
    """`filed`: type and enrolment of the documents about the enrolments in question."""
    found = Document.objects.filter(type=subject.kind.document_type)
    if subject.enrolment is not None:
        return (subject.kind.document_type, subject.enrolment.pk) in filed
    if subject.order is None:
        return _sheet_is_there(subject)
    if subject.session is None:
        return found.filter(order=subject.order).exists()
    billed = billed_elsewhere(subject.order, [subject.session.pk])
    return bool(billed) or Issue.objects.filter(kind=subject.kind, **subject.columns).exists()


def _sheet_is_there(subject: Subject) -> bool:
    """A sheet of the session and the establishment; or one of each order that has somebody there."""
    about = {"session": subject.session, "establishment": subject.establishment}
    sheets = Document.objects.filter(type=PaperKind.EMARGEMENT, **about)
    if sheets.filter(order__isnull=True).exists():
        return True
    seats = Enrolment.objects.active().filter(order__state=OrderState.VALIDATED, **about)
    return not seats.exclude(order__in=sheets.values("order")).exists()


def _locked(documents: Iterable[Document]) -> list[Document]:
    held = Document.objects.select_for_update(of=["self"]).filter(pk__in=[one.pk for one in documents])
    return list(held.order_by("pk"))


def _next_version(document: Document) -> Issue:
    """The issue that will replace `document`."""
    issue = Issue.objects.filter(document=document).first()
    if issue is None:
        raise NotIssuableError(_("%s ne vient pas du portail : déposez la nouvelle version.") % document)
    credited = issue.kind == PaperKind.FACTURE and not document.seats.filter(credited_by__isnull=True).exists()
    if issue.paper_kind.gapless and not credited:
        raise NotIssuableError(_("%s ne se remplace pas : établissez un avoir.") % document)
    if hasattr(document, "replaced_by"):
        raise NotIssuableError(_("%s est déjà remplacé.") % document)
    return Issue(
        kind=issue.kind,
        order_id=issue.order_id,
        enrolment_id=issue.enrolment_id,
        session_id=issue.session_id,
        establishment_id=issue.establishment_id,
        version=issue.version + 1,
        replaces=document,
        check_code=new_code() if issue.check_code else None,
    )


def _keep(asked: Sequence[Issue], reason: str, actor: User | None) -> IssueBatch | None:
    """Write down those that are not there yet, with a task each, in a batch; None when that leaves none.

    The database decides which are there: two requests at once write each paper once.
    """
    if not asked:
        return None
    batch = IssueBatch.objects.create(reason=reason[:200], asked_by=actor)
    for issue in asked:
        issue.batch = batch
    Issue.objects.bulk_create(asked, ignore_conflicts=True)
    pks = list(batch.issues.order_by("pk").values_list("pk", flat=True))
    for pk in pks:
        issue_paper.enqueue(pk)
    if pks:
        return batch
    batch.delete()
    return None
