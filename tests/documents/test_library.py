"""The library: its filters, and what is new since the last visit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.roles import Role
from documents.models import Deposit, Document, LibraryVisit, Scan
from documents.sharing import choose_readers
from documents.visits import GAP, IN_SESSION
from enrolments.models import Order
from tests.conftest import ClientFor
from tests.worlds import World, give_access, make_document, make_user

URL = "/documents/"


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


def found(client: Client, **query: Any) -> set[int]:
    return {row.pk for row in client.get(URL, query).context["documents"]}


def of_lille() -> Any:
    return Document.objects.filter(establishment__name="Armor Lille")


def test_by_course_colleague_order_and_number(world: World, client: Client) -> None:
    order = world.armor.orders[world.lille.pk][0]
    enrolment = order.enrolments.first()
    Order.objects.filter(pk=order.pk).update(purchase_order_number="BC-77")
    assert enrolment is not None
    assert enrolment.participant is not None
    person, course = enrolment.participant.last_name.lower(), enrolment.session.course.reference
    mine = set(of_lille().filter(order=order).values_list("pk", flat=True))
    theirs = set(of_lille().filter(enrolment=enrolment).values_list("pk", flat=True))
    assert found(client, collaborateur=person) == theirs == found(client, collaborateur=f"zoé {person}")
    assert found(client, commande=order.number) == mine == found(client, commande="bc-77")
    assert found(client, formation=course) == found(client, formation="pYthon BASES")
    assert found(client, formation="cobol") == set()
    one = of_lille().filter(order=order, type=DocumentType.FACTURE).get()
    assert found(client, q=one.number) == {one.pk}
    assert found(client, commande=order.number, type=["facture", "convocation"], collaborateur=person) == {
        of_lille().get(order=order, type="convocation").pk
    }


def new_rows(client: Client) -> set[int]:
    return {row.pk for row in client.get(URL).context["documents"] if row.new}


def come_back(client: Client, world: World) -> None:
    """An hour and more later, in the same session."""
    LibraryVisit.objects.filter(user=world.personas["administrator"]).update(
        since=None, last_at=timezone.now() - GAP - timedelta(minutes=1)
    )
    session = client.session
    session[IN_SESSION] = 0
    session.save()


def test_what_arrived_since_the_last_visit_is_new(world: World, client: Client) -> None:
    assert new_rows(client) == set(), "nothing is new the first time"
    come_back(client, world)
    visit = LibraryVisit.objects.get(user=world.personas["administrator"])
    order = world.armor.orders[world.lille.pk][0]
    before = visit.last_at
    fresh = make_document(DocumentType.CONVENTION, order, recorded_at=timezone.now())
    old = make_document(DocumentType.CONVENTION, order, recorded_at=before - timedelta(days=1))
    assert fresh.pk in new_rows(client)
    assert old.pk not in new_rows(client)
    assert fresh.pk in new_rows(client), "still new for as long as the visit lasts"
    assert fresh.pk in found(client, nouveau="1")
    assert old.pk not in found(client, nouveau="1")
    assert "nouveau" in client.get(URL).text
    visit.refresh_from_db()
    assert visit.since == before
    assert str(visit.user_id) in str(visit)


def test_what_one_handed_in_oneself_is_never_new(world: World, client: Client, client_for: ClientFor) -> None:
    """It is to the others, and what others handed in is."""
    client.get(URL)
    come_back(client, world)
    order = world.armor.orders[world.lille.pk][0]
    mine, others = set[int](), set[int]()
    for persona, kept in (("administrator", mine), ("responsable", others)):
        paper, user = make_document(DocumentType.BON_DE_COMMANDE, order), world.personas[persona]
        Deposit.objects.create(
            document=paper, user=user, user_email=user.email, original_name="bon.pdf",
            original_sha256=paper.sha256, scan=Scan.NONE,
        )  # fmt: skip
        kept.add(paper.pk)
    assert others < new_rows(client)
    with CaptureQueriesContext(connection) as queries:
        seen = new_rows(client)
    assert len(queries) == 3, "the session, the person and the list, as without anything handed in"
    assert others < seen
    assert not mine & seen
    assert not mine & found(client, nouveau="1")
    assert others < found(client, nouveau="1")
    assert found(client, type="bon_de_commande") >= mine | others


def test_everything_can_be_marked_as_seen(world: World, client: Client) -> None:
    client.get(URL)
    come_back(client, world)
    assert new_rows(client)
    assert "Marquer comme vus" in client.get(URL).text
    answer = client.post(reverse("documents_seen"), follow=True)
    assert "marqués comme vus" in answer.text
    assert not new_rows(client)
    assert "Marquer comme vus" not in client.get(URL).text


def test_a_visit_is_written_once_in_a_while_and_is_one_s_own(
    world: World, client: Client, client_for: ClientFor
) -> None:
    client.get(URL)
    first = LibraryVisit.objects.get()
    client.get(URL)
    assert LibraryVisit.objects.get().last_at == first.last_at
    other = client_for(world.personas["member_of_two"])
    assert other.get(URL).status_code == 200
    assert LibraryVisit.objects.count() == 2


@pytest.mark.parametrize("query", ["nouveau=2", "formation=" + "x" * 500, "commande=%00", "collaborateur=a%00b"])
def test_nonsense_is_ignored(query: str, client: Client) -> None:
    assert client.get(f"{URL}?{query}").context["documents"]


def test_the_amount_of_a_shared_invoice_is_not_shown_to_whom_prices_are_closed(
    world: World, client: Client, client_for: ClientFor
) -> None:
    """Rule 6: what was shared can be opened, and the list says no more than to others."""
    paper = of_lille().filter(type=DocumentType.FACTURE).earliest("pk")
    user = make_user("accueil@armor.example")
    reader = give_access(user, world.lille, Role.STANDARD, [DocumentType.CONVOCATION])
    actor = world.personas["administrator"]
    choose_readers(document=paper, offered=[reader.pk], opened=[reader.pk], actor=actor)
    amounts = []
    for browser in (client, client_for(user)):
        context = browser.get(URL, {"type": "facture"}).context
        amounts.append({row.pk: row.amount for row in context["documents"]}[paper.pk])
        assert context["amounts_visible"]() == (amounts[-1] is not None)
    assert amounts == [paper.amount, None]
