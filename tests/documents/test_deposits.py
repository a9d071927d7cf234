"""Documents handed in by clients: who may, what they replace, what counts as signed, and what staff see."""

from __future__ import annotations

from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.services import set_document_types
from documents.deposits import services
from documents.deposits.services import Details, MayNotDepositError, deposit, types_to_deposit
from documents.models import Acceptance, AcceptanceMethod, Deposit, Document, documents_storage
from documents.signing.services import Signatory, accept
from documents.store import store
from enrolments.models import Order, OrderState
from tests.conftest import ClientFor
from tests.documents.uploads import BROKEN_AT, examined, no_room, picture, upload
from tests.racing import meeting
from tests.worlds import World, make_document, make_order, make_world, pdf

BC, PEC = DocumentType.BON_DE_COMMANDE, DocumentType.PRISE_EN_CHARGE
BPA, CONVENTION = DocumentType.BON_POUR_ACCORD, DocumentType.CONVENTION
SIGNED = Details(signatory="Anne Le Goff", job_title="DRH")


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


@pytest.fixture
def order(world: World) -> Order:
    return make_order(world.lille, "responsable@armor.example", world.sessions[:1], papers=False)


def give(order: Order, kind: DocumentType, actor: User, details: Details = SIGNED) -> Document:
    received = deposit(
        order=order,
        document_type=kind,
        examined=examined(),
        original_name="scan.pdf",
        actor=actor,
        details=details,
    )
    return received.document


def post(client: Client, order: Order, content: bytes, **data: Any) -> Any:
    url = reverse("deposit_create", args=[order.pk])
    return client.post(url, {"type": BC.value, "upload": upload(content), **data}, follow=True)


def test_a_purchase_order_is_handed_in(client: Client, order: Order, world: World) -> None:
    answer = post(client, order, pdf("BC 77"), purchase_order_number="BC-77")
    document = Document.objects.get(order=order)
    assert answer.redirect_chain[0][0] == reverse("document_detail", args=[document.pk])
    assert (document.number, document.type, document.replaces_id) == (f"{order.number}-BC1", BC, None)
    assert document.session_id == world.sessions[0].pk
    assert "déposé par administratrice@armor.example" in answer.text
    with documents_storage().open(str(document.file)) as file:
        assert file.read() == pdf("BC 77")
    order.refresh_from_db()
    assert order.purchase_order_number == "BC-77"
    assert "purchase_order_number" in order.decided_in_portal
    assert "purchase_order_number" not in client.get(reverse("deposit_create", args=[order.pk])).context["form"].fields


def test_a_purchase_order_number_that_is_known_stays(order: Order, world: World) -> None:
    Order.objects.filter(pk=order.pk).update(purchase_order_number="BC-1")
    give(order, BC, world.personas["administrator"], Details(purchase_order_number="BC-2"))
    order.refresh_from_db()
    assert (order.purchase_order_number, order.decided_in_portal) == ("BC-1", [])


def test_a_picture_keeps_its_original_aside(client: Client, order: Order) -> None:
    post(client, order, picture(), type=PEC.value, amount="1 250,50")
    received = Deposit.objects.get()
    assert received.original_name == "bon.pdf"
    assert received.document.amount == Decimal("1250.50")
    with documents_storage().open(str(received.original)) as file:
        assert file.read() == picture()
    assert str(received) == f"{received.document} · administratrice@armor.example"


@pytest.mark.parametrize(
    ("data", "content", "said"),
    [
        ({}, b"<html>", "Seuls les fichiers PDF, JPEG et PNG"),
        ({}, b"%PDF-" + b"0" * 20_000_001, "20 Mo au plus"),
        ({"type": "facture"}, pdf("x"), "Sélectionnez un choix valide"),
        ({"type": "convention"}, pdf("x"), "Dites qui a signé"),
        ({"type": PEC.value, "amount": "-3"}, pdf("x"), "supérieure ou égale à 0"),
        ({"upload": ""}, b"", "obligatoire"),
    ],
)
def test_what_is_wrong_is_said_next_to_the_field(
    data: dict[str, Any], content: bytes, said: str, client: Client, order: Order
) -> None:
    answer = post(client, order, content, purchase_order_number="BC-77", **data)
    assert answer.status_code == 200
    assert said in answer.text
    assert "BC-77" in answer.text, "nothing typed is lost"
    assert not Document.objects.filter(order=order).exists()


