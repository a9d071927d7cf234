"""A paper that is being made while somebody changes what it is about: each waits for the other, without an error."""

from __future__ import annotations

from contextlib import nullcontext
from threading import Event, Thread
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from documents.issuing import drawing, making
from documents.issuing.asking import Subject, ask, reissue
from documents.models import Issue, PaperKind
from documents.papers import Paper
from enrolments.models import Order
from tests.documents.issuing.conftest import Deal, make_deal
from tests.worlds import make_world

SUBJECTS = [PaperKind.CONVENTION, PaperKind.CONVOCATION, PaperKind.EMARGEMENT]


def subject_of(deal: Deal, kind: PaperKind) -> Subject:
    if kind == PaperKind.CONVENTION:
        return Subject.of_order(kind, deal.order)
    if kind == PaperKind.CONVOCATION:
        return Subject.of_seat(kind, deal.seat)
    return Subject.of_sheet(deal.session, deal.world.lille)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", SUBJECTS)
def test_nobody_gets_an_error(kind: PaperKind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever cancels holds the order when they ask for the lists anew, which the worker is printing at that moment.

    With the order locked after the issue, or not at all, PostgreSQL ends one of the two: a deadlock.
    """
    deal = make_deal(make_world())
    subject = subject_of(deal, kind)
    ask(subjects=[subject], reason="Validation")
    issue = Issue.objects.get(kind=kind)
    errors: list[Exception] = []
    drawn, draw = Event(), drawing.draw

    def told(*args: Any, **kwargs: Any) -> Paper:
        drawn.set()
        return draw(*args, **kwargs)

    def work() -> None:
        try:
            making.make(issue.pk)
        except OperationalError as error:
            errors.append(error)
        finally:
            connection.close()

    monkeypatch.setattr(drawing, "draw", told)
    worker = Thread(target=work)
    try:
        with transaction.atomic():
            held = Order.objects.select_for_update(no_key=True).get(pk=deal.order.pk)
            held.enrolments.select_for_update(of=["self"]).get(pk=deal.seat.pk)
            worker.start()
            drawn.wait(1)
            reissue(subjects=[subject], reason="Inscription annulée")
    except OperationalError as error:
        errors.append(error)
    worker.join(30)
    assert not worker.is_alive()
    assert errors == []
    issue.refresh_from_db()
    assert issue.document_id is not None, "the worker goes on once the order is free"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("kind", "together"), [(PaperKind.CONVOCATION, True), (PaperKind.BON_POUR_ACCORD, False)])
def test_the_papers_of_one_order_are_printed_at_once(kind: PaperKind, together: bool) -> None:
    """By as many processes as there are; but for the quote, with which the order is written to."""
    deal = make_deal(make_world())
    subject = Subject.of_order(kind, deal.order) if kind == PaperKind.BON_POUR_ACCORD else subject_of(deal, kind)
    ask(subjects=[subject], reason="Essai")
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with transaction.atomic(), connection.cursor() as cursor, other.cursor() as printing:
            printing.execute("SELECT id FROM enrolments_order FOR SHARE")
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            with nullcontext() if together else pytest.raises(OperationalError, match="lock timeout"):
                making._lock_orders(Issue.objects.get(kind=kind))
            transaction.set_rollback(True)
    finally:
        other.close()
