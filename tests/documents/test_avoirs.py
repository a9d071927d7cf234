"""A credit note is an invoice as to rights, and is called « Avoir » wherever somebody reads it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import AVOIR, DocumentType
from accounts.models import AccessEvent
from accounts.roles import Role
from documents.models import Archive, Document
from documents.models.document import kind_of
from documents.sharing import choose_readers
from enrolments.models import EnrolmentState, Order
from tests.admin_rows import change
from tests.conftest import ClientFor
from tests.documents.zips import ask, download
from tests.worlds import World, give_access, make_document, make_order, make_user

NAME = "2026-10-14_Avoir_AV2026-00001_Python-les-bases.pdf"
MINUS = Decimal("-1275.00")


@pytest.fixture
def order(world: World) -> Order:
    order = make_order(world.lille, "responsable@armor.example", world.sessions[:1], papers=False)
    order.enrolments.update(state=EnrolmentState.PRESENT)
    return order


@pytest.fixture
def avoir(world: World, order: Order) -> Document:
    about: dict[str, Any] = {"session": world.sessions[0], "issued_on": date(2026, 10, 14)}
    make_document(DocumentType.FACTURE, order, number="FA2026-00009", **about)
    return make_document(DocumentType.FACTURE, order, number="AV2026-00001", amount=MINUS, **about)


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


@pytest.mark.parametrize(
    ("document_type", "number", "amount", "kind"),
    [
        ("facture", "FA2026-00001", Decimal(100), "facture"),
        ("facture", "F-77", Decimal(-1), AVOIR),  # the ERP's, whatever its number
        ("facture", "AV2026-00001", None, AVOIR),
        ("facture", "AV2026-00001", Decimal(0), AVOIR),  # on a seat that cost nothing
        ("facture", "AV2026-00001", Decimal(1), "facture"),
        ("facture", "AVENANT", None, "facture"),
        ("prise_en_charge", "AV2026-00001", Decimal(-1), "prise_en_charge"),
    ],
)
def test_what_a_document_is_called(document_type: str, number: str, amount: Decimal | None, kind: str) -> None:
    assert kind_of(document_type, number, amount) == kind


def test_lists_call_each_what_it_is(avoir: Document, order: Order, client: Client) -> None:
    """Rows of one type are poured from two shapes, whichever came first."""
    for sort in ("numero", "-numero"):
        answer = client.get(reverse("document_list"), {"type": "facture", "q": "2026-0000", "tri": sort})
        called = {row.number: row.get_type_display() for row in answer.context["documents"]}
        assert called == {"FA2026-00009": "Facture", "AV2026-00001": "Avoir"}
        for number, name in called.items():
            row = answer.text.split(f">{number}<")[0].rsplit("<tr", 1)[1]
            assert f">{name}</a>" in row
    make_document(DocumentType.FACTURE, order, amount=MINUS, number="AV2026-00002", issued_on=timezone.localdate())
    assert "Avoir AV2026-00002" in client.get(reverse("dashboard")).text.replace('<span class="nowrap">', "")


def test_pages_call_it_what_it_is(avoir: Document, order: Order, client: Client) -> None:
    assert "<h1>Avoir AV2026-00001</h1>" in client.get(reverse("document_detail", args=[avoir.pk])).text
    hits = client.get(reverse("search"), {"q": avoir.number}).text.split('<ul class="lines hits"')
    assert len(hits) == 2
    assert ">Avoir AV2026-00001</a>" in hits[1]
    page = client.get(reverse("order_detail", args=[order.pk]))
    assert {str(one) for one in page.context["documents"]} == {"Facture FA2026-00009", "Avoir AV2026-00001"}
    sharing = client.get(reverse("document_sharing", args=[avoir.pk])).text
    assert "qui ont le type « Facture »" in sharing, "the right to open it is that of invoices"


@pytest.mark.parametrize("method", ["get", "head"])
def test_files_are_named_after_it(method: str, avoir: Document, client: Client) -> None:
    answer = getattr(client, method)(reverse("document_download", args=[avoir.pk]))
    assert f'filename="{NAME}"' in answer.headers["Content-Disposition"]


def test_archives_and_the_opco_pack_name_it(avoir: Document, order: Order, client: Client) -> None:
    with download(client, ask(client, f"q={avoir.number}")) as zipped:
        assert zipped.namelist() == [NAME]
    client.post(reverse("opco_archive", args=[order.pk]))
    with download(client, Archive.objects.latest("pk")) as zipped:
        assert NAME in zipped.namelist()


def test_an_avoir_alone_is_not_the_invoice_that_an_opco_pays(order: Order, client: Client) -> None:
    make_document(DocumentType.FACTURE, order, number="AV2026-00001", amount=MINUS)
    client.post(reverse("opco_archive", args=[order.pk]))
    assert "- Facture" in Archive.objects.latest("pk").notes


def test_journals_say_it(avoir: Document, world: World, client: Client) -> None:
    reader = give_access(make_user("accueil@armor.example"), world.lille, Role.STANDARD)
    client.get(reverse("document_download", args=[avoir.pk]))
    assert ">Avoir</a>" in client.get(reverse("journal_documents")).text
    export = client.get(reverse("journal_documents_export")).getvalue().decode()
    assert ";Avoir;AV2026-00001;" in export
    actor = world.personas["administrator"]
    choose_readers(document=avoir, offered=[reader.pk], opened=[reader.pk], actor=actor)
    assert AccessEvent.objects.latest("pk").sentence == "Avoir\u202f; AV2026-00001"


def test_its_name_stays_where_its_amount_is_hidden(order: Order, world: World, client_for: ClientFor) -> None:
    """Rule 6: whom it was shared with reads that it is an avoir, and no figure."""
    theirs = make_document(DocumentType.FACTURE, order, number="ERP-4", amount=MINUS)
    user = make_user("accueil@armor.example")
    reader = give_access(user, world.lille, Role.STANDARD, [DocumentType.CONVOCATION])
    actor = world.personas["administrator"]
    choose_readers(document=theirs, offered=[reader.pk], opened=[reader.pk], actor=actor)
    browser = client_for(user)
    (row,) = browser.get(reverse("document_list"), {"type": "facture"}).context["documents"]
    page = browser.get(reverse("document_detail", args=[theirs.pk]))
    assert (row.get_type_display(), row.amount, page.context["document"].amount) == ("Avoir", None, None)
    assert "<h1>Avoir ERP-4</h1>" in page.text
    seen_by_staff = client_for(world.personas["staff"]).get(change(theirs)).text
    assert change(user) in seen_by_staff
    assert "Document partagé avec la personne" in seen_by_staff


def test_the_team_reads_it_too(avoir: Document, order: Order, world: World, client_for: ClientFor) -> None:
    team = client_for(world.personas["staff"])
    listed = team.get(reverse("admin:documents_document_changelist"), {"q": avoir.number})
    assert '<td class="field-kind">Avoir</td>' in listed.text
    page = team.get(change(avoir)).text
    assert '<div class="readonly">Avoir</div>' in page
    assert "Facture AV" not in page
    assert "Avoir" in team.get(change(order)).text
