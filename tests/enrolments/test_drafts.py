"""What a draft keeps when it passes to another company, for whom one may order, and what an order would save."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from enrolments.attendance import close_session
from enrolments.drafts import People, keep_people, keep_terms, own_establishments, quote
from enrolments.models import Order, OrderState
from enrolments.queue import waiting_orders
from tests.accords import make_accord, make_line
from tests.enrolments.changes import coming, enrolled
from tests.enrolments.orders import coming_session, prepare
from tests.worlds import World, give_access, make_order, make_user


def test_whose_address_is_not_verified_orders_for_no_establishment_of_the_past(world: World) -> None:
    user = User.objects.with_rights(world.personas["unverified"].pk)
    assert user is not None
    assert user.rights.email is None
    make_order(world.lille, user.email, [coming(world, 20)], papers=False)
    assert not own_establishments(user.rights).exists()


def test_colleagues_of_the_former_company_are_kept_by_their_names(world: World) -> None:
    user, session = make_user("double@armor.example"), coming_session(world)
    for place in (world.lille, world.brume.establishments[0]):
        give_access(user, place, Role.ADMINISTRATOR)
    user = User.objects.get(pk=user.pk)
    draft = prepare(user, session, world.lille, known=2)
    names = sorted(str(seat) for seat in draft.seats.all())
    keep_people(user=user, session=session, people=People(establishment=world.brume.establishments[0]))
    seats = list(draft.seats.all())
    assert sorted(str(seat) for seat in seats) == names
    assert {seat.participant for seat in seats} == {None}
    assert all(seat.last_name for seat in seats)


def test_without_an_establishment_the_people_follow_the_address(world: World) -> None:
    """Colleagues known by one's address only are nobody's at another address: their names stay."""
    user = make_user("zoe@ailleurs.example")
    known = make_order(None, user.email, [coming(world, 20)], papers=False).enrolments.get().participant
    assert known is not None
    draft = keep_people(user=user, session=coming_session(world), people=People(known=[known]))
    assert draft.seats.get().participant == known
    terms = {"order_email": "chef@ailleurs.example", "purchase_order_number": "", "opco": "", "comment": ""}
    keep_terms(draft=draft, terms=terms)
    seat = draft.seats.get()
    assert (seat.participant, seat.last_name) == (None, known.last_name)


def test_what_an_order_saves(world: World) -> None:
    make_line(make_accord(world.armor.company), None, "10")
    costs = quote(world.personas["administrator"].rights, world.lille, world.sessions[0].course, 3)
    assert (costs.total, costs.public_total, costs.saving) == (Decimal(4050), Decimal(4500), Decimal(450))


def test_the_queue_says_which_orders_an_accord_covers(world: World) -> None:
    """An accord of one establishment covers neither its sister nor another company."""
    accord = make_accord(world.armor.company, world.lille)
    other = world.brume.establishments[0]
    orders = [
        make_order(place, "chef@armor.example", [coming(world, 20)], state=OrderState.PENDING, papers=False)
        for place in (world.lille, world.nice, other)
    ]
    rows = Order.objects.filter(pk__in=[order.pk for order in orders])
    found = {entry.order.pk: entry.covered_by for entry in waiting_orders(rows, timezone.localdate())}
    assert [found[order.pk] for order in orders] == [accord.reference, "", ""]


def test_a_session_without_half_days_is_not_closed(world: World) -> None:
    session = coming(world, -3)
    enrolled(world, session)
    with pytest.raises(ValidationError, match="pas de demi-journées"):
        close_session(session=session, actor=world.personas["staff"])
