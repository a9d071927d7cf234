"""The journal of accesses: each change leaves its line, in its own transaction; only the purge takes lines away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.events import sentence
from accounts.journal import purge, record
from accounts.models import Access, AccessEvent, AccessEventType, RemovedAccess, User
from accounts.roles import Role
from accounts.services import remove_access, save_access, set_document_types
from documents.models import Serving, ServingOutcome
from tests.constraints import refused
from tests.worlds import World


def lines() -> list[AccessEvent]:
    return list(AccessEvent.objects.order_by("pk"))


@pytest.fixture
def fresh(world: World) -> World:
    """The world, its own lines (types ticked when it was made) put behind it."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_accessevent")
    return world


def test_an_access_that_is_given_changed_and_removed_leaves_three_lines(fresh: World) -> None:
    boss, person = fresh.personas["administrator"], fresh.personas["ex_member"]
    RemovedAccess.objects.all().delete()
    access = save_access(
        access=Access(user=person, establishment=fresh.lille, role=Role.STANDARD),
        types=[DocumentType.FACTURE, DocumentType.CONVOCATION],
        actor=boss,
    )
    access.role = Role.ADMINISTRATOR
    save_access(access=access, types=[], actor=boss)
    remove_access(access=access, actor=boss)
    assert [line.event for line in lines()] == ["given", "changed", "removed"]
    assert {line.subject_email for line in lines()} == {person.email}
    assert {(line.actor, line.actor_email, line.establishment) for line in lines()} == {(boss, boss.email, fresh.lille)}
    given, changed, removed = lines()
    assert given.details == {"role": "standard", "ends_at": None, "types": ["convocation", "facture"]}
    assert changed.details == {"role": ["standard", "administrator"], "removed": ["convocation", "facture"]}
    assert removed.details == {"role": "administrator"}
    assert given.sentence == "standard\u202f; documents\u00a0: Convocation, Facture"
    assert changed.sentence == "de standard à administrateur\u202f; n’ouvre plus\u00a0: Convocation, Facture"


def test_types_alone_leave_a_line_of_their_own_and_nothing_leaves_none(fresh: World) -> None:
    access = Access.objects.get(user=fresh.personas["standard"])
    save_access(access=access, types=[DocumentType.FACTURE], actor=fresh.personas["staff"])
    assert not lines(), "nothing changed"
    save_access(access=access, types=[DocumentType.ATTESTATION], actor=fresh.personas["staff"])
    assert set_document_types(access=access, types=DocumentType)
    assert not set_document_types(access=access, types=DocumentType)
    first, second = lines()
    assert (first.event, first.details) == ("types_changed", {"added": ["attestation"], "removed": ["facture"]})
    assert (second.actor, second.actor_email) == (None, "")


def test_what_is_refused_or_rolled_back_leaves_no_line(fresh: World) -> None:
    access = Access.objects.get(user=fresh.personas["standard"])
    with pytest.raises(PermissionDenied):
        remove_access(access=access, actor=fresh.personas["neighbour"])
    with transaction.atomic():
        remove_access(access=access, actor=fresh.personas["staff"])
        transaction.set_rollback(True)
    assert not lines()
    with pytest.raises(ValidationError):
        record(actor=None, establishment=None, subject_email="personne", event=AccessEventType.GIVEN)


def test_a_line_outlives_who_and_what_it_is_about(fresh: World) -> None:
    boss = User.objects.create(email="passage@armor.example", is_staff=True)
    line = record(
        actor=boss, establishment=fresh.nice.pk, subject_email=" Lea@Armor.example ", event=AccessEventType.INVITED
    )
    boss.delete()
    line.refresh_from_db()
    assert (line.actor_email, line.subject_email) == ("passage@armor.example", "lea@armor.example")
    assert line.establishment_name == "Armor Nice"


def test_an_administrator_reads_their_own_establishments_only(fresh: World) -> None:
    for place in (fresh.lille, fresh.nice, fresh.brume.establishments[0], None):
        record(actor=None, establishment=place, subject_email="lea@armor.example", event=AccessEventType.GIVEN)
    seen = {
        persona: {line.establishment_name for line in AccessEvent.objects.visible_to(user)}
        for persona, user in fresh.personas.items()
    }
    assert seen.pop("administrator") == seen.pop("member_of_two") == {"Armor Lille"}
    assert seen.pop("neighbour") == {"Brume Lyon"}
    assert not any(seen.values())


def served(**fields: Any) -> Serving:
    return Serving.objects.create(
        requested_id=1, user_email="lea@armor.example", outcome=ServingOutcome.REFUSED, **fields
    )


def test_the_purge_takes_the_oldest_lines_of_both_journals_and_nothing_else_does(db: None) -> None:
    now = timezone.now()
    old, recent = now - timedelta(days=400), now - timedelta(days=300)
    for at in (old, old, recent, now):
        served(at=at)
        AccessEvent.objects.create(at=at, event=AccessEventType.GIVEN, subject_email="lea@armor.example")
    before = now - timedelta(days=365)
    for journal, trigger in ((Serving, "serving_never_changes"), (AccessEvent, "access_event_never_changes")):
        with refused(trigger):
            journal._default_manager.filter(at__lt=before).delete()
        assert purge(journal, before=before) == 2
        assert journal._default_manager.count() == 2
        with refused(trigger):  # the road is closed again behind the purge
            journal._default_manager.filter(at=recent).delete()
        with refused(trigger):
            journal._default_manager.update(at=now)


def test_the_purge_never_takes_a_line_of_the_last_thirty_days(db: None) -> None:
    served(at=timezone.now() - timedelta(days=29))
    with refused("serving_never_changes"):
        purge(Serving, before=timezone.now())
    served_long_ago = served(at=timezone.now() - timedelta(days=31))
    with refused("serving_never_changes"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('espace.purge_before', %s, true)", [timezone.now().isoformat()])
        Serving.objects.filter(pk=served_long_ago.pk).update(user_email="")


def test_the_purge_goes_in_steps(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.journal.PURGED_AT_ONCE", 2)
    for _ in range(5):
        served(at=timezone.now() - timedelta(days=400))
    assert purge(Serving, before=timezone.now() - timedelta(days=365)) == 5


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"types": list(DocumentType.values)}, "documents\u00a0: tous"),
        ({"ends_at": "2026-12-31T23:00:00Z"}, "jusqu’au 1 janvier 2027"),
        ({"ends_at": datetime(2026, 6, 30, 22, tzinfo=UTC)}, "jusqu’au 1 juillet 2026"),
        ({"ends_at": [None, "2026-07-14T21:59:59Z"]}, "jusqu’au 14 juillet 2026"),
        ({"ends_at": ["2026-07-14T21:59:59Z", None]}, "sans date de fin"),
        ({"document": "FA-1", "type": "facture"}, "Facture\u202f; FA-1"),
        ({"email": ["lea@armor.example", "zoe@armor.example"]}, "de lea@armor.example à zoe@armor.example"),
        ({"origin": "erp", "pigeons": 3, "ends_at": None}, "import de l’ERP"),
    ],
)
def test_details_are_said_in_words(details: dict[str, Any], said: str) -> None:
    assert sentence(details) == said
