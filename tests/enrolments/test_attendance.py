"""Attendance: entered by half-day, closed with the session, counted in hours, seen with the émargement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.services import set_document_types
from catalogue.models import HalfDay, Session, SessionState
from enrolments.attendance import close_session, hours_attended, record_attendance, with_hours_attended
from enrolments.models import Attendance, Enrolment, EnrolmentState
from enrolments.signals import session_closed
from tests.conftest import ClientFor
from tests.constraints import kept_by, refused
from tests.worlds import World, make_order, make_session

CLOCK = [(time(9), time(12, 30)), (time(13), time(16, 30)), (time(9), time(10, 45)), (time(13), time(14, 45))]


@pytest.fixture
def taught(world: World) -> Session:
    """A session of 21 hours that is over: two half-days of 3 h 30 and two of 1 h 45, and two people."""
    session = make_session(world.sessions[0].course, timezone.localdate() - timedelta(days=3), SessionState.CONFIRMED)
    for rank, (starts_at, ends_at) in enumerate(CLOCK):
        day = session.starts_on + timedelta(days=rank // 2)
        HalfDay.objects.create(session=session, date=day, starts_at=starts_at, ends_at=ends_at)
    make_order(world.lille, "responsable@armor.example", [session, session], papers=False)
    return session


def mark(world: World, session: Session, *presences: str) -> list[Enrolment]:
    """Record "x" for there and "." for not, a text for each person in the order of their ids."""
    half_days, people = list(session.half_days.all()), list(session.enrolments.order_by("pk"))
    marks = {
        (person.pk, half_day.pk): sign == "x"
        for person, signs in zip(people, presences, strict=True)
        for half_day, sign in zip(half_days, signs, strict=False)
    }
    record_attendance(session=session, marks=marks, actor=world.personas["staff"])
    return people


@pytest.mark.parametrize(
    ("signs", "hours", "state"),
    [
        ("xxxx", "21.00", EnrolmentState.PRESENT),
        ("x...", "7.00", EnrolmentState.PARTIAL),
        ("..x.", "3.50", EnrolmentState.PARTIAL),
        ("....", "0.00", EnrolmentState.ABSENT),
    ],
)
def test_hours_and_state_follow_the_half_days(
    signs: str, hours: str, state: EnrolmentState, world: World, taught: Session
) -> None:
    first, _second = mark(world, taught, signs, "xxxx")
    told: list[Session] = []

    def tell(sender: Any, session: Session, **kwargs: Any) -> None:
        told.append(session)

    session_closed.connect(tell)
    try:
        close_session(session=taught, actor=world.personas["staff"])
    finally:
        session_closed.disconnect(tell)
    first.refresh_from_db()
    taught.refresh_from_db()
    assert (str(hours_attended(first)), first.state, taught.state) == (hours, state, SessionState.DONE)
    assert first.decided_in_portal == ["state"]
    assert told == [taught]


@pytest.mark.parametrize(
    ("state", "hours"),
    [
        (EnrolmentState.PRESENT, 21),
        (EnrolmentState.PARTIAL, 0),
        (EnrolmentState.ABSENT, 0),
        (EnrolmentState.CONFIRMED, 0),
        (EnrolmentState.CANCELLED, 0),
    ],
)
def test_without_half_days_only_a_whole_presence_proves_hours(
    state: EnrolmentState, hours: int, world: World, taught: Session
) -> None:
    enrolment = taught.enrolments.earliest("pk")
    Enrolment.objects.filter(pk=enrolment.pk).update(state=state)
    assert hours_attended(enrolment) == hours
    assert with_hours_attended(Enrolment.objects.filter(pk=enrolment.pk)).get().hours_attended == hours  # type: ignore[attr-defined]


def test_a_cancelled_enrolment_has_no_hours(world: World, taught: Session) -> None:
    first, _second = mark(world, taught, "xxxx", "xxxx")
    Enrolment.objects.filter(pk=first.pk).update(state=EnrolmentState.CANCELLED)
    assert hours_attended(first) == 0


def test_a_session_closes_only_when_all_is_known(world: World, taught: Session) -> None:
    staff = world.personas["staff"]
    mark(world, taught, "xx", "xxxx")
    with pytest.raises(ValidationError, match="Il manque 2 présences"):
        close_session(session=taught, actor=staff)
    mark(world, taught, "xxxx", "xxxx")
    close_session(session=taught, actor=staff)
    with pytest.raises(ValidationError, match="déjà close"):
        close_session(session=taught, actor=staff)
    coming = world.sessions[1]
    with pytest.raises(ValidationError, match="pas finie"):
        close_session(session=coming, actor=staff)


def test_a_correction_after_closing_changes_the_state(world: World, taught: Session) -> None:
    first, _second = mark(world, taught, "xxxx", "xxxx")
    close_session(session=taught, actor=world.personas["staff"])
    mark(world, taught, "x...", "xxxx")
    first.refresh_from_db()
    assert first.state == EnrolmentState.PARTIAL


@pytest.mark.parametrize("act", [record_attendance, close_session])
@pytest.mark.django_db(transaction=True)
def test_it_waits_for_whoever_holds_the_order(act: Callable[..., object], world: World, taught: Session) -> None:
    """The order before the session and its seats, as the printing of papers does: neither can stop the other dead."""
    marks: dict[str, Any] = {} if act is close_session else {"marks": {}}
    holding = connection.copy()
    try:
        with transaction.atomic(), connection.cursor() as cursor, holding.cursor() as other:
            holding.set_autocommit(False)
            other.execute("SELECT id FROM enrolments_order FOR NO KEY UPDATE")
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                act(session=taught, actor=world.personas["staff"], **marks)
            transaction.set_rollback(True)
    finally:
        holding.close()


def test_nobody_is_there_tomorrow_nor_elsewhere(world: World, taught: Session) -> None:
    half_day = HalfDay.objects.create(
        session=taught, date=timezone.localdate() + timedelta(days=1), starts_at=time(9), ends_at=time(12)
    )
    other = world.sessions[0].enrolments.earliest("pk")
    for enrolment, day in [(taught.enrolments.earliest("pk"), half_day), (other, taught.half_days.earliest("pk"))]:
        with pytest.raises(ValidationError):
            record_attendance(session=taught, marks={(enrolment.pk, day.pk): True}, actor=world.personas["staff"])
    assert not Attendance.objects.exists()


@kept_by("enrolment_keeps_attendance", "half_day_keeps_attendance")
def test_the_database_keeps_attendance_in_its_session(world: World, taught: Session) -> None:
    first, _second = mark(world, taught, "xxxx", "xxxx")
    other = make_session(taught.course, taught.starts_on)
    elsewhere = HalfDay.objects.create(session=other, date=other.starts_on, starts_at=time(9), ends_at=time(12))
    with refused("attendance_of_its_session"):
        Attendance.objects.create(enrolment=first, half_day=elsewhere, present=True)
    with refused("attendance_once_per_half_day"):
        Attendance.objects.create(enrolment=first, half_day=taught.half_days.earliest("pk"), present=False)
    with refused("enrolment_with_attendance_stays"):
        Enrolment.objects.filter(pk=first.pk).update(session=other)
    with refused("half_day_with_attendance_stays"):
        HalfDay.objects.filter(session=taught).update(session=other)


def test_attendance_is_seen_with_the_emargement(world: World, taught: Session) -> None:
    mark(world, taught, "xxxx", "x...")

    def seen(name: str) -> int:
        return Attendance.objects.visible_to(User.objects.get(pk=world.personas[name].pk)).count()

    assert [seen(name) for name in ("administrator", "responsable", "standard", "neighbour", "unverified")] == [
        8, 8, 0, 0, 0,
    ]  # fmt: skip
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    set_document_types(access=access, types=[DocumentType.EMARGEMENT])
    assert seen("standard") == 8


def test_staff_fill_the_grid(world: World, taught: Session, client_for: ClientFor) -> None:
    client, url = client_for(world.personas["staff"]), reverse("admin:catalogue_session_attendance", args=[taught.pk])
    assert "non saisie" in client.get(url).text
    first, second = taught.enrolments.order_by("pk")
    half_days = list(taught.half_days.all())
    some = {f"saisie-{half_days[0].pk}": "on", f"present-{first.pk}-{half_days[0].pk}": "on"}
    assert "Présences enregistrées." in client.post(url, some, follow=True).text
    assert dict(Attendance.objects.values_list("enrolment_id", "present")) == {first.pk: True, second.pk: False}
    assert "Il manque 6 présences" in client.post(url, {**some, "clore": "1"}, follow=True).text
    everything = {f"saisie-{one.pk}": "on" for one in half_days}
    everything |= {f"present-{first.pk}-{one.pk}": "on" for one in half_days}
    assert "session close" in client.post(url, {**everything, "clore": "1"}, follow=True).text
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (EnrolmentState.PRESENT, EnrolmentState.ABSENT)
    assert client.get(reverse("admin:catalogue_session_change", args=[taught.pk])).status_code == 200
