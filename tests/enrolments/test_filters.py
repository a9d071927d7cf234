"""The lists of enrolments and orders, narrowed to one session or one colleague: chosen, typed, or linked to."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalogue.models import Session
from enrolments.models import Enrolment, Participant
from tests.conftest import ClientFor
from tests.enrolments.changes import coming
from tests.worlds import World, make_order

LIST, ORDERS, SUGGESTIONS = reverse("enrolment_list"), reverse("order_list"), reverse("filter_suggestions")


@pytest.fixture
def enrolment(world: World) -> Enrolment:
    """One of two people in a session, who is in another one of the same course besides."""
    session, other = coming(world, 30), coming(world, 60)
    order = make_order(world.lille, "chef@armor.example", [session, session, other], papers=False)
    first, _second, third = order.enrolments.select_related("session", "participant", "order").order_by("pk")
    third.participant = first.participant
    third.save(update_fields=["participant"])
    return first


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


def shown(client: Client, **query: Any) -> list[int]:
    return sorted(one.pk for one in client.get(LIST, query).context["enrolments"])


def orders(client: Client, **query: Any) -> list[str]:
    return sorted(row.order.number for row in client.get(ORDERS, query).context["orders"])


def test_by_session(enrolment: Enrolment, client: Client) -> None:
    session = enrolment.session
    everybody = sorted(Enrolment.objects.filter(session=session).values_list("pk", flat=True))
    assert shown(client, session=session.code) == shown(client, session=session.code.lower()) == everybody
    Session.objects.filter(pk=session.pk).update(city="Nulle-Part")
    assert shown(client, session=f"nulle {session.course.title.split()[0]}") == everybody
    assert orders(client, session="nulle-part") == [enrolment.order.number]
    assert not shown(client, session="introuvable")
    assert not orders(client, session="introuvable")
    assert f"?session={session.code}" in client.get(reverse("enrolment_detail", args=[enrolment.pk])).text


def test_a_code_is_that_session_alone(world: World, enrolment: Enrolment, client: Client) -> None:
    other = coming(world, 90)
    Session.objects.filter(pk=other.pk).update(code=f"{enrolment.session.code}0")
    make_order(world.lille, "chef@armor.example", [other], papers=False)
    assert len(shown(client, session=enrolment.session.code)) == 2
    assert len(shown(client, session=enrolment.session.code[:-1])) > 2


def test_by_colleague(enrolment: Enrolment, client: Client) -> None:
    colleague = enrolment.participant
    assert colleague is not None
    both = shown(client, collaborateur=colleague.pk)
    assert len(both) == 2
    assert shown(client, collaborateur=colleague.pk, session=enrolment.session.code) == [enrolment.pk]
    assert orders(client, collaborateur=colleague.pk) == [enrolment.order.number], "once, whatever their enrolments"
    assert set(both) <= set(shown(client, collaborateur=colleague.last_name.upper()))
    assert f"?collaborateur={colleague.pk}" in client.get(reverse("participant_detail", args=[colleague.pk])).text


def test_an_id_is_shown_as_a_name_which_says_the_same(enrolment: Enrolment, client: Client) -> None:
    colleague = enrolment.participant
    assert colleague is not None
    Participant.objects.filter(pk=colleague.pk).update(first_name="Ana", last_name="Roy", email="ana@armor.example")
    page = client.get(LIST, {"collaborateur": str(colleague.pk)})
    assert 'value="Ana Roy ana@armor.example"' in page.text
    assert shown(client, collaborateur="Ana Roy ana@armor.example") == shown(client, collaborateur=colleague.pk)


@pytest.mark.parametrize("value", ["0", "999999999", "9" * 40])
def test_the_id_of_nobody_is_ignored_with_a_word(world: World, value: str, client: Client) -> None:
    answer = client.get(LIST, {"collaborateur": value})
    assert "a été ignoré" in answer.text
    assert len(answer.context["enrolments"]) == len(shown(client))


@pytest.mark.parametrize("name", ["session", "collaborateur"])
@pytest.mark.parametrize("value", ["-1", "\u00b2", "%", "_", "a'b\\"])
def test_strange_words_find_nothing(world: World, name: str, value: str, client: Client) -> None:
    assert shown(client, **{name: value}) == []


def test_anothers_look_like_none(world: World, enrolment: Enrolment, client_for: ClientFor) -> None:
    neighbour = client_for(world.personas["neighbour"])
    assert "a été ignoré" in neighbour.get(LIST, {"collaborateur": str(enrolment.participant_id)}).text
    assert not shown(neighbour, session=enrolment.session.code)
    assert not orders(neighbour, session=enrolment.session.code)
    for query in ({"session": enrolment.session.code}, {"collaborateur": str(enrolment.participant)}):
        assert "<option" not in neighbour.get(SUGGESTIONS, query).text


def test_suggestions_as_one_types(world: World, enrolment: Enrolment, client: Client) -> None:
    colleague, session = enrolment.participant, enrolment.session
    assert colleague is not None
    Session.objects.filter(pk=session.pk).update(city="Vannes")
    found = client.get(SUGGESTIONS, {"session": "vann"}).text
    assert f'<option value="{session.code}">{session.course.title}' in found
    assert "(Vannes)</option>" in found
    assert str(colleague) in client.get(SUGGESTIONS, {"collaborateur": colleague.last_name[:4].lower()}).text
    for query in ({}, {"session": " "}, {"collaborateur": "\x00"}):
        assert "<option" not in client.get(SUGGESTIONS, query).text


def test_suggestions_are_few_and_cost_one_query(world: World, enrolment: Enrolment, client: Client) -> None:
    counts = []
    for added in (0, 15):
        order = make_order(world.lille, "chef@armor.example", [enrolment.session] * added, papers=False)
        Participant.objects.filter(enrolments__order=order).update(first_name="Zoé")
        with CaptureQueriesContext(connection) as queries:
            found = client.get(SUGGESTIONS, {"collaborateur": "zoé"}).text
        counts.append(len(queries))
    assert found.count("<option") == 10
    assert counts[0] == counts[1]


def test_the_filters_are_offered_to_whoever_has_chosen_nothing(world: World, client: Client) -> None:
    for path in (LIST, ORDERS):
        page = client.get(path).text
        for name in ("session", "collaborateur"):
            assert f'name="{name}"' in page
            assert f'<datalist id="filtre-{name}-choix"></datalist>' in page


def test_an_export_has_exactly_what_is_filtered(enrolment: Enrolment, client: Client) -> None:
    for route, lines in (("enrolment_export_csv", 3), ("order_export_csv", 2)):
        answer = client.get(reverse(route), {"session": enrolment.session.code})
        text = (b"".join(answer) if answer.streaming else answer.content).decode("utf-8-sig")
        assert len(text.splitlines()) == lines


def test_it_costs_nothing_to_those_who_do_not_filter(enrolment: Enrolment, client: Client) -> None:
    counts = []
    for query in ({}, {"session": "a", "collaborateur": "b"}):
        client.get(LIST, query)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST, query)
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 1, "whether the word is the code of a session"
