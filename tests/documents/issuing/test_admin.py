"""Staff issue, correct and credit from lists, and see how far it is."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.typography import money
from catalogue.models import Session, SessionState
from documents.issuing import asking, due
from documents.issuing.asking import Subject
from documents.models import Document, FundingAgreement, Invoice, Issue, IssueBatch, IssueState
from documents.papers import Paper
from enrolments.transitions import any_state
from tests.admin_rows import change, unchanged
from tests.conftest import ClientFor, RunTasks
from tests.documents.issuing.conftest import Deal
from tests.worlds import make_document, make_user

Printed = Callable[[], list[Paper]]
pytestmark = pytest.mark.django_db


@pytest.fixture
def team(deal: Deal, client_for: ClientFor) -> Client:
    return client_for(deal.world.personas["staff"])


def act(team: Client, model: str, action: str, *pks: int) -> str:
    """Do an action on rows of a list; the text of the page it leads to."""
    url = reverse(f"admin:{model}_changelist")
    return team.post(url, {"action": action, "_selected_action": list(pks)}, follow=True).text


@pytest.mark.parametrize(
    ("model", "action", "closed", "kinds"),
    [
        ("enrolments_order", "issue_quotes", False, ["bon_pour_accord"]),
        ("enrolments_order", "issue_convention", False, ["convention"]),
        ("enrolments_order", "issue_convocation", False, ["convocation"]),
        ("enrolments_order", "issue_facture", True, ["facture"]),
        ("catalogue_session", "issue_convocation", False, ["convocation"]),
        ("catalogue_session", "issue_emargement", False, ["emargement"]),
        ("catalogue_session", "issue_attestation", True, ["attestation"]),
        ("catalogue_session", "issue_facture", True, ["facture"]),
        ("catalogue_session", "issue_evaluation", True, []),
        ("enrolments_enrolment", "issue_convocation", False, ["convocation"]),
    ],
)
def test_issue_from_a_list(
    model: str, action: str, closed: bool, kinds: list[str], deal: Deal, team: Client, quick_press: Printed,
    run_tasks: RunTasks,
) -> None:  # fmt: skip
    row = {"enrolments_order": deal.order, "catalogue_session": deal.session, "enrolments_enrolment": deal.seat}[model]
    if closed:
        deal.close()
    page = act(team, model, action, row.pk)
    assert list(Issue.objects.values_list("kind", flat=True)) == kinds
    if not kinds:
        assert "Rien à émettre" in page
        return
    assert "Émises\u00a0: 0 sur 1" in page
    assert "en attente\u00a0: 1" in page
    assert '<meta http-equiv="refresh" content="3">' in page
    run_tasks()
    batch = IssueBatch.objects.get()
    assert batch.asked_by == deal.world.personas["staff"]
    page = team.get(change(batch)).text
    assert "Émises\u00a0: 1 sur 1" in page
    assert "en attente" not in page
    assert "http-equiv" not in page
    assert Document.objects.get(issue__batch=batch).number in page
    assert "Rien à émettre" in act(team, model, action, row.pk)


def test_what_failed_says_why_and_is_tried_again(
    deal: Deal, team: Client, quick_press: Printed, run_tasks: RunTasks
) -> None:
    half_days = list(deal.session.half_days.all())
    deal.session.half_days.all().delete()
    asking.ask(subjects=due.convocations([deal.seat]), reason="Essai")
    run_tasks()
    batch = IssueBatch.objects.get()
    page = team.get(change(batch)).text
    assert "n’a pas d’horaires" in page
    assert "en échec\u00a0: 1" in page
    deal.session.half_days.bulk_create(half_days)
    assert "1 pièce remise en file" in team.post(change(batch), follow=True).text
    run_tasks()
    assert Issue.objects.get().state == IssueState.DONE
    Issue.objects.update(state=IssueState.FAILED, document=None)
    assert "1 pièce remise en file" in act(team, "documents_issue", "try_again", Issue.objects.get().pk)
    assert team.get(reverse("admin:documents_issuebatch_change", args=[10**6]), follow=True).status_code == 200


def test_who_may_only_look_tries_nothing_again(deal: Deal, client_for: ClientFor, run_tasks: RunTasks) -> None:
    deal.session.half_days.all().delete()
    asking.ask(subjects=due.convocations([deal.seat]), reason="Essai")
    run_tasks()
    reader = make_user("lecture@ib.example", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename__in=["view_issuebatch", "view_document"]))
    client = client_for(reader)
    assert client.post(change(IssueBatch.objects.get())).status_code == 403
    assert Issue.objects.get().state == IssueState.FAILED


def test_correct_from_the_list_of_documents(
    deal: Deal, team: Client, quick_press: Printed, run_tasks: RunTasks
) -> None:
    due.when_validated(deal.order)
    run_tasks()
    convention = Document.objects.get(type="convention", order=deal.order)
    assert "Émises\u00a0: 0 sur 1" in act(team, "documents_document", "correct_documents", convention.pk)
    theirs = make_document(DocumentType.CONVENTION, deal.order)
    assert "ne vient pas du portail" in act(team, "documents_document", "correct_documents", theirs.pk)


def test_credit_and_bill_again(deal: Deal, team: Client, quick_press: Printed, run_tasks: RunTasks) -> None:
    deal.join()
    deal.close()
    asking.ask(subjects=[Subject.of_bill(deal.order, deal.session)], reason="Essai")
    run_tasks()
    invoice = Document.objects.get(issue__kind="facture")
    url = reverse("admin:documents_document_avoir", args=[invoice.pk])
    assert url in team.get(change(invoice)).text
    first, second = invoice.seats.all()
    assert first.trainee in team.get(url).text
    assert "obligatoire" in team.post(url, {"seats": [first.pk], "reason": ""}).text
    assert "Émises\u00a0: 0 sur 1" in team.post(url, {"seats": [first.pk], "reason": "Absence"}, follow=True).text
    page = team.get(url).text
    assert first.trainee not in page
    assert "pas créditée en entier" in team.post(url, {"again": "1"}, follow=True).text
    team.post(url, {"seats": [second.pk], "reason": "Erreur"})
    run_tasks()
    avoir = Document.objects.filter(issue__kind="avoir").earliest("pk")
    said = team.get(change(avoir)).text
    for text in (change(invoice), "Absence", first.trainee, f"{money(Decimal('-1530.00'))} TTC"):
        assert text in said
    assert second.trainee not in said
    assert change(avoir) in team.get(change(invoice)).text
    assert "Refacturer" in team.get(url).text
    assert "Émises\u00a0: 0 sur 1" in team.post(url, {"again": "1"}, follow=True).text
    assert "déjà demandée" in team.post(url, {"again": "1"}, follow=True).text
    run_tasks()
    assert Document.objects.get(replaces=invoice).seats.count() == 2
    other = make_document(DocumentType.FACTURE, deal.order)
    assert team.get(reverse("admin:documents_document_avoir", args=[other.pk])).status_code == 404


def test_only_who_may_file_documents_makes_an_avoir(
    deal: Deal, client_for: ClientFor, quick_press: Printed, run_tasks: RunTasks
) -> None:
    deal.close()
    asking.ask(subjects=[Subject.of_bill(deal.order, deal.session)], reason="Essai")
    run_tasks()
    invoice = Document.objects.get(issue__kind="facture")
    reader = client_for(make_user("lecture@ib.example", is_staff=True))
    assert reader.get(reverse("admin:documents_document_avoir", args=[invoice.pk])).status_code == 403


def test_the_platform_is_followed_and_the_figures_stay(
    deal: Deal, team: Client, quick_press: Printed, run_tasks: RunTasks
) -> None:
    deal.close()
    asking.ask(subjects=[Subject.of_bill(deal.order, deal.session)], reason="Essai")
    run_tasks()
    invoice = Invoice.objects.get()
    fields = {"platform": "PA Exemple", "platform_reference": "PA-77", "platform_status": "deposited", "net": "1"}
    assert team.post(change(invoice), fields).status_code == 302
    invoice.refresh_from_db()
    assert (invoice.platform_reference, invoice.net) == ("PA-77", deal.seat.price)
    assert str(invoice) == str(invoice.document)


def test_an_agreement_is_typed_in(deal: Deal, team: Client) -> None:
    document = make_document(DocumentType.PRISE_EN_CHARGE, deal.order)
    fields = {"document": document.pk, "funder": "Opco", "file_number": "7", "granted": "900", "subrogation": "on"}
    assert team.post(reverse("admin:documents_fundingagreement_add"), fields).status_code == 302
    assert str(FundingAgreement.objects.get()) == f"Opco · {document}"


@pytest.mark.parametrize("state", [SessionState.CONFIRMED, SessionState.GUARANTEED, SessionState.FULL])
def test_confirming_a_session_summons_its_trainees(state: SessionState, deal: Deal, team: Client) -> None:
    with any_state():
        Session.objects.filter(pk=deal.session.pk).update(state=SessionState.OPEN)
    form = team.get(change(deal.session)).context["adminform"].form
    fields = {name: form.initial.get(name) or "" for name in form.fields}
    inlines = unchanged("half_days", "enrolments")
    answer = team.post(change(deal.session), {**fields, **inlines, "state": state})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert sorted(Issue.objects.values_list("kind", flat=True)) == ["convocation", "emargement"]
    progress = change(IssueBatch.objects.get())
    assert f'2 pièces sont en cours d’émission. <a href="{progress}">' in team.get(answer.headers["Location"]).text
    with any_state():
        Session.objects.filter(pk=deal.session.pk).update(state=SessionState.OPEN)
    again = team.post(change(deal.session), {**fields, **inlines, "state": state}, follow=True)
    assert "en cours d’émission" not in again.text, "all of it is asked for already"
