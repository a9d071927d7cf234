"""A draft becomes an order: once, whole, with seats that are there and prices that hold."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import Access
from catalogue.models import Course, CourseKind, Session, SessionState
from enrolments.drafts import People, keep_people
from enrolments.models import (
    Enrolment,
    EnrolmentState,
    Order,
    OrderChannel,
    OrderDraft,
    OrderEvent,
    OrderEventKind,
    OrderState,
    Participant,
)
from enrolments.order_mails import acknowledge_alone
from enrolments.placing import (
    PlacingError,
    PriceChangedError,
    SessionClosedError,
    SessionFullError,
    UnverifiedError,
    place_order,
)
from enrolments.rosters import Named
from enrolments.signals import order_placed
from enrolments.transitions import any_state
from tests.accords import make_accord, make_line
from tests.constraints import refused
from tests.enrolments.orders import colleagues, coming_session, place, prepare, total_of
from tests.worlds import World, make_order, make_user

ANA = Named("Roy", "Ana", "ana.roy@armor.example")


def test_an_order_is_whole(world: World) -> None:
    user, session = world.personas["administrator"], coming_session(world)
    draft = prepare(user, session, world.lille, known=2, unnamed=1, named=(ANA,))
    draft.purchase_order_number, draft.opco, draft.comment = "BC-7", "Atlas", "Merci"
    draft.save()
    order = place(draft)
    assert (order.state, order.channel, order.order_email) == (OrderState.PENDING, OrderChannel.SITE, user.email)
    assert (order.establishment, order.ordered_by, order.draft_token) == (world.lille, user, draft.token)
    assert (order.purchase_order_number, order.opco, order.comment) == ("BC-7", "Atlas", "Merci")
    assert (order.placed_on, order.declared_siret) == (timezone.localdate(), "")
    seats = list(order.enrolments.order_by("number"))
    assert [seat.number for seat in seats] == [f"{order.number}-{rank:02d}" for rank in range(1, 5)]
    assert {seat.state for seat in seats} == {EnrolmentState.PENDING}
    assert {(seat.public_price, seat.price, seat.accord) for seat in seats} == {(Decimal(1500), Decimal(1500), None)}
    assert [seat.participant for seat in seats[:2]] == colleagues(world.lille, 2)
    ana, nobody = seats[2].participant, seats[3].participant
    assert ana is not None
    assert nobody is None
    assert (ana.last_name, ana.email, ana.company) == ("Roy", ANA.email, world.armor.company)
    assert list(OrderEvent.objects.filter(order=order).values_list("kind", "by")) == [(OrderEventKind.PLACED, user.pk)]
    draft.refresh_from_db()
    assert draft.order == order


def test_asked_again_it_is_the_same_order(world: World) -> None:
    draft = prepare(world.personas["administrator"], coming_session(world), world.lille, unnamed=1)
    total = total_of(draft)
    first = place_order(draft=draft, actor=draft.owner, total=total)
    assert place_order(draft=draft, actor=draft.owner, total=Decimal(0)) == first
    acknowledge_alone.call(first.pk)
    assert Order.objects.filter(draft_token=draft.token).count() == 1
    assert len([one for one in mail.outbox if "bien reçue" in one.subject]) == 1
    with refused("order_one_per_draft"):
        Order.objects.create(number="EC-X", order_email=draft.order_email, draft_token=draft.token)


def test_a_draft_is_its_owners_alone(world: World) -> None:
    draft = prepare(world.personas["administrator"], coming_session(world), world.lille, unnamed=1)
    for persona in ("member_of_two", "neighbour", "staff"):
        with pytest.raises(OrderDraft.DoesNotExist):
            place_order(draft=draft, actor=world.personas[persona], total=Decimal(1500))


def test_the_negotiated_price_is_frozen_with_what_gave_it(world: World) -> None:
    accord = make_accord(world.armor.company)
    line = make_line(accord, None, "10")
    order = place(prepare(world.personas["administrator"], coming_session(world), world.lille, unnamed=2))
    found = set(order.enrolments.values_list("public_price", "price", "accord", "accord_line"))
    assert found == {(Decimal(1500), Decimal(1350), accord.pk, line.pk)}


def test_a_responsable_pays_the_public_price_until_a_first_order_is_validated(world: World) -> None:
    make_line(make_accord(world.armor.company), None, "10")
    user = make_user("nouvelle@armor.example")
    first = place(prepare(user, coming_session(world), None, unnamed=1, siret=world.nice.siret))
    assert first.enrolments.get().price == Decimal(1500)
    assert (first.establishment, first.declared_siret) == (None, world.nice.siret)


def test_people_of_an_order_without_establishment_are_of_its_address(world: World) -> None:
    user = make_user("nouvelle@armor.example")
    draft = prepare(user, coming_session(world), None, named=(ANA,), siret=world.nice.siret)
    participant = place(draft).enrolments.get().participant
    assert participant is not None
    assert (participant.company, participant.owner_email) == (None, user.email)


def test_somebody_typed_who_is_known_to_the_company_is_the_same_person(world: World) -> None:
    known = Participant.objects.create(company=world.armor.company, last_name="ROY", first_name="ana", email=ANA.email)
    order = place(prepare(world.personas["administrator"], coming_session(world), world.lille, named=(ANA,)))
    assert order.enrolments.get().participant == known


def test_another_price_than_the_one_shown_is_not_charged(world: World) -> None:
    draft = prepare(world.personas["administrator"], coming_session(world), world.lille, unnamed=1)
    shown = total_of(draft)
    make_line(make_accord(world.armor.company), None, "10")
    for total in (shown, Decimal(1)):
        with pytest.raises(PriceChangedError, match="Le prix a changé"):
            place_order(draft=draft, actor=draft.owner, total=total)
    assert place(draft).enrolments.get().price == Decimal(1350)


@pytest.mark.parametrize(
    "change",
    [
        {"state": SessionState.CANCELLED},
        {"state": SessionState.DONE},
        {"state": SessionState.FULL},
        {"starts_on": timezone.localdate()},
        {"starts_on": timezone.localdate() - timedelta(days=1)},
    ],
)
def test_a_session_that_closed_meanwhile(world: World, change: dict[str, Any]) -> None:
    session = coming_session(world)
    draft = prepare(world.personas["administrator"], session, world.lille, unnamed=1)
    total = total_of(draft)
    Session.objects.filter(pk=session.pk).update(**change)
    with pytest.raises(SessionClosedError):
        place_order(draft=draft, actor=draft.owner, total=total)
    assert not Order.objects.filter(draft_token=draft.token).exists()


@pytest.mark.parametrize("kind", [CourseKind.INTRA, CourseKind.BESPOKE])
def test_a_session_held_for_a_company_is_not_sold_on_the_site(world: World, kind: str) -> None:
    draft = prepare(world.personas["administrator"], coming_session(world), world.lille, unnamed=1)
    Course.objects.update(kind=kind)
    with pytest.raises(SessionClosedError):
        place(draft)


@pytest.mark.parametrize(("seats", "message"), [(2, "que 1 place"), (1, "aucune place"), (0, "aucune place")])
def test_seats_that_went_meanwhile(world: World, seats: int, message: str) -> None:
    session = coming_session(world)
    draft = prepare(world.personas["administrator"], session, world.lille, unnamed=2)
    make_order(world.nice, "autre@armor.example", [session], papers=False)
    Session.objects.filter(pk=session.pk).update(seats=seats)
    with pytest.raises(SessionFullError, match=message):
        place(draft)
    draft.refresh_from_db()
    assert (draft.order, draft.unnamed_seats) == (None, 2)


def test_nobody_is_not_an_order(world: World) -> None:
    draft = prepare(world.personas["administrator"], coming_session(world), world.lille)
    with pytest.raises(PlacingError, match="au moins une personne"):
        place(draft)


def test_an_establishment_that_is_not_ones_own(world: World) -> None:
    """Forged in a form, or lost since: the draft keeps it, the order is refused."""
    user = world.personas["administrator"]
    draft = prepare(user, coming_session(world), world.lille, unnamed=1)
    for establishment in (world.nice, world.brume.establishments[0]):
        OrderDraft.objects.filter(pk=draft.pk).update(establishment=establishment)
        with pytest.raises(PlacingError, match="plus parmi les vôtres"):
            place_order(draft=draft, actor=user, total=Decimal(1500))
    OrderDraft.objects.filter(pk=draft.pk).update(establishment=world.lille)
    Access.objects.filter(user=user).delete()
    with pytest.raises(PlacingError, match="plus parmi les vôtres"):
        place_order(draft=draft, actor=user, total=Decimal(1500))


def test_an_invented_siret(world: World) -> None:
    user = make_user("nouvelle@armor.example")
    draft = prepare(user, coming_session(world), None, unnamed=1, siret="12345678901234")
    with pytest.raises(ValidationError, match="n’est pas un SIRET"):
        place(draft)


def test_an_address_that_is_not_verified_orders_nothing(world: World) -> None:
    user = world.personas["administrator"]
    draft = prepare(user, coming_session(world), world.lille, unnamed=1)
    total = total_of(draft)
    EmailAddress.objects.filter(user=user).update(verified=False)
    with pytest.raises(UnverifiedError):
        place_order(draft=draft, actor=user, total=total)


def test_a_closed_account_orders_nothing(world: World) -> None:
    user = world.personas["administrator"]
    draft = prepare(user, coming_session(world), world.lille, unnamed=1)
    total = total_of(draft)
    user.is_active = False
    user.save()
    with pytest.raises(UnverifiedError):
        place_order(draft=draft, actor=user, total=total)


def test_a_colleague_whom_one_may_not_see_any_more(world: World) -> None:
    """Ticked while seen through an access; the person keeps the establishment by an order, but not the colleague."""
    user, session = world.personas["administrator"], coming_session(world)
    draft = prepare(user, session, world.lille, known=1)
    total = total_of(draft)
    make_order(world.lille, user.email, [world.sessions[0]], papers=False)
    Access.objects.filter(user=user).delete()
    with pytest.raises(PlacingError, match="plus parmi vos collaborateurs"):
        place_order(draft=draft, actor=user, total=total)


def test_somebody_enrolled_already_needs_a_word(world: World) -> None:
    user, session = world.personas["administrator"], coming_session(world)
    place(prepare(user, session, world.lille, known=1))
    draft = prepare(user, session, world.lille, known=1)
    with pytest.raises(PlacingError, match="déjà inscrite"):
        place(draft)
    OrderDraft.objects.filter(pk=draft.pk).update(comment="Deux groupes")
    draft.refresh_from_db()
    assert place(draft).comment == "Deux groupes"


def test_whoever_is_told_of_the_order_undoes_it_by_failing(world: World) -> None:
    draft = prepare(world.personas["administrator"], coming_session(world), world.lille, unnamed=1)

    def fail(**kwargs: object) -> None:
        raise RuntimeError

    order_placed.connect(fail)
    try:
        with pytest.raises(RuntimeError), transaction.atomic():
            place(draft)
    finally:
        order_placed.disconnect(fail)
    assert not Order.objects.filter(draft_token=draft.token).exists()
    assert place(draft).enrolments.count() == 1


def test_the_acknowledgement_goes_to_the_orders_address(world: World) -> None:
    user = world.personas["administrator"]
    draft = prepare(user, coming_session(world), world.lille, unnamed=1)
    order = place(draft)
    acknowledge_alone.call(order.pk)
    (sent,) = mail.outbox
    assert sent.to == [user.email]
    assert f"/commandes/{order.pk}/" in sent.body
    assert "1 500,00" in sent.body.replace("\u202f", " ").replace("\xa0", " ")


def test_whoever_orders_with_another_address_is_told_what_they_will_not_see(world: World) -> None:
    user = world.personas["responsable"]
    draft = prepare(user, coming_session(world), world.lille, unnamed=1)
    OrderDraft.objects.filter(pk=draft.pk).update(order_email="chef@armor.example")
    draft.refresh_from_db()
    order = place(draft)
    assert order.order_email == "chef@armor.example"
    assert order not in Order.objects.visible_to(user)
    acknowledge_alone.call(order.pk)
    theirs, mine = (next(one for one in mail.outbox if one.to == [to]) for to in ("chef@armor.example", user.email))
    assert f"/commandes/{order.pk}/" in theirs.body
    assert f"/commandes/{order.pk}/" not in mine.body
    assert "n’apparaît pas dans votre historique" in mine.body
    assert "500,00" not in mine.body


def test_seats_counted_are_those_not_cancelled(world: World) -> None:
    session = coming_session(world, seats=1)
    first = place(prepare(world.personas["administrator"], session, world.lille, unnamed=1))
    draft = prepare(world.personas["member_of_two"], session, world.lille, unnamed=1)
    with pytest.raises(SessionFullError):
        place(draft)
    with any_state():
        Enrolment.objects.filter(order=first).update(state=EnrolmentState.CANCELLED)
    assert place(draft).state == OrderState.PENDING


def test_naming_somebody_twice_is_naming_them_once(world: World) -> None:
    user, session = world.personas["administrator"], coming_session(world)
    one = colleagues(world.lille, 1)[0]
    like = Named(one.last_name.upper(), one.first_name, one.email)
    people = People(known=[one], named=[ANA, like, ANA], unnamed_seats=0, establishment=world.lille)
    for _time in range(2):
        draft = keep_people(user=user, session=session, people=people)
    assert draft.seats.count() == 2