@pytest.mark.parametrize("step", BROKEN_AT)
def test_a_store_that_cannot_be_written_is_said_and_what_was_typed_stays(
    client: Client, order: Order, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(step, no_room)
        answer = post(client, order, pdf("BC 78"), purchase_order_number="BC-78")
    assert answer.status_code == 200
    form = answer.context["form"]
    assert list(form.errors) == ["upload"]
    assert "n’a pas pu être enregistré" in answer.text
    assert "No space left" not in answer.text
    assert (form["purchase_order_number"].value(), form["type"].value()) == ("BC-78", BC.value)
    assert not Document.objects.filter(order=order).exists()
    post(client, order, pdf("BC 78"), purchase_order_number="BC-78")
    assert Document.objects.filter(order=order).count() == 1


@pytest.mark.parametrize("step", ["__init__", "write", "seek"])
def test_a_large_file_that_the_server_has_no_room_for_is_said(
    client: Client, order: Order, step: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    with monkeypatch.context() as full:
        full.setattr(TemporaryUploadedFile, step, no_room, raising=False)
        answer = post(client, order, pdf("BC 79"), purchase_order_number="BC-79")
    assert "n’a pas pu être enregistré" in answer.text
    assert answer.context["form"]["purchase_order_number"].value() == "BC-79"
    with pytest.raises(OSError, match="No space left"):
        answer.context["form"].files["upload"].read()
    post(client, order, pdf("BC 79"), purchase_order_number="BC-79")
    assert Document.objects.filter(order=order).count() == 1


def test_an_unreachable_scanner_is_said(client: Client, order: Order, settings: Settings) -> None:
    settings.MALWARE_SCANNER = "/nowhere/clamd.sock"
    assert "pas pu être analysé par l’antivirus" in post(client, order, pdf("x")).text
    assert not Deposit.objects.exists()


# --- Who may ----------------------------------------------------------------------------------------------------------


def test_who_may_hand_in_what(order: Order, world: World) -> None:
    everything = [BC, PEC, BPA, CONVENTION]
    allowed = {name: types_to_deposit(order, User.objects.rights_of(user.pk)) for name, user in world.personas.items()}
    assert {name for name, types in allowed.items() if types} == {"administrator", "member_of_two", "responsable"}
    assert allowed["responsable"] == everything
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    set_document_types(access=access, types=[CONVENTION, DocumentType.FACTURE])
    assert types_to_deposit(order, User.objects.rights_of(access.user_id)) == [CONVENTION]
    loose = make_order(None, "responsable@armor.example", world.sessions[:1], papers=False)
    assert not types_to_deposit(loose, world.personas["administrator"].rights)
    for state in (OrderState.REFUSED, OrderState.CANCELLED):
        order.state = state
        assert not types_to_deposit(order, world.personas["administrator"].rights)


def test_a_standard_access_sees_only_its_types(order: Order, world: World, client_for: ClientFor) -> None:
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    client, url = client_for(access.user), reverse("deposit_create", args=[order.pk])
    assert client.get(url).status_code == 404
    for types, fields in (([CONVENTION], {"signatory", "job_title"}), ([PEC], {"amount"})):
        set_document_types(access=access, types=types)
        form = client.get(url).context["form"]
        assert set(form.fields) == {"type", "upload", *fields}
        assert [value for value, _label in form.fields["type"].choices] == types
    assert post(client, order, pdf("x"), type=BC.value).status_code == 200
    assert not Document.objects.filter(order=order).exists()


def test_a_right_taken_away_meanwhile_answers_404(
    client: Client, order: Order, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form was valid; the right goes before the lock is held."""

    def lose(content: bytes) -> Any:
        Access.objects.filter(user=world.personas["administrator"]).delete()
        return store(content)

    monkeypatch.setattr(services, "store", lose)
    assert post(client, order, pdf("x")).status_code == 404
    assert not Document.objects.filter(order=order).exists()
    with pytest.raises(MayNotDepositError):
        give(order, BC, world.personas["neighbour"])


# --- What it replaces -------------------------------------------------------------------------------------------------


def test_one_s_own_is_replaced_and_another_s_stays(order: Order, world: World) -> None:
    mine, other = world.personas["administrator"], world.personas["responsable"]
    first = give(order, BC, mine)
    theirs = give(order, BC, other)
    second = give(order, BC, mine)
    assert theirs.replaces_id is None
    assert second.replaces == first
    assert not hasattr(Document.objects.get(pk=theirs.pk), "replaced_by")
    assert [one.number[-3:] for one in (first, theirs, second)] == ["BC1", "BC2", "BC3"]
    issued = make_document(PEC, order)
    assert give(order, PEC, mine).replaces_id is None, "what the team filed stays"
    assert not hasattr(Document.objects.get(pk=issued.pk), "replaced_by")


@pytest.mark.parametrize("kind", [BPA, CONVENTION])
def test_a_signed_copy_replaces_the_unsigned_one_and_counts_as_signed(
    kind: DocumentType, order: Order, world: World, client: Client
) -> None:
    session = world.sessions[0]
    unsigned = make_document(kind, order, session=session, amount=Decimal("1275.00"))
    signed = give(order, kind, world.personas["administrator"])
    assert (signed.replaces, signed.amount, signed.session) == (unsigned, Decimal("1275.00"), session)
    acceptance = Acceptance.objects.get()
    assert (acceptance.document, acceptance.method) == (signed, AcceptanceMethod.UPLOAD)
    assert (acceptance.name, acceptance.sha256) == ("Anne Le Goff", signed.sha256)
    page = client.get(reverse("document_detail", args=[signed.pk])).text
    assert "Exemplaire signé déposé" in page
    assert unsigned.number in page
    with pytest.raises(ValidationError, match="déjà signé"):
        give(order, kind, world.personas["responsable"])
    again = give(order, kind, world.personas["administrator"])
    assert again.replaces == signed


def test_a_signed_copy_of_what_was_never_issued_here(order: Order, world: World) -> None:
    assert give(order, CONVENTION, world.personas["responsable"]).replaces_id is None


def test_what_was_signed_in_the_portal_is_not_signed_again(client: Client, order: Order, world: World) -> None:
    quote = make_document(BPA, order)
    accept(
        document=quote,
        sha256=quote.sha256,
        signatory=Signatory("A", "B", None, ""),
        actor=world.personas["responsable"],
    )
    answer = post(client, order, pdf("x"), type=BPA.value, signatory="Anne")
    assert f"déjà signé ({quote.number})" in answer.text
    assert Document.objects.filter(order=order).count() == 1


def test_an_order_of_two_sessions_names_none(order: Order, world: World) -> None:
    both = make_order(world.lille, "responsable@armor.example", world.sessions, papers=False)
    assert give(both, BC, world.personas["administrator"]).session_id is None


@pytest.mark.django_db(transaction=True)
def test_two_signed_copies_at_the_same_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is taken; the other is told. Without the lock on the order both would stand side by side."""
    world = make_world()
    order = make_order(world.lille, "responsable@armor.example", world.sessions[:1], papers=False)
    make_document(BPA, order)
    monkeypatch.setattr(services, "_replaced", meeting(services._replaced))
    start, outcomes = Barrier(2), []

    def hand_in(name: str) -> None:
        start.wait(10)
        try:
            outcomes.append(give(order, BPA, world.personas[name]).number)
        except ValidationError as error:
            outcomes.append(str(error.message))
        finally:
            connection.close()

    threads = [Thread(target=hand_in, args=[name]) for name in ("administrator", "responsable")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted("déjà signé" in said for said in outcomes) == [False, True]
    assert Acceptance.objects.count() == 1


# --- Staff ------------------------------------------------------------------------------------------------------------


def test_staff_see_what_came_in_and_mark_it(client: Client, order: Order, world: World, client_for: ClientFor) -> None:
    post(client, order, picture(), type=PEC.value)
    give(order, BC, world.personas["responsable"])
    staff = client_for(world.personas["staff"])
    url = reverse("admin:documents_deposit_changelist")
    page = staff.get(f"{url}?suivi=a-traiter").text
    assert f"{order.number}-PEC1" in page
    assert f"{order.number}-BC1" in page
    drawn = Deposit.objects.get(document__type=PEC)
    staff.post(url, {"action": "mark_handled", "_selected_action": [drawn.pk]})
    drawn.refresh_from_db()
    assert drawn.handled_by == world.personas["staff"]
    assert f"{order.number}-PEC1" not in staff.get(f"{url}?suivi=a-traiter").text
    assert f"{order.number}-PEC1" in staff.get(f"{url}?suivi=traites").text
    original = staff.get(reverse("admin:documents_deposit_original", args=[drawn.pk]))
    assert original.getvalue() == picture()
    assert original["Content-Type"] == "application/octet-stream"
    assert original["Content-Disposition"].startswith("attachment")
    plain = Deposit.objects.get(document__type=BC)
    assert staff.get(reverse("admin:documents_deposit_original", args=[plain.pk])).status_code == 404
    for one in (drawn, plain):
        assert staff.get(reverse("admin:documents_deposit_change", args=[one.pk])).status_code == 200


def test_staff_without_the_right_see_nothing(client: Client, order: Order, client_for: ClientFor, world: World) -> None:
    received = give(order, BC, world.personas["administrator"]).deposit
    other = world.personas["neighbour"]
    User.objects.filter(pk=other.pk).update(is_staff=True)
    answer = client_for(other).get(reverse("admin:documents_deposit_original", args=[received.pk]))
    assert answer.status_code == 403
