"""What is never false about documents: they agree with what they are about, and follow it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.document_types import DocumentType
from documents.models import Document
from enrolments.models import Enrolment, Order
from tests.constraints import Side, kept_by, refused, sides, without_triggers
from tests.worlds import make_order, make_session

__all__ = ["sides"]
Sides = tuple[Side, Side]
AGREES = "document_agrees_with_its_subject"


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"document_type": "poem"}, "document_type_known"),
        ({"sha256": "Z" * 64}, "document_sha256_hex"),
        ({"sha256": "ab"}, "document_sha256_hex"),
        ({"size": 0}, "document_not_empty"),
    ],
)
def test_a_document_is_sound(sides: Sides, fields: dict[str, Any], constraint: str) -> None:
    with refused(constraint):
        sides[0].document(**fields)


def test_numbers_are_keys_whatever_their_case(sides: Sides) -> None:
    document = sides[0].document()
    with refused("document_number_any_case"):
        Document.objects.create(
            number=document.number.lower(),
            type="facture",
            issued_on="2026-01-01",
            order=sides[0].order,
            size=1,
            sha256="0" * 64,
        )


def test_a_document_is_about_an_order_or_is_an_attendance_sheet(sides: Sides) -> None:
    armor = sides[0]
    there = {"session": armor.session, "establishment": armor.establishment}
    nowhere, unplaced = {"session": None}, {"session": armor.session}
    for fields in (nowhere, there):
        with refused("document_is_about_something"):
            armor.document(DocumentType.CONVENTION, order=None, **fields)
    with refused("document_is_about_something"):
        armor.document(DocumentType.EMARGEMENT, order=None, establishment=armor.establishment)
    with refused(AGREES):
        armor.document(DocumentType.EMARGEMENT, order=None, **unplaced)
    sheet = armor.document(DocumentType.EMARGEMENT, order=None, **there)
    assert (sheet.order, sheet.establishment) == (None, armor.establishment)
    with refused(AGREES):
        armor.document(DocumentType.EMARGEMENT, order=None, enrolment=armor.enrolment, **there)


def test_an_enrolments_document_has_its_order(sides: Sides) -> None:
    """The check document_enrolment_has_its_order, behind the trigger that says the same with more words."""
    armor = sides[0]
    document = armor.document(DocumentType.EMARGEMENT, session=armor.session, enrolment=armor.enrolment)
    with refused("document_enrolment_has_its_order"):
        without_triggers(Document)
        Document.objects.filter(pk=document.pk).update(order=None)


def test_an_address_no_order_has_is_never_a_reading_key(sides: Sides) -> None:
    armor = sides[0]
    there = {"session": armor.session, "establishment": armor.establishment, "order_email": "voleur@ailleurs.example"}
    sheet = armor.document(DocumentType.EMARGEMENT, order=None, **there)
    assert sheet.order_email == armor.order.order_email
    Document.objects.filter(pk=sheet.pk).update(order_email="voleur@ailleurs.example")
    assert Document.objects.get(pk=sheet.pk).order_email == armor.order.order_email
    with refused("document_email_lower_case"):
        without_triggers(Document)
        Document.objects.filter(pk=sheet.pk).update(order_email="Voleur@ailleurs.example")


def test_what_a_document_names_belongs_together(sides: Sides) -> None:
    armor, brume = sides
    elsewhere = make_session(armor.session.course, armor.session.starts_on)
    wrong: list[dict[str, Any]] = [
        {"enrolment": brume.enrolment},
        {"enrolment": armor.enrolment, "session": elsewhere},
        {"session": elsewhere},
        {"establishment": brume.establishment},
        {"establishment": armor.second},
    ]
    for fields in wrong:
        with refused(AGREES):
            armor.document(**fields)
    for establishment in (brume.second, armor.second):
        with refused(AGREES):
            armor.document(DocumentType.EMARGEMENT, order=None, session=armor.session, establishment=establishment)
    orphan = make_order(None, "lea@armor.example", [armor.session], papers=False)
    with refused(AGREES):
        armor.document(order=orphan, establishment=armor.establishment)


@kept_by("document_follows_order")
def test_the_reading_keys_are_the_orders(sides: Sides) -> None:
    armor, brume = sides
    document = armor.document(order_email="voleur@ailleurs.example")
    assert (document.establishment, document.order_email) == (armor.establishment, armor.order.order_email)
    rows = Document.objects.filter(pk=document.pk)
    with refused(AGREES):
        rows.update(establishment=brume.establishment)
    rows.update(order_email="voleur@ailleurs.example", establishment=None)
    kept = rows.get()
    assert (kept.establishment, kept.order_email) == (armor.establishment, armor.order.order_email)


@kept_by("order_carries_documents")
def test_order_carries_documents(sides: Sides) -> None:
    """Through a chain of three versions."""
    armor = sides[0]
    first = armor.document(enrolment=armor.enrolment, session=armor.session)
    second = armor.document(enrolment=armor.enrolment, session=armor.session, replaces=first)
    armor.document(enrolment=armor.enrolment, session=armor.session, replaces=second)
    sheet = armor.document(DocumentType.EMARGEMENT, session=armor.session)
    for establishment in (armor.second, armor.establishment):
        Order.objects.filter(pk=armor.order.pk).update(establishment=establishment, order_email="neuve@armor.example")
        keys = set(Document.objects.values_list("establishment", "order_email"))
        assert keys == {(establishment.pk, "neuve@armor.example")}
    assert sheet.order == armor.order


@kept_by("enrolment_carries_sheets")
def test_enrolment_carries_sheets(sides: Sides) -> None:
    """A sheet leaves with the address of the only one who ordered its seats."""
    armor = sides[0]
    sheet = armor.document(
        DocumentType.EMARGEMENT, order=None, session=armor.session, establishment=armor.establishment
    )
    Order.objects.filter(pk=armor.order.pk).update(order_email="neuve@armor.example")
    assert Document.objects.get(pk=sheet.pk).order_email == "neuve@armor.example"
    Order.objects.filter(pk=armor.order.pk).update(establishment=armor.second)
    assert Document.objects.get(pk=sheet.pk).order_email == ""


def test_papers_follow_their_order_after_the_enrolment_changed_session(sides: Sides) -> None:
    """A convocation stays about the session it was issued for; it must not keep its order from changing hands."""
    armor = sides[0]
    armor.document(DocumentType.CONVOCATION, enrolment=armor.enrolment, session=armor.session)
    armor.document(DocumentType.EMARGEMENT, session=armor.session)
    later = make_session(armor.session.course, armor.session.starts_on)
    Enrolment.objects.filter(pk=armor.enrolment.pk).update(session=later)
    Order.objects.filter(pk=armor.order.pk).update(establishment=armor.second, order_email="neuve@armor.example")
    keys = set(Document.objects.values_list("establishment", "order_email"))
    assert keys == {(armor.second.pk, "neuve@armor.example")}


def test_an_enrolment_with_papers_stays_in_its_order(sides: Sides) -> None:
    armor = sides[0]
    other = make_order(armor.second, armor.order.order_email, [], papers=False)
    rows = Enrolment.objects.filter(pk=armor.enrolment.pk)
    rows.update(order=other)
    rows.update(order=armor.order)
    armor.document(enrolment=armor.enrolment)
    with refused("enrolment_with_documents_keeps_its_order"):
        rows.update(order=other)


def test_a_document_replaces_its_like(sides: Sides) -> None:
    armor, brume = sides
    second = Enrolment.objects.create(number="INS-2", order=armor.order, session=armor.session, public_price=1, price=1)
    mine = armor.document(DocumentType.CONVOCATION, enrolment=armor.enrolment)
    theirs = armor.document(DocumentType.CONVOCATION, enrolment=second)
    bill, other_bill = armor.document(DocumentType.FACTURE), brume.document(DocumentType.FACTURE)
    wrong: list[tuple[DocumentType, dict[str, Any]]] = [
        (DocumentType.ATTESTATION, {"enrolment": armor.enrolment, "replaces": mine}),
        (DocumentType.CONVOCATION, {"enrolment": armor.enrolment, "replaces": theirs}),
        (DocumentType.CONVOCATION, {"replaces": mine}),
        (DocumentType.FACTURE, {"replaces": other_bill}),
        (DocumentType.FACTURE, {"replaces": bill, "session": armor.session}),
    ]
    for document_type, fields in wrong:
        with refused("document_replaces_its_like"):
            armor.document(document_type, **fields)
    sheet = {"order": None, "session": armor.session}
    here = brume.document(DocumentType.EMARGEMENT, establishment=brume.establishment, **sheet)
    with refused("document_replaces_its_like"):
        armor.document(DocumentType.EMARGEMENT, establishment=armor.establishment, replaces=here, **sheet)
    assert armor.document(DocumentType.FACTURE, replaces=bill).replaces == bill
    with refused("documents_document_replaces_id_key"):
        armor.document(DocumentType.FACTURE, replaces=bill)


def test_no_document_replaces_itself_by_any_detour(sides: Sides) -> None:
    first = sides[0].document()
    second = sides[0].document(replaces=first)
    third = sides[0].document(replaces=second)
    with refused("document_replaces_no_newer"):
        Document.objects.filter(pk=first.pk).update(replaces=third)
    with refused("document_replaces_no_newer"):
        Document.objects.filter(pk=first.pk).update(replaces=first)
    with refused("document_not_replacing_itself"):
        without_triggers(Document)
        Document.objects.filter(pk=first.pk).update(replaces=first)
