"""The library as people use it: a ZIP in three steps, a signature, an évaluation on a phone."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from accounts.document_types import DocumentType
from documents.evaluations.services import invite, new_link
from documents.models import Acceptance, Evaluation
from enrolments.models import EnrolmentState
from tests.e2e.conftest import OpenPage, Watched
from tests.e2e.test_pages import violations_on
from tests.worlds import World, make_document, make_order, make_session


@pytest.mark.parametrize("javascript", [True, False])
def test_all_invoices_of_last_quarter_in_three_steps(
    javascript: bool, live_world: World, open_page: OpenPage, watched: Watched, tmp_path: Path
) -> None:
    """Documents, the filter, download; then the page says how it went."""
    today = timezone.localdate()
    last_quarter = today.replace(day=1, month=3 * ((today.month - 1) // 3) + 1) - timedelta(days=20)
    for place in (live_world.lille, live_world.nice):
        order = live_world.armor.orders[place.pk][0]
        make_document(DocumentType.FACTURE, order, issued_on=last_quarter)
    user = live_world.personas["responsable"]
    page = open_page(user, javascript=javascript)
    page.get_by_role("link", name="Documents", exact=True).first.click()  # step 1
    page.goto(f"{reverse('document_list')}?type=facture&periode=dernier-trimestre")  # step 2, its state is the address
    expect(page.locator("#results tbody tr")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Tout en ZIP")).click()  # step 3
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    with ZipFile(saved) as archive:
        assert len(archive.namelist()) == 2
        assert all("_Facture_" in name for name in archive.namelist())
    page.goto(page.url if "/archives/" in page.url else reverse("archive_list"))
    expect(page.locator("main")).to_contain_text("2 sur 2")
    assert not watched.errors


@pytest.mark.parametrize("width", [1440, 390])
def test_a_long_number_stays_clear_of_the_icons_beside_it(width: int, live_world: World, open_page: OpenPage) -> None:
    order = live_world.armor.orders[live_world.lille.pk][0]
    older = make_document(DocumentType.CONVENTION, order, number="CMD-2026-000052-CONV-SIGNEE-11")
    newer = make_document(DocumentType.CONVENTION, order, replaces=older)
    page = open_page(live_world.personas["responsable"], width=width)
    page.goto(reverse("document_detail", args=[newer.pk]))
    number, icon = page.locator(".lines li .nowrap").first, page.locator(".lines li > .actions a, .lines li > a").first
    around, beside = number.bounding_box(), icon.bounding_box()
    assert around is not None
    assert beside is not None
    assert around["x"] + around["width"] <= beside["x"]


@pytest.mark.parametrize("width", [1440, 390])
def test_two_rows_ticked_with_the_mouse_as_a_zip(
    width: int, live_world: World, open_page: OpenPage, watched: Watched, tmp_path: Path
) -> None:
    """The box is above the link that covers its row: a click ticks it and goes nowhere."""
    order = live_world.armor.orders[live_world.lille.pk][0]
    chosen = [make_document(DocumentType.FACTURE, order), make_document(DocumentType.CONVENTION, order)]
    page = open_page(live_world.personas["responsable"], width=width)
    page.goto(reverse("document_list"))
    for document in chosen:
        page.locator(f"input[name=document][value='{document.pk}']").click(timeout=5000)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("La sélection")).click()
    download.value.save_as(tmp_path / "selection.zip")
    with ZipFile(tmp_path / "selection.zip") as archive:
        names = archive.namelist()
    assert len(names) == 2
    assert all(any(document.number in name for name in names) for document in chosen)
    assert not watched.errors


def test_signing_in_the_portal(live_world: World, open_page: OpenPage, watched: Watched) -> None:
    order = make_order(live_world.lille, "responsable@armor.example", live_world.sessions[1:], papers=False)
    quote = make_document(DocumentType.BON_POUR_ACCORD, order)
    page = open_page(live_world.personas["responsable"])
    page.get_by_role("link", name=re.compile(f"Lire et signer.*{quote.number}")).click()
    page.fill("input[name=name]", "Anne Le Goff")
    page.fill("input[name=job_title]", "DRH")
    page.check("input[name=agreed]")
    page.get_by_role("button", name="Donner mon accord").click()
    expect(page.locator("main")).to_contain_text("Anne Le Goff, DRH")
    assert Acceptance.objects.filter(document=quote).exists()
    assert not watched.errors


@pytest.mark.parametrize("javascript", [True, False])
def test_answering_an_evaluation_on_a_phone(
    javascript: bool, live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    session = make_session(live_world.sessions[0].course, timezone.localdate() - timedelta(days=5))
    order = make_order(live_world.lille, "responsable@armor.example", [session], papers=False)
    order.enrolments.update(state=EnrolmentState.PRESENT)
    evaluation = invite(order.enrolments.get().pk)
    assert evaluation is not None
    page = open_page(width=390, javascript=javascript)
    page.goto("/" + new_link(evaluation).split("/", 3)[3])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390 if javascript else True
    groups = page.locator("fieldset")
    if javascript:
        assert not violations_on(page)
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            groups.first.get_by_text("Tout à fait").click()
        assert Evaluation.objects.get().answers["ratings"] == {"objectifs": 4}, "kept as it is chosen"
    for rank in range(groups.count()):
        groups.nth(rank).locator("input").first.check()
    page.fill("textarea", "Très concret")
    page.get_by_role("button", name="Envoyer mes réponses").click()
    expect(page.locator("main")).to_contain_text("Merci de votre avis")
    kept = Evaluation.objects.get()
    assert kept.submitted_at is not None
    assert kept.answers["comment"] == "Très concret"
    assert not watched.errors


@pytest.mark.parametrize("width", [1440, 390])
def test_the_pages_of_the_library_are_accessible(
    width: int, live_world: World, open_page: OpenPage, watched: Watched
) -> None:
    order = make_order(live_world.lille, "responsable@armor.example", live_world.sessions[1:], papers=False)
    quote = make_document(DocumentType.BON_POUR_ACCORD, order)
    page = open_page(live_world.personas["responsable"], width=width)
    wrong = []
    for path in [
        *map(reverse, ["missing_papers", "evaluation_results", "archive_list"]),
        reverse("deposit_create", args=[order.pk]),
        reverse("document_sign", args=[quote.pk]),
    ]:
        page.goto(path)
        wrong += [f"{path} {violation}" for violation in violations_on(page)]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong += [f"{path} scrolls sideways by {overflow}px"] if overflow > 0 else []
    assert not wrong, "\n".join(wrong)
    assert not watched.errors
