"""Every page in a real browser: accessible, inside its policy, within its weight, usable at both widths."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from accounts.document_types import DocumentType
from documents.models import Document
from enrolments.models import Order
from tests.e2e.conftest import OpenPage, Watched
from tests.worlds import World

PUBLIC = [
    "home",
    "catalogue",
    "help",
    "legal",
    "accessibility",
    "account_login",
    "account_signup",
    "account_reset_password",
]
MEMBERS = [
    "dashboard",
    "enrolment_list",
    "order_list",
    "participant_list",
    "document_list",
    "account_home",
    "account_email",
    "account_change_password",
    "mfa_index",
    "usersessions_list",
    "account_logout",
]
FIRST_PAGE_LIMIT = 100_000


def object_pages(world: World) -> list[str]:
    order = Order.objects.filter(establishment=world.lille).earliest("pk")
    document = Document.objects.filter(order=order, type=DocumentType.FACTURE).earliest("pk")
    return [
        reverse("order_detail", args=[order.pk]),
        reverse("participant_detail", args=[order.enrolments.earliest("pk").participant_id]),
        reverse("document_detail", args=[document.pk]),
        reverse("search") + "?q=python",
        reverse("catalogue") + "?q=python&lieu=Lille&prix_min=9&couleur=bleu",
        reverse("catalogue") + "?q=introuvable",
        reverse("course_detail", args=[world.sessions[0].course_id]),
        reverse("search") + "?q=introuvable",
        reverse("document_list") + "?type=facture&periode=trimestre",
        reverse("document_list") + "?q=introuvable",
        "/documents/999999/",
    ]


def violations_on(page: object) -> list[str]:
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_public_pages_are_accessible(
    width: int, scheme: str, live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    page = open_page(width=width, scheme=scheme)
    wrong = []
    for path in map(reverse, PUBLIC):
        page.goto(path)
        wrong += [f"{path} {violation}" for violation in violations_on(page)]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong += [f"{path} scrolls sideways by {overflow}px"] if overflow > 0 else []
    assert not wrong, "\n".join(wrong)
    assert not watched.errors


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_of_a_member_are_accessible(
    width: int, scheme: str, live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    page = open_page(live_world.personas["member_of_two"], width=width, scheme=scheme)
    wrong = []
    for path in [*map(reverse, MEMBERS), *object_pages(live_world)]:
        page.goto(path)
        wrong += [f"{path} {violation}" for violation in violations_on(page)]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong += [f"{path} scrolls sideways by {overflow}px"] if overflow > 0 else []
    assert not wrong, "\n".join(wrong)
    unexpected = [error for error in watched.errors if "404" not in error]
    assert not unexpected


@pytest.mark.parametrize("path", ["home", "catalogue", "account_login", "dashboard", "document_list"])
def test_the_first_page_is_light(path: str, live_world: World, open_page: OpenPage, watched: Watched) -> None:
    """Uncompressed here, so the limit of 100 kB on the wire is met with room to spare."""
    member = path in MEMBERS
    if member:
        cookies = open_page(live_world.personas["administrator"]).context.cookies()
    page = open_page()
    if member:
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
    watched.bytes_received = 0
    page.goto(reverse(path), wait_until="networkidle")
    transferred = page.evaluate(
        "performance.getEntries().filter(e => e.encodedBodySize).reduce((total, e) => total + e.encodedBodySize, 0)"
    )
    assert 10_000 < transferred < 3 * FIRST_PAGE_LIMIT


def test_the_skip_link_comes_first_and_works(live_world: World, open_page: OpenPage) -> None:
    page = open_page(live_world.personas["administrator"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contenu"
