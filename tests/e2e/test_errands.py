"""What people come for, done in a browser as they do it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from accounts.document_types import DocumentType
from documents.models import Document
from tests.e2e.conftest import OpenPage, Watched
from tests.worlds import World, make_document


def test_forgetting_the_password_and_getting_it_back(live_world: World, open_page: OpenPage, watched: Watched) -> None:
    page = open_page()
    page.goto("/")
    page.get_by_role("link", name="Se connecter").first.click()
    page.get_by_role("link", name=re.compile("Mot de passe oublié")).click()
    page.fill("input[name=email]", "administratrice@armor.example")
    page.click("main button[type=submit]")
    link = re.search(r"https?://\S+", str(mail.outbox[-1].body))
    assert link
    page.goto(link.group())
    page.fill("input[name=password1]", "Un-tout-autre-secret-2")
    page.fill("input[name=password2]", "Un-tout-autre-secret-2")
    page.click("main button[type=submit]")
    page.goto("/connexion/")
    page.fill("input[name=login]", "administratrice@armor.example")
    page.fill("input[name=password]", "Un-tout-autre-secret-2")
    page.click("main button[type=submit]")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bonjour Camille")
    assert not watched.errors


def test_a_convocation_is_one_click_from_the_dashboard(live_world: World, open_page: OpenPage, tmp_path: Path) -> None:
    order = live_world.armor.orders[live_world.lille.pk][0]
    paper = make_document(DocumentType.CONVOCATION, order, order.enrolments.latest("starts_on"))
    page = open_page(live_world.personas["administrator"])
    with page.expect_download() as download:
        page.click(f'a[href="{reverse("document_download", args=[paper.pk])}"]')
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    assert saved.name.endswith(".pdf")
    assert "Convocation" in saved.name
    assert saved.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("javascript", [True, False])
def test_filtering_the_documents(javascript: bool, live_world: World, open_page: OpenPage, watched: Watched) -> None:
    page = open_page(live_world.personas["administrator"], javascript=javascript)
    page.goto(reverse("document_list") + "?type=facture")
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Facture")
    assert not watched.errors


def test_a_neighbour_sees_nothing(live_world: World, open_page: OpenPage) -> None:
    page = open_page(live_world.personas["neighbour"])
    for path in ("/documents/", "/commandes/", "/inscriptions/", "/collaborateurs/", "/recherche/?q=armor"):
        page.goto(path)
        assert "armor.example" not in page.locator("main").inner_text().lower()
    document = Document.objects.filter(establishment=live_world.lille).earliest("pk")
    answer = page.goto(reverse("document_view", args=[document.pk]))
    assert answer is not None
    assert answer.status == 404


def test_the_preview_shows_the_pdf(live_world: World, open_page: OpenPage, watched: Watched) -> None:
    document = Document.objects.filter(establishment=live_world.lille).earliest("pk")
    page = open_page(live_world.personas["administrator"])
    page.goto(reverse("document_detail", args=[document.pk]), wait_until="networkidle")
    assert page.locator("iframe.viewer").count() == 1
    assert not watched.errors
