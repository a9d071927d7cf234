"""What is due is issued by itself, once, with what the database says that day."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pikepdf
import pytest
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.document_types import DocumentType
from catalogue.models import Session, SessionState
from documents.evaluations.questions import QUESTIONS
from documents.evaluations.services import keep_answers
from documents.facturx import checking, embedding
from documents.issuing import asking, due, making
from documents.issuing.asking import Subject
from documents.models import (
    Document,
    Evaluation,
    Issue,
    IssueState,
    NumberSeries,
    PaperKind,
    documents_storage,
)
from documents.papers import Paper
from enrolments import signals
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState
from enrolments.transitions import any_state
from tests.conftest import RunTasks
from tests.documents.issuing.conftest import Deal
from tests.documents.issuing.reading import content_of, issued, states
from tests.worlds import make_document, make_order, make_session

Printed = Callable[[], list[Paper]]
pytestmark = pytest.mark.django_db


def test_the_whole_life_of_an_order(deal: Deal, run_tasks: RunTasks) -> None:
    """Really printed: a quote when it is placed, then each paper when it is due; and never a second time."""
    with any_state():
        Order.objects.filter(pk=deal.order.pk).update(state=OrderState.PENDING)
    deal.order.refresh_from_db()
    signals.order_placed.send(Order, order=deal.order)
    run_tasks()
    assert issued(deal.order) == ["bon_pour_accord"]
    with any_state():
        Order.objects.filter(pk=deal.order.pk).update(state=OrderState.VALIDATED)
    deal.order.refresh_from_db()
    signals.order_validated.send(Order, order=deal.order)
    for _time in range(2):
        signals.session_confirmed.send(Session, session=deal.session)
        run_tasks()
    assert issued(deal.order) == ["bon_pour_accord", "convention", "convocation"]
    sheet = Document.objects.get(type="emargement", session=deal.session, order__isnull=True)
    assert sheet.establishment == deal.world.lille
    deal.close()
    for _time in range(2):
        signals.session_closed.send(Session, session=deal.session)
        run_tasks()
    assert issued(deal.order) == ["attestation", "bon_pour_accord", "convention", "convocation", "facture"]
    assert {state for state, _error in states()} == {IssueState.DONE}
    for document in Document.objects.filter(issue__isnull=False):
        with pikepdf.open(io.BytesIO(content_of(document))) as pdf:
            assert str(pdf.docinfo["/Title"]).endswith(document.number)
    invoice = Document.objects.get(type="facture", order=deal.order)
    assert (invoice.amount, invoice.invoice.total) == (Decimal("1275.00"), Decimal("1530.00"))
    checking.check(embedding.embedded_xml(content_of(invoice)))


def test_an_event_that_is_rolled_back_issues_nothing(deal: Deal) -> None:
    batch = due.when_validated(deal.order)
    assert batch is not None
    assert batch.progress.asked == DBTaskResult.objects.count()
    assert batch.progress.waiting == batch.progress.asked
    assert batch.progress.settled == 0
    assert str(batch) == f"Validation de la commande {deal.order}"


def test_what_the_erp_or_a_colleague_filed_is_not_made_again(
    deal: Deal, quick_press: Printed, run_tasks: RunTasks
) -> None:
    make_document(DocumentType.CONVENTION, deal.order)
    make_document(DocumentType.CONVOCATION, deal.order, deal.seat)
    make_document(DocumentType.FACTURE, deal.order, amount=Decimal("1275.00"))
    make_document(DocumentType.EMARGEMENT, deal.order, session=deal.session)
    assert due.when_validated(deal.order) is None
    deal.close()
    due.when_closed(deal.session)
    run_tasks()
    assert [paper.type for paper in quick_press()] == [DocumentType.ATTESTATION]


def test_an_order_that_joins_a_confirmed_session_gets_everything(
    deal: Deal, quick_press: Printed, run_tasks: RunTasks
) -> None:
    """And the sheet of its establishment, made before, is made again with the new names."""
    due.when_confirmed(deal.session)
    run_tasks()
    sheet = Document.objects.get(type="emargement", order__isnull=True, establishment=deal.world.lille)
    late = make_order(deal.world.lille, "tard@armor.example", [deal.session], papers=False)
    due.when_validated(late)
    run_tasks()
    assert issued(late) == ["convention", "convocation"]
    newer = Document.objects.get(replaces=sheet)
    assert newer.issue.version == 2
    paper = next(one for one in quick_press() if one.number == newer.number)
    names = {row.name for row in paper.facts["sheets"][0].rows}
    person = late.enrolments.get().participant
    assert person is not None
    assert f"{person.last_name.upper()} Zoé" in names


def test_a_seat_without_a_name_waits_for_it(deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    nameless = deal.join(named=False)
    due.when_confirmed(deal.session)
    run_tasks()
    assert not Document.objects.filter(enrolment=nameless).exists()
    nameless.participant = deal.seat.participant
    nameless.save()
    signals.enrolment_substituted.send(Enrolment, enrolment=nameless, previous=None)
    run_tasks()
    assert Document.objects.get(enrolment=nameless).type == DocumentType.CONVOCATION


@pytest.mark.parametrize(
    ("kind", "damage", "said"),
    [
        (PaperKind.CONVENTION, lambda deal: _order(deal, state=OrderState.PENDING), "n’est pas validée"),
        (PaperKind.BON_POUR_ACCORD, lambda deal: _order(deal, state=OrderState.REFUSED), "refusée ou annulée"),
        (PaperKind.CONVENTION, lambda deal: _seats(deal, state=EnrolmentState.CANCELLED), "n’a plus d’inscription"),
        (PaperKind.CONVOCATION, lambda deal: _seats(deal, state=EnrolmentState.CANCELLED), "est annulée"),
        (PaperKind.CONVOCATION, lambda deal: _seats(deal, participant=None), "pas encore de participant"),
        (PaperKind.CONVOCATION, lambda deal: _elsewhere(deal), "a changé de session"),
        (PaperKind.CONVOCATION, lambda deal: deal.session.half_days.all().delete(), "n’a pas d’horaires"),
        (PaperKind.CONVOCATION, lambda deal: _session(deal, state=SessionState.OPEN), "n’est pas confirmée"),
        (PaperKind.EMARGEMENT, lambda deal: _everybody(deal), "n’a plus d’inscrit"),
        (PaperKind.ATTESTATION, lambda deal: None, "n’est pas close"),
        (PaperKind.ATTESTATION, lambda deal: deal.close(EnrolmentState.ABSENT), "Aucune présence"),
        (PaperKind.EVALUATION, lambda deal: None, "pas encore de réponses"),
        (PaperKind.FACTURE, lambda deal: None, "n’a rien à facturer"),
        (PaperKind.FACTURE, lambda deal: _billed_by_the_erp(deal), "a déjà la facture"),
    ],
)
def test_what_is_missing_is_said(
    kind: PaperKind, damage: Callable[[Deal], object], said: str, deal: Deal, run_tasks: RunTasks
) -> None:
    """Only people can mend it: the task is not tried again, the order is kept, and no number of an invoice is lost."""
    subject = {
        PaperKind.EMARGEMENT: Subject.of_sheet(deal.session, deal.world.lille),
        PaperKind.FACTURE: Subject.of_bill(deal.order, deal.session),
        PaperKind.BON_POUR_ACCORD: Subject.of_order(kind, deal.order),
        PaperKind.CONVENTION: Subject.of_order(kind, deal.order),
    }.get(kind, Subject.of_seat(kind, deal.seat))
    batch = asking.ask(subjects=[subject], reason="Essai")
    assert batch is not None
    damage(deal)
    run_tasks()
    issue = batch.issues.get()
    assert issue.state == IssueState.FAILED
    assert said in issue.error
    assert batch.progress.failed == 1
    assert not NumberSeries.objects.filter(name__startswith="FA").exists()
    assert DBTaskResult.objects.get().status == TaskResultStatus.SUCCESSFUL


def _billed_by_the_erp(deal: Deal) -> None:
    deal.close()
    make_document(DocumentType.FACTURE, deal.order, session=deal.session)


def _order(deal: Deal, **fields: object) -> None:
    with any_state():
        Order.objects.filter(pk=deal.order.pk).update(**fields)


def _seats(deal: Deal, **fields: object) -> None:
    with any_state():
        deal.order.enrolments.update(**fields)


def _elsewhere(deal: Deal) -> None:
    _seats(deal, session=make_session(deal.session.course, deal.session.starts_on + timedelta(days=30)))


def _session(deal: Deal, **fields: object) -> None:
    with any_state():
        Session.objects.filter(pk=deal.session.pk).update(**fields)


def _everybody(deal: Deal) -> None:
    with any_state():
        deal.session.enrolments.update(state=EnrolmentState.CANCELLED)


def test_an_evaluation_is_made_of_the_answers_that_were_sent(
    deal: Deal, quick_press: Printed, run_tasks: RunTasks
) -> None:
    deal.close()
    evaluation = Evaluation.objects.create(enrolment=deal.seat, expires_at=timezone.now() + timedelta(days=30))
    answers = {"ratings": dict.fromkeys(QUESTIONS, 4), "objectives": [], "comment": "Très clair"}
    keep_answers(evaluation=evaluation, answers=answers, final=True)
    run_tasks()
    assert issued(deal.order) == ["evaluation"]
    assert states() == [(IssueState.DONE, "")]
    (paper,) = quick_press()
    assert paper.facts["comment"] == "Très clair"
    assert [rating.score for rating in paper.facts["ratings"]] == [4] * len(QUESTIONS)


def test_an_order_of_no_establishment_is_not_billed(deal: Deal, run_tasks: RunTasks) -> None:
    """It gets no invoice by itself, and whoever asks for one is told why."""
    loose = make_order(None, "libre@armor.example", [deal.session], papers=False)
    deal.close()
    due.when_closed(deal.session)
    assert not Issue.objects.filter(kind="facture", order=loose).exists()
    assert not due.sheets(loose.enrolments.all()), "nor is there a sheet of no establishment"
    asking.ask(subjects=[Subject.of_bill(loose, deal.session)], reason="Essai")
    run_tasks()
    assert "à qui la facturer" in Issue.objects.get(kind="facture", order=loose).error


def test_a_provider_without_numbers_is_said(deal: Deal, settings: Settings, run_tasks: RunTasks) -> None:
    settings.PROVIDER = {**settings.PROVIDER, "siret": ""}
    due.when_placed(_pending(deal))
    run_tasks()
    assert "PROVIDER_SIRET" in Issue.objects.get().error


def _pending(deal: Deal) -> Order:
    _order(deal, state=OrderState.PENDING)
    deal.order.refresh_from_db()
    return deal.order


def test_an_order_that_waits_for_approval_has_no_quote_yet(deal: Deal) -> None:
    assert due.when_placed(deal.order) is None


def test_what_people_mended_is_issued_when_they_say_so(deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    half_days = list(deal.session.half_days.all())
    deal.session.half_days.all().delete()
    due.when_confirmed(deal.session)
    run_tasks()
    failed = list(Issue.objects.filter(state=IssueState.FAILED))
    assert failed
    deal.session.half_days.bulk_create(half_days)
    assert asking.try_again(failed) == len(failed)
    assert asking.try_again(failed) == 0
    run_tasks()
    assert {state for state, _error in states()} == {IssueState.DONE}


def test_a_full_disk_is_said_and_tried_again(
    deal: Deal, monkeypatch: pytest.MonkeyPatch, quick_press: Printed, run_tasks: RunTasks
) -> None:
    deal.close()
    due.when_closed(deal.session)

    def full(*args: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        run_tasks()
    assert {state for state, _error in states()} == {IssueState.FAILED}
    assert all("Le disque des documents est plein" in error for _state, error in states())
    assert not Document.objects.filter(issue__isnull=False).exists()
    assert not NumberSeries.objects.filter(name__startswith="FA").exists()
    assert Order.objects.filter(pk=deal.order.pk, state=OrderState.VALIDATED).exists()
    assert not list(documents_files_in_the_making())
    DBTaskResult.objects.filter(status=TaskResultStatus.READY).update(run_after=timezone.now())
    run_tasks()
    assert {state for state, _error in states()} == {IssueState.DONE}
    numbers = sorted(Document.objects.filter(issue__kind="facture").values_list("number", flat=True))
    assert numbers == [f"FA{timezone.localdate().year}-{rank:05d}" for rank in range(1, len(numbers) + 1)]


def documents_files_in_the_making() -> list[str]:
    root = documents_storage().path("")  # the store on a disk
    return [name for _folder, _folders, names in os.walk(root) for name in names if name.startswith(".")]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EIO, "Input/output error"), "ne peut pas être écrit"),
        (ValueError("Required field BT-5"), "ValueError"),
        (checking.InvoiceRefusedError(["BR-CO-15"]), "n’est pas conforme"),
    ],
)
def test_reasons(error: Exception, said: str) -> None:
    assert said in making.reason_of(error)


def test_an_invoice_whose_totals_are_wrong_is_not_issued(
    deal: Deal, monkeypatch: pytest.MonkeyPatch, run_tasks: RunTasks
) -> None:
    deal.close()
    asking.ask(subjects=[Subject.of_bill(deal.order, deal.session)], reason="Essai")
    original, right, wrong = embedding.embedded_xml, b"DuePayableAmount>1530.00", b"DuePayableAmount>1.00"
    monkeypatch.setattr(making, "embedded_xml", lambda content: original(content).replace(right, wrong))
    run_tasks()
    issue = Issue.objects.get()
    assert issue.state == IssueState.FAILED
    assert "BR-CO-16" in issue.error
    assert not NumberSeries.objects.exists()
    assert DBTaskResult.objects.get().status == TaskResultStatus.SUCCESSFUL


def test_making_twice_issues_once(deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    due.when_confirmed(deal.session)
    run_tasks()
    before = Document.objects.count()
    for issue in Issue.objects.all():
        assert making.make(issue.pk) == issue.document
    assert Document.objects.count() == before


def test_a_retried_paper_keeps_its_number_and_date(
    deal: Deal, quick_press: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    due.when_placed(_pending(deal))
    issue = Issue.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr(making, "store", _broken)
        with pytest.raises(OSError, match="boum"):
            making.make(issue.pk)
    issue.refresh_from_db()
    assert issue.number
    Issue.objects.filter(pk=issue.pk).update(issued_on=date(2026, 1, 5))
    document = making.make(issue.pk)
    assert document is not None
    assert (document.number, document.issued_on) == (issue.number, date(2026, 1, 5))


def _broken(content: bytes) -> None:
    raise OSError("boum")
