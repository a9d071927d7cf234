"""The pages and files of the two journals: one's own establishments, filtered, paged by key, exported harmlessly."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.csv_files import DANGEROUS, harmless
from accounts.document_types import DocumentType
from accounts.journal import record
from accounts.lists import ROWS_PER_PAGE
from accounts.models import AccessEvent, AccessEventType, User
from accounts.roles import Role
from documents.models import Document, Serving, ServingOutcome
from espace_client.retention import purge_old_lines
from tests.conftest import ClientFor, RunTasks
from tests.worlds import World, give_access

PAGES = ("journal", "journal_documents")


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_accessevent, documents_serving")
    return client_for(world.personas["administrator"])


def exported(client: Client, route: str, **params: Any) -> list[list[str]]:
    """The lines of the file, without its header."""
    answer = client.get(reverse(f"{route}_export"), params)
    assert answer.status_code == 200
    assert isinstance(answer, StreamingHttpResponse)
    assert "attachment" in answer["Content-Disposition"]
    text = answer.getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:]), delimiter=";"))[1:]


def told(world: World, email: str, event: AccessEventType = AccessEventType.INVITED, **fields: Any) -> AccessEvent:
    return record(
        actor=world.personas["member_of_two"], establishment=world.lille, subject_email=email, event=event, **fields
    )


def served(document: Document, user: User, outcome: ServingOutcome = ServingOutcome.DOWNLOADED) -> Serving:
    line = Serving.objects.create(
        document=document, requested_id=document.pk, user=user, user_email=user.email, outcome=outcome
    )
    line.refresh_from_db()
    return line


def test_what_happens_to_accesses_is_told_in_words(world: World, client: Client) -> None:
    told(world, "lea@armor.example", details={"types": ["facture"], "role": "standard"})
    record(
        actor=None,
        establishment=world.nice,
        subject_email="zoe@armor.example",
        event=AccessEventType.GIVEN,
        details={"origin": "erp"},
    )
    page = client.get(reverse("journal")).text
    assert "Invitation envoyée" in page
    assert "lea@armor.example" in page
    assert "standard\u202f; documents\u00a0: Facture" in page
    assert "deux@armor.example" in page
    assert "zoe@armor.example" not in page, "Nice is not theirs"
    (line,) = exported(client, "journal")
    assert line[1:] == [
        *("Invitation envoyée", "lea@armor.example", "Armor Lille", "deux@armor.example"),
        "standard\u202f; documents\u00a0: Facture",
    ]


def test_who_opened_what_is_told_and_refusals_of_strangers_are_not(world: World, client: Client) -> None:
    lille, nice = (Document.objects.filter(establishment=place).earliest("pk") for place in (world.lille, world.nice))
    assert served(lille, world.personas["standard"]).establishment == world.lille
    served(nice, world.personas["member_of_two"])
    served(lille, world.personas["neighbour"], ServingOutcome.REFUSED)
    assert Serving.objects.create(requested_id=0, user_email="x@y.example", outcome="refused").establishment is None
    page = client.get(reverse("journal_documents")).text
    assert lille.number in page
    assert "comptable@armor.example" in page
    assert nice.number not in page
    assert "voisin@brume.example" not in page
    (line,) = exported(client, "journal_documents")
    assert line[1:6] == [
        "comptable@armor.example",
        str(lille.get_type_display()),
        lille.number,
        "Armor Lille",
        "Téléchargé",
    ]


def test_a_real_download_is_in_the_journal(world: World, client: Client, client_for: ClientFor) -> None:
    invoice = Document.objects.filter(establishment=world.lille, type=DocumentType.FACTURE).earliest("pk")
    client_for(world.personas["standard"]).get(reverse("document_download", args=[invoice.pk]))
    assert [line[3] for line in exported(client, "journal_documents")] == [invoice.number]


def test_filters_by_person_type_period_and_place(world: World, client: Client) -> None:
    give_access(world.personas["administrator"], world.nice, Role.ADMINISTRATOR)
    told(world, "lea@armor.example")
    told(world, "zoe@armor.example", AccessEventType.REMOVED)
    old = record(actor=None, establishment=world.nice, subject_email="old@armor.example", event=AccessEventType.REMOVED)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_accessevent DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE accounts_accessevent SET at = %s WHERE id = %s", [timezone.now() - timedelta(days=60), old.pk]
        )
        cursor.execute("ALTER TABLE accounts_accessevent ENABLE TRIGGER USER")

    def found(**params: Any) -> set[str]:
        listed = {line.subject_email for line in client.get(reverse("journal"), params).context["lines"]}
        assert {line[2] for line in exported(client, "journal", **params)} == listed, "the file is what is filtered"
        return {email.split("@")[0] for email in listed}

    assert found() == {"lea", "zoe", "old"}
    assert found(q="LÉA") == {"lea"}
    assert found(q="deux@") == {"lea", "zoe"}, "who did it counts too"
    assert found(type="removed") == {"zoe", "old"}
    assert found(type=["removed", "invited"], periode="30-jours") == {"lea", "zoe"}
    assert found(etablissement=world.nice.pk) == {"old"}
    assert found(etablissement=world.brume.establishments[0].pk) == {"lea", "zoe", "old"}, "nonsense is ignored"
    assert "a été ignoré" in client.get(reverse("journal"), {"type": "x"}).text
    assert client.get(reverse("journal"), {"periode": "1999", "apres": "x~y"}).status_code == 200


@pytest.mark.parametrize("persona", ["standard", "ex_member", "responsable", "delegate_ended", "staff"])
@pytest.mark.parametrize("route", [*PAGES, "journal_export", "journal_documents_export"])
def test_there_is_no_journal_for_who_administers_nothing(
    persona: str, route: str, world: World, client_for: ClientFor
) -> None:
    assert client_for(world.personas[persona]).get(reverse(route)).status_code == 404


def test_pages_go_by_key_and_lose_nothing(world: World, client: Client) -> None:
    number = 2 * ROWS_PER_PAGE + 3
    at = timezone.now()
    AccessEvent.objects.bulk_create(
        AccessEvent(
            at=at - timedelta(seconds=rank // 4),  # four of each moment: the key breaks ties
            event=AccessEventType.GIVEN,
            subject_email=f"p{rank}@armor.example",
            establishment=world.lille,
        )
        for rank in range(number)
    )
    seen: list[int] = []
    url: str | None = reverse("journal")
    pages = []
    while url:
        page = client.get(url).context["page"]
        pages.append([line.pk for line in page.rows])
        seen += pages[-1]
        last, url = page, page.next_url and reverse("journal") + page.next_url
    assert len(seen) == len(set(seen)) == number
    assert seen == list(AccessEvent.objects.order_by("-at", "-pk").values_list("pk", flat=True))
    back = client.get(reverse("journal") + last.previous_url).context["page"]
    assert [line.pk for line in back.rows] == pages[-2]


@pytest.mark.parametrize("route", PAGES)
def test_a_longer_journal_costs_no_more_queries(route: str, world: World, client: Client) -> None:
    documents = list(Document.objects.filter(establishment=world.lille))
    costs = []
    for _ in range(2):
        for document in documents:
            told(world, "lea@armor.example")
            served(document, world.personas["standard"])
        client.get(reverse(route))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse(route))
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 6


@pytest.mark.parametrize("cell", ["=1+1", "+33", "-2", "@SUM(A1)", "\tx", "\r=1", "  =1", "\uff1d1"])
def test_no_cell_is_a_formula(cell: str, world: World, client: Client) -> None:
    assert harmless(cell) == f"'{cell}"
    told(world, "lea@armor.example", details={"reason": "bonne", "document": cell})
    user = world.personas["standard"]
    Serving.objects.create(
        document=Document.objects.filter(establishment=world.lille).earliest("pk"),
        requested_id=1,
        user=user,
        user_email=user.email,
        outcome=ServingOutcome.VIEWED,
        user_agent=cell,
    )
    for route in PAGES:
        for line in exported(client, route):
            assert not any(one.lstrip(" ").startswith(DANGEROUS) for one in line)


@given(st.text())
def test_a_harmless_cell_keeps_its_text(text: str) -> None:
    assert harmless(text).removeprefix("'") in (text.replace("\x00", ""), text.replace("\x00", "").removeprefix("'"))
    assert not harmless(text).lstrip(" ").startswith(DANGEROUS)


def test_the_daily_chore_and_the_command_purge_both_journals(
    world: World, client: Client, run_tasks: RunTasks, capsys: pytest.CaptureFixture[str]
) -> None:
    long_ago = timezone.now() - timedelta(days=366)
    for _ in range(2):
        AccessEvent.objects.create(at=long_ago, event=AccessEventType.GIVEN, subject_email="lea@armor.example")
        Serving.objects.create(at=long_ago, requested_id=1, user_email="lea@armor.example", outcome="refused")
        told(world, "lea@armor.example")
        if _:
            purge_old_lines.enqueue()
            run_tasks()
        else:
            call_command("purge_journals")
        assert (AccessEvent.objects.count(), Serving.objects.count()) == (_ + 1, 0)
    assert "journal des accès : 1 ligne(s) de plus de 365 jours supprimée(s)" in capsys.readouterr().out
