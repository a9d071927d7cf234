"""The bon pour accord agreed to in the portal: what is recorded, by whom it can be, and that it stays."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.models import Access
from accounts.services import set_document_types
from documents.models import Acceptance, AcceptanceMethod, Document
from documents.signing import services
from documents.signing.services import Signatory, accept
from enrolments.models import Order
from tests.conftest import ClientFor
from tests.constraints import refused
from tests.racing import meeting
from tests.worlds import World, make_document, make_order, make_world

ANNE = Signatory("Anne Le Goff", "DRH", "192.0.2.9", "Firefox")


@pytest.fixture
def quote(world: World) -> Document:
    order = make_order(world.lille, "responsable@armor.example", world.sessions[:1], papers=False)
    return make_document(DocumentType.BON_POUR_ACCORD, order)


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


def sign(client: Client, document: Document, **changes: Any) -> Any:
    data = {"name": "Anne Le Goff", "job_title": "DRH", "agreed": "on", "sha256": document.sha256, **changes}
    return client.post(reverse("document_sign", args=[document.pk]), data, follow=True, HTTP_USER_AGENT="Firefox")


def test_agreeing_records_who_what_and_when(client: Client, quote: Document, world: World) -> None:
    page = client.get(reverse("document_detail", args=[quote.pk])).text
    assert reverse("document_sign", args=[quote.pk]) in page
    form = client.get(reverse("document_sign", args=[quote.pk])).context["form"]
    assert form.initial["name"] == world.personas["administrator"].get_full_name()
    answer = sign(client, quote)
    acceptance = Acceptance.objects.get()
    assert (acceptance.document, acceptance.sha256, acceptance.method) == (quote, quote.sha256, AcceptanceMethod.PORTAL)
    assert (acceptance.name, acceptance.job_title) == ("Anne Le Goff", "DRH")
    assert (acceptance.user, acceptance.user_email) == (
        world.personas["administrator"],
        "administratrice@armor.example",
    )
    assert (acceptance.ip_address, acceptance.user_agent) == ("127.0.0.1", "Firefox")
    assert quote.number in acceptance.statement
    for said in ("Anne Le Goff, DRH", quote.sha256, "signature électronique simple", "pas une signature avancée"):
        assert said in answer.text
    assert str(acceptance) == f"{quote} · Anne Le Goff"
    assert "Lire et signer" not in answer.text


def test_the_receipt_is_mailed(client: Client, quote: Document, run_tasks: Any) -> None:
    sign(client, quote)
    run_tasks()
    message = mail.outbox[-1]
    assert message.to == ["administratrice@armor.example"]
    assert quote.number in message.subject
    assert quote.sha256 in str(message.body)
    assert reverse("document_detail", args=[quote.pk]) in str(message.body)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "obligatoire"),
        ({"job_title": " "}, "obligatoire"),
        ({"agreed": ""}, "Cochez cette case"),
        ({"sha256": "0" * 64}, "a changé depuis son affichage"),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, str], said: str, client: Client, quote: Document) -> None:
    answer = sign(client, quote, **changes)
    assert said in answer.text
    assert not Acceptance.objects.exists()


def test_what_can_t_be_signed_is_said(client: Client, quote: Document, world: World) -> None:
    url = reverse("document_sign", args=[quote.pk])
    sign(client, quote)
    assert "déjà signé" in client.get(url, follow=True).text
    other = make_document(DocumentType.BON_POUR_ACCORD, quote.order)  # type: ignore[arg-type]
    newer = make_document(DocumentType.BON_POUR_ACCORD, quote.order, replaces=other)  # type: ignore[arg-type]
    assert "a été remplacé" in sign(client, other).text
    Order.objects.filter(documents=quote).update(state="cancelled")
    assert "plus en cours" in sign(client, newer).text
    convention = make_document(DocumentType.CONVENTION, quote.order)  # type: ignore[arg-type]
    assert client.get(reverse("document_sign", args=[convention.pk])).status_code == 404
    with pytest.raises(ValidationError, match="Seul un bon pour accord"):
        accept(document=convention, sha256=convention.sha256, signatory=ANNE, actor=world.personas["administrator"])
    assert Acceptance.objects.count() == 1


def test_only_who_may_open_it_may_sign_it(quote: Document, world: World, client_for: ClientFor) -> None:
    url = reverse("document_sign", args=[quote.pk])
    for name in ("standard", "neighbour", "ex_member", "unverified"):
        assert client_for(world.personas[name]).post(url).status_code == 404
        with pytest.raises(Document.DoesNotExist):
            accept(document=quote, sha256=quote.sha256, signatory=ANNE, actor=world.personas[name])
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    set_document_types(access=access, types=[DocumentType.BON_POUR_ACCORD])
    assert sign(client_for(access.user), quote).status_code == 200
    assert Acceptance.objects.get().user == access.user


def test_a_right_lost_between_the_page_and_the_lock(
    client: Client, quote: Document, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(**_arguments: Any) -> None:
        raise Document.DoesNotExist

    monkeypatch.setattr("documents.signing.views.accept", lost)
    assert sign(client, quote).status_code == 404


def test_an_agreement_stays_and_is_about_these_bytes(quote: Document, world: World) -> None:
    whole = {"document": quote, "method": "portal", "name": "Anne", "job_title": "DRH", "statement": "Bon pour accord"}
    whole |= {"sha256": quote.sha256, "user_email": "a@armor.example"}
    convention = make_document(DocumentType.FACTURE, quote.order)  # type: ignore[arg-type]
    for changes, constraint in (
        ({"sha256": "0" * 64}, "acceptance_of_these_bytes"),
        ({"document": convention, "sha256": convention.sha256}, "acceptance_of_these_bytes"),
        ({"method": "fax"}, "acceptance_method_known"),
        ({"name": ""}, "acceptance_names_somebody"),
        ({"job_title": ""}, "acceptance_in_the_portal_is_whole"),
        ({"statement": ""}, "acceptance_in_the_portal_is_whole"),
    ):
        with refused(constraint):
            Acceptance.objects.create(**{**whole, **changes})
    acceptance = Acceptance.objects.create(**whole)
    with refused("acceptance_never_changes"):
        Acceptance.objects.update(name="Somebody else")
    with refused("acceptance_never_changes"):
        acceptance.delete()


@pytest.mark.django_db(transaction=True)
def test_two_agreements_at_the_same_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """One is kept; the other is told. Without the lock on the order both read that nobody has signed."""
    monkeypatch.setattr(services, "refusal_to_sign", meeting(services.refusal_to_sign))
    world = make_world()
    order = make_order(world.lille, "responsable@armor.example", world.sessions[:1], papers=False)
    quote = make_document(DocumentType.BON_POUR_ACCORD, order)
    start, outcomes = Barrier(2), []

    def agree(name: str) -> None:
        start.wait(10)
        try:
            outcomes.append(
                accept(document=quote, sha256=quote.sha256, signatory=ANNE, actor=world.personas[name]).name
            )
        except ValidationError as error:
            outcomes.append(str(error.message))
        finally:
            connection.close()

    threads = [Thread(target=agree, args=[name]) for name in ("administrator", "responsable")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted("déjà signé" in said for said in outcomes) == [False, True]


def test_staff_read_the_agreements(client: Client, quote: Document, world: World, client_for: ClientFor) -> None:
    sign(client, quote)
    staff = client_for(world.personas["staff"])
    assert "Anne Le Goff" in staff.get(reverse("admin:documents_acceptance_changelist")).text
    page = reverse("admin:documents_acceptance_change", args=[Acceptance.objects.get().pk])
    assert quote.sha256 in staff.get(page).text
