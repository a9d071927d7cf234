"""The search over everything finds what comparing every row would find, and nothing that one may not see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.filters import search_condition
from accounts.models import User
from catalogue.models import Course, Session
from documents.filters import DocumentFilters
from documents.models import Document
from enrolments.filters import EnrolmentFilters, OrderFilters, ParticipantFilters
from enrolments.models import Enrolment, Order, Participant
from espace_client.finding import DOCUMENTS, ENROLMENTS, ORDERS, PARTICIPANTS, Kind, ask_found
from tests.conftest import ClientFor
from tests.persona_table import MEMBERS
from tests.worlds import World, make_document, make_order, make_session, make_user

COMPARED: list[tuple[Kind, Any, tuple[str, ...], tuple[str, ...]]] = [
    (PARTICIPANTS, Participant, ParticipantFilters.search_paths, ("last_name", "first_name", "pk")),
    (ENROLMENTS, Enrolment, EnrolmentFilters.search_paths, ("-starts_on", "-pk")),
    (ORDERS, Order, OrderFilters.search_paths, ("-placed_on", "-pk")),
    (DOCUMENTS, Document, DocumentFilters.search_paths, ("-issued_on", "-pk")),
]
EVERYTHING = 10_000


def found(kind: Kind, user: User, query: str, limit: int = EVERYTHING) -> list[int]:
    """Ids, in the order in which they are shown; of enrolments, those of their orders."""
    return [row[0] for row in ask_found(kind, user, query.split(), limit).rows()]


def compared(user: User, query: str, limit: int = EVERYTHING) -> dict[str, list[int]]:
    """What comparing every row that the person may see with the words gives, once it is checked to be what is found."""
    by_kind = {}
    for kind, model, paths, order in COMPARED:
        rows = model.objects.visible_to(user).filter(search_condition(query, paths)).order_by(*order)
        expected = list(rows.values_list("order_id" if model is Enrolment else "pk", flat=True)[:limit])
        assert found(kind, user, query, limit) == expected, (model, user, query)
        by_kind[model.__name__] = expected
    return by_kind


def participant_of(seat: Enrolment) -> QuerySet[Participant]:
    assert seat.participant
    return Participant.objects.filter(pk=seat.participant.pk)


@pytest.fixture
def named(world: World) -> World:
    """People, orders and sessions with names of every kind."""
    names = [("Lefèvre", "Inès"), ("O’Neill-Martin", "Noé"), ("Çelik", "Loïc"), ("100%", "a_b"), ("Ñu\\x", "Li")]
    for establishment in (world.lille, world.nice, world.brume.establishments[0]):
        orders = Order.objects.filter(establishment=establishment).order_by("pk")
        seats = Enrolment.objects.filter(order__in=orders).order_by("pk")
        for seat, (last, first) in zip(seats, names, strict=False):
            email = f"{first.lower()}@armor.example"
            participant_of(seat).update(last_name=last, first_name=first, email=email)
        orders.filter(pk=orders[0].pk).update(purchase_order_number="BC-2026/Été", opco="Atlas")
    Session.objects.filter(pk=world.sessions[0].pk).update(city="Saint-Étienne", code="ÉTÉ-2026")
    detached = make_order(None, "responsable@armor.example", world.sessions)
    detached.enrolments.update(participant=None)
    return world


QUERIES = [
    "lefevre",
    "LEFÈVRE inès",
    "martin",
    "o’neill",
    "celik",
    "100%",
    "a_b",
    "_",
    "%",
    "\\",
    "ñu\\x",
    "li",
    "é",
    "z",
]
QUERIES += [
    "python",
    "pythôn bases",
    "bases lefevre",
    "python cobol",
    "étienne",
    "ete-2026",
    "bc-2026/ete",
    "atlas",
    "zoé",
]
QUERIES += [
    "armor.example",
    "responsable@armor.example",
    "voisin",
    "CMD",
    "0001",
    "fac0",
    "attestation",
    "python é",
    "½",
    "œ",
]


@pytest.mark.parametrize("persona", MEMBERS)
def test_it_finds_what_comparing_every_row_finds(persona: str, named: World) -> None:
    user = named.personas[persona]
    user = User.objects.get(pk=user.pk)
    some = [compared(user, query) for query in QUERIES]
    numbers = [
        *Order.objects.values_list("number", flat=True)[:3],
        *Document.objects.values_list("number", flat=True)[:9],
    ]
    some += [
        compared(user, query) for number in numbers for query in (number, number[3:], number[-3:], f"{number} python")
    ]
    if persona not in ("ex_member", "unverified", "delegate_ended", "staff"):
        assert all(any(one[kind] for one in some) for kind in ("Participant", "Enrolment", "Order", "Document"))


@pytest.mark.parametrize("persona", MEMBERS)
def test_many_are_found_from_the_newest_on(persona: str, named: World) -> None:
    for _one in range(20):
        make_order(named.lille, "autre@armor.example", named.sessions, papers=False)
    order = Order.objects.filter(establishment=named.lille).earliest("pk")
    made = make_document(DocumentType.CONVENTION, order)
    for rank in range(60):
        fields = {field.attname: getattr(made, field.attname) for field in Document._meta.fields}
        fields |= {"id": None, "number": f"CONV-{rank:06d}", "issued_on": made.issued_on - timedelta(days=rank % 9)}
        Document(**fields).save(force_insert=True)
    user = User.objects.get(pk=named.personas[persona].pk)
    for query in ("python", "nom", "zoé nom", "CMD", "conv", "conv python", "conv 0007", "autre@armor", "nom cobol"):
        compared(user, query)
        compared(user, query, 7)


def test_the_chosen_establishments_bound_it(named: World) -> None:
    user = User.objects.get(pk=named.personas["member_of_two"].pk)
    user.rights = user.rights.narrowed_to([named.nice.pk])
    assert compared(user, "python")["Document"]
    assert not compared(user, Order.objects.filter(establishment=named.lille).earliest("pk").number)["Order"]


def test_a_document_of_a_session_that_was_left_is_found_by_its_course(named: World) -> None:
    """Also by those to whom the order comes afterwards."""
    other = another_course(named, "Cobol, l’héritage")
    order = Order.objects.filter(establishment=named.lille).earliest("pk")
    seat, left = order.enrolments.earliest("pk"), make_session(other, order.placed_on)
    Enrolment.objects.filter(pk=seat.pk).update(session=left)
    paper = make_document(DocumentType.CONVENTION, order, session=left)
    Enrolment.objects.filter(pk=seat.pk).update(session=seat.session)
    user = User.objects.get(pk=named.personas["administrator"].pk)
    assert compared(user, "heritage")["Document"] == [paper.pk]
    newcomer = make_user("nouvelle@armor.example")
    Order.objects.filter(pk=order.pk).update(order_email=newcomer.email)
    newcomer = User.objects.get(pk=newcomer.pk)
    assert compared(newcomer, "heritage")["Document"] == [paper.pk]


def another_course(world: World, title: str) -> Course:
    other = Course.objects.get(pk=world.sessions[0].course_id)
    other.pk, other.reference, other.title = None, "REF-AUTRE", title
    other.save()
    return other


def test_what_changes_is_found_by_what_it_is_now(named: World) -> None:
    user = User.objects.get(pk=named.personas["administrator"].pk)
    seat = Enrolment.objects.filter(establishment=named.lille, documents__isnull=False).earliest("pk")
    participant_of(seat).update(last_name="Zadkine", first_name="Ossip", email="o@z.example")
    assert compared(user, "zadkine")["Document"]
    assert compared(user, "o@z.example")["Participant"] == [seat.participant_id]
    Course.objects.filter(pk=named.sessions[0].course_id).update(title="Serpents")
    assert compared(user, "serpents")["Enrolment"]
    assert not compared(user, "bases")["Enrolment"]
    Session.objects.filter(pk=named.sessions[0].pk).update(city="Quimper", code="QUI-9")
    assert compared(user, "quimper")["Enrolment"]
    assert compared(user, "qui-9")["Enrolment"]
    Session.objects.filter(pk=named.sessions[0].pk).update(course=another_course(named, "Vipères"))
    assert compared(user, "viperes")["Enrolment"]


def test_an_order_is_found_by_those_to_whom_it_comes(named: World) -> None:
    user = User.objects.get(pk=named.personas["neighbour"].pk)
    order = Order.objects.get(establishment=None)
    assert not compared(user, order.number)["Order"]
    order.establishment = named.brume.establishments[0]
    order.save()
    assert compared(user, order.number)["Order"] == [order.pk]
    assert compared(user, order.number)["Document"]
    newcomer = make_user("nouvelle@armor.example")
    Order.objects.filter(pk=order.pk).update(order_email=newcomer.email)
    newcomer = User.objects.get(pk=newcomer.pk)
    assert compared(newcomer, "python")["Enrolment"]
    assert compared(newcomer, order.number)["Document"]


def test_a_substitute_is_found(named: World) -> None:
    user = User.objects.get(pk=named.personas["administrator"].pk)
    seat = Enrolment.objects.filter(establishment=named.lille).latest("pk")
    stranger = Participant.objects.create(company=named.lille.company, last_name="Wisniewska", first_name="Ada")
    assert not compared(user, "wisniewska")["Participant"], "nobody enrolled her yet"
    Enrolment.objects.filter(pk=seat.pk).update(participant=stranger)
    assert compared(user, "wisniewska")["Participant"] == [stranger.pk]


def test_whoever_is_enrolled_is_found_at_once(named: World) -> None:
    user = User.objects.get(pk=named.personas["administrator"].pk)
    order = make_order(named.lille, "autre@armor.example", named.sessions[:1], papers=False)
    seat = order.enrolments.get()
    assert compared(user, str(seat.participant).split()[1])["Enrolment"] == [order.pk]


def test_the_page_shows_six_and_leads_to_the_rest(named: World, client_for: ClientFor) -> None:
    client: Client = client_for(named.personas["administrator"])
    page = client.get(reverse("search"), {"q": "python"}).text
    group = page.split("Documents</h2>")[1].split("</section>")[0]
    assert group.count("<li>") == 6
    assert f'href="{reverse("document_list")}?q=python"' in group
    assert 'value="python"' in page.split("<main")[0], "what was searched stays in the field"
    nothing = client.get(reverse("search"), {"q": "introuvable"}).text
    assert "Rien ne correspond" in nothing
    empty = client.get(reverse("search")).text
    assert "Un nom, une formation" in empty
