"""What is never false about orders, enrolments and participants, nor becomes so when two people act at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from catalogue.models import Session
from enrolments.models import DraftSeat, Enrolment, Order, OrderDraft, Participant
from tests.constraints import Side, at_the_same_time, kept_by, make_side, refused, sides, without_triggers
from tests.worlds import make_order, make_session, make_sessions, make_user, number

__all__ = ["sides"]
Sides = tuple[Side, Side]


def test_an_order_is_sound(sides: Sides) -> None:
    order = sides[0].order
    rows = Order.objects.filter(pk=order.pk)
    for values, constraint in [
        ({"order_email": "Lea@armor.example"}, "order_email_lower_case"),
        ({"order_email": ""}, "order_has_an_email"),
        ({"state": "maybe"}, "order_state_known"),
        ({"channel": "fax"}, "order_channel_known"),
    ]:
        with refused(constraint):
            rows.update(**values)
    with refused("order_number_any_case"):
        Order.objects.create(number=order.number.lower(), order_email="lea@armor.example")


def test_a_participant_is_of_a_company_or_of_an_orderer(sides: Sides) -> None:
    company = sides[0].company
    owner: dict[str, Any]
    for owner in ({}, {"company": company, "owner_email": "lea@armor.example"}):
        with refused("participant_of_a_company_or_of_an_orderer"):
            Participant.objects.create(last_name="Roy", **owner)
    with refused("participant_owner_lower_case"):
        Participant.objects.create(last_name="Roy", owner_email="Lea@armor.example")
    for owner in ({"company": company}, {"owner_email": "lea@armor.example"}):
        Participant.objects.create(last_name="Roy", erp_key="|roy|ana", **owner)
        with refused("participant_once_per_company"):
            Participant.objects.create(last_name="ROY", erp_key="|roy|ana", **owner)
        Participant.objects.create(last_name="Roy", **owner)
        Participant.objects.create(last_name="Roy", **owner)


def test_a_participant_stays_in_their_company(sides: Sides) -> None:
    armor, brume = sides
    for company, email in [(brume.company, ""), (None, "lea@armor.example")]:
        with refused("participant_company_fixed"):
            Participant.objects.filter(pk=armor.participant.pk).update(company=company, owner_email=email)


def enrol(side: Side, **fields: Any) -> Enrolment:
    prices = {"public_price": Decimal(100), "price": Decimal(90)}
    values = {"number": number("INS"), "order": side.order, "session": side.session, **prices}
    return Enrolment.objects.create(**{**values, **fields})


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"price": -1}, "enrolment_price_not_negative"),
        ({"price": 101}, "enrolment_price_at_most_public"),
        ({"state": "maybe"}, "enrolment_state_known"),
    ],
)
def test_an_enrolment_is_sound(sides: Sides, fields: dict[str, Any], constraint: str) -> None:
    with refused(constraint):
        enrol(sides[0], **fields)


def test_numbers_of_enrolments_are_keys_whatever_their_case(sides: Sides) -> None:
    with refused("enrolment_number_any_case"):
        enrol(sides[0], number=sides[0].enrolment.number.lower())


def test_what_an_enrolment_names_is_of_its_company(sides: Sides) -> None:
    armor, brume = sides
    with refused("enrolment_participant_of_its_company"):
        enrol(armor, participant=brume.participant)
    with refused("enrolment_accord_of_its_company"):
        enrol(armor, accord=brume.accord)
    with refused("enrolment_line_of_its_accord"):
        enrol(armor, accord=armor.accord, accord_line=brume.line)
    with refused("enrolment_line_has_its_accord"):
        without_triggers(Enrolment)
        Enrolment.objects.filter(pk=armor.enrolment.pk).update(accord_line=armor.line)
    enrolment = enrol(armor, accord=armor.accord, accord_line=armor.line)
    rows = Enrolment.objects.filter(pk=enrolment.pk)
    with refused("enrolment_participant_of_its_company"):
        rows.update(participant=brume.participant)
    with refused("enrolment_accord_of_its_company"):
        rows.update(accord=brume.accord)
    with refused("enrolment_line_of_its_accord"):
        rows.update(accord_line=brume.line)
    with refused("enrolment_accord_of_its_company"):
        rows.update(order=brume.order)
    with refused("enrolment_participant_of_its_company"):
        Enrolment.objects.filter(pk=armor.enrolment.pk).update(order=brume.order)


def test_an_order_without_establishment_has_its_own_people_and_no_accord(sides: Sides) -> None:
    armor, _brume = sides
    order = make_order(None, "lea@armor.example", [armor.session], papers=False)
    other = make_order(None, "zoe@armor.example", [armor.session], papers=False)
    stranger = other.enrolments.get().participant
    for participant in (stranger, armor.participant):
        with refused("enrolment_participant_of_its_company"):
            enrol(armor, order=order, participant=participant)
    with refused("enrolment_accord_of_its_company"):
        enrol(armor, order=order, accord=armor.accord)


@kept_by("enrolment_follows_order")
def test_reading_keys_are_the_orders_whatever_one_writes(sides: Sides) -> None:
    armor, brume = sides
    rows = Enrolment.objects.filter(pk=armor.enrolment.pk)
    rows.update(establishment=brume.establishment, order_email="voleur@ailleurs.example", starts_on="2001-01-01")
    kept = rows.get()
    assert (kept.establishment, kept.order_email) == (armor.establishment, armor.order.order_email)
    assert kept.starts_on == armor.session.starts_on
    made = enrol(armor, establishment=brume.establishment, order_email="voleur@ailleurs.example")
    made.refresh_from_db()
    assert (made.establishment, made.order_email) == (armor.establishment, armor.order.order_email)


@kept_by("order_carries_enrolments")
def test_order_carries_enrolments(sides: Sides) -> None:
    """Another email or establishment takes the enrolments along."""
    armor, brume = sides
    Order.objects.filter(pk=armor.order.pk).update(order_email="nouvelle@armor.example", establishment=armor.second)
    kept = Enrolment.objects.get(pk=armor.enrolment.pk)
    assert (kept.establishment, kept.order_email) == (armor.second, "nouvelle@armor.example")
    for establishment in (brume.establishment, None):
        with refused("enrolment_participant_of_its_company"):
            Order.objects.filter(pk=armor.order.pk).update(establishment=establishment)


def test_an_order_with_an_accord_stays_with_its_company(sides: Sides) -> None:
    armor, brume = sides
    Enrolment.objects.filter(pk=armor.enrolment.pk).update(participant=None, accord=armor.accord)
    for establishment in (brume.establishment, None):
        with refused("enrolment_accord_of_its_company"):
            Order.objects.filter(pk=armor.order.pk).update(establishment=establishment)


@kept_by("session_carries_enrolments")
def test_session_carries_enrolments(sides: Sides) -> None:
    """And whoever changes session takes the dates of the other."""
    armor, brume = sides
    later = armor.session.starts_on + timedelta(days=7)
    Session.objects.filter(pk=armor.session.pk).update(starts_on=later, ends_on=later)
    assert set(Enrolment.objects.values_list("starts_on", flat=True)) == {later}
    moved = make_session(armor.session.course, later + timedelta(days=1))
    Enrolment.objects.filter(pk=brume.enrolment.pk).update(session=moved)
    brume.enrolment.refresh_from_db()
    assert brume.enrolment.starts_on == moved.starts_on


@kept_by("enrolment_names_participant")
def test_an_enrolment_has_the_names_of_its_participant_whatever_one_writes(sides: Sides) -> None:
    armor, _brume = sides
    rows = Enrolment.objects.filter(pk=armor.enrolment.pk)
    rows.update(participant_last_name="Voleur", participant_first_name="Arsène")
    assert_named(rows.get())
    made = enrol(armor, participant=Participant.objects.create(last_name="Roy", company=armor.company))
    assert_named(Enrolment.objects.get(pk=made.pk))
    for participant in (made.participant, None):
        rows.update(participant=participant)
        assert_named(rows.get())


@kept_by("participant_carries_names")
def test_a_name_that_changes_changes_in_the_enrolments(sides: Sides) -> None:
    armor, brume = sides
    for change in ({"last_name": "Renommé"}, {"first_name": "Autrement"}):
        Participant.objects.filter(pk=armor.participant.pk).update(**change)
        assert_named(Enrolment.objects.get(pk=armor.enrolment.pk))
    assert_named(Enrolment.objects.get(pk=brume.enrolment.pk))


def assert_named(enrolment: Enrolment) -> None:
    """The names that it carries are its participant's."""
    person = enrolment.participant
    names = ("", "") if person is None else (person.last_name, person.first_name)
    assert (enrolment.participant_last_name, enrolment.participant_first_name) == names


