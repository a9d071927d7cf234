"""Sessions that the ERP confirms and closes call for their papers like those that staff close; its own are its own."""

from __future__ import annotations

from datetime import time, timedelta

import psycopg
import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from accounts.document_types import DocumentType
from catalogue.models import HalfDay, Session, SessionState
from documents.models import Deposit, Document, Issue, PaperKind
from documents.models.deposit import Scan
from documents.validity import void_among
from enrolments.models import Enrolment, Order, SessionProposal
from enrolments.signals import session_moved
from enrolments.transitions import any_state
from espace_client.erp import telling
from espace_client.erp.telling import LOCK, tell_dates, tell_session
from tests.conftest import RunTasks
from tests.documents.issuing.conftest import PROVIDER
from tests.espace_client.drops import Drop
from tests.worlds import make_document

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def provider(settings: Settings) -> None:
    settings.PROVIDER = {**settings.PROVIDER, **PROVIDER}


def opened(drop: Drop) -> Drop:
    """The same drop, some weeks ago: the session S1 is still to come, and nothing was issued."""
    drop.row("sessions", "S1").update(etat="ouverte")
    for seat in drop.rows["inscriptions"]:
        seat["etat"] = "confirmee"
    drop.rows["documents"] = []
    return drop


def close(drop: Drop) -> None:
    drop.row("sessions", "S1").update(etat="realisee")
    for seat in drop.rows["inscriptions"]:
        seat["etat"] = "presente"


def asked() -> list[tuple[str, str]]:
    """What was asked for: the kind, and the order or enrolment."""
    issues = Issue.objects.select_related("order", "enrolment").order_by("kind", "pk")
    return [(one.kind, str(one.enrolment or one.order)) for one in issues]


def test_what_the_erp_closes_is_attested_and_billed_once(drop: Drop, run_tasks: RunTasks) -> None:
    opened(drop).run()
    run_tasks()
    assert asked() == []
    close(drop)
    for _time in range(2):
        drop.run()
        run_tasks()
    assert asked() == [
        *(("attestation", seat) for seat in ("INS1", "INS2", "INS3", "INS4")),
        *(("facture", order) for order in ("CMD1", "CMD2")),  # CMD3 is attached to no establishment: billed to whom?
    ]


def test_papers_of_the_same_drop_are_not_issued_twice(drop: Drop, run_tasks: RunTasks) -> None:
    """They are read last: the closing is told after them."""
    documents = list(drop.rows["documents"])
    opened(drop).run()
    close(drop)
    drop.rows["documents"] = documents
    drop.run()
    run_tasks()
    filed = {one["commande"] for one in documents}
    assert filed
    assert not [one for one in asked() if one[1] in filed]
    seats = set(Enrolment.objects.filter(order__number__in=filed).values_list("number", flat=True))
    assert not [one for one in asked() if one[1] in seats]


@pytest.mark.parametrize("photographed", [False, True])
def test_an_order_whose_papers_come_from_the_erp_is_left_to_it(
    photographed: bool, drop: Drop, run_tasks: RunTasks
) -> None:
    """Its convention came in an earlier drop, or the team filed it from a photograph; its invoice may come later."""
    opened(drop)
    if not photographed:
        drop.add("documents", numero="CNV1", type="convention", commande="CMD1", inscription="", session="", siret="",
                 fichier="convention/CNV1.pdf")  # fmt: skip
    drop.run()
    if photographed:
        paper, now = make_document(DocumentType.CONVENTION, Order.objects.get(number="CMD1")), timezone.now()
        Deposit.objects.create(
            document=paper, user_email="equipe@ib.example", at=now, handled_at=now, original_sha256="0" * 64,
            original_name="photo.jpg", scan=Scan.NONE,
        )  # fmt: skip
    close(drop)
    drop.run()
    run_tasks()
    assert asked() == [("attestation", "INS3"), ("attestation", "INS4"), ("facture", "CMD2")]


def test_history_is_only_history(drop: Drop, run_tasks: RunTasks) -> None:
    """Sessions that were over when the portal first heard of them call for nothing."""
    drop.rows["documents"] = []
    drop.run()
    run_tasks()
    assert asked() == []
    assert not DBTaskResult.objects.filter(task_path__endswith="tell_session").exists()


def test_attendance_that_comes_later(drop: Drop, run_tasks: RunTasks) -> None:
    """A drop closes the session, the next one says who was there."""
    opened(drop).run()
    drop.row("sessions", "S1").update(etat="realisee")
    drop.run()
    run_tasks()
    assert {kind for kind, _about in asked()} == {"facture"}
    close(drop)
    drop.run()
    run_tasks()
    assert [about for kind, about in asked() if kind == "attestation"] == ["INS1", "INS2", "INS3", "INS4"]


