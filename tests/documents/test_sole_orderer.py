"""An attendance sheet without an order is also that of the one person who ordered all its seats."""

from __future__ import annotations

import pytest

from accounts.document_types import DocumentType
from catalogue.models import Session
from documents.models import Document
from documents.services import follow_sole_orderers
from documents.store import store
from enrolments.models import Enrolment, EnrolmentState
from tests.worlds import World, make_order, pdf

LEA, PAUL = "lea@armorel.example", "paul@armorel.example"


@pytest.fixture
def session(world: World) -> Session:
    session = Session.objects.latest("pk")
    session.pk = None
    session.code = "EMARGEMENT"
    session.save()
    return session


def sheet(world: World, session: Session, number: str = "EMA1") -> Document:
    stored = store(pdf(number))
    document = Document.objects.create(
        type=DocumentType.EMARGEMENT,
        number=number,
        issued_on=session.starts_on,
        session=session,
        establishment=world.lille,
        file=stored.name,
        sha256=stored.sha256,
        size=stored.size,
    )
    document.refresh_from_db()
    return document


def email(document: Document) -> str:
    follow_sole_orderers()
    document.refresh_from_db()
    return document.order_email


def test_one_orderer(world: World, session: Session) -> None:
    make_order(world.lille, LEA, [session, session], papers=False)
    make_order(world.nice, PAUL, [session], papers=False)
    assert sheet(world, session).order_email == LEA  # from the moment it is issued


def test_two_orderers_share_it_through_the_establishment_only(world: World, session: Session) -> None:
    make_order(world.lille, LEA, [session], papers=False)
    document = sheet(world, session)
    make_order(world.lille, PAUL, [session], papers=False)
    assert email(document) == ""
    assert follow_sole_orderers() == 0


def test_a_cancelled_seat_still_counts(world: World, session: Session) -> None:
    """The sheet may have been printed with the name of Paul's trainee on it: it never becomes Léa's alone."""
    make_order(world.lille, LEA, [session], papers=False)
    other = make_order(world.lille, PAUL, [session], papers=False)
    document = sheet(world, session)
    Enrolment.objects.filter(order=other).update(state=EnrolmentState.CANCELLED)
    assert email(document) == ""
    Enrolment.objects.filter(order=other).delete()
    assert email(document) == LEA


def test_it_can_not_be_set_by_hand(world: World, session: Session) -> None:
    make_order(world.lille, LEA, [session], papers=False)
    document = sheet(world, session)
    Document.objects.filter(pk=document.pk).update(order_email=PAUL)
    document.refresh_from_db()
    assert document.order_email == LEA


def test_papers_of_an_order_are_left_alone(world: World, session: Session) -> None:
    before = list(Document.objects.filter(order__isnull=False).order_by("pk").values_list("pk", "order_email"))
    assert before
    follow_sole_orderers()
    assert list(Document.objects.filter(order__isnull=False).order_by("pk").values_list("pk", "order_email")) == before