@kept_by("participant_agrees_with_enrolments")
def test_participant_agrees_with_enrolments(sides: Sides) -> None:
    """Whoever sits in an order changes hands with it, or not at all."""
    armor, brume = sides
    order = make_order(None, "lea@armor.example", [armor.session], papers=False)
    participant = order.enrolments.get().participant
    assert participant is not None
    rows = Participant.objects.filter(pk=participant.pk)
    for company, email in [(brume.company, ""), (None, "zoe@armor.example")]:
        with refused("enrolment_participant_of_its_company"):
            rows.update(company=company, owner_email=email)
    with transaction.atomic():  # in either order, as long as both have moved in the end
        rows.update(company=armor.company, owner_email="")
        Order.objects.filter(pk=order.pk).update(establishment=armor.establishment)
        connection.check_constraints()
    assert order.enrolments.get().establishment == armor.establishment


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["enrolment", "order"])
def test_an_enrolment_made_while_its_order_changes_hands_goes_with_it(first: str) -> None:
    armor = make_side("Armor", 82281866, make_sessions()[0])

    def enrol_one() -> None:
        enrol(armor, number="INS-COURSE")

    def move() -> None:
        Order.objects.filter(pk=armor.order.pk).update(establishment=armor.second, order_email="nouvelle@armor.example")

    assert at_the_same_time(*((enrol_one, move) if first == "enrolment" else (move, enrol_one))) == []
    made = Enrolment.objects.get(number="INS-COURSE")
    assert (made.establishment, made.order_email) == (armor.second, "nouvelle@armor.example")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["enrolment", "name"])
