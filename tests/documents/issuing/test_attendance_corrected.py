"""Attendance that is corrected after the closing renews what said other hours, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from catalogue.models import HalfDay, Session, SessionState
from documents.models import Document
from documents.papers import Paper
from documents.validity import void_among
from enrolments.attendance import close_session, record_attendance
from enrolments.models import Enrolment, OrderState
from tests.conftest import ClientFor, RunTasks
from tests.worlds import World, make_order, make_session

Printed = Callable[[], list[Paper]]


@pytest.fixture
def over(world: World, run_tasks: RunTasks, quick_press: Printed) -> Session:
    """A session of two half-days, closed: one person was there, one half of it, one not at all; papers issued."""
    session = make_session(world.sessions[0].course, timezone.localdate() - timedelta(days=3), SessionState.CONFIRMED)
    for start, end in ((time(9), time(12, 30)), (time(13, 30), time(17))):
        HalfDay.objects.create(session=session, date=session.starts_on, starts_at=start, ends_at=end)
    make_order(world.lille, "nouvelle@armor.example", [session] * 3, papers=False, state=OrderState.VALIDATED)
    mark(world, session, "xx", "x.", "..")
    close_session(session=session, actor=world.personas["staff"])
    run_tasks()
    quick_press().clear()
    return Session.objects.get(pk=session.pk)


def mark(world: World, session: Session, *presences: str) -> None:
    half_days, people = list(session.half_days.all()), seats(session)
    marks = {
        (person.pk, half_day.pk): sign == "x"
        for person, signs in zip(people, presences, strict=True)
        for half_day, sign in zip(half_days, signs, strict=True)
    }
    record_attendance(session=session, marks=marks, actor=world.personas["staff"])


def seats(session: Session) -> list[Enrolment]:
    return list(session.enrolments.order_by("pk"))


def attestations(session: Session) -> dict[int | None, int]:
    """How many are in force, by enrolment."""
    current = Document.objects.filter(session=session, type="attestation", replaced_by__isnull=True)
    return {one.enrolment_id: one.issue.version for one in current.select_related("issue")}


def test_only_the_attestation_that_says_other_hours_is_renewed(
    over: Session, world: World, quick_press: Printed, run_tasks: RunTasks
) -> None:
    there, half, absent = seats(over)
    assert attestations(over) == {there.pk: 1, half.pk: 1}
    mark(world, over, "xx", "xx", "..")
    run_tasks()
    assert attestations(over) == {there.pk: 1, half.pk: 2}
    (paper,) = quick_press()
    assert Decimal(str(paper.facts["hours_attended"])) == over.course.hours
    mark(world, over, "xx", "xx", "..")
    run_tasks()
    assert attestations(over) == {there.pk: 1, half.pk: 2}, "the same once more changes nothing"
    mark(world, over, "xx", "xx", "x.")
    run_tasks()
    assert attestations(over) == {there.pk: 1, half.pk: 2, absent.pk: 1}, "somebody was there after all"


def test_whoever_was_not_there_after_all_keeps_a_void_attestation(
    over: Session, world: World, quick_press: Printed, run_tasks: RunTasks, client_for: ClientFor
) -> None:
    """Nothing is deleted: it says that it is not valid, to the client and to whoever reads its QR."""
    there, half, _absent = seats(over)
    paper = Document.objects.get(enrolment=there, type="attestation")
    staff, check = client_for(world.personas["staff"]), reverse("verification", args=[paper.issue.check_code])
    assert "Attestation valide" in staff.get(check).text
    days = list(over.half_days.all())
    half_there = {f"present-{half.pk}-{days[0].pk}": "on"}
    grid = reverse("admin:catalogue_session_attendance", args=[over.pk])
    answer = staff.post(grid, {f"saisie-{day.pk}": "on" for day in days} | half_there, follow=True)
    assert f"Plus aucune présence pour {there.participant}" in answer.text
    run_tasks()
    assert void_among(Document.objects.filter(session=over).values_list("pk", flat=True)) == {
        paper.pk: "sans effet\u00a0: aucune présence n’est établie"
    }
    assert quick_press() == []
    page = client_for(None).get(check)
    assert "n’est plus valable" in page.text
    assert "présence" not in page.text, "the page says no more than is printed"
    mark(world, over, "x.", "x.", "..")
    run_tasks()
    assert attestations(over) == {there.pk: 2, half.pk: 1}
    assert "Attestation remplacée" in staff.get(check).text
