"""One document shared with, or withheld from, one standard access (rule 6), and what else then shows it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import Access, AccessEvent, User
from accounts.roles import Role
from documents.models import Document, DocumentGrant
from documents.sharing import choose_readers
from tests.conftest import ClientFor
from tests.worlds import World, give_access, make_document, make_order, make_user


@pytest.fixture
def browser(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


@pytest.fixture
def reader(world: World) -> Access:
    """The accountant of Lille, with invoices only."""
    return Access.objects.get(user=world.personas["standard"])


def document(world: World, document_type: DocumentType) -> Document:
    return Document.objects.filter(establishment=world.lille, type=document_type).earliest("pk")


def sharing(paper: Document) -> str:
    return reverse("document_sharing", args=[paper.pk])


def statuses(client: Client, paper: Document) -> set[int]:
    routes = ("document_detail", "document_view", "document_download")
    return {client.get(reverse(route, args=[paper.pk])).status_code for route in routes}


def listed(client: Client) -> tuple[int, set[int]]:
    page = client.get(reverse("document_list")).context
    return page["page"].total, {one.pk for one in page["documents"]}


def choose(browser: Client, paper: Document, reader: Access, *, opened: bool) -> Any:
    posted = {"montre": [reader.pk], "ouvre": [reader.pk] if opened else []}
    return browser.post(sharing(paper), posted, follow=True)


def test_sharing_and_taking_back(world: World, browser: Client, reader: Access, client_for: ClientFor) -> None:
    paper, session = document(world, DocumentType.CONVENTION), client_for(reader.user)
    assert statuses(session, paper) == {404}
    assert f'href="{sharing(paper)}"' in browser.get(reverse("document_detail", args=[paper.pk])).text
    page = browser.get(sharing(paper))
    assert "comptable@armor.example" in page.text
    assert "Type non coché" in page.text
    assert "1 exception enregistrée" in choose(browser, paper, reader, opened=True).text
    assert statuses(session, paper) == {200}
    total, shown = listed(session)
    assert (total, paper.pk in shown) == (3, True)
    assert reverse("document_detail", args=[paper.pk]) in session.get(reverse("search"), {"q": paper.number}).text
    assert f'href="{sharing(paper)}"' not in session.get(reverse("document_detail", args=[paper.pk])).text
    choose(browser, paper, reader, opened=False)
    assert statuses(session, paper) == {404}
    assert listed(session)[0] == 2
    assert not DocumentGrant.objects.exists(), "what agrees with the ticked types needs no exception"
    lines = AccessEvent.objects.filter(details__document=paper.number).order_by("pk")
    assert [line.event for line in lines] == ["document_shared", "exception_lifted"]


def test_withholding_and_giving_back(world: World, browser: Client, reader: Access, client_for: ClientFor) -> None:
    paper, session = document(world, DocumentType.FACTURE), client_for(reader.user)
    assert statuses(session, paper) == {200}
    choose(browser, paper, reader, opened=False)
    assert statuses(session, paper) == {404}
    total, shown = listed(session)
    assert (total, paper.pk in shown) == (1, False)
    assert "Retiré" in browser.get(sharing(paper)).text
    choose(browser, paper, reader, opened=True)
    assert statuses(session, paper) == {200}
    assert not DocumentGrant.objects.exists()
    assert "Rien n’a changé" in choose(browser, paper, reader, opened=True).text


def test_a_type_ticked_later_keeps_what_was_withheld(world: World, browser: Client, reader: Access) -> None:
    """The exception follows the wish, whatever the types become; and settling it again cleans up."""
    paper = document(world, DocumentType.CONVENTION)
    choose(browser, paper, reader, opened=True)
    posted = {"role": "standard", "preset": "tout"}
    browser.post(reverse("access_change", args=[reader.pk]) + "?confirme=1", posted)
    assert DocumentGrant.objects.count() == 1
    choose(browser, paper, reader, opened=True)
    assert not DocumentGrant.objects.exists()
    choose(browser, paper, reader, opened=False)
    assert DocumentGrant.objects.get().permission.codename == DocumentGrant.WITHHELD


def test_the_list_costs_the_same_with_exceptions(
    world: World, browser: Client, reader: Access, client_for: ClientFor
) -> None:
    session = client_for(reader.user)

    def queries() -> int:
        session.get(reverse("document_list"))
        with CaptureQueriesContext(connection) as counted:
            session.get(reverse("document_list"))
        return len(counted)

    before = queries()
    for paper in Document.objects.filter(establishment=world.lille)[:10]:
        choose(browser, paper, reader, opened=paper.type != DocumentType.FACTURE)
    assert queries() == before


def test_only_administrators_of_its_establishment(world: World, client_for: ClientFor, reader: Access) -> None:
    paper = document(world, DocumentType.FACTURE)
    refused = ["standard", "neighbour", "ex_member", "responsable", "unverified", "delegate_ended", "staff"]
    for persona in refused:
        client = client_for(world.personas[persona])
        assert client.get(sharing(paper)).status_code == 404
        assert client.post(sharing(paper), {"montre": [reader.pk], "ouvre": []}).status_code == 404
    nice = Document.objects.filter(establishment=world.nice, type=DocumentType.CONVOCATION).earliest("pk")
    assert client_for(world.personas["member_of_two"]).get(sharing(nice)).status_code == 404, "standard in Nice"
    assert not DocumentGrant.objects.exists()


def test_the_service_reads_the_right_again(world: World, reader: Access) -> None:
    paper = document(world, DocumentType.FACTURE)
    for persona in ("standard", "neighbour", "delegate_ended", "responsable"):
        with pytest.raises(PermissionDenied):
            choose_readers(document=paper, offered=[reader.pk], opened=[], actor=world.personas[persona])


def test_a_paper_of_no_establishment_is_shared_by_nobody(world: World, reader: Access) -> None:
    order = make_order(None, "libre@armor.example", world.sessions[:1], papers=False)
    paper = make_document(DocumentType.CONVENTION, order)
    with pytest.raises(PermissionDenied):
        choose_readers(document=paper, offered=[reader.pk], opened=[reader.pk], actor=world.personas["administrator"])
    assert not DocumentGrant.objects.exists()


def test_a_forged_reader_gets_nothing(world: World, browser: Client) -> None:
    """An access elsewhere, an administrator, an ended one, nonsense: none of them is written."""
    paper = document(world, DocumentType.FACTURE)
    nice = give_access(make_user("nice@armor.example"), world.nice, Role.STANDARD)
    rows = [
        nice,
        Access.objects.get(user=world.personas["neighbour"]),
        Access.objects.get(user=world.personas["member_of_two"], establishment=world.lille),
        Access.objects.get(user=world.personas["delegate_ended"]),
    ]
    posted: dict[str, Any] = {"montre": [*(row.pk for row in rows), "x", "9" * 30, "-1"], "ouvre": [nice.pk]}
    assert browser.post(sharing(paper), posted).status_code == 302
    assert not DocumentGrant.objects.exists()


def test_what_the_page_did_not_show_is_left_alone(world: World, browser: Client, reader: Access) -> None:
    """Somebody got an access while the page was open: sending it decides nothing about them."""
    paper = document(world, DocumentType.FACTURE)
    give_access(make_user("nouveau@armor.example"), world.lille, Role.STANDARD, [DocumentType.FACTURE])
    choose(browser, paper, reader, opened=True)
    assert not DocumentGrant.objects.exists()


def test_a_corrected_version_keeps_the_exceptions(
    world: World, browser: Client, reader: Access, client_for: ClientFor
) -> None:
    invoice, convention = document(world, DocumentType.FACTURE), document(world, DocumentType.CONVENTION)
    choose(browser, invoice, reader, opened=False)
    choose(browser, convention, reader, opened=True)
    session = client_for(reader.user)
    for old, status in ((invoice, 404), (convention, 200)):
        assert old.order is not None
        new = make_document(DocumentType(old.type), old.order, replaces=old, session=old.session)
        assert statuses(session, new) == {status}


def test_one_establishment_at_a_time(world: World, client_for: ClientFor) -> None:
    """What was shared in Lille says nothing about Nice, for someone who reads in both."""
    user = make_user("deux-lieux@armor.example")
    here = give_access(user, world.lille, Role.STANDARD)
    give_access(user, world.nice, Role.STANDARD)
    paper = document(world, DocumentType.CONVENTION)
    choose_readers(document=paper, offered=[here.pk], opened=[here.pk], actor=world.personas["administrator"])
    assert set(Document.objects.visible_to(user)) == {paper}


def test_what_was_shared_closes_with_the_access(world: World, reader: Access) -> None:
    """A delegation that ended keeps its rows, and opens nothing: not even for somebody who reads elsewhere."""
    paper, user, now = document(world, DocumentType.CONVENTION), reader.user, timezone.now()
    choose_readers(document=paper, offered=[reader.pk], opened=[reader.pk], actor=world.personas["administrator"])
    give_access(user, world.nice, Role.STANDARD, [DocumentType.FACTURE])
    assert paper in Document.objects.visible_to(User.objects.get(pk=user.pk))
    Access.objects.filter(pk=reader.pk).update(granted_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    opened = Document.objects.visible_to(User.objects.get(pk=user.pk))
    assert DocumentGrant.objects.filter(user=user, content_object=paper).exists()
    assert set(opened) == set(Document.objects.filter(establishment=world.nice, type=DocumentType.FACTURE))
