"""The switcher: it narrows lists, figures, searches and counts, never widens, and leaves what one may open alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.choice import choose_establishments, look_everywhere, places_of
from accounts.document_types import DocumentType
from accounts.models import Access, AccessEvent, Establishment, User
from accounts.rights import Rights
from accounts.roles import Role
from catalogue.models import AccordCadre
from documents.models import Document
from enrolments.models import Enrolment, Order, Participant
from tests.conftest import ClientFor
from tests.worlds import World, give_access, make_order

IDS = st.frozensets(st.integers(1, 6))


@given(administered=IDS, standard=IDS, chosen=st.frozensets(st.integers(0, 8)), email=st.booleans())
def test_a_choice_never_widens(
    administered: frozenset[int], standard: frozenset[int], chosen: frozenset[int], email: bool
) -> None:
    granted = {one: frozenset({DocumentType.FACTURE}) for one in standard - administered}
    whole = Rights("a@b.example" if email else None, frozenset({1}), administered, granted)
    rights = whole.narrowed_to(chosen)
    assert rights.establishments <= whole.establishments
    assert rights.administered <= whole.administered
    assert all(rights.types_in(one) <= whole.types_in(one) for one in range(9))
    assert rights.priced_establishments <= whole.priced_establishments
    assert rights.email == whole.email
    if whole.establishments & chosen:
        assert rights.establishments == whole.establishments & chosen
    else:
        assert rights == whole, "a choice of which nothing is left hides nothing"
    assert rights.narrowed == (rights.establishments < whole.establishments)


@pytest.fixture
def member(world: World) -> User:
    """Administrator in Lille, convocations of Nice, and orders of their own in both and in none."""
    person = world.personas["member_of_two"]
    for place in (world.lille, world.nice, None):
        make_order(place, person.email, world.sessions)
    return person


@pytest.fixture
def client(member: User, client_for: ClientFor) -> Client:
    return client_for(member)


def choose(client: Client, **data: Any) -> None:
    assert client.post(reverse("establishments_shown"), data).status_code == 302


def in_request(user: User) -> User:
    person = User.objects.with_rights(user.pk)
    assert person is not None
    return person


@pytest.mark.parametrize("model", [Order, Enrolment, Document])
def test_the_key_hands_out_the_rows_of_the_chosen_establishments_only(
    model: type[Order] | type[Enrolment] | type[Document], world: World, member: User
) -> None:
    whole = model.objects.visible_to(User.objects.get(pk=member.pk))
    for place in (world.lille, world.nice):
        assert choose_establishments(user=member, chosen=[place.pk])
        narrowed = model.objects.visible_to(in_request(member))
        assert set(narrowed) == set(whole.filter(establishment=place))
        by_branch = [row for branch in model.objects.visible_by_branch(in_request(member)) for row in branch]
        assert sorted(row.pk for row in by_branch) == sorted(narrowed.values_list("pk", flat=True))
        assert narrowed.filter(order_email=member.email).exists(), "one's own orders there stay, with all their papers"
    choose_establishments(user=member, chosen=[world.lille.pk, world.nice.pk])
    assert set(model.objects.visible_to(in_request(member))) == set(whole), "all chosen is no choice"


def test_collaborators_establishments_and_accords_follow(world: World, member: User) -> None:
    choose_establishments(user=member, chosen=[world.nice.pk])
    person = in_request(member)
    assert list(Establishment.objects.visible_to(person)) == [world.nice]
    enrolled = Participant.objects.filter(enrolments__establishment=world.nice).distinct()
    assert set(Participant.objects.visible_to(person)) == set(enrolled)
    listed = [one for branch in Participant.objects.visible_by_branch(person) for one in branch]
    assert sorted(one.pk for one in listed) == sorted(enrolled.values_list("pk", flat=True))
    assert not person.rights.priced_establishments, "no price of Lille while one looks at Nice"
    assert not AccordCadre.objects.visible_to(person).exists()


def test_who_has_an_access_is_never_hidden(world: World, member: User) -> None:
    choose_establishments(user=member, chosen=[world.nice.pk])
    person = in_request(member)
    assert list(Establishment.objects.manageable_by(person)) == [world.lille]
    assert set(Access.objects.visible_to(person)) == set(Access.objects.visible_to(member))
    assert set(AccessEvent.objects.visible_to(person)) == set(AccessEvent.objects.visible_to(member))


@pytest.mark.parametrize("route", ["order_list", "document_list", "enrolment_list", "participant_list"])
def test_lists_follow_and_their_totals_too(route: str, world: World, member: User, client: Client) -> None:
    whole = client.get(reverse(route)).context["page"].total
    choose(client, etablissement=[world.nice.pk])
    narrowed = client.get(reverse(route)).context["page"].total
    assert 0 < narrowed < whole
    assert client.get(reverse(route), {"etablissement": world.lille.pk}).context["page"].total == narrowed
    choose(client, tous="1")
    assert client.get(reverse(route)).context["page"].total == whole


def test_dashboard_and_search_follow(world: World, member: User, client: Client) -> None:
    of_lille, of_nice = (Order.objects.filter(establishment=one).earliest("pk") for one in (world.lille, world.nice))
    choose(client, seul=world.nice.pk)
    for order, found in ((of_lille, False), (of_nice, True)):
        page = client.get(reverse("search"), {"q": order.number}).text
        assert (reverse("order_detail", args=[order.pk]) in page) is found
    papers = {int(pk) for pk in re.findall(r"/documents/(\d+)/", client.get(reverse("dashboard")).text)}
    assert papers
    assert set(Document.objects.filter(pk__in=papers).values_list("establishment", flat=True)) == {world.nice.pk}


def test_a_direct_link_opens_what_one_does_not_look_at(world: World, member: User, client: Client) -> None:
    choose(client, seul=world.nice.pk)
    order = Order.objects.filter(establishment=world.lille).earliest("pk")
    invoice = order.documents.get(type=DocumentType.FACTURE)
    participant = Participant.objects.filter(enrolments__order=order).earliest("pk")
    own = Order.objects.get(establishment=None, order_email=member.email)
    for route, pk in (
        ("order_detail", order.pk),
        ("order_detail", own.pk),
        ("document_detail", invoice.pk),
        ("document_view", invoice.pk),
        ("document_download", invoice.pk),
        ("participant_detail", participant.pk),
    ):
        assert client.get(reverse(route, args=[pk])).status_code == 200, route
    other = Order.objects.filter(establishment__company=world.brume.company).earliest("pk")
    assert client.get(reverse("order_detail", args=[other.pk])).status_code == 404


def test_the_choice_follows_the_person_and_not_the_session(world: World, member: User, client_for: ClientFor) -> None:
    choose(client_for(member), seul=world.nice.pk)
    elsewhere = client_for(member).get(reverse("order_list"))
    assert elsewhere.context["user"].rights.establishments == {world.nice.pk}
    assert "Armor Nice" in elsewhere.text


def test_a_chosen_establishment_that_one_lost_is_ignored(world: World, member: User) -> None:
    choose_establishments(user=member, chosen=[world.nice.pk])
    Access.objects.filter(user=member, establishment=world.nice).delete()
    assert in_request(member).rights == in_request(member).whole_rights
    assert in_request(member).rights.establishments == {world.lille.pk}
    give_access(member, world.nice, Role.STANDARD)
    assert in_request(member).rights.establishments == {world.nice.pk}, "given back, the choice is there again"


def test_nobody_chooses_what_is_not_theirs(world: World, member: User, client: Client) -> None:
    lyon = world.brume.establishments[0]
    assert not choose_establishments(user=member, chosen=[lyon.pk])
    for data in ({"seul": lyon.pk}, {"etablissement": ["x", "-1", "9" * 30, "٣"]}, {"seul": ""}, {}):
        answer = client.post(reverse("establishments_shown"), data, follow=True)
        assert "Choisissez au moins un de vos établissements." in answer.text
    member.refresh_from_db()
    assert member.shown_establishments == []
    User.objects.filter(pk=member.pk).update(shown_establishments=[lyon.pk, world.nice.pk])
    assert in_request(member).rights.establishments == {world.nice.pk}
    look_everywhere(user=member)
    assert in_request(member).rights.establishments == {world.lille.pk, world.nice.pk}


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("/documents/?type=facture&etablissement=3&apres=1~2", "/documents/?type=facture"),
        ("/documents/?etablissement=3", "/documents/"),
        ("https://ailleurs.example/", "/tableau-de-bord/"),
        ("//ailleurs.example/", "/tableau-de-bord/"),
        ("javascript:alert(1)", "/tableau-de-bord/"),
        ("", "/tableau-de-bord/"),
    ],
)
def test_one_comes_back_to_the_page_where_one_was(wanted: str, shown: str, world: World, client: Client) -> None:
    answer = client.post(reverse("establishments_shown"), {"tous": "1", "next": wanted})
    assert answer["Location"] == shown


@pytest.mark.parametrize("persona", ["administrator", "standard", "responsable", "staff", "ex_member"])
def test_there_is_no_switcher_without_a_choice(persona: str, world: World, client_for: ClientFor) -> None:
    client = client_for(world.personas[persona])
    assert 'id="etablissements"' not in client.get(reverse("dashboard")).text
    assert "Rien à choisir" in client.get(reverse("establishments_shown")).text


@pytest.mark.parametrize("route", ["dashboard", "order_list", "document_list"])
def test_looking_at_some_costs_no_query_more(route: str, world: World, client: Client) -> None:
    costs = []
    for data in ({"tous": "1"}, {"seul": world.nice.pk}):
        choose(client, **data)
        client.get(reverse(route))
        with CaptureQueriesContext(connection) as captured:
            page = client.get(reverse(route)).text
        costs.append(len(captured))
    assert "Armor Nice" in page
    assert 0 < costs[1] <= costs[0] < 10


def test_pages_about_accesses_and_the_navigation_are_not_narrowed(world: World, member: User, client: Client) -> None:
    choose(client, seul=world.nice.pk)
    for route in ("access_list", "access_invite", "access_review", "journal", "approval_policies"):
        page = client.get(reverse(route))
        assert page.status_code == 200, route
        assert reverse("access_list") in page.text
    assert "Armor Lille" in client.get(reverse("access_list")).text
    assert reverse("access_list") in client.get(reverse("dashboard")).text


def test_the_establishments_are_the_same_outside_a_request(world: World, member: User) -> None:
    """A person read without their rights, as a task or a command reads one."""
    choose_establishments(user=member, chosen=[world.nice.pk])
    expected = ((world.lille.pk, "Armor Lille", False), (world.nice.pk, "Armor Nice", True))
    in_request = User.objects.with_rights(member.pk)
    assert in_request is not None
    assert places_of(in_request) == places_of(User.objects.get(pk=member.pk)) == expected
