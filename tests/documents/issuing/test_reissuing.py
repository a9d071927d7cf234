"""What changes after it was issued, is issued anew: as a new version that replaces the old one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.document_types import DocumentType
from catalogue.models import Session, SessionState
from documents.issuing import asking, due, making
from documents.issuing.errors import NotIssuableError
from documents.models import (
    Document,
    Issue,
    IssueBatch,
    IssueState,
    PaperKind,
)
from documents.papers import Paper
from documents.validity import tell_void, with_validity
from enrolments import changing, signals
from enrolments.changing import NewPerson
from enrolments.models import Enrolment, EnrolmentEvent, EnrolmentState, EventKind, OrderState
from enrolments.proposals import move_session
from enrolments.transitions import any_state
from tests.conftest import RunTasks
from tests.documents.issuing.conftest import Deal, make_deal
from tests.worlds import make_document, make_order

Printed = Callable[[], list[Paper]]
pytestmark = pytest.mark.django_db


def summoned(deal: Deal, run_tasks: RunTasks) -> tuple[Enrolment, Session, Document]:
    """The deal's seat, its session, and the convocation that it got to it."""
    due.when_validated(deal.order)
    run_tasks()
    return deal.seat, deal.session, Document.objects.get(type="convocation", enrolment=deal.seat)


def open_session(deal: Deal) -> Session:
    """Another session, which may not take place."""
    other = make_deal(deal.world).session
    with any_state():
        Session.objects.filter(pk=other.pk).update(state=SessionState.OPEN)
    other.refresh_from_db()
    return other


