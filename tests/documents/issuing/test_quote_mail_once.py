"""Never two acknowledgements, never none: whoever dies between two statements, and whoever meets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Thread

import pytest
from django.core import mail
from django.db import connection
from pytest_django import Settings

from documents.issuing import making
from documents.models import Document, Issue
from documents.papers import Paper
from enrolments import order_mails
from enrolments.models import Order
from enrolments.order_mails import acknowledge_alone
from espace_client.models import OutgoingMail
from tests.enrolments.orders import coming_session, place, prepare
from tests.enrolments.test_ordering_killed import MOST_STATEMENTS, dies_before_statement
from tests.worlds import make_world

pytestmark = pytest.mark.django_db(transaction=True)


def waiting_order() -> Order:
    """An order that will be acknowledged with its quote."""
    world = make_world()
    return place(prepare(world.personas["administrator"], coming_session(world), world.lille, unnamed=1))


def killed_until_done(act: Callable[[], object], order: Order, rows: set[tuple[str, int]]) -> None:
    """Do `act`, killed before each of its statements in turn: nothing is kept, until all is."""
    killed = 0
    while dies_before_statement(killed + 1, act):
        killed += 1
        assert killed < MOST_STATEMENTS
        order.refresh_from_db()
        assert kept() == rows
    assert killed > 5, "it died nowhere"


def kept() -> set[tuple[str, int]]:
    """What is written of an order: its mails, by what they are about, and its quotes."""
    mails = ((key or "", 1) for key in OutgoingMail.objects.values_list("key", flat=True))
    return {*mails, ("quotes", Document.objects.filter(issue__isnull=False).count())}


def test_a_worker_that_dies_leaves_one_acknowledgement_or_none_yet(
    settings: Settings, quick_press: Callable[[], list[Paper]]
) -> None:
    settings.EMAIL_BACKEND = "espace_client.outbox.Backend"
    order = waiting_order()
    issue = Issue.objects.get(order=order)
    killed_until_done(partial(making.make, issue.pk), order, {("quotes", 0)})
    assert kept() == {(f"order-received-{order.pk}", 1), ("quotes", 1)}
    acknowledge_alone.call(order.pk)
    making.make(issue.pk)
    assert kept() == {(f"order-received-{order.pk}", 1), ("quotes", 1)}


def test_one_that_dies_when_the_quote_is_late(settings: Settings, quick_press: Callable[[], list[Paper]]) -> None:
    settings.EMAIL_BACKEND = "espace_client.outbox.Backend"
    order = waiting_order()
    killed_until_done(partial(acknowledge_alone.call, order.pk), order, {("quotes", 0)})
    assert kept() == {(f"order-received-{order.pk}", 1), ("quotes", 0)}
    document = making.make(Issue.objects.get(order=order).pk)
    assert document is not None
    assert kept() == {(f"order-received-{order.pk}", 1), (f"order-quote-{document.pk}", 1), ("quotes", 1)}


def test_the_quote_and_the_end_of_patience_meet(
    monkeypatch: pytest.MonkeyPatch, quick_press: Callable[[], list[Paper]]
) -> None:
    """The two minutes end while the mail with the quote is being written: without the lock both would leave."""
    order, begun = waiting_order(), list[Thread]()
    acknowledge = order_mails._acknowledge

    def patience_ends() -> None:
        acknowledge_alone.call(order.pk)
        connection.close()

    def met(held: Order, quote: order_mails.IssuedQuote | None) -> None:
        if not begun:
            begun.append(Thread(target=patience_ends))
            begun[0].start()
            begun[0].join(1)  # it waits for us
        acknowledge(held, quote)

    monkeypatch.setattr(order_mails, "_acknowledge", met)
    making.make(Issue.objects.get(order=order).pk)
    begun[0].join(60)
    assert [(len(one.attachments), "bien reçue" in one.subject) for one in mail.outbox] == [(1, True)]
