"""Documents never change, never go, and move with their order even when two people act at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from accounts.document_types import DocumentType
from accounts.roles import Role
from documents.models import Document, DocumentGrant, Serving, ServingOutcome
from enrolments.models import Enrolment, Order
from tests.constraints import Side, at_the_same_time, kept_by, make_side, refused, sides
from tests.worlds import give_access, make_sessions, make_user

__all__ = ["sides"]
Sides = tuple[Side, Side]


def test_an_issued_document_never_changes(sides: Sides) -> None:
    armor, brume = sides
    older, newer = armor.document(), armor.document(DocumentType.FACTURE)
    document = armor.document(enrolment=armor.enrolment, session=armor.session)
    other = Enrolment.objects.create(number="INS-2", order=armor.order, session=armor.session, public_price=1, price=1)
    rows = Document.objects.filter(pk=document.pk)
    changes: list[dict[str, Any]] = [
        {"type": "facture"},
        {"number": "AUTRE"},
        {"file": "11/1.pdf"},
        {"sha256": "1" * 64},
        {"size": 11},
        {"recorded_at": "2001-01-01T00:00:00Z"},
        {"enrolment": other},
        {"enrolment": None},
        {"session": None},
    ]
    for values in changes:
        with refused("document_never_changes"):
            rows.update(**values)
    with refused("document_never_changes"):
        Document.objects.filter(pk=newer.pk).update(order=brume.order, establishment=brume.establishment)
    Document.objects.filter(pk=older.pk).update(enrolment=armor.enrolment, session=armor.session)
    rows.update(replaces=older)
    with refused("document_never_changes"):
        rows.update(replaces=None)


def test_an_attendance_sheet_stays_in_its_establishment(sides: Sides) -> None:
    armor, brume = sides
    sheet = armor.document(
        DocumentType.EMARGEMENT, order=None, session=armor.session, establishment=armor.establishment
    )
    with refused("document_never_changes"):
        Document.objects.filter(pk=sheet.pk).update(establishment=brume.establishment)


def test_an_issued_document_never_goes(sides: Sides) -> None:
    document = sides[0].document()
    with refused("document_never_goes"):
        Document.objects.filter(pk=document.pk).delete()
    with refused("document_never_goes"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM documents_document")


@kept_by("access_takes_its_exceptions")
def test_access_takes_its_exceptions(sides: Sides) -> None:
    """What was shared one by one does not come back with a later access."""
    armor, brume = sides
    user = make_user("lea@armor.example")
    shared = Permission.objects.get(codename=DocumentGrant.SHARED)
    grants = [
        DocumentGrant.objects.create(user=user, permission=shared, content_object=side.document()) for side in sides
    ]
    accesses = [give_access(user, side.establishment, Role.STANDARD) for side in (armor, brume)]
    accesses[0].delete()
    assert list(DocumentGrant.objects.all()) == grants[1:]


def test_the_journal_only_grows(sides: Sides) -> None:
    document, user = sides[0].document(), make_user("lea@armor.example")
    values: dict[str, Any] = {"document": document, "requested_id": document.pk, "user": user, "user_email": user.email}
    with refused("serving_outcome_known"):
        Serving.objects.create(outcome="eaten", **values)
    line = Serving.objects.create(outcome=ServingOutcome.VIEWED, **values)
    with refused("serving_never_changes"):
        Serving.objects.filter(pk=line.pk).update(user_email="autre@armor.example")
    with refused("serving_never_changes"):
        Serving.objects.filter(pk=line.pk).delete()
    user.delete()
    assert Serving.objects.get(pk=line.pk).user_email == "lea@armor.example"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["document", "order"])
def test_a_sheet_issued_while_its_only_orderer_changes_goes_with_the_order(first: str) -> None:
    armor = make_side("Armor", 82281866, make_sessions()[0])
    about: dict[str, Any] = {"order": None, "session": armor.session, "establishment": armor.establishment}

    def issue() -> None:
        armor.document(DocumentType.EMARGEMENT, **about)

    def change() -> None:
        Order.objects.filter(pk=armor.order.pk).update(order_email="neuve@armor.example")

    assert at_the_same_time(*((issue, change) if first == "document" else (change, issue))) == []
    assert Document.objects.get().order_email == "neuve@armor.example"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["document", "order"])
def test_a_document_issued_while_its_order_changes_hands_goes_with_it(first: str) -> None:
    armor = make_side("Armor", 82281866, make_sessions()[0])

    def issue() -> None:
        armor.document()

    def move() -> None:
        Order.objects.filter(pk=armor.order.pk).update(establishment=armor.second, order_email="neuve@armor.example")

    assert at_the_same_time(*((issue, move) if first == "document" else (move, issue))) == []
    document = Document.objects.get()
    assert (document.establishment, document.order_email) == (armor.second, "neuve@armor.example")
