"""Drafts ready to be placed, for the tests of what becomes of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.models import Establishment, User
from catalogue.models import Session, SessionState
from enrolments.drafts import People, keep_people, quote, seats_in
from enrolments.models import Order, OrderDraft, Participant
from enrolments.placing import place_order
from enrolments.rosters import Named
from tests.worlds import World, make_session


def coming_session(world: World, *, seats: int = 12, days: int = 30) -> Session:
    """An open session of the world's course, on days on which nobody of the world is in training."""
    session = make_session(world.sessions[0].course, timezone.localdate() + timedelta(days=days), SessionState.OPEN)
    session.seats = seats
    session.save(update_fields=["seats"])
    return Session.objects.select_related("course__domain").get(pk=session.pk)


def colleagues(establishment: Establishment, count: int = 3) -> list[Participant]:
    """Colleagues who sit somewhere in the establishment already: known to whoever sees it."""
    rows = Participant.objects.filter(enrolments__establishment=establishment).distinct().order_by("pk")
    return list(rows[:count])


def prepare(
    user: User,
    session: Session,
    establishment: Establishment | None,
    *,
    known: int = 0,
    unnamed: int = 0,
    named: tuple[Named, ...] = (),
    siret: str = "",
) -> OrderDraft:
    """A draft of so many seats."""
    people = People(
        known=colleagues(establishment, known) if establishment and known else [],
        named=named,
        unnamed_seats=unnamed,
        establishment=establishment,
        declared_siret=siret,
    )
    return keep_people(user=user, session=session, people=people)


def total_of(draft: OrderDraft) -> Decimal:
    """What the summary of a draft shows."""
    owner = User.objects.with_rights(draft.owner_id)
    assert owner is not None
    return quote(owner.rights, draft.establishment, draft.session.course, seats_in(draft)).total


def place(draft: OrderDraft) -> Order:
    """The order of a draft, confirmed as it was shown."""
    return place_order(draft=draft, actor=draft.owner, total=total_of(draft))
