"""Substituting a colleague, in a browser, as people do it; with JavaScript and without."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage, Watched
from tests.enrolments.changes import coming, enrolled, make_terms
from tests.worlds import World


@pytest.mark.parametrize("javascript", [True, False])
def test_substituting_a_colleague(javascript: bool, live_world: World, open_page: OpenPage, watched: Watched) -> None:
    make_terms()
    enrolment = enrolled(live_world, coming(live_world, 20))
    other = enrolled(live_world, coming(live_world, 30)).participant
    page = open_page(live_world.personas["responsable"], javascript=javascript)
    page.goto(reverse("enrolment_list"))
    page.locator(f'a[href="{reverse("enrolment_detail", args=[enrolment.pk])}"]').click()
    page.get_by_role("link", name="Remplacer la personne").click()
    page.get_by_label(str(other)).check()
    page.get_by_role("button", name="Voir le coût, puis confirmer").click()
    expect(page.locator("main")).to_contain_text("Aucuns frais.")
    page.get_by_role("button", name="Confirmer le remplacement").click()
    expect(page.locator("main")).to_contain_text("Participant remplacé")
    expect(page.locator(".page-head")).to_contain_text(str(other))
    assert not watched.errors
