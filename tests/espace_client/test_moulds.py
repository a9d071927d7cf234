"""What is poured is what the template renders, for every template that is poured and whatever the rows hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from django.template import Context, Template, loader
from django.test import Client
from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.models import Establishment
from documents.models import Document
from enrolments.models import OrderState, Participant
from espace_client import catalogue_results, components, moulds
from tests.conftest import ClientFor
from tests.worlds import World, make_order

PAGES = ("catalogue", "dashboard", "document_list", "order_list", "enrolment_list", "participant_list", "search")
HOSTILE = "<b>&\"'\ue0000\ue001é"


def rendered(rows: Iterable[object], template: str, name: str, choices: dict[str, Any]) -> str:
    """What `pour` stands for: the template, rendered for each row."""
    return SafeString("".join(loader.render_to_string(template, {**choices, name: row}) for row in rows))


def without_secrets(text: str) -> str:
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]+', r"\1", text)


@pytest.fixture
def hostile(world: World) -> World:
    """Names that HTML, addresses and marks could take for their own; orders without people, without establishment."""
    Participant.objects.update(first_name=HOSTILE)
    Establishment.objects.filter(pk=world.nice.pk).update(name=HOSTILE)
    course = world.sessions[0].course
    course.title = HOSTILE
    course.save()
    order = make_order(world.lille, "autre@armor.example", world.sessions, state=OrderState.PENDING)
    order.enrolments.update(participant=None)
    make_order(None, "responsable@armor.example", world.sessions, papers=False)
    first = Document.objects.filter(establishment=world.lille, type="facture").earliest("pk")
    Document.objects.create(
        **{name: getattr(first, name) for name in ("type", "order", "issued_on", "file", "sha256", "size", "session")},
        number="AV-<1>",
        replaces=first,
    )
    return world


@pytest.mark.parametrize("persona", ["administrator", "standard", "member_of_two", "responsable", "ex_member"])
@pytest.mark.parametrize("page", PAGES)
def test_pages_are_the_same_poured_and_rendered(
    page: str, persona: str, hostile: World, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, url = (
        client_for(hostile.personas[persona]),
        reverse(page) + "?q=" * (page == "search") + "e" * (page == "search"),
    )
    poured = [client.get(url).text for _twice in range(2)]
    monkeypatch.setattr("espace_client.templatetags.portal.pour", rendered)
    monkeypatch.setattr("espace_client.components.pour", rendered)
    for module in ("framed", "catalogue_results", "views.catalogue", "views.search"):
        monkeypatch.setattr(f"espace_client.{module}.pour", rendered)
    monkeypatch.setattr("espace_client.catalogue_results._drawn", catalogue_results._drawn.__wrapped__)
    components.bar_chart.cache_clear()
    plain = client.get(url).text
    components.bar_chart.cache_clear()
    assert without_secrets(poured[0]) == without_secrets(poured[1]) == without_secrets(plain)
    assert HOSTILE not in plain


@dataclass(frozen=True)
class Line:
    CHOICES: ClassVar = ("state",)

    pk: int
    name: str
    state: str
    note: str | None = None


def test_a_row_that_is_no_dataclass_has_the_template_rendered(world: World) -> None:
    enrolment = world.armor.orders[world.lille.pk][0].enrolments.earliest("pk")
    choices = {"amounts_visible": True, "hide_person": "", "compact": ""}
    html = moulds.pour([enrolment], "enrolments/enrolment_line.html", "enrolment", choices)
    assert str(enrolment.participant) in html
    assert "€" in html


def test_what_a_page_knows_does_not_reach_a_row(client: Client, world: World) -> None:
    client.force_login(world.personas["administrator"])
    context = Context({"user": world.personas["administrator"], "rows": [Line(1, "x", "open")]})
    menu = Template('{% load portal %}{% pour rows "components/account_menu.html" "row" %}').render(context)
    assert "Mon compte" in menu
    assert world.personas["administrator"].email not in menu
