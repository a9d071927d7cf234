"""The list of enrolments, narrowed to one session or one colleague from their pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enrolments.models import Enrolment
from tests.conftest import ClientFor
from tests.enrolments.changes import coming
from tests.worlds import World, make_order

LIST = reverse("enrolment_list")


@pytest.fixture
def enrolment(world: World) -> Enrolment:
    """One of two people in a session, who is in another one of the same course besides."""
    session, other = coming(world, 30), coming(world, 60)
    order = make_order(world.lille, "chef@armor.example", [session, session, other], papers=False)
    first, _second, third = order.enrolments.order_by("pk")
    third.participant = first.participant
    third.save(update_fields=["participant"])
    return first


def shown(client: Client, **query: Any) -> list[int]:
    return sorted(one.pk for one in client.get(LIST, query).context["enrolments"])


def test_by_session(world: World, enrolment: Enrolment, client_for: ClientFor) -> None:
    client = client_for(world.personas["administrator"])
    mine = Enrolment.objects.filter(session=enrolment.session)
    assert shown(client, session=enrolment.session_id) == sorted(mine.values_list("pk", flat=True))
    answer = client.get(LIST, {"session": enrolment.session_id})
    field = answer.context["filters"].form["session"].field
    other = Enrolment.objects.filter(order=enrolment.order).exclude(session=enrolment.session).get()
    assert [value for value, _label in field.choices][:2] == ["", enrolment.session_id]
    assert other.session_id in dict(field.choices), "the other sessions of the course are one choice away"
    assert f"?session={enrolment.session_id}" in client.get(reverse("enrolment_detail", args=[enrolment.pk])).text


def test_by_colleague(world: World, enrolment: Enrolment, client_for: ClientFor) -> None:
    client, colleague = client_for(world.personas["administrator"]), enrolment.participant_id
    assert len(shown(client, collaborateur=colleague)) == 2
    assert shown(client, collaborateur=colleague, session=enrolment.session_id) == [enrolment.pk]
    assert str(enrolment.participant) in client.get(LIST, {"collaborateur": str(colleague)}).text
    assert f"?collaborateur={colleague}" in client.get(reverse("participant_detail", args=[colleague])).text


@pytest.mark.parametrize("name", ["session", "collaborateur"])
@pytest.mark.parametrize("value", ["0", "999999999", "-1", "abc", "9" * 40, "\u00b2"])
def test_nonsense_is_ignored_with_a_word(world: World, name: str, value: str, client_for: ClientFor) -> None:
    client = client_for(world.personas["administrator"])
    answer = client.get(LIST, {name: value})
    assert "a été ignoré" in answer.text
    assert len(answer.context["enrolments"]) == len(shown(client))


def test_anothers_look_like_none(world: World, enrolment: Enrolment, client_for: ClientFor) -> None:
    for name, value in (("session", enrolment.session_id), ("collaborateur", enrolment.participant_id)):
        assert "a été ignoré" in client_for(world.personas["neighbour"]).get(LIST, {name: str(value)}).text


def test_an_export_has_exactly_what_is_filtered(world: World, enrolment: Enrolment, client_for: ClientFor) -> None:
    client = client_for(world.personas["administrator"])
    answer = client.get(reverse("enrolment_export_csv"), {"session": enrolment.session_id})
    lines = (b"".join(answer) if answer.streaming else answer.content).decode("utf-8-sig").splitlines()
    assert len(lines) == 3


def test_it_costs_nothing_to_those_who_do_not_filter(world: World, enrolment: Enrolment, client_for: ClientFor) -> None:
    client = client_for(world.personas["administrator"])
    client.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        client.get(LIST)
    assert not any("DISTINCT" in one["sql"] for one in queries.captured_queries)
