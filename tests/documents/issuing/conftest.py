"""A deal whose papers are to be issued: a confirmed session with its times, and a validated order without papers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from catalogue.models import HalfDay, Session, SessionState
from documents.issuing import making
from documents.papers import Paper
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState, Participant
from enrolments.transitions import any_state
from tests.worlds import World, make_order, make_session, number, pdf

PROVIDER = {"siret": "90184726900015", "nda": "11922345692", "iban": "FR7630001007941234567890185"}


@pytest.fixture(autouse=True)
def provider_with_numbers(settings: Settings) -> None:
    settings.PROVIDER = {**settings.PROVIDER, **PROVIDER}


@dataclass
class Deal:
    """What the tests issue papers for."""

    world: World
    session: Session
    order: Order

    @property
    def seat(self) -> Enrolment:
        seat = self.order.enrolments.order_by("pk").first()
        assert seat is not None
        return seat

    def join(self, *, order: Order | None = None, session: Session | None = None, named: bool = True) -> Enrolment:
        """One more seat."""
        order = order or self.order
        assert order.establishment is not None
        person = Participant.objects.create(company=order.establishment.company, last_name=number("Nom"))
        return Enrolment.objects.create(
            number=number("INS"),
            order=order,
            session=session or self.session,
            participant=person if named else None,
            state=EnrolmentState.CONFIRMED,
            public_price=Decimal("1500.00"),
            price=Decimal("1275.00"),
        )

    def close(self, state: EnrolmentState = EnrolmentState.PRESENT) -> None:
        """The session took place and everybody was there."""
        with any_state():
            Session.objects.filter(pk=self.session.pk).update(state=SessionState.DONE)
            Enrolment.objects.filter(session=self.session, state=EnrolmentState.CONFIRMED).update(state=state)
        self.session.refresh_from_db()


def make_deal(world: World) -> Deal:
    first = timezone.localdate() + timedelta(days=20)
    session = make_session(world.sessions[0].course, first, SessionState.CONFIRMED)
    for rank in range(3):
        for start, end in ((time(9), time(12, 30)), (time(13, 30), time(17))):
            day = session.starts_on + timedelta(days=rank)
            HalfDay.objects.create(session=session, date=day, starts_at=start, ends_at=end)
    order = make_order(world.lille, "nouvelle@armor.example", [session], papers=False, state=OrderState.VALIDATED)
    return Deal(world, session, order)


@pytest.fixture
def deal(world: World) -> Deal:
    return make_deal(world)


@pytest.fixture
def quick_press(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Paper]]:
    """A press for what is not about printing: small PDFs, and the papers that were printed."""
    printed: list[Paper] = []

    def checked(paper: Paper) -> bytes:
        printed.append(paper)
        return pdf(paper.title)

    monkeypatch.setattr(making, "_checked", checked)
    return lambda: printed
