"""The page of an invoice says when it is due, who pays which part, and where the legal one is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from accounts.document_types import DocumentType
from documents.issuing import asking
from documents.issuing.asking import Subject
from documents.models import Document, FundingAgreement, Invoice
from documents.papers import Paper
from tests.conftest import ClientFor, RunTasks
from tests.documents.issuing.conftest import Deal
from tests.worlds import make_document

Printed = Callable[[], list[Paper]]


@pytest.mark.django_db
def test_it_follows_the_legal_invoice(
    deal: Deal, quick_press: Printed, run_tasks: RunTasks, client_for: ClientFor
) -> None:
    agreement = make_document(DocumentType.PRISE_EN_CHARGE, deal.order)
    FundingAgreement.objects.create(document=agreement, funder="Opco Atlas", granted=900)
    deal.close()
    asking.ask(subjects=[Subject.of_bill(deal.order, deal.session)], reason="Essai")
    run_tasks()
    invoice = Document.objects.get(issue__kind="facture")
    url = reverse("document_detail", args=[invoice.pk])
    reader = client_for(deal.world.personas["administrator"])
    page = reader.get(url).text.replace("\u202f", " ").replace("\u00a0", " ")
    assert "Échéance" in page
    assert "1 530,00 €" in page
    assert "900,00 € · Opco Atlas" in page
    assert "Plateforme agréée" not in page
    Invoice.objects.update(platform="PA Exemple", platform_reference="PA-2026-77", platform_status="collected")
    page = reader.get(url).text
    for said in ("PA Exemple", "PA-2026-77", "Encaissée"):
        assert said in page
