"""The QR of an attestation leads to a public page: valid, replaced or unknown, and nothing more than is printed."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pikepdf
import pytest
from django.test import Client

from documents.issuing import asking, due
from documents.models import Document, Issue, documents_storage
from documents.verification import LIMITS
from tests.conftest import RunTasks
from tests.documents.issuing.conftest import Deal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rate_limit")]


@pytest.fixture
def attestation(deal: Deal, run_tasks: RunTasks) -> Document:
    """Really printed."""
    deal.close()
    asking.ask(subjects=due.attestations([deal.seat]), reason="Essai")
    run_tasks()
    return Document.objects.get(issue__kind="attestation")


def address(document: Document) -> str:
    return f"/verification/{document.issue.check_code}/"


def test_what_is_printed_leads_to_the_page(attestation: Document, client: Client) -> None:
    with documents_storage().open(str(attestation.file.name)) as file, pikepdf.open(io.BytesIO(file.read())) as pdf:
        links = [str(one.A.URI) for page in pdf.pages for one in page.get("/Annots", []) if "/A" in one]
        figures = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and one.get("/S") == "/Figure"]
    assert [link for link in links if link.endswith(address(attestation))]
    assert any("Code QR" in str(one.get("/Alt", "")) for one in figures), "nobody can see it without the picture"
    page = client.get(address(attestation))
    assert page.status_code == 200
    text = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    person = attestation.enrolment.participant if attestation.enrolment else None
    assert person is not None
    for said in ("Attestation valide", attestation.number, person.last_name.upper(), "Python, les bases", "21 h"):
        assert said in text
    for hidden in ("armor.example", "1 275", "Armor Lille", str(attestation.order)):
        assert hidden not in text


def test_a_replaced_one_says_so(attestation: Document, client: Client, deal: Deal, run_tasks: RunTasks) -> None:
    person = deal.seat.participant
    assert person is not None
    before = person.last_name.upper()
    person.last_name = "Corrigé"
    person.save()
    asking.correct(documents=[attestation], reason="Nom", actor=deal.world.personas["staff"])
    run_tasks()
    newer = Document.objects.get(replaces=attestation)
    old_page, new_page = client.get(address(attestation)).text, client.get(address(newer)).text
    assert "Attestation remplacée" in old_page
    assert before in old_page
    assert "CORRIGÉ" not in old_page
    assert "Attestation valide" in new_page
    assert "CORRIGÉ" in new_page


def test_unknown(attestation: Document, client: Client) -> None:
    code = str(attestation.issue.check_code)
    for other in (code.swapcase(), code[:-1], "x" * 22, "9" * 4000):
        answer = client.get(f"/verification/{other}/")
        assert answer.status_code == 404
        assert attestation.number not in answer.text
    assert "Attestation inconnue" in client.get(f"/verification/{code[:-1]}/").text


def test_one_that_is_only_asked_for_is_unknown(deal: Deal, client: Client) -> None:
    deal.close()
    asking.ask(subjects=due.attestations([deal.seat]), reason="Essai")
    assert client.get(f"/verification/{Issue.objects.get().check_code}/").status_code == 404


def test_codes_cannot_be_tried(attestation: Document, client: Client, private_store: Path) -> None:
    """128 random bits, and thirty tries a minute."""
    assert len(str(attestation.issue.check_code)) >= 22
    tries = int(LIMITS["verification"].split("/")[0])
    answers = [client.get(f"/verification/essai-{rank}/").status_code for rank in range(tries + 1)]
    assert answers == [404] * tries + [429]