def test_an_enrolment_made_while_its_participant_is_renamed_has_the_new_name(first: str) -> None:
    armor = make_side("Armor", 82281866, make_sessions()[0])

    def enrol_one() -> None:
        enrol(armor, number="INS-COURSE", participant=armor.participant)

    def rename() -> None:
        Participant.objects.filter(pk=armor.participant.pk).update(last_name="Renommé")

    assert at_the_same_time(*((enrol_one, rename) if first == "enrolment" else (rename, enrol_one))) == []
    made = Enrolment.objects.get(number="INS-COURSE")
    assert made.participant_last_name == "Renommé"


@pytest.mark.django_db(transaction=True)
def test_a_participant_changes_hands_or_is_enrolled_never_both() -> None:
    armor = make_side("Armor", 82281866, make_sessions()[0])
    order = make_order(None, "lea@armor.example", [], papers=False)
    participant = Participant.objects.create(last_name="Roy", owner_email="lea@armor.example")

    def move() -> None:
        Participant.objects.filter(pk=participant.pk).update(company=armor.company, owner_email="")

    def enrol_one() -> None:
        enrol(armor, order=order, participant=participant)

    errors = at_the_same_time(enrol_one, move)
    assert len(errors) == 1
    participant.refresh_from_db()
    assert participant.company is None


def test_a_draft_is_sound(sides: Sides) -> None:
    user, session = make_user("lea@armor.example"), sides[0].session
    draft = OrderDraft.objects.create(owner=user, session=session, order_email=user.email)
    with refused("draft_one_open_per_session"):
        OrderDraft.objects.create(owner=user, session=session, order_email=user.email)
    with refused("draft_email_lower_case"):
        OrderDraft.objects.filter(pk=draft.pk).update(order_email="Lea@armor.example")
    OrderDraft.objects.filter(pk=draft.pk).update(order=sides[0].order)
    other = OrderDraft.objects.create(owner=user, session=session, order_email=user.email)
    seat = DraftSeat.objects.create(draft=other, participant=sides[0].participant)
    with refused("draft_seat_once_per_colleague"):
        DraftSeat.objects.create(draft=other, participant=sides[0].participant)
    with refused("draft_seat_names_somebody"):
        DraftSeat.objects.filter(pk=seat.pk).update(participant=None)
