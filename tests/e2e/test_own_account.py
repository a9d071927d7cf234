"""Errands about oneself: the login address changes, and one looks at one establishment only."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import User
from tests.e2e.conftest import OpenPage, Watched
from tests.worlds import PASSWORD, World

NEW = "nouvelle@armor.example"


@pytest.mark.parametrize("javascript", [True, False])
def test_the_login_address_changes(javascript: bool, live_world: World, open_page: OpenPage, watched: Watched) -> None:
    user = live_world.personas["responsable"]
    elsewhere, page = open_page(user), open_page(user, javascript=javascript)
    page.goto(reverse("order_list"))
    expect(page.locator("#results tbody tr")).to_have_count(2)
    page.goto(reverse("account_email"))
    expect(page.locator("main")).to_contain_text("4 inscriptions")
    page.get_by_label("Nouvelle adresse").fill(NEW)
    page.get_by_role("button", name="Envoyer le lien de confirmation").click()
    if page.locator("input[name=password]").count():  # who one is, asked again unless one has just logged in
        page.fill("input[name=password]", PASSWORD)
        page.click("main button[type=submit]")
    expect(page.get_by_text(f"Changement en attente\u00a0: {NEW}")).to_be_visible()
    assert User.objects.get(pk=user.pk).rights.email == user.email, "nothing before the link"
    [confirmation] = [message for message in mail.outbox if message.to == [NEW]]
    link = re.search(r"https?://\S+?(/confirmer-mon-adresse/\S+/)", str(confirmation.body))
    assert link
    page.goto(link.group(1))
    page.locator("main button[type=submit]").click()
    page.goto(reverse("order_list"))
    expect(page.locator("#results tbody tr")).to_have_count(0)
    elsewhere.goto(reverse("dashboard"))
    expect(elsewhere).to_have_url(re.compile(re.escape(reverse("account_login"))))
    assert any(message.to == [user.email] for message in mail.outbox), "the old address is told"
    assert User.objects.get(pk=user.pk).rights.email == NEW
    assert not watched.errors


@pytest.mark.parametrize("width", [1440, 390])
def test_one_establishment_is_looked_at_and_stays_so(
    width: int, live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    user = live_world.personas["member_of_two"]
    page = open_page(user, width=width)
    page.goto(reverse("order_list"))
    expect(page.locator("#results tbody tr")).to_have_count(4)
    page.locator(".switcher-button").click()
    page.get_by_role("button", name="Seul\u00a0: Armor Nice").click()
    expect(page.locator("#results tbody tr")).to_have_count(2)
    expect(page.locator(".switcher-button")).to_contain_text("Armor Nice")
    page.goto(reverse("document_list"))
    expect(page.locator("#results tbody tr")).to_have_count(2)  # the convocations: what is ticked in Nice

    tomorrow = open_page(user, width=width)  # another device
    tomorrow.goto(reverse("order_list"))
    expect(tomorrow.locator("#results tbody tr")).to_have_count(2)
    tomorrow.goto(reverse("order_detail", args=[live_world.armor.orders[live_world.lille.pk][0].pk]))
    expect(tomorrow.get_by_role("heading", level=1)).to_be_visible()  # a link to one object still opens it
    tomorrow.locator(".switcher-button").click()
    tomorrow.get_by_role("button", name="Tout afficher").click()
    tomorrow.goto(reverse("order_list"))
    expect(tomorrow.locator("#results tbody tr")).to_have_count(4)
    assert not watched.errors


def test_without_script_the_choice_is_made_in_the_account(
    live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    page = open_page(live_world.personas["member_of_two"], javascript=False)
    page.goto(reverse("establishments_shown"))
    page.get_by_label("Armor Lille").uncheck()
    page.get_by_role("button", name="Afficher la sélection").click()
    page.goto(reverse("order_list"))
    expect(page.locator("#results tbody tr")).to_have_count(2)
    assert not watched.errors
