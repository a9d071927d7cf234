"""The pack for the OPCO: what it holds, what it says is missing, and for whom."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.document_types import DocumentType
from documents.archives.naming import README
from documents.models import Archive, Document
from enrolments.models import EnrolmentState
from tests.conftest import ClientFor
from tests.documents.zips import download, texts
from tests.worlds import World, make_document, make_order


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


def after_the_session(world: World) -> Any:
    order = make_order(world.lille, "responsable@armor.example", world.sessions[:1], papers=False)
    order.enrolments.update(state=EnrolmentState.PRESENT)
    return order


def test_the_opco_pack_holds_what_there_is_and_says_what_is_missing(world: World, client: Client) -> None:
    order = after_the_session(world)
    enrolment = order.enrolments.get()
    url = reverse("opco_archive", args=[order.pk])
    assert "Aucune pièce du dossier OPCO" in client.post(url, follow=True).text
    make_document(DocumentType.PRISE_EN_CHARGE, order)
    old = make_document(DocumentType.FACTURE, order, issued_on=date(2026, 1, 5))
    new = make_document(DocumentType.FACTURE, order, replaces=old)
    sheet = Document.objects.create(
        type="emargement", number="EM-SEUL", issued_on=date(2026, 2, 1), session=enrolment.session,
        establishment=world.lille, file=new.file, sha256=new.sha256, size=new.size,
    )  # fmt: skip
    answer = client.post(url, follow=True)
    archive = Archive.objects.latest("pk")
    assert old.pk not in archive.document_ids
    assert {new.pk, sheet.pk} < set(archive.document_ids)
    assert f"Attestation de {enrolment.participant} (Python, les bases)" in answer.text
    with download(client, archive) as zipped:
        said = zipped.read(README).decode("utf-8-sig")
        assert len(texts(zipped.namelist())) == 3
    assert "Pièces manquantes à ce jour" in said
    assert "Émargement" not in said
    make_document(DocumentType.ATTESTATION, order, enrolment)
    client.post(url)
    assert Archive.objects.latest("pk").notes == []


def test_the_opco_pack_keeps_to_what_the_person_may_open(world: World, client_for: ClientFor) -> None:
    order = world.armor.orders[world.lille.pk][0]
    client_for(world.personas["standard"]).post(reverse("opco_archive", args=[order.pk]))
    archive = Archive.objects.latest("pk")
    assert set(Document.objects.filter(pk__in=archive.document_ids).values_list("type", flat=True)) == {"facture"}
    assert archive.notes == [
        "Types de document que votre accès n’ouvre pas, donc non joints\u00a0: "
        "Prise en charge, Attestation, Émargement."
    ]
    neighbour = client_for(world.personas["neighbour"])
    assert neighbour.post(reverse("opco_archive", args=[order.pk])).status_code == 404


def test_the_opco_pack_of_an_orderer_before_the_session(world: World, client_for: ClientFor) -> None:
    order = make_order(None, "responsable@armor.example", world.sessions[1:], papers=False)
    order.enrolments.update(participant=None)
    make_document(DocumentType.PRISE_EN_CHARGE, order)
    client_for(world.personas["responsable"]).post(reverse("opco_archive", args=[order.pk]))
    notes = "\n".join(Archive.objects.latest("pk").notes)
    assert "une personne à désigner" in notes
    assert "la formation n’est pas terminée" in notes
    assert "Facture" in notes
