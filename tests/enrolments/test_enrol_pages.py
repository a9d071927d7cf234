"""The pages of an enrolment, from the session to the order: what is kept and what is said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from catalogue.models import Course, Session
from enrolments.models import Order, OrderDraft, OrderState, Participant
from tests.accords import make_accord, make_line
from tests.conftest import ClientFor
from tests.enrolments.enrolling import client, draft_of, post, session, start, text_of, user
from tests.enrolments.orders import colleagues, coming_session, place, prepare
from tests.worlds import World, make_order, make_user

__all__ = ["client", "session", "user"]


def test_three_colleagues_in_four_steps(world: World, session: Session, user: User, client: Client) -> None:
    """The session, the ticks, the order number, the confirmation."""
    three = colleagues(world.lille, 3)
    page = client.get(start(session))
    assert page.status_code == 200
    for one in three:
        assert str(one) in page.text
    answer: Any = post(client, session, world, known=[one.pk for one in three])
    draft = draft_of(user)
    assert answer.headers["Location"] == reverse("enrol_terms", args=[draft.token])
    terms = {"purchase_order_number": "BC-1", "opco": "", "order_email": user.email, "comment": ""}
    answer = client.post(answer.headers["Location"], terms)
    summary = client.get(answer.headers["Location"])
    assert "Inscrire 3 collaborateurs" in text_of(summary)
    assert "4 500,00 €" in text_of(summary)
    answer = client.post(summary.request["PATH_INFO"], {"total": "4500.00"})
    order = Order.objects.latest("pk")
    assert answer.headers["Location"] == reverse("order_detail", args=[order.pk])
    assert (order.state, order.purchase_order_number) == (OrderState.PENDING, "BC-1")
    again = client.post(summary.request["PATH_INFO"], {"total": "4500.00"})
    assert again.headers["Location"] == answer.headers["Location"]
    assert client.get(summary.request["PATH_INFO"]).headers["Location"] == answer.headers["Location"]
    for step in ("enrol_terms", "enrol_discard"):
        assert client.get(reverse(step, args=[draft.token])).headers["Location"] == answer.headers["Location"]


def test_a_draft_is_taken_up_where_it_was_left(world: World, session: Session, user: User, client: Client) -> None:
    post(client, session, world, action="stay", last_name="Roy", first_name="Ana", unnamed_seats="2")
    page = text_of(client.get(start(session)))
    assert "Ana Roy" in page
    assert "3 places retenues" in page
    dashboard = text_of(client.get(reverse("dashboard")))
    assert "En préparation" in dashboard
    assert "3 places, à confirmer" in dashboard
    assert start(session) in dashboard


def test_another_address_is_announced_before_confirming(
    world: World, session: Session, user: User, client: Client
) -> None:
    """Rule 2."""
    draft = prepare(user, session, world.lille, unnamed=1)
    posted = {"order_email": "Chef@Armor.example", "purchase_order_number": "", "opco": "", "comment": ""}
    url = client.post(reverse("enrol_terms", args=[draft.token]), posted).headers["Location"]
    page = text_of(client.get(url))
    assert "cette inscription n’apparaîtra pas dans votre historique" in page
    assert "chef@armor.example" in page
    client.post(url, {"total": "1500.00"})
    assert Order.objects.latest("pk").order_email == "chef@armor.example"


def test_whoever_will_not_see_the_order_is_sent_to_their_list(
    world: World, session: Session, client_for: ClientFor
) -> None:
    user = make_user("nouvelle@armor.example")
    draft = prepare(user, session, None, unnamed=1, siret=world.nice.siret)
    OrderDraft.objects.filter(pk=draft.pk).update(order_email="chef@armor.example")
    client = client_for(user)
    answer = client.post(reverse("enrol_summary", args=[draft.token]), {"total": "1500.00"}, follow=True)
    assert answer.redirect_chain[0][0] == reverse("order_list")
    assert "elle est à chef@armor.example" in text_of(answer)


def test_somebody_enrolled_already_asks_for_a_word(world: World, session: Session, user: User, client: Client) -> None:
    place(prepare(user, session, world.lille, known=1))
    draft = prepare(user, session, world.lille, known=1)
    url = reverse("enrol_terms", args=[draft.token])
    page = text_of(client.get(url))
    assert "est déjà dans cette session" in page
    posted = {"order_email": user.email, "purchase_order_number": "", "opco": "", "comment": ""}
    assert "Dites-le en un mot" in text_of(client.post(url, posted))
    assert client.post(url, posted | {"comment": "Deux groupes"}).status_code == 302
    other = coming_session(world, days=31)
    draft = prepare(user, other, world.lille, known=1)
    assert "suit « Python, les bases »" in text_of(client.get(reverse("enrol_terms", args=[draft.token])))


def test_a_clash_that_one_may_not_see_is_not_told(world: World, session: Session, client_for: ClientFor) -> None:
    """The colleague sits in the session through Nice, which an administrator of Lille does not see."""
    user = world.personas["administrator"]
    order = place(prepare(user, session, world.lille, known=1))
    participant = order.enrolments.get().participant
    hidden = make_order(world.nice, "autre@armor.example", [coming_session(world, days=60)], papers=False)
    hidden.enrolments.update(participant=participant)
    draft = prepare(user, hidden.enrolments.get().session, world.lille, known=1)
    assert "déjà" not in text_of(client_for(user).get(reverse("enrol_terms", args=[draft.token])))


def test_a_session_that_filled_keeps_everything_and_offers_others(
    world: World, session: Session, user: User, client: Client
) -> None:
    draft = prepare(user, session, world.lille, known=2)
    OrderDraft.objects.filter(pk=draft.pk).update(purchase_order_number="BC-7")
    other = coming_session(world, days=45)
    Session.objects.filter(pk=session.pk).update(seats=1)
    page = client.post(reverse("enrol_summary", args=[draft.token]), {"total": "3000.00"})
    assert page.status_code == 409
    assert "Il ne reste que 1 place" in text_of(page)
    assert "Garder la seule place qui reste" in text_of(page)
    move = reverse("enrol_transfer", args=[draft.token, other.pk])
    assert move in page.text
    url = client.post(move).headers["Location"]
    moved = draft_of(user)
    assert url == reverse("enrol_summary", args=[moved.token])
    assert (moved.session, moved.purchase_order_number, moved.seats.count()) == (other, "BC-7", 2)
    assert not OrderDraft.objects.filter(pk=draft.pk).exists()
    assert client.post(url, {"total": "3000.00"}).status_code == 302
    placed = OrderDraft.objects.get(pk=moved.pk)
    assert (
        client.post(reverse("enrol_transfer", args=[placed.token, session.pk]))
        .headers["Location"]
        .startswith("/commandes/")
    )


def test_a_draft_joins_the_one_that_is_there(world: World, session: Session, user: User, client: Client) -> None:
    other = coming_session(world, days=45)
    prepare(user, other, world.lille, known=1, unnamed=3)
    draft = prepare(user, session, world.lille, known=2, unnamed=1)
    client.post(reverse("enrol_transfer", args=[draft.token, other.pk]))
    assert (draft_of(user).seats.count(), draft_of(user).unnamed_seats) == (2, 3)
    foreign = coming_session(world, days=50)
    course = Course.objects.create(
        reference="AUTRE", title="Autre", domain=foreign.course.domain, days=1, hours=7, public_price=100
    )
    Session.objects.filter(pk=foreign.pk).update(course=course)
    assert client.post(reverse("enrol_transfer", args=[draft_of(user).token, foreign.pk])).status_code == 404


def test_a_draft_is_thrown_away_when_one_means_it(world: World, session: Session, user: User, client: Client) -> None:
    url = reverse("enrol_discard", args=[prepare(user, session, world.lille, unnamed=2).token])
    assert "Les 2 places choisies" in text_of(client.get(url))
    assert client.post(url).headers["Location"] == reverse("dashboard")
    assert not OrderDraft.objects.exists()


def test_the_price_follows_what_is_ticked(world: World, session: Session, user: User, client: Client) -> None:
    make_line(make_accord(world.armor.company), None, "10")
    url = reverse("enrol_price", args=[session.pk])
    ticked: dict[str, Any] = {"known": [1, 2], "unnamed_seats": "1", "establishment": world.lille.pk}
    page = text_of(client.get(url, ticked))
    assert "1 500,00 €" in page
    assert "4 050,00 €" in page
    assert "Accord-cadre" in page
    prepare(user, session, world.lille, known=1, unnamed=1)
    seat = draft_of(user).seats.get()
    assert "1 place, HT" in text_of(client.get(url, {"shown": seat.pk, "seat": seat.pk}))
    for name, value in [("unnamed_seats", "-1"), ("unnamed_seats", "99999"), ("establishment", "x"), ("known", "x")]:
        assert client.get(url, {name: value}).status_code == 200
    assert "1 500,00" in text_of(client.get(url, {"establishment": world.nice.pk, "known": 1}))


@pytest.mark.parametrize("page", ["enrol_start", "enrol_terms", "enrol_summary"])
def test_a_page_costs_the_same_for_one_and_for_many(
    page: str, world: World, session: Session, user: User, client: Client
) -> None:
    counts = []
    for seats in (1, 4):
        Participant.objects.bulk_create(
            Participant(company=world.armor.company, last_name=f"Nom {rank}", first_name="Léa") for rank in range(seats)
        )
        draft = prepare(user, session, world.lille, known=seats, unnamed=seats)
        url = start(session) if page == "enrol_start" else reverse(page, args=[draft.token])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20
    assert Decimal(1500) == session.course.public_price
