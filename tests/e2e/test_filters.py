"""The lists narrowed to one session or one colleague, in a browser, with JavaScript and without."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from enrolments.models import Enrolment
from tests.e2e.conftest import OpenPage, Watched
from tests.enrolments.changes import MINE, coming
from tests.worlds import World, make_order

JAVASCRIPT = pytest.mark.parametrize("javascript", [True, False])


@pytest.fixture
def enrolments(live_world: World) -> list[Enrolment]:
    """Two people in one session, and a third in another."""
    session, other = coming(live_world, 30), coming(live_world, 60)
    order = make_order(live_world.lille, MINE, [session, session, other], papers=False)
    return list(order.enrolments.select_related("session", "participant").order_by("pk"))


def search(page: Page, label: str, typed: str, *, javascript: bool) -> None:
    page.get_by_label(label, exact=True).fill(typed)
    if not javascript:
        page.get_by_role("button", name="Voir les résultats").click()


@JAVASCRIPT
@pytest.mark.parametrize("name", ["enrolment_list", "order_list"])
def test_a_list_is_narrowed_to_a_session(
    name: str, javascript: bool, enrolments: list[Enrolment], live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    session = enrolments[0].session
    page = open_page(live_world.personas["administrator"], javascript=javascript)
    page.goto(reverse(name))
    rows = page.locator("#results tbody tr")
    assert rows.count() > 2
    if javascript:
        page.get_by_label("Session", exact=True).press_sequentially(session.code[:6])
        suggestion = page.locator(f"#filtre-session-choix option[value='{session.code}']")
        expect(suggestion).to_have_text(re.compile(re.escape(session.course.title)))
    search(page, "Session", session.code, javascript=javascript)
    expect(rows).to_have_count(2 if name == "enrolment_list" else 1)
    expect(page).to_have_url(re.compile(f"session={session.code}"))
    expect(page.get_by_label("Session", exact=True)).to_have_value(session.code)
    page.reload()
    expect(rows).to_have_count(2 if name == "enrolment_list" else 1)
    assert not watched.errors


@JAVASCRIPT
def test_a_list_is_narrowed_to_a_colleague(
    javascript: bool, enrolments: list[Enrolment], live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    person = enrolments[2].participant
    assert person is not None
    page = open_page(live_world.personas["administrator"], javascript=javascript)
    page.goto(reverse("participant_detail", args=[person.pk]))
    page.get_by_role("link", name=re.compile("Ses inscriptions dans la liste")).click()
    rows, field = page.locator("#results tbody tr"), page.get_by_label("Collaborateur", exact=True)
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(str(person))
    expect(field).to_have_value(re.compile(person.last_name))
    other = enrolments[0].participant
    assert other is not None
    search(page, "Collaborateur", f"{other.first_name} {other.last_name}", javascript=javascript)
    expect(rows.first).to_contain_text(str(other))
    search(page, "Collaborateur", "personne de ce nom", javascript=javascript)
    expect(page.locator("#results")).to_contain_text("Aucune inscription ne correspond à ces filtres")
    assert not watched.errors
