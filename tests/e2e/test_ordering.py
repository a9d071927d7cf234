"""Enrolling colleagues, approving, coming back to a draft: in a browser, with JavaScript and without."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from catalogue.models import Session
from enrolments.models import ApprovalPolicy, Order, OrderDraft, OrderState
from tests.e2e.conftest import OpenPage, Watched
from tests.e2e.test_pages import violations_on
from tests.enrolments.orders import colleagues, coming_session, place, prepare
from tests.worlds import World

JAVASCRIPT = pytest.mark.parametrize("javascript", [True, False])
CONTINUE = re.compile("Continuer")


@pytest.fixture
def session(live_world: World) -> Session:
    return coming_session(live_world)


def submit(page: Page, name: re.Pattern[str] | str) -> None:
    page.get_by_role("main").get_by_role("button", name=name).first.click()


@JAVASCRIPT
def test_three_known_colleagues_in_four_steps(
    javascript: bool, live_world: World, session: Session, open_page: OpenPage, watched: Watched
) -> None:
    page = open_page(live_world.personas["administrator"], javascript=javascript)
    page.goto(reverse("enrol_start", args=[session.pk]))
    for one in colleagues(live_world.lille, 3):
        page.get_by_label(str(one)).check()
    if javascript:
        expect(page.locator("#prix")).to_contain_text("3 places, HT")
    submit(page, CONTINUE)
    page.get_by_label("N° de bon de commande").fill("BC-2026-1")
    submit(page, "Voir le récapitulatif")
    submit(page, "Inscrire 3 collaborateurs")
    expect(page.get_by_role("status").first).to_contain_text("C’est noté")
    order = Order.objects.latest("pk")
    assert (order.enrolments.count(), order.purchase_order_number) == (3, "BC-2026-1")
    assert page.url.endswith(reverse("order_detail", args=[order.pk]))
    assert not watched.errors


@JAVASCRIPT
def test_coming_back_to_a_draft(
    javascript: bool, live_world: World, session: Session, open_page: OpenPage, watched: Watched
) -> None:
    user = live_world.personas["administrator"]
    page = open_page(user, javascript=javascript)
    page.goto(reverse("enrol_start", args=[session.pk]))
    page.fill("input[name=last_name]", "Roy")
    page.fill("input[name=first_name]", "Ana")
    submit(page, "Ajouter cette personne")
    expect(page.locator("#choisis")).to_contain_text("Ana Roy")
    page.context.close()
    page = open_page(user, javascript=javascript)
    page.get_by_role("link", name=re.compile("Reprendre")).click()
    expect(page.locator("#choisis")).to_contain_text("Ana Roy")
    page.get_by_label("Places à désigner").fill("1")
    submit(page, CONTINUE)
    expect(page.get_by_role("heading", name="Votre commande")).to_be_visible()
    draft = OrderDraft.objects.get(owner=user)
    assert (draft.seats.count(), draft.unnamed_seats) == (1, 1)
    assert not watched.errors


@JAVASCRIPT
def test_approving_an_order(
    javascript: bool, live_world: World, session: Session, open_page: OpenPage, watched: Watched
) -> None:
    ApprovalPolicy.objects.create(establishment=live_world.lille, active=True)
    order = place(prepare(live_world.personas["responsable"], session, live_world.lille, known=1))
    page = open_page(live_world.personas["administrator"], javascript=javascript)
    page.get_by_role("link", name=re.compile("Approuver ou décliner")).click()
    page.get_by_label(re.compile("Un mot au responsable")).fill("D’accord")
    submit(page, "Approuver la commande")
    expect(page.get_by_role("status").first).to_contain_text("Commande approuvée")
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
    assert not watched.errors


def test_colleagues_are_found_as_one_types(
    live_world: World, session: Session, open_page: OpenPage, watched: Watched
) -> None:
    one, other = colleagues(live_world.lille, 2)
    page = open_page(live_world.personas["administrator"])
    page.goto(reverse("enrol_start", args=[session.pk]))
    page.get_by_label(str(one)).check()
    page.get_by_label("Chercher un collègue").press_sequentially(other.last_name)
    expect(page.locator("#liste-collegues input")).to_have_count(2)
    expect(page.get_by_label(str(one))).to_be_checked()
    assert not watched.errors


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_are_accessible(
    width: int, scheme: str, live_world: World, session: Session, open_page: OpenPage, watched: Watched
) -> None:
    ApprovalPolicy.objects.create(establishment=live_world.lille, active=True)
    order = place(prepare(live_world.personas["responsable"], session, live_world.lille, known=1))
    user = live_world.personas["administrator"]
    draft = prepare(user, session, live_world.lille, known=3, unnamed=1)
    page = open_page(user, width=width, scheme=scheme)
    wrong = []
    closed = coming_session(live_world, days=1)
    Session.objects.filter(pk=closed.pk).update(state="full")
    for path in [
        reverse("enrol_start", args=[session.pk]),
        reverse("enrol_terms", args=[draft.token]),
        reverse("enrol_summary", args=[draft.token]),
        reverse("enrol_discard", args=[draft.token]),
        reverse("enrol_start", args=[closed.pk]),
        reverse("order_approval", args=[order.pk]),
        reverse("order_withdrawal", args=[order.pk]),
        reverse("approval_policies"),
        reverse("approval_policy", args=[live_world.lille.pk]),
    ]:
        page.goto(path)
        wrong += [f"{path} {violation}" for violation in violations_on(page)]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong += [f"{path} scrolls sideways by {overflow}px"] if overflow > 0 else []
    assert not wrong, "\n".join(wrong)
    assert not watched.errors


def test_the_queue_can_be_read(live_world: World, session: Session, open_page: OpenPage, watched: Watched) -> None:
    place(prepare(live_world.personas["administrator"], session, live_world.lille, known=1))
    page = open_page(live_world.personas["staff"])
    page.goto(reverse("admin:enrolments_order_queue"))
    found = Axe().run(page, options={"runOnly": ["color-contrast", "label", "button-name"]})
    assert [violation["id"] for violation in found.response["violations"]] == []
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Valider les commandes cochées").click()
    expect(page.get_by_text("1 commande validée.")).to_be_visible()
    assert not watched.errors


def test_the_queue_stacks_on_a_phone(live_world: World, session: Session, open_page: OpenPage) -> None:
    """One order under the other, and all of each in sight: nothing scrolls sideways, and no cell is beside another."""
    for _rank in range(2):
        draft = prepare(live_world.personas["administrator"], session, live_world.lille, unnamed=1)
        place(draft)
    page = open_page(live_world.personas["staff"], width=390)
    page.goto(reverse("admin:enrolments_order_queue"))
    rows = page.locator(".queue tbody tr")
    expect(rows).to_have_count(2)
    below = float("-inf")
    for row in rows.all():
        box, *cells = [cell.bounding_box() for cell in row.locator("> *").all()]
        assert box is not None
        for cell in cells:
            assert cell is not None
            assert (cell["y"] >= below, cell["x"] >= box["x"] + box["width"]) == (True, True)
            assert cell["x"] + cell["width"] <= 390
            below = cell["y"] + cell["height"]
    frame = page.locator(".queue-frame")
    assert frame.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
