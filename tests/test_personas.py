"""Lock 3: every route of the site × every persona, with the answer each must get."""

from __future__ import annotations

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.conftest import ClientFor
from tests.persona_table import EVERYONE, TABLE
from tests.worlds import World


def arguments_of(about: Model | dict[str, object]) -> dict[str, object]:
    return about if isinstance(about, dict) else {"pk": about.pk}


def routes_of(patterns: list[URLPattern | URLResolver]) -> list[str]:
    """The name of every route outside the admin, which tests/espace_client/test_admin_locks.py walks by itself."""
    names = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                names += routes_of(pattern.url_patterns)
        else:
            assert pattern.name, f"{pattern.pattern} has no name"
            names.append(pattern.name)
    return names


def test_every_route_is_in_the_table() -> None:
    routes = routes_of(get_resolver().url_patterns)
    assert len(routes) > 30
    assert sorted(routes) == sorted(TABLE)


def test_every_refusal_is_paired_with_an_owner() -> None:
    for route, rows in TABLE.items():
        for row in rows:
            assert row.about is None or row.allowed_to, f"{route}: a 404 that nobody's 200 answers proves nothing"


@pytest.mark.parametrize("route", TABLE)
def test_each_persona_gets_the_expected_answer(route: str, world: World, client_for: ClientFor) -> None:
    wrong = []
    for row in TABLE[route]:
        kwargs = arguments_of(row.about(world)) if row.about else dict(row.kwargs)
        name, searched, said = row.finds(world) if row.finds else ("", "", "")
        url = reverse(route, kwargs=kwargs, query={name: searched} if searched else None)
        for persona in EVERYONE:
            client: Client = client_for(world.personas.get(persona))
            answer = client.get(url)
            if answer.status_code != row.expected(persona):
                wrong.append(f"{persona} {url}: {answer.status_code}, expected {row.expected(persona)}")
            if searched and (said in answer.text) != (persona in row.allowed_to):
                wrong.append(f"{persona} {url}: finds what it should not, or does not find what it should")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("route", ["order_detail", "participant_detail", "document_detail", "document_download"])
@pytest.mark.parametrize("identifier", ["0", "999999999", "9" * 30])
def test_an_unknown_id_answers_404_in_the_look_of_the_portal(
    route: str, identifier: str, world: World, client_for: ClientFor
) -> None:
    url = reverse(route, kwargs={"pk": 1}).replace("/1/", f"/{identifier}/")
    answer = client_for(world.personas["administrator"]).get(url)
    assert answer.status_code == 404
    assert "Espace client" in answer.text


@pytest.mark.parametrize(
    "path", ["/documents/abc/", "/commandes/1'--/", "/documents/-1/telecharger/", "/documents/1%00/"]
)
def test_a_malformed_id_answers_404(path: str, world: World, client_for: ClientFor) -> None:
    assert client_for(world.personas["administrator"]).get(path).status_code == 404
