"""Every page of the management site, for whoever may see it and for whoever may not."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.admin.base import CappedPaginator
from accounts.models import AccessReview, EstablishmentGrant, NotificationChoices
from catalogue.models import AccordCoverage, CatalogueWord, CourseIndex, HalfDay
from documents.models import Archive, Document, DocumentGrant, EvaluationLink, LibraryVisit, Serving
from enrolments.models import (
    ApprovalPolicy,
    Attendance,
    CalendarFeed,
    CancellationBand,
    DraftSeat,
    OrderDraft,
    OrderEvent,
)
from espace_client.models import ImportRefusal, ImportRun
from tests.admin_rows import ROWS, make_import_run
from tests.conftest import ClientFor
from tests.worlds import World, make_user

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
# Shown on the page of what they belong to; grants as the checkboxes of an access, never raw.
ELSEWHERE = {AccordCoverage, DocumentGrant, EstablishmentGrant, HalfDay, NotificationChoices}
ELSEWHERE |= {Attendance, CancellationBand}  # on the page of their session, of their terms
ELSEWHERE |= {CalendarFeed}  # a secret address is its owner's
ELSEWHERE |= {OrderDraft, DraftSeat, Archive, LibraryVisit, EvaluationLink}  # theirs who are preparing, or asked
ELSEWHERE |= {ApprovalPolicy, AccessReview, OrderEvent}  # on the pages of accesses and of the order
ELSEWHERE |= {CourseIndex, CatalogueWord}  # made by the database for searches
models_of_the_site = pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label_lower)


def page(model: type[Model], action: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{action}", args=args)


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


def test_every_model_of_the_portal_has_its_page() -> None:
    ours = {m for m in apps.get_models() if m._meta.app_label in {"accounts", "catalogue", "enrolments", "documents"}}
    assert ours - ELSEWHERE == {m for m in REGISTERED if m in ours}
    assert {ImportRun, ImportRefusal} <= set(REGISTERED)
    assert set(REGISTERED) == set(ROWS), "a model without rows would be tested on empty pages"


@models_of_the_site
def test_staff_open_every_page(model: type[Model], world: World, staff: Client) -> None:
    ROWS[model](world, 2)
    row = model._default_manager.latest("pk")
    admin_of = admin.site._registry[model]
    listed = staff.get(page(model, "changelist"))
    assert listed.status_code == 200
    assert listed.context["cl"].result_count >= 2
    if admin_of.search_fields:
        assert staff.get(page(model, "changelist"), {"q": "Éléonore d'aujourd'hui"}).status_code == 200
    assert staff.get(page(model, "change", row.pk)).status_code == 200
    assert staff.get(page(model, "history", row.pk)).status_code == 200
    may_add = admin_of.has_add_permission(listed.wsgi_request)
    assert staff.get(page(model, "add")).status_code == (200 if may_add else 403)
    may_delete = admin_of.has_delete_permission(listed.wsgi_request, row)
    assert staff.get(page(model, "delete", row.pk)).status_code == (200 if may_delete else 403)
    assert staff.get(page(model, "change", 0)).status_code == 302


@models_of_the_site
def test_every_filter_answers(model: type[Model], world: World, staff: Client) -> None:
    ROWS[model](world, 2)
    specs = staff.get(page(model, "changelist")).context["cl"].filter_specs
    for spec in specs:
        for choice in list(spec.choices(staff.get(page(model, "changelist")).context["cl"])):
            answer = staff.get(page(model, "changelist") + choice["query_string"])
            assert answer.status_code == 200, choice
            assert "e=1" not in answer.request["QUERY_STRING"]


@models_of_the_site
def test_a_longer_list_costs_no_more_queries(model: type[Model], world: World, staff: Client) -> None:
    counts = []
    staff.get(page(model, "changelist"))
    for more in (8, 50):
        ROWS[model](world, more)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = staff.get(page(model, "changelist"))
        assert answer.context["cl"].result_count >= more
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_report_of_an_import(world: World, staff: Client) -> None:
    run = make_import_run()
    text = staff.get(page(ImportRun, "change", run.pk)).text
    assert "Colonne ignorée : note" in text
    assert "SIRET inconnu." in text
    assert "&lt;b&gt;123&lt;/b&gt;" in text, "what a drop contains is shown, never obeyed"
    refusals = page(ImportRefusal, "changelist")
    link = f"{refusals}?run__id__exact={run.pk}&amp;file=acces.csv"
    assert link in text
    make_import_run()
    listed = staff.get(link.replace("&amp;", "&")).context["cl"].result_list
    assert [row.run_id for row in listed] == [run.pk]


def test_a_long_report_shows_its_beginning_and_says_so(world: World, staff: Client) -> None:
    run = make_import_run()
    refusal = run.refusals.get()
    ImportRefusal.objects.bulk_create(
        ImportRefusal(run=run, file="acces.csv", line=line, reason=refusal.reason) for line in range(300)
    )
    text = staff.get(page(ImportRun, "change", run.pk)).text
    assert text.count("SIRET inconnu.") == 200
    assert "101 autres" in text


@pytest.mark.parametrize("model", [ImportRun, ImportRefusal])
def test_reports_are_only_read(world: World, staff: Client, model: type[Model]) -> None:
    make_import_run()
    row = model._default_manager.latest("pk")
    assert staff.post(page(model, "change", row.pk), {"folder": "x"}).status_code == 403
    assert staff.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_lists_count_no_further_than_they_need(world: World, staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ROWS[ImportRefusal](world, 12)
    monkeypatch.setattr(CappedPaginator, "CAP", 10)
    listed = staff.get(page(ImportRefusal, "changelist"))
    assert listed.context["cl"].result_count == 10
    assert "plus de 10 lignes refusées" in " ".join(listed.text.split())


def test_staff_without_a_right_see_nothing_of_it(world: World, client_for: ClientFor) -> None:
    clerk = make_user("lectrice@ib.example", is_staff=True)
    group = Group.objects.create(name="Lecture des documents")
    group.permissions.add(Permission.objects.get(codename="view_document"))
    clerk.groups.add(group)
    client = client_for(clerk)
    assert client.get(page(Document, "changelist")).status_code == 200
    assert client.get(page(Document, "add")).status_code == 403
    assert client.get(page(Serving, "changelist")).status_code == 403


def test_ones_password_is_changed_on_the_page_of_the_account(staff: Client) -> None:
    assert staff.get(reverse("admin:password_change")).headers["Location"] == reverse("account_change_password")
