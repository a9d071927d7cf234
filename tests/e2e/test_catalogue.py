"""The catalogue in a real browser: it answers as one types, stays inside the policy, and does without JavaScript."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from catalogue.words import update_words
from tests.catalogue.courses import coming, make_course, make_domain
from tests.e2e.conftest import OpenPage, Watched
from tests.worlds import World


@pytest.fixture
def shelf(live_world: World) -> World:
    """Two courses more, of one domain."""
    domain = make_domain("Systèmes")
    for title in ("Linux, prise en main", "Kubernetes, administration"):
        coming(make_course(title, domain, objectives="Installer.\nExploiter."), 20, city="Nantes")
    update_words()
    return live_world


def test_it_answers_as_one_types_and_the_address_follows(shelf: World, open_page: OpenPage, watched: Watched) -> None:
    page = open_page()
    page.goto(reverse("catalogue"))
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(3)
    page.locator(".catalogue-find input[type=search]").press_sequentially("pyhton")
    expect(page.locator("#results")).to_contain_text("Essayez plutôt")
    expect(rows).to_have_count(1)
    assert "q=pyhton" in page.url
    assert "tri=" not in page.url, "words are sorted by how well they fit, until one chooses otherwise"
    expect(page.locator("#filtre-tri option:checked")).to_have_text("Pertinence")
    assert "prix_min" not in page.url, "empty filters stay out of the address"
    expect(page.locator("#annonce")).to_contain_text("1 formation")
    page.go_back()
    expect(page.locator("#contenu h1")).to_have_text("Catalogue")
    page.goto(reverse("catalogue"))
    page.locator("summary", has_text="Lieu").click()
    page.get_by_label("Nantes").check()
    expect(rows).to_have_count(2)
    page.locator("#results").get_by_role("link", name="Retirer le filtre Lieu").click()
    expect(rows).to_have_count(3)
    assert not watched.errors


def test_without_javascript_the_button_does_the_same(shelf: World, open_page: OpenPage, watched: Watched) -> None:
    page = open_page(javascript=False)
    page.goto(reverse("catalogue"))
    page.fill(".catalogue-find input[type=search]", "linux")
    page.click(".catalogue-find button[type=submit]")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.locator("#results tbody a").click()
    expect(page.locator("h1")).to_have_text("Linux, prise en main")
    assert not watched.errors


def test_structured_data_is_no_script_for_the_policy(shelf: World, open_page: OpenPage, watched: Watched) -> None:
    page = open_page()
    report = "addEventListener('securitypolicyviolation', event => console.error(event.violatedDirective))"
    page.add_init_script(report)
    page.goto(reverse("course_detail", args=[shelf.sessions[0].course_id]), wait_until="networkidle")
    data = page.evaluate("JSON.parse(document.querySelector('script[type*=json]').textContent)")
    assert data["@type"] == "Course"
    assert not watched.errors


def test_nothing_moves_while_the_page_loads(shelf: World, open_page: OpenPage) -> None:
    for width in (1440, 390):
        page = open_page(width=width)
        page.goto(reverse("catalogue"), wait_until="networkidle")
        moved = page.evaluate(
            """() => new Promise(done => {
                let sum = 0;
                new PerformanceObserver(list => {
                    for (const entry of list.getEntries()) sum += entry.value;
                }).observe({type: "layout-shift", buffered: true});
                setTimeout(() => done(sum), 300);
            })"""
        )
        assert moved < 0.01
