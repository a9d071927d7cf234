"""What happened to the enrolments of the demonstration: terms, attendance, changes with their fees, waiting lists."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from accounts.models import User
from catalogue.models import Session, SessionState
from enrolments.fees import Band, days_before, fee_of
from enrolments.models import (
    Attendance,
    CancellationBand,
    CancellationTerms,
    DayCount,
    Enrolment,
    EnrolmentEvent,
    EnrolmentState,
    ErasureRequest,
    EventKind,
    OrderState,
    SessionProposal,
    WaitingEntry,
    WaitingState,
)
from enrolments.models.events import ProposalKind
from enrolments.transitions import any_state

from .answers import half_days_attended
from .cast import STAFF_EMAIL
from .story import Story

CLAIRE, NADIA = "claire.fontaine@solvane.example", "nadia.benali@solvane.example"
BANDS = ((10, Decimal(50), Decimal(25)), (5, Decimal(100), Decimal(50)))
REMEMBERED = timedelta(days=400)  # attendance by half-day goes back so far; before, the ERP knew the state only
SEATED = (EnrolmentState.PRESENT, EnrolmentState.PARTIAL, EnrolmentState.ABSENT)


def make_following(story: Story) -> None:
    """After the orders, before their papers, which follow what happened."""
    make_terms(story)
    cancel_late(story)
    make_changes(story)
    move_a_session(story)
    make_attendance(story)
    make_waiting_list(story)
    person = story.staff_pool["lyon"][0]
    ErasureRequest.objects.create(
        participant=person, requested_by=story.people[NADIA], requested_at=story.ago(4), reason="A quitté le groupe."
    )


def make_terms(story: Story) -> None:
    """In working days: under ten days half the price to cancel, under five all of it; a report costs half of that."""
    terms = CancellationTerms.objects.create(in_force_from=date(2020, 1, 1), day_count=DayCount.WORKING)
    for under_days, cancelling, moving in BANDS:
        CancellationBand.objects.create(terms=terms, under_days=under_days, cancel_rate=cancelling, move_rate=moving)


def cancel_late(story: Story) -> None:
    """The last of a large past order gave up eight days before: half the price is due."""
    for group in _validated(story, NADIA, "lyon", coming=False):
        if len(group) < 5:
            continue
        enrolment = group[-1]
        session = enrolment.session
        day = session.starts_on - timedelta(days=8)
        days = days_before(day, session.starts_on, working=True)
        fee = fee_of(enrolment.price, days, [Band(limit, rate) for limit, rate, _moving in BANDS])
        enrolment.state = EnrolmentState.CANCELLED
        with any_state():
            Enrolment.objects.filter(pk=enrolment.pk).update(state=enrolment.state)
        _event(
            story, enrolment, EventKind.CANCELLED, story.people[NADIA], day, session_before=session, fee=fee.amount,
            rate=fee.rate,
            reason=f"Il reste {days} jours ouvrés avant le début : à moins de 10 jours ouvrés, une annulation coûte "
            "50\u00a0% du prix HT.",
        )  # fmt: skip
        return


def make_changes(story: Story) -> None:
    """Somebody was replaced three days ago, and somebody moved to a later session last week."""
    for group in _validated(story, CLAIRE, "lyon", coming=True):
        enrolment = group[0]
        there = {one.participant_id for one in group}
        before = next(one for one in story.staff_pool["lyon"] if one.pk not in there)
        _event(
            story, enrolment, EventKind.SUBSTITUTED, story.people[CLAIRE], story.today - timedelta(days=3),
            participant_before=before, participant_after=enrolment.participant,
            reason="Le remplacement est gratuit jusqu’à 1 jour ouvré avant.",
        )  # fmt: skip
        break
    for group in _validated(story, NADIA, "lyon", coming=True):
        enrolment = group[-1]
        course = enrolment.session.course_id
        others = [one for one in story.sessions if one.course_id == course and one.pk != enrolment.session_id]
        if others:
            _event(
                story, enrolment, EventKind.MOVED, story.people[NADIA], story.today - timedelta(days=7),
                session_before=others[-1], session_after=enrolment.session, reason="C’est gratuit à cette date.",
            )  # fmt: skip
            break


def move_a_session(story: Story) -> None:
    """We moved a session that somebody of Toulouse goes to, and wait for the answer."""
    for group in _validated(story, NADIA, "toulouse", coming=True):
        session = group[0].session
        length = session.ends_on - session.starts_on
        previous = session.starts_on - timedelta(days=7)
        staff = story.people[STAFF_EMAIL]
        SessionProposal.objects.create(
            order=group[0].order, session=session, kind=ProposalKind.MOVED, previous_starts_on=previous,
            previous_ends_on=previous + length, reason="Le formateur n’est plus disponible la semaine prévue.",
            created_at=story.ago(1), created_by=staff,
        )  # fmt: skip
        for one in group:
            if one.session_id == session.pk:
                _event(
                    story, one, EventKind.SESSION_MOVED, staff, story.today - timedelta(days=1), session_before=session
                )
        return


def make_attendance(story: Story) -> None:
    """Who was there, half-day by half-day, as the attendance sheets of the year say."""
    staff, rows = story.people[STAFF_EMAIL], []
    for group in story.enrolments.values():
        for one in group:
            if one.state not in SEATED or one.session.starts_on < story.today - REMEMBERED:
                continue
            half_days = story.half_days[one.session_id]
            attended = half_days_attended(one, half_days)
            at = story.at(one.session.ends_on, 18)
            rows += [
                Attendance(enrolment=one, half_day=half_day, present=rank < attended, recorded_by=staff, recorded_at=at)
                for rank, half_day in enumerate(half_days)
            ]
    Attendance.objects.bulk_create(rows, batch_size=2000)


def make_waiting_list(story: Story) -> None:
    """A full session: a seat is held for Nadia until tomorrow evening, and two others wait behind her."""
    coming = [one for one in story.sessions if one.starts_on > story.today + timedelta(days=7)]
    full = next((one for one in coming if one.state == SessionState.FULL), None)
    if full is None:
        full = next(one for one in coming if one.state != SessionState.CANCELLED)
        taken = sum(1 for one in _all(story) if one.session_id == full.pk and one.state != EnrolmentState.CANCELLED)
        full.seats = taken
    full.seats += 1
    Session.objects.filter(pk=full.pk).update(seats=full.seats)
    waiting = (
        (NADIA, "lyon", WaitingState.OFFERED, 9),
        ("helene.garnier@solvane.example", "siege", WaitingState.WAITING, 6),
        (CLAIRE, "lyon", WaitingState.WAITING, 2),
    )
    for email, place, state, days in waiting:
        held = story.at(story.today + timedelta(days=1), 18) if state == WaitingState.OFFERED else None
        WaitingEntry.objects.create(
            session=full, establishment=story.places[place], order_email=email, joined_by=story.people[email],
            joined_at=story.ago(days), state=state, held_until=held,
        )  # fmt: skip


def _all(story: Story) -> Iterator[Enrolment]:
    for group in story.enrolments.values():
        yield from group


def _validated(story: Story, email: str, place: str, *, coming: bool) -> Iterator[list[Enrolment]]:
    """The seats of each validated order of somebody, of sessions to come or past."""
    for order in story.orders:
        group = story.enrolments.get(order.pk, [])
        theirs = order.order_email == email and order.establishment == story.places[place]
        if theirs and order.state == OrderState.VALIDATED and group:
            session = group[0].session
            if (session.starts_on > story.today) == coming and session.state != SessionState.CANCELLED:
                yield group


def _event(
    story: Story, enrolment: Enrolment, kind: EventKind, actor: User, day: date, **fields: object
) -> EnrolmentEvent:
    return EnrolmentEvent.objects.create(
        enrolment=enrolment, kind=kind, at=story.at(day, 10), actor=actor, actor_email=actor.email, **fields
    )
