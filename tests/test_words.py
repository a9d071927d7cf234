"""How every model of orders and papers is called in a page of the team, and that without a login it shows nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Permission
from django.db.models import Model
from pytest_django import DjangoAssertNumQueries

from accounts.document_types import DocumentType
from accounts.models import Establishment, User
from catalogue.models import HalfDay, Session
from documents.models import (
    Acceptance,
    Archive,
    Deposit,
    Document,
    DocumentGrant,
    Evaluation,
    EvaluationLink,
    FileCheck,
    FundingAgreement,
    Invoice,
    InvoicedSeat,
    Issue,
    IssueBatch,
    LibraryVisit,
    NumberSeries,
    PaperKind,
    Serving,
    ServingOutcome,
)
from enrolments.models import (
    ApprovalPolicy,
    Attendance,
    CalendarFeed,
    CancellationBand,
    CancellationTerms,
    DraftSeat,
    Enrolment,
    EnrolmentEvent,
    ErasureRequest,
    EventKind,
    Order,
    OrderDraft,
    OrderEvent,
    OrderEventKind,
    Participant,
    ParticipantMerge,
    SessionProposal,
    WaitingEntry,
)
from tests.enrolments.orders import coming_session, prepare
from tests.worlds import World

NOON = datetime(2027, 1, 12, 12, tzinfo=UTC)
ANNE = User(pk=7, email="anne@armor.example")
LILLE, ORDER, SESSION = Establishment(name="Armor Lille"), Order(number="CMD-1"), Session(code="PY-1")
ZOE, LEA = Participant(last_name="Roy", first_name="Zoé"), Participant(last_name="Roy")
SEAT, PAPER = Enrolment(pk=3, number="CMD-1-01"), Document(type=DocumentType.FACTURE, number="FA-1")
MORNING = HalfDay(date=date(2027, 1, 12), starts_at=time(9))
WORDS: list[tuple[Model, str]] = [
    (ApprovalPolicy(establishment=LILLE), "Armor Lille"),
    (ORDER, "CMD-1"),
    (ZOE, "Zoé Roy"),
    (LEA, "Roy"),
    (SEAT, "CMD-1-01"),
    (Attendance(enrolment=SEAT, half_day=MORNING), "CMD-1-01 2027-01-12 09:00"),
    (OrderDraft(session=SESSION, owner=ANNE), "PY-1 · anne@armor.example"),
    (DraftSeat(participant=ZOE), "Zoé Roy"),
    (DraftSeat(last_name="Roy"), "Roy"),
    (EnrolmentEvent(enrolment=SEAT, kind=EventKind.MOVED), "CMD-1-01 · Inscription déplacée"),
    (SessionProposal(order=ORDER, session=SESSION), "CMD-1 · PY-1"),
    (OrderEvent(order=ORDER, kind=OrderEventKind.WITHDRAWN), "CMD-1 · Retirée"),
    (ParticipantMerge(kept=ZOE, merged=LEA), "Roy → Zoé Roy"),
    (ErasureRequest(participant=ZOE), "Zoé Roy"),
    (CalendarFeed(user=ANNE), "anne@armor.example"),
    (CancellationTerms(in_force_from=date(2027, 1, 1)), "Conditions du 01/01/2027"),
    (CancellationBand(under_days=10), "moins de 10 jours"),
    (WaitingEntry(session=SESSION), "PY-1 · À désigner"),
    (WaitingEntry(session=SESSION, participant=ZOE), "PY-1 · Zoé Roy"),
    (PAPER, "Facture FA-1"),
    (Serving(user_email="a@b.fr", requested_id=9, outcome=ServingOutcome.REFUSED), "a@b.fr · 9 · Refusé"),
    (Acceptance(document=PAPER, name="Anne Le Goff"), "Facture FA-1 · Anne Le Goff"),
    (Archive(title="Factures de Lille"), "Factures de Lille"),
    (FileCheck(begun_at=NOON), "12/01/2027 12:00"),
    (Deposit(document=PAPER, user_email="a@b.fr"), "Facture FA-1 · a@b.fr"),
    (Evaluation(enrolment=SEAT, invited_at=NOON), "3 · 12/01/2027"),
    (EvaluationLink(evaluation_id=5, sent_at=NOON), "5 · 2027-01-12 12:00:00+00:00"),
    (FundingAgreement(document=PAPER, funder="Atlas"), "Atlas · Facture FA-1"),
    (NumberSeries(name="FA2027", last=3), "FA2027 · 3"),
    (IssueBatch(reason="Session close"), "Session close"),
    (Issue(kind=PaperKind.FACTURE, number="FA-1"), "Facture · FA-1"),
    (Issue(kind=PaperKind.CONVENTION, session=SESSION, order=ORDER), "Convention · PY-1 · CMD-1"),
    (Invoice(document=PAPER, net=Decimal(1)), "Facture FA-1"),
    (InvoicedSeat(invoice=PAPER, trainee="Zoé Roy"), "Facture FA-1 · Zoé Roy"),
    (LibraryVisit(user=ANNE, last_at=NOON), "7 · 2027-01-12 12:00:00+00:00"),
    (
        DocumentGrant(user=ANNE, content_object=PAPER, permission=Permission(codename="view_document")),
        "Facture FA-1 | anne@armor.example | view_document",
    ),
]
MODELS = [*apps.get_app_config("enrolments").get_models(), *apps.get_app_config("documents").get_models()]
SHOWN = [model for model in MODELS if hasattr(model._default_manager, "visible_to")]


@pytest.mark.parametrize(("row", "words"), WORDS, ids=[type(row).__name__ for row, _words in WORDS])
def test_a_row_is_called(row: Model, words: str) -> None:
    assert str(row) == words


def test_every_model_has_its_words() -> None:
    assert {type(row) for row, _words in WORDS} == set(MODELS)


@pytest.mark.parametrize("model", SHOWN, ids=[model.__name__ for model in SHOWN])
def test_without_a_login_nothing_is_anybodys(
    model: Any, world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert not model.objects.visible_to(AnonymousUser()).exists()


def test_the_people_of_a_draft_are_seen_by_its_owner_only(world: World) -> None:
    owner, other = world.personas["administrator"], world.personas["standard"]
    seats = list(prepare(owner, coming_session(world), world.lille, known=2).seats.all())
    assert list(DraftSeat.objects.visible_to(owner).order_by("pk")) == seats
    assert not DraftSeat.objects.visible_to(other).exists()
