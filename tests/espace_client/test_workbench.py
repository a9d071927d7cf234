"""The home page of the management site: what waits, counted, with a way to the very rows that were counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from catalogue.models import SessionState
from documents.board import papers
from documents.models import Deposit, FileCheck, Issue, IssueBatch
from enrolments.models import Enrolment, ErasureRequest, OrderState
from espace_client import workbench
from espace_client.models import ImportRun, ImportStatus, OutgoingMail
from tests.admin_rows import ROWS, make_import_run
from tests.conftest import ClientFor
from tests.worlds import World, make_order, make_session, make_user

HOME = reverse("admin:index")


@pytest.fixture
def team(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


def waiting(client: Client) -> dict[str, tuple[str, str]]:
    """By label: how many, and where."""
    return {one.label: (one.count, one.url) for one in client.get(HOME).context["waiting"]}


def sessions_to_decide_on(world: World, rows: int) -> None:
    """Sooner than in 30 days; the same later, or cancelled, or full enough, waits for nobody."""
    course, today = world.sessions[0].course, timezone.localdate()
    for _rank in range(rows):
        make_session(course, today + timedelta(days=9))
    make_session(course, today + timedelta(days=60))
    make_session(course, today + timedelta(days=9), SessionState.CANCELLED)
    full = make_session(course, today + timedelta(days=9))
    for _seat in range(full.minimum):
        make_order(world.lille, "plein@armor.example", [full], papers=False)


def orders_waiting(world: World, rows: int) -> None:
    for _rank in range(rows):
        make_order(world.lille, "x@armor.example", world.sessions, state=OrderState.PENDING, papers=False)


def orders_of_nobody(world: World, rows: int) -> None:
    for _rank in range(rows):
        make_order(None, "x@armor.example", world.sessions, papers=False)
    make_order(None, "x@armor.example", world.sessions, papers=False, state=OrderState.CANCELLED)


def late_mails(world: World, rows: int) -> None:
    ages = [timedelta(hours=1)] * rows + [timedelta(0), timedelta(days=90)]
    for age in ages:
        OutgoingMail.objects.create(
            sender="ib", recipients=["x@armor.example"], subject="Bonjour", raw=b"x", written_at=timezone.now() - age
        )


def given_up(world: World, rows: int) -> None:
    ROWS[DBTaskResult](world, rows)
    DBTaskResult.objects.update(status="FAILED")


def asked(world: World, rows: int) -> None:
    ROWS[IssueBatch](world, rows)
    Issue.objects.update(state="asked", error="")


def rows_of(model: type) -> Callable[[World, int], None]:
    return lambda world, rows: ROWS[model](world, rows)


KINDS: dict[str, Callable[[World, int], None]] = {
    "commandes à valider": orders_waiting,
    "commandes à rattacher": orders_of_nobody,
    "sessions sous leur minimum dans les 30 jours": sessions_to_decide_on,
    "documents reçus à regarder": rows_of(Deposit),
    "demandes d’effacement": rows_of(ErasureRequest),
    "pièces qui n’ont pas pu être émises": rows_of(Issue),
    "mails qui ne partent pas": late_mails,
    "tâches de fond abandonnées": given_up,
    "émissions en cours": asked,
}


@pytest.mark.parametrize("label", KINDS)
def test_each_count_leads_to_what_was_counted(label: str, world: World, team: Client) -> None:
    Enrolment.objects.update(state="present")  # the world's own sessions want nothing
    before = waiting(team)
    assert label not in before or label == "sessions sous leur minimum dans les 30 jours"
    KINDS[label](world, 3)
    count, url = waiting(team)[label]
    page = team.get(url)
    shown = page.context["total"] if label == "commandes à valider" else page.context["cl"].result_count
    assert int(count) == shown >= 3
    assert "e=1" not in page.request["QUERY_STRING"]


def test_a_failure_that_nobody_can_mend_waits_for_nobody(world: World, team: Client) -> None:
    ROWS[Issue](world, 3)
    ended, _seat, _left = Issue.objects.filter(state="failed").order_by("pk")
    Issue.objects.filter(pk=ended.pk).update(
        order=make_order(world.lille, "x@armor.example", [], state=OrderState.CANCELLED)
    )
    count, url = waiting(team)["pièces qui n’ont pas pu être émises"]
    assert int(count) == team.get(url).context["cl"].result_count == 2
    over = team.get(reverse("admin:documents_issue_changelist"), {"echecs": "sans-suite"}).context["cl"]
    assert list(over.result_list) == [ended]


def test_papers_that_are_missing(world: World, team: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_order(world.lille, "x@armor.example", world.sessions, papers=False)
    count, url = waiting(team)["commandes auxquelles des pièces manquent"]
    assert len(team.get(url).context["board"].folders) == int(count) > 1
    monkeypatch.setattr(papers, "MOST_SEATS_OF_TEAM", 1)
    cache.clear()
    assert waiting(team)["commande à laquelle des pièces manquent"][0] == "au moins 1"


def test_the_last_import_is_looked_at_and_trials_are_not(world: World, team: Client) -> None:
    make_import_run()
    run = make_import_run()
    count, url = waiting(team)["ligne refusée au dernier import de l’ERP"]
    assert {row.run_id for row in team.get(url).context["cl"].result_list} == {run.pk}
    assert count == "1"
    ImportRun.objects.create(folder="essai", dry_run=True, status=ImportStatus.FAILED)
    ImportRun.objects.create(folder="en cours")
    assert "ligne refusée au dernier import de l’ERP" in waiting(team)
    failed = ImportRun.objects.create(folder="dépôt", status=ImportStatus.FAILED)
    url = waiting(team)["import de l’ERP interrompu"][1]
    assert url == reverse("admin:espace_client_importrun_change", args=[failed.pk])
    ImportRun.objects.create(folder="dépôt", status=ImportStatus.DONE)
    assert not [label for label in waiting(team) if "ERP" in label]


def test_files_that_are_not_what_was_issued(world: World, team: Client) -> None:
    now = timezone.now()
    check = FileCheck.objects.create(begun_at=now, ended_at=now, checked=9, missing=[1], altered=[2])
    count, url = waiting(team)["fichiers absents ou modifiés"]
    assert (count, url) == ("2", reverse("admin:documents_filecheck_change", args=[check.pk]))
    FileCheck.objects.create(begun_at=now + timedelta(days=1), ended_at=now + timedelta(days=1), checked=9)
    assert "fichiers absents ou modifiés" not in waiting(team)


def test_each_sees_what_they_may_open(world: World, client_for: ClientFor) -> None:
    ROWS[Deposit](world, 1)
    orders_waiting(world, 1)
    clerk = make_user("lectrice@ib.example", is_staff=True)
    assert client_for(clerk).get(HOME).context["waiting"] is None
    assert "À traiter" not in client_for(clerk).get(HOME).text
    clerk.user_permissions.add(Permission.objects.get(codename="view_deposit"))
    (one,) = client_for(clerk).get(HOME).context["waiting"]
    assert (one.count, one.label) == ("1", "document reçu à regarder")
    Deposit.objects.update(handled_at=timezone.now())
    assert "Rien n’attend." in client_for(clerk).get(HOME).text


def test_more_that_waits_costs_no_more_queries(world: World, team: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    team.get(HOME)
    for rows in (1, 4):
        make_import_run()
        for make in KINDS.values():
            make(world, rows)
        with CaptureQueriesContext(connection) as queries:
            team.get(HOME)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 22
    monkeypatch.setattr(workbench, "MOST_COUNTED", 2)
    assert waiting(team)["documents reçus à regarder"][0] == "plus de 2"


def test_the_icon_is_found_at_the_root(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert answer.headers["Location"] == "/static/img/favicon.svg"
    assert "max-age=86400" in answer.headers["Cache-Control"]
