"""The first page: who leaves and with which convocation, how many, and the year in figures."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.statements import statement, together
from documents.models import Document
from enrolments.figures import Months, ask_months
from enrolments.models import Enrolment, EnrolmentState
from espace_client.views import dashboard
from tests.conftest import ClientFor
from tests.worlds import World, make_order, make_session

MINE = "responsable@armor.example"


def in_weeks(world: World, count: int) -> list[int]:
    """One order with a seat in each of `count` sessions of the coming weeks, the soonest first."""
    Enrolment.objects.filter(starts_on__gte=timezone.localdate()).update(state=EnrolmentState.CANCELLED)
    first_day, course = timezone.localdate() + timedelta(days=1), world.sessions[0].course
    sessions = [make_session(course, first_day + timedelta(days=day)) for day in range(count)]
    make_order(world.lille, MINE, sessions)
    return [session.pk for session in sessions]


def test_the_first_sessions_with_their_convocations(world: World, client_for: ClientFor) -> None:
    in_weeks(world, 8)
    page = client_for(world.personas["administrator"]).get(reverse("dashboard")).text
    assert "8 départs en formation dans les six semaines" in page
    assert "Voir 2 autres sessions" in page
    paper = Document.objects.filter(type=DocumentType.CONVOCATION, order_email=MINE).latest("pk")
    assert reverse("document_download", args=[paper.pk]) in page
    standard = world.personas["standard"]
    assert DocumentType.CONVOCATION not in User.objects.get(pk=standard.pk).rights.granted[world.lille.pk]
    assert reverse("document_download", args=[paper.pk]) not in client_for(standard).get(reverse("dashboard")).text


def test_more_departures_than_are_counted(world: World, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch) -> None:
    in_weeks(world, 9)
    monkeypatch.setattr(dashboard, "DEPARTURES", 7)
    statement.cache_clear()
    page = client_for(world.personas["administrator"]).get(reverse("dashboard")).text
    statement.cache_clear()
    assert "Au moins 7 départs en formation dans les six semaines" in page
    assert "Voir les autres sessions" in page


@pytest.mark.parametrize("persona", ["administrator", "standard", "responsable", "unverified"])
def test_the_months_add_up_to_what_one_sees(world: World, persona: str) -> None:
    """Against sums written another way, over days at both ends of months and years."""
    year, course = timezone.localdate().year, world.sessions[0].course
    days = [(year - 1, 1, 1), (year - 1, 12, 31), (year, 1, 1), (year, 1, 31), (year, 2, 1), (year, 12, 31)]
    outside = [(year - 2, 12, 31), (year + 1, 1, 1)]
    sessions = [make_session(course, date(*day)) for day in [*days, *outside]]
    make_order(world.lille, MINE, sessions, papers=False)
    make_order(world.brume.establishments[0], "autre@brume.example", sessions, papers=False)
    Enrolment.objects.filter(session=sessions[1]).update(state=EnrolmentState.ABSENT)
    Enrolment.objects.filter(session=sessions[3]).update(state=EnrolmentState.CANCELLED)
    user = User.objects.get(pk=world.personas[persona].pk)
    expected = {year - 1: Months(), year: Months()}
    for seat in Enrolment.objects.visible_to(user).exclude(state=EnrolmentState.CANCELLED):
        if seat.starts_on.year in expected:
            months, month = expected[seat.starts_on.year], seat.starts_on.month
            months.hours[month] += 0 if seat.state == EnrolmentState.ABSENT else seat.hours
            sees = user.rights.sees_amounts(seat.establishment_id, seat.order_email)
            months.spend[month] += seat.price if sees else Decimal(0)
    with together():
        months_of = ask_months(user, (year - 1, year))
    assert months_of() == expected
    assert any(expected[year].hours.values()) == (persona != "unverified")
