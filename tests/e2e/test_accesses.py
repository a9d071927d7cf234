"""Errands of an administrator: an accountant for invoices only, a leaver out, both without script too."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.document_types import DocumentType
from accounts.models import Access, Invitation, User
from accounts.roles import Role
from tests.e2e.conftest import OpenPage, Watched
from tests.e2e.test_pages import violations_on
from tests.worlds import World, give_access, make_user


@pytest.mark.parametrize("javascript", [True, False])
def test_an_accountant_gets_invoices_only_in_three_steps(
    javascript: bool, live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    page = open_page(live_world.personas["administrator"], javascript=javascript)
    page.goto(reverse("access_list"))
    page.locator(".page-head").get_by_role("link", name="Inviter").click()
    page.get_by_label("Adresses email").fill("compta@armor.example")
    page.get_by_label("Factures seulement").check()
    expect(page.get_by_label("Convocation", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Envoyer l’invitation").click()
    expect(page.get_by_text("Invitation envoyée à compta@armor.example.")).to_be_visible()
    link = re.search(r"https?://\S+?(/invitation/\S+/)", str(mail.outbox[-1].body))
    assert link

    invited = open_page(javascript=javascript)
    invited.goto(link.group(1))
    invited.get_by_role("link", name="Créer mon compte").last.click()
    invited.get_by_label("Prénom").fill("Nora")
    invited.get_by_label("Nom", exact=True).fill("Neuve")
    expect(invited.locator("input[name=email]")).to_have_value("compta@armor.example")
    for name in ("password1", "password2"):
        invited.locator(f"input[name={name}]").fill("Un-secret-assez-long-7")
    invited.locator("main button[type=submit]").click()
    invited.get_by_role("button", name="Accepter l’invitation").click()
    expect(invited.get_by_text("vous avez accès à Armor Lille")).to_be_visible()
    invited.goto(reverse("document_list"))
    expect(invited.locator("#results tbody tr")).to_have_count(2)
    assert User.objects.get(email="compta@armor.example").rights.granted == {
        live_world.lille.pk: {DocumentType.FACTURE}
    }
    assert not watched.errors


@pytest.mark.parametrize("javascript", [True, False])
def test_a_leaver_is_removed_in_two_clicks(
    javascript: bool, live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    leaver = make_user("parti@armor.example")
    access = give_access(leaver, live_world.lille, Role.ADMINISTRATOR)
    theirs = open_page(leaver)
    User.objects.filter(pk=leaver.pk).update(last_login=timezone.now() - timedelta(days=300))
    page = open_page(live_world.personas["administrator"], javascript=javascript)
    page.goto(reverse("access_review"))
    line = page.locator("li", has_text="parti@armor.example")
    expect(line).to_contain_text("Absent depuis six mois")
    line.get_by_role("link", name=re.compile("Retirer")).click()
    expect(page.get_by_text("ne verra plus les 4 inscriptions de Armor Lille")).to_be_visible()
    page.get_by_role("button", name="Retirer l’accès").click()
    expect(page.get_by_text(re.compile("est retiré"))).to_be_visible()
    assert not Access.objects.filter(pk=access.pk).exists()
    answer = theirs.goto(reverse("access_list"))
    assert answer is not None
    assert answer.status == 404
    assert not [error for error in watched.errors if "404" not in error]


@pytest.mark.parametrize("javascript", [True, False])
def test_types_are_ticked_in_place(javascript: bool, live_world: World, open_page: OpenPage, watched: Watched) -> None:
    page = open_page(live_world.personas["administrator"], javascript=javascript)
    page.goto(reverse("access_list"))
    row = page.locator("tr", has_text="comptable@armor.example")
    row.get_by_role("button", name=re.compile("Changer les types")).click()
    row.get_by_label("Convention").check()
    row.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("Cette personne ouvrira désormais : Convention")).to_be_visible()
    page.get_by_role("button", name="Confirmer le changement").click()
    expect(page.locator("tr", has_text="comptable@armor.example")).to_contain_text("Convention, Facture")
    assert not watched.errors


@pytest.mark.parametrize("javascript", [True, False])
def test_somebody_is_found_among_many(
    javascript: bool, live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    for rank in range(60):
        give_access(make_user(f"p{rank:02d}@armor.example"), live_world.lille, Role.STANDARD)
    page = open_page(live_world.personas["administrator"], javascript=javascript)
    page.goto(reverse("access_list"))
    rows = page.locator("table.accesses tbody tr")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Suivants").click()
    expect(rows).to_have_count(14)
    page.get_by_label("Personne", exact=True).fill("p37@armor")
    if not javascript:
        page.get_by_role("button", name="Voir les résultats").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("p37@armor.example")
    rows.get_by_role("link", name=re.compile("Retirer")).click()
    page.get_by_role("button", name="Retirer l’accès").click()
    expect(page.get_by_text(re.compile("est retiré"))).to_be_visible()
    assert not Access.objects.filter(user__email="p37@armor.example").exists()
    assert not watched.errors


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_pages_of_accesses_are_accessible(
    width: int, scheme: str, live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    Invitation.objects.create(
        email="invitee@armor.example",
        establishment=live_world.lille,
        role=Role.STANDARD,
        token_hash="0" * 64,
        invited_by=live_world.personas["administrator"],
        expires_at=timezone.now() + timedelta(days=3),
    )
    access = Access.objects.get(user=live_world.personas["standard"])
    own = Access.objects.get(user=live_world.personas["administrator"])
    paper = live_world.armor.documents(live_world.lille)[0]
    paths = [
        *map(reverse, ("access_list", "access_invite", "access_review")),
        *(reverse(route, args=[access.pk]) for route in ("access_change", "access_remove")),
        reverse("access_change", args=[own.pk]),
        reverse("invitation_revoke", args=[Invitation.objects.get().pk]),
        reverse("document_sharing", args=[paper.pk]),
    ]
    page, wrong = open_page(live_world.personas["administrator"], width=width, scheme=scheme), []
    for path in paths:
        page.goto(path)
        wrong += [f"{path} {violation}" for violation in violations_on(page)]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong += [f"{path} scrolls sideways by {overflow}px"] if overflow > 0 else []
    assert not wrong, "\n".join(wrong)
    assert not watched.errors
