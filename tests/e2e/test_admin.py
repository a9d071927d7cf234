"""The management site in a real browser: inside the content-security policy, with its autocompletes and its colours."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from accounts.models import Access, RemovedAccess
from documents.models import Document
from tests.admin_rows import ROWS, change
from tests.e2e.conftest import OpenPage, Watched
from tests.worlds import World

LISTS = ["accounts_user", "accounts_access", "catalogue_session", "enrolments_order", "documents_document"]


def pages(world: World) -> list[str]:
    for make in ROWS.values():
        make(world, 1)
    rows = [model._default_manager.latest("pk") for model in ROWS]
    forms = [reverse(f"admin:{name}_add") for name in LISTS]
    return ["/gestion/", *(reverse(f"admin:{name}_changelist") for name in LISTS), *forms, *map(change, rows)]


def test_no_page_leaves_the_policy(live_world: World, open_page: OpenPage, watched: Watched) -> None:
    paths = pages(live_world)
    page = open_page(live_world.personas["staff"])
    for path in paths:
        page.goto(path)
        assert page.title().endswith("Gestion · Espace client")
        assert watched.errors == [], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_colours_can_be_read(live_world: World, open_page: OpenPage, scheme: str) -> None:
    page = open_page(live_world.personas["staff"], scheme=scheme)
    order = live_world.armor.orders[live_world.lille.pk][0]
    documents = reverse("admin:documents_document_changelist")
    access = change(Access.objects.earliest("pk"))
    for path in ("/gestion/", documents, change(order), access):
        page.goto(path)
        found = Axe().run(page, options={"runOnly": ["color-contrast"]})
        nodes = [node["target"] for violation in found.response["violations"] for node in violation["nodes"]]
        assert nodes == [], path


def test_an_access_is_given_through_the_autocompletes(live_world: World, open_page: OpenPage, watched: Watched) -> None:
    page = open_page(live_world.personas["staff"])
    page.goto(reverse("admin:accounts_access_add"))
    page.select_option("select[name=role]", "standard")
    page.check("input[value=facture]")
    page.click("input[name=_save]")
    for field in ("user", "establishment"):
        page.wait_for_selector(f".field-{field} .errorlist")
    for field, term in (("user", "ancien"), ("establishment", "Nice")):
        page.click(f".field-{field} .select2-selection")
        page.locator(".select2-search__field").press_sequentially(term)
        page.click(f".select2-results__option[role=option]:has-text('{term}')")
    page.click("input[name=_save]")
    page.wait_for_url("**/gestion/accounts/access/")
    access = Access.objects.get(user=live_world.personas["ex_member"])
    assert access.establishment == live_world.nice
    assert RemovedAccess.objects.filter(user=access.user).count() == 1, "that of another establishment stays"
    assert watched.errors == []


def test_the_link_button_and_the_file_of_a_document(live_world: World, open_page: OpenPage, watched: Watched) -> None:
    page = open_page(live_world.personas["staff"])
    page.goto(change(live_world.personas["unverified"]))
    page.click("text=Envoyer un lien pour choisir son mot de passe")
    page.wait_for_selector("text=1 lien envoyé.")
    page.goto(change(Document.objects.earliest("pk")))
    with page.expect_response("**/fichier/") as answered:
        page.evaluate("href => fetch(href)", page.get_attribute("text=Ouvrir", "href"))
    assert answered.value.status == 200
    assert watched.errors == []