def test_what_the_erp_confirms_is_summoned(drop: Drop, run_tasks: RunTasks) -> None:
    coming = timezone.localdate() + timedelta(days=30)
    opened(drop).row("sessions", "S1").update(debut=f"{coming:%d/%m/%Y}", fin=f"{coming:%d/%m/%Y}")
    drop.run()
    drop.row("sessions", "S1").update(etat="confirmee")
    drop.run()
    run_tasks()
    assert Issue.objects.filter(kind=PaperKind.CONVOCATION).count() == 3


def test_what_the_erp_moves_is_asked_about_once(drop: Drop, run_tasks: RunTasks) -> None:
    """As when staff move it; a convocation of the same drop says the new dates."""
    coming = timezone.localdate() + timedelta(days=30)
    opened(drop).row("sessions", "S1").update(debut=f"{coming:%d/%m/%Y}", fin=f"{coming:%d/%m/%Y}")
    drop.run()
    session = Session.objects.get(code="S1")
    for rank in range(2):
        day, hours = coming + timedelta(days=rank), {"starts_at": time(9), "ends_at": time(12)}
        HalfDay.objects.create(session=session, date=day, **hours)
    old = make_document(
        DocumentType.CONVOCATION, Order.objects.get(number="CMD1"), Enrolment.objects.get(number="INS1")
    )
    run_tasks()
    assert not SessionProposal.objects.exists()
    later = coming + timedelta(days=7)
    drop.row("sessions", "S1").update(debut=f"{later:%d/%m/%Y}", fin=f"{later:%d/%m/%Y}")
    drop.add("documents", numero="COV2", type="convocation", commande="CMD2", inscription="INS3", session="", siret="",
             fichier="convocation/COV2.pdf")  # fmt: skip
    moved: list[object] = []
    session_moved.connect(listener := lambda session, **kwargs: moved.append(session), weak=False)
    for _time in range(2):
        drop.run()
        run_tasks()
    session_moved.disconnect(listener)
    assert moved == [session]
    proposals = SessionProposal.objects.order_by("order__number")
    assert [(one.order.number, one.previous_starts_on) for one in proposals] == [
        (order, coming) for order in ("CMD1", "CMD2")
    ]
    assert sum("Nouvelles dates" in one.subject for one in mail.outbox) == 2
    new = Document.objects.get(number="COV2")
    assert void_among([old.pk, new.pk]) == {old.pk: "sans effet\u00a0: la session a changé de dates"}
    assert [one.date for one in session.half_days.all()] == [later], "within the new dates"
    told = DBTaskResult.objects.get(task_path=tell_dates.module_path).args_kwargs["args"]
    tell_dates.call(*told)
    with any_state():
        Session.objects.filter(pk=session.pk).update(state=SessionState.DONE)
    again = [*told[:-1], timezone.now().isoformat()]
    tell_dates.call(*again)
    assert SessionProposal.objects.count() == 2


def test_a_dry_run_tells_nothing(drop: Drop, run_tasks: RunTasks) -> None:
    opened(drop).run()
    close(drop)
    drop.run(dry_run=True)
    run_tasks()
    assert asked() == []


def test_it_waits_for_the_import_to_end(drop: Drop, run_tasks: RunTasks) -> None:
    """While another connection holds the lock of imports, the task puts itself off."""
    opened(drop).run()
    close(drop)
    drop.run()
    parameters = {key: connection.get_connection_params()[key] for key in ("dbname", "host", "user", "port") if
                  connection.get_connection_params().get(key)}  # fmt: skip
    with psycopg.connect(**parameters, autocommit=True) as importing:
        importing.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        run_tasks()
        assert asked() == []
    waiting = DBTaskResult.objects.filter(task_path=tell_session.module_path, status=TaskResultStatus.READY)
    assert waiting.count() == 3  # S1 twice: it is over, and people were there
    assert waiting.update(run_after=timezone.now())
    run_tasks()
    assert asked()


def test_a_move_waits_too(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(drop).run()
    monkeypatch.setattr(telling, "import_is_at_work", lambda: True)
    day = "2099-01-01"
    tell_dates.call(Session.objects.get(code="S1").pk, day, day, 1, [], timezone.now().isoformat())
    assert DBTaskResult.objects.get(task_path=tell_dates.module_path).run_after > timezone.now()


def test_a_session_that_is_neither_sure_nor_over_by_then_calls_for_nothing(drop: Drop) -> None:
    opened(drop).run()
    tell_session.call(Session.objects.get(code="S1").pk)
    assert asked() == []
