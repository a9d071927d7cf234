"""Documents as staff file and open them; once issued, nothing about them changes."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.typography import money
from documents.deposits import scanner
from documents.models import Deposit, Document, Serving, ServingOutcome, documents_storage
from enrolments.models import Order
from tests.admin_rows import ROWS, change
from tests.conftest import ClientFor
from tests.documents.uploads import BROKEN_AT, no_room, picture
from tests.worlds import World, make_user, pdf

ADD = reverse("admin:documents_document_add")
LISTING = reverse("admin:documents_document_changelist")


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


@pytest.fixture
def order(world: World) -> Order:
    return world.armor.orders[world.lille.pk][0]


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("facture.pdf", content, content_type="application/pdf")


def document_form(content: bytes | None = None, **fields: Any) -> dict[str, Any]:
    values = {"type": "facture", "number": "FA-1", "issued_on": "05/01/2026"}
    return {**values, "upload": upload(pdf("Facture") if content is None else content), **fields}


def test_staff_file_a_document(world: World, order: Order, staff: Client) -> None:
    assert staff.post(ADD, document_form(order=order.pk, amount="1200.50")).status_code == 302
    document = Document.objects.get(number="FA-1")
    assert (document.establishment, document.order_email) == (world.lille, order.order_email)
    assert document.size == len(pdf("Facture"))
    for page in (staff.get(LISTING, {"q": "FA-1"}), staff.get(change(document))):
        assert money(Decimal("1200.50")) in page.text
    with documents_storage().open(str(document.file.name)) as file:
        assert file.read() == pdf("Facture")


def test_an_enrolment_names_its_order_and_its_session(order: Order, staff: Client) -> None:
    enrolment = order.enrolments.earliest("pk")
    posted = document_form(type="attestation", number="AT-1", enrolment=enrolment.pk)
    assert staff.post(ADD, posted).status_code == 302
    document = Document.objects.get(number="AT-1")
    assert (document.order, document.session) == (order, enrolment.session)


def test_an_attendance_sheet_needs_no_order(world: World, staff: Client) -> None:
    posted = document_form(type="emargement", number="EM-1", session=world.sessions[0].pk, establishment=world.nice.pk)
    assert staff.post(ADD, posted).status_code == 302
    document = Document.objects.get(number="EM-1")
    assert (document.establishment, document.order_email) == (world.nice, "")


def test_a_file_too_large_is_refused_unread(order: Order, staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.deposits.examining.MOST_UPLOADED", len(pdf("x")) - 1)
    answer = staff.post(ADD, document_form(pdf("x"), order=order.pk))
    assert "trop gros" in str(answer.context["adminform"].form.errors["upload"])
    assert not Document.objects.filter(number="FA-1").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "vide"),
        (b"MZ\x90", "Seuls les fichiers PDF, JPEG et PNG"),
        (b"%PDF-1.4\nrien", "endommagé"),
        (pdf("x").replace(b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>"), "script"),
    ],
)
def test_a_file_that_is_no_clean_pdf_is_refused(order: Order, staff: Client, content: bytes, told: str) -> None:
    answer = staff.post(ADD, document_form(content, order=order.pk))
    assert told in str(answer.context["adminform"].form.errors["upload"])
    assert not Document.objects.filter(number="FA-1").exists()


def test_a_photographed_paper_becomes_a_pdf_and_is_kept_aside(order: Order, staff: Client) -> None:
    photo = picture()
    assert staff.post(ADD, document_form(photo, order=order.pk)).status_code == 302
    document = Document.objects.get(number="FA-1")
    sha256 = hashlib.sha256(photo).hexdigest()
    with documents_storage().open(str(document.file.name)) as kept:
        content = kept.read()
    assert content.startswith(b"%PDF-")
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (document.sha256, document.size)
    with documents_storage().open(f"{sha256[:2]}/{sha256}.jpg") as kept:
        assert kept.read() == photo
    received = Deposit.objects.get(document=document)
    assert (received.original_name, received.original_sha256, received.by_team) == ("facture.pdf", sha256, True)
    assert change(received) in staff.get(change(document)).text
    original = staff.get(reverse("admin:documents_deposit_original", args=[received.pk]))
    assert b"".join(original) == photo
    assert not staff.get(reverse("admin:documents_deposit_changelist"), {"suivi": "a-traiter"}).context["cl"].queryset


@pytest.mark.parametrize("step", BROKEN_AT)
@pytest.mark.parametrize("content", [pdf("sans place"), picture()])
def test_a_store_that_cannot_be_written_is_said_to_the_team(
    order: Order, staff: Client, content: bytes, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, no_room)
    answer = staff.post(ADD, document_form(content, order=order.pk))
    form = answer.context["adminform"].form
    assert "n’a pas pu être enregistré" in str(form.errors["upload"])
    assert form["number"].value() == "FA-1"
    assert not Document.objects.filter(number="FA-1").exists()


def test_a_client_reads_nothing_of_who_filed_a_photographed_paper(
    order: Order, staff: Client, world: World, client_for: ClientFor
) -> None:
    """An unsigned paper that was photographed is still to be signed."""
    staff.post(ADD, document_form(picture(), order=order.pk, type="convention", number="CV-1"))
    document = Document.objects.get(number="CV-1")
    browser = client_for(world.personas["administrator"])
    assert world.personas["staff"].email not in browser.get(reverse("document_detail", args=[document.pk])).text
    url = reverse("deposit_create", args=[order.pk])
    browser.post(url, {"type": "convention", "signatory": "Anne Le Goff", "upload": upload(pdf("signée"))})
    assert Document.objects.get(replaces=document).acceptance.name == "Anne Le Goff"


def test_the_scanner_looks_at_what_staff_file_too(order: Order, staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanner, "is_configured", lambda: True)
    monkeypatch.setattr(scanner, "malware_in", lambda content: "Eicar")
    answer = staff.post(ADD, document_form(order=order.pk))
    assert "malveillant" in str(answer.context["adminform"].form.errors["upload"])


def test_a_signed_copy_is_about_what_it_replaces(order: Order, staff: Client) -> None:
    unsigned = Document.objects.filter(order=order, enrolment__isnull=False, replaced_by__isnull=True).earliest("pk")
    posted = document_form(type=unsigned.type, number="SIGNE-1", replaces=unsigned.pk)
    assert staff.post(ADD, posted).status_code == 302
    signed = Document.objects.get(number="SIGNE-1")
    for name in ("order", "enrolment", "session", "establishment"):
        assert getattr(signed, name) == getattr(unsigned, name), name
    assert signed.replaces == unsigned
    answer = staff.post(ADD, {**posted, "number": "SIGNE-2", "upload": upload(pdf("x"))})
    assert "c’est elle qu’il faut remplacer" in str(answer.context["adminform"].form.errors["replaces"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "order"),
        ({"type": "convocation"}, "enrolment"),
        ({"type": "emargement"}, "session"),
        ({"type": "convocation", "enrolment": "mine", "amount": "10"}, "amount"),
        ({"order": "mine", "establishment": "theirs"}, "__all__"),
        ({"order": "theirs", "enrolment": "mine"}, "__all__"),
        ({"order": "mine", "replaces": "theirs"}, "replaces"),
        ({"type": "emargement", "session": "empty", "establishment": "theirs"}, "__all__"),
    ],
)
def test_what_does_not_belong_together_is_refused_in_french(
    world: World, order: Order, staff: Client, fields: dict[str, str], field: str
) -> None:
    lyon = world.brume.establishments[0]
    theirs = world.brume.orders[lyon.pk][0]
    ROWS[type(world.sessions[0])](world, 1)
    named = {
        ("order", "mine"): order.pk,
        ("order", "theirs"): theirs.pk,
        ("enrolment", "mine"): order.enrolments.earliest("pk").pk,
        ("establishment", "theirs"): lyon.pk,
        ("replaces", "theirs"): Document.objects.get(order=theirs, type=DocumentType.FACTURE).pk,
        ("session", "empty"): type(world.sessions[0]).objects.latest("pk").pk,
    }
    posted: dict[str, Any] = {name: named.get((name, value), value) for name, value in fields.items()}
    answer = staff.post(ADD, document_form(**posted))
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert field in errors
    assert "contrainte" not in str(errors)
    assert not Document.objects.filter(number="FA-1").exists()


def test_a_document_is_read_only_once_issued(order: Order, staff: Client) -> None:
    document = Document.objects.filter(order=order).earliest("pk")
    page = staff.get(change(document))
    assert page.status_code == 200
    assert 'name="number"' not in page.text
    assert staff.post(change(document), document_form(number="FAUX")).status_code == 403
    delete = reverse("admin:documents_document_delete", args=[document.pk])
    assert staff.post(delete, {"post": "yes"}).status_code == 403
    staff.post(LISTING, {"action": "delete_selected", "_selected_action": [document.pk], "post": "yes"})
    assert Document.objects.get(pk=document.pk).number == document.number


def test_staff_open_the_file_and_the_journal_says_so(world: World, order: Order, staff: Client) -> None:
    document = Document.objects.get(order=order, type=DocumentType.FACTURE)
    answer = staff.get(reverse("admin:documents_document_file", args=[document.pk]))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")  # type: ignore[attr-defined]
    line = Serving.objects.get()
    assert (line.document, line.user_email, line.outcome) == (document, "equipe@ib.example", ServingOutcome.VIEWED)
    head = staff.head(reverse("admin:documents_document_file", args=[document.pk]))
    assert (head.status_code, head["Content-Length"]) == (200, str(document.size))
    assert Serving.objects.count() == 1, "HEAD gets no bytes, and leaves no line"


def test_the_file_is_for_staff_who_may_see_documents(world: World, order: Order, client_for: ClientFor) -> None:
    document = Document.objects.get(order=order, type=DocumentType.FACTURE)
    url = reverse("admin:documents_document_file", args=[document.pk])
    clerk = make_user("stagiaire@ib.example", is_staff=True)
    assert client_for(clerk).get(url).status_code == 403
    assert client_for(world.personas["administrator"]).get(url).status_code == 302
    assert not Serving.objects.exists()


def test_the_journal_is_only_read(world: World, staff: Client) -> None:
    ROWS[Serving](world, 2)
    line = Serving.objects.latest("pk")
    assert staff.get(reverse("admin:documents_serving_add")).status_code == 403
    assert staff.post(change(line), {"user_email": "x@y.example"}).status_code == 403
    assert staff.post(reverse("admin:documents_serving_delete", args=[line.pk]), {"post": "yes"}).status_code == 403
    listing = reverse("admin:documents_serving_changelist")
    staff.post(listing, {"action": "delete_selected", "_selected_action": [line.pk], "post": "yes"})
    assert Serving.objects.count() == 2


def test_the_questions_about_documents(world: World, order: Order, staff: Client) -> None:
    ROWS[Document](world, 2)
    newer = Document.objects.latest("pk")

    def found(**query: str) -> set[Document]:
        return set(staff.get(LISTING, query).context["cl"].result_list)

    assert found(version="remplacee") == {newer.replaces}
    assert newer in found(version="actuelle", type__exact="convention")
    assert found(q=newer.number.lower()) == {newer}
    assert found(q=order.number) == set(Document.objects.filter(order=order))
    assert found(q=f" {order.order_email.upper()} ") == set(Document.objects.filter(order_email=order.order_email))
    assert found(q=newer.number[:-1]) >= {newer}
    participant = order.enrolments.earliest("pk").participant
    assert participant is not None
    assert found(q=participant.last_name) == set(Document.objects.filter(enrolment__participant=participant))


def test_the_questions_about_the_journal(world: World, staff: Client) -> None:
    ROWS[Serving](world, 1)
    [line] = Serving.objects.all()
    assert line.document is not None
    listing = reverse("admin:documents_serving_changelist")
    for term in (line.user_email.upper(), line.document.number.lower(), "administratrice", "192.0.2.7"):
        assert list(staff.get(listing, {"q": term}).context["cl"].result_list) == [line]
    for term in ("comptable@armor.example", "personne@nulle-part.example", "X-404"):
        assert list(staff.get(listing, {"q": term}).context["cl"].result_list) == []