def test_a_substitution_renews_what_named_the_other(deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    due.when_validated(deal.order)
    run_tasks()
    signals.enrolment_substituted.send(Enrolment, enrolment=deal.seat, previous=None)
    run_tasks()
    renewed = Document.objects.filter(replaces__isnull=False, issue__isnull=False)
    assert sorted(renewed.values_list("type", flat=True)) == ["convention", "convocation", "emargement"]
    deal.close()
    signals.enrolment_substituted.send(Enrolment, enrolment=deal.seat, previous=None)
    run_tasks()
    assert Document.objects.filter(type="convocation", order=deal.order).count() == 2


def test_a_move_summons_to_the_other_session(deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    deal.join()
    due.when_validated(deal.order)
    run_tasks()
    seat, left = deal.seat, deal.session
    first = Document.objects.get(type="convocation", enrolment=seat)
    other = make_deal(deal.world).session
    seat.session = other
    seat.save()
    for _time in range(2):
        signals.enrolment_moved.send(Enrolment, enrolment=seat, previous=left)
        run_tasks()
    second = Document.objects.get(type="convocation", replaces=first)
    assert second.session == other
    sheets = Document.objects.filter(type="emargement", session=left, issue__isnull=False)
    assert sheets.count() >= 2
    with any_state():
        Session.objects.filter(pk=left.pk).update(state=SessionState.OPEN)
    seat.session = left
    seat.save()
    signals.enrolment_moved.send(Enrolment, enrolment=seat, previous=other)
    run_tasks()
    assert not Document.objects.filter(replaces=second).exists()


def test_whoever_moves_to_a_session_that_may_not_run_is_summoned_once_it_will(
    deal: Deal, quick_press: Printed, run_tasks: RunTasks
) -> None:
    """The convocation to the session that was left does not stand for the new one."""
    seat, left, first = summoned(deal, run_tasks)
    other = open_session(deal)
    seat.session = other
    seat.save()
    signals.enrolment_moved.send(Enrolment, enrolment=seat, previous=left)
    run_tasks()
    assert not Document.objects.filter(replaces=first).exists()
    with any_state():
        Session.objects.filter(pk=other.pk).update(state=SessionState.CONFIRMED)
    other.refresh_from_db()
    for _time in range(2):
        due.when_confirmed(other)
    run_tasks()
    due.when_confirmed(other)
    run_tasks()
    second = Document.objects.get(replaces=first)
    assert (second.session, second.type) == (other, "convocation")
    assert Document.objects.filter(enrolment=seat, type="convocation").count() == 2


@pytest.mark.parametrize("theirs", [True, False])
def test_whoever_comes_instead_is_summoned(theirs: bool, deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    """Whether the ERP filed what names the other, or the session stepped back before and is confirmed again."""
    seat, session = deal.seat, deal.session
    if theirs:
        first = make_document(DocumentType.CONVOCATION, deal.order, seat)
    else:
        due.when_validated(deal.order)
        run_tasks()
        first = Document.objects.get(type="convocation", enrolment=seat)
        with any_state():
            Session.objects.filter(pk=session.pk).update(state=SessionState.OPEN)
    person, staff = NewPerson("Martin"), deal.world.personas["administrator"]
    changing.substitute(actor=staff, enrolment=seat, person=person, agreed=Decimal(0))
    run_tasks()
    if not theirs:
        assert not Document.objects.filter(replaces=first).exists()
        with any_state():
            Session.objects.filter(pk=session.pk).update(state=SessionState.CONFIRMED)
        due.when_confirmed(session)
        run_tasks()
    [second] = tell_void(with_validity(Document.objects.filter(replaces=first)))
    assert second.void == ""
    assert Document.objects.filter(enrolment=seat, type="convocation").count() == 2


@pytest.mark.parametrize("empty", [True, False])
def test_whoever_comes_back_to_other_dates_is_summoned_again(
    empty: bool, deal: Deal, quick_press: Printed, run_tasks: RunTasks
) -> None:
    """The dates changed while somebody else was in the session, or nobody."""
    seat, left, first = summoned(deal, run_tasks)
    other = open_session(deal)
    Enrolment.objects.filter(pk=seat.pk).update(session=other)
    if not empty:
        make_order(deal.world.lille, "autre@armor.example", [left], papers=False, state=OrderState.VALIDATED)
    later, staff = left.starts_on + timedelta(days=20), deal.world.personas["staff"]
    ends = later + (left.ends_on - left.starts_on)
    move_session(session=left, actor=staff, starts_on=later, ends_on=ends, reason="")
    Enrolment.objects.filter(pk=seat.pk).update(session=left)
    if empty:
        EnrolmentEvent.objects.create(
            enrolment=seat, kind=EventKind.MOVED, session_before=other, session_after=left, reason=""
        )
    seat.refresh_from_db()
    for _time in range(2):
        signals.enrolment_moved.send(Enrolment, enrolment=seat, previous=other)
        run_tasks()
    [second] = Document.objects.filter(enrolment=seat, type="convocation").exclude(pk=first.pk)
    assert (second.replaces, second.session) == (first, left)


def test_a_cancellation_renews_the_lists_that_still_have_somebody(
    deal: Deal, quick_press: Printed, run_tasks: RunTasks
) -> None:
    other = deal.join()
    due.when_validated(deal.order)
    run_tasks()
    for seat, versions in ((other, 2), (deal.seat, 2)):
        seat.state = EnrolmentState.CANCELLED
        seat.save()
        signals.enrolment_cancelled.send(Enrolment, enrolment=seat)
        run_tasks()
        assert Document.objects.filter(type="convention", order=deal.order).count() == versions


def test_a_correction_is_a_new_version(deal: Deal, quick_press: Printed, run_tasks: RunTasks) -> None:
    due.when_validated(deal.order)
    run_tasks()
    convention = Document.objects.get(type="convention", order=deal.order)
    staff = deal.world.personas["staff"]
    asking.correct(documents=[convention], reason="Correction", actor=staff)
    assert asking.correct(documents=[convention], reason="Double clic", actor=staff) is None
    run_tasks()
    convention.refresh_from_db()
    assert convention.replaced_by.issue.version == 2
    with pytest.raises(NotIssuableError, match="déjà remplacé"):
        asking.correct(documents=[convention], reason="Trop tard", actor=staff)
    theirs = make_document(DocumentType.CONVENTION, deal.order)
    with pytest.raises(NotIssuableError, match="ne vient pas du portail"):
        asking.correct(documents=[theirs], reason="Correction", actor=staff)
    assert IssueBatch.objects.filter(reason="Double clic").count() == 0


def test_a_correction_is_about_the_same_session(deal: Deal, quick_press: Printed) -> None:
    """The document of an order may have named its session; the new version does, too."""
    convention = make_document(DocumentType.CONVENTION, deal.order, session=deal.session)
    batch = IssueBatch.objects.create(reason="Essai")
    Issue.objects.create(
        batch=batch, kind=PaperKind.CONVENTION, order=deal.order, state=IssueState.DONE, document=convention
    )
    asking.correct(documents=[convention], reason="Correction", actor=deal.world.personas["staff"])
    newer = making.make(Issue.objects.get(version=2).pk)
    assert newer is not None
    assert (newer.session, newer.replaces) == (deal.session, convention)


def test_a_session_that_we_move_renews_what_says_its_dates(
    deal: Deal, quick_press: Printed, run_tasks: RunTasks
) -> None:
    due.when_validated(deal.order)
    run_tasks()
    first = Document.objects.get(type="convocation", enrolment=deal.seat)
    later = deal.session.starts_on + timedelta(days=20)
    move_session(
        session=deal.session,
        actor=deal.world.personas["staff"],
        starts_on=later,
        ends_on=later + (deal.session.ends_on - deal.session.starts_on),
        reason="Salle fermée",
    )
    [found] = tell_void(with_validity(Document.objects.filter(pk=first.pk)))
    assert found.void == "sans effet\u00a0: la session a changé de dates"
    run_tasks()
    renewed = Document.objects.filter(replaces__isnull=False, issue__isnull=False)
    assert sorted(renewed.values_list("type", flat=True)) == ["convention", "convocation", "emargement"]
    [second] = tell_void(with_validity(Document.objects.filter(replaces=first)))
    assert second.void == ""
