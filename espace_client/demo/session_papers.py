"""The papers that a session gives: convocations, attendance sheets, evaluations, attestations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial

from accounts.document_types import DocumentType
from accounts.models import Establishment
from catalogue.models import Session, SessionState
from documents.papers import Paper, Provider, attendance
from documents.papers.training import clock
from enrolments.models import Enrolment, EnrolmentState, Order

from .answers import achievements_of, answers_of, hours_attended, marks_of
from .filing import Sheet
from .issued import demo_check
from .story import Story
from .working_days import next_office_day

LATE_DAYS = 14
CONVENED_DAYS = 24  # a convocation leaves so long before the session
DAY = timedelta(days=1)
RUNS = (SessionState.CONFIRMED, SessionState.GUARANTEED, SessionState.FULL, SessionState.DONE)
ATTENDED = (EnrolmentState.PRESENT, EnrolmentState.PARTIAL)


def around_session(
    story: Story, provider: Provider, enrolments: Sequence[Enrolment], *, everything: bool
) -> Iterator[Sheet]:
    """What each trainee gets; not `everything`: only the attestation, which is kept."""
    for one in enrolments:
        if one.session.state not in RUNS or one.state == EnrolmentState.CANCELLED or one.participant is None:
            continue
        if everything:
            yield _convocation(story, provider, one)
        if one.session.ends_on < story.today and one.state in ATTENDED:
            if everything and not _answers_later(story, one):
                yield _evaluation(provider, one)
            yield _attestation(story, provider, one)


def _answers_later(story: Story, one: Enrolment) -> bool:
    """Every other trainee of the last weeks has not sent the answers yet."""
    return (story.today - one.session.ends_on).days <= LATE_DAYS and int(one.number[-1]) % 2 == 0


def _convocation(story: Story, provider: Provider, one: Enrolment) -> Sheet:
    day = next_office_day(max(one.session.starts_on - CONVENED_DAYS * DAY, one.order.placed_on + 3 * DAY))

    def draw(number: str) -> Paper:
        half_days = story.half_days[one.session_id]
        return attendance.convocation(
            provider=provider, enrolment=one, half_days=half_days, number=number, issued_on=day
        )

    return Sheet(DocumentType.CONVOCATION, day, draw, one.order, one, one.session)


def _evaluation(provider: Provider, one: Enrolment) -> Sheet:
    day = one.session.ends_on

    def draw(number: str) -> Paper:
        ratings, comment, score = answers_of(one)
        return attendance.evaluation(
            provider=provider,
            enrolment=one,
            ratings=ratings,
            achievements=achievements_of(one),
            comment=comment,
            score=score,
            number=number,
            issued_on=day,
        )

    return Sheet(DocumentType.EVALUATION, day, draw, one.order, one, one.session)


def _attestation(story: Story, provider: Provider, one: Enrolment) -> Sheet:
    day = next_office_day(one.session.ends_on + DAY)

    def draw(number: str) -> Paper:
        return attendance.attestation(
            provider=provider,
            enrolment=one,
            hours_attended=hours_attended(one, story.half_days[one.session_id]),
            achievements=achievements_of(one),
            number=number,
            issued_on=day,
            check=demo_check(number),
        )

    return Sheet(DocumentType.ATTESTATION, day, draw, one.order, one, one.session)


def attendance_sheets(
    story: Story, provider: Provider, orders: Sequence[tuple[Order, Sequence[Enrolment], bool]]
) -> Iterator[Sheet]:
    """One sheet per session and establishment; it belongs to the order when there is only one.

    `orders`: each with its enrolments, and whether the sheet that was to be signed is kept beside the signed one.
    """
    groups: dict[tuple[int, int], list[tuple[Order, Sequence[Enrolment], bool]]] = {}
    for order, enrolments, both in orders:
        for session_id in sorted({one.session_id for one in enrolments if one.session.state in RUNS}):
            mine = [one for one in enrolments if one.session_id == session_id and one.participant is not None]
            if order.establishment_id is not None and mine:
                groups.setdefault((session_id, order.establishment_id), []).append((order, mine, both))
    for group in groups.values():
        enrolments = [one for _order, mine, _both in group for one in mine if one.state != EnrolmentState.CANCELLED]
        alone = group[0][0] if len(group) == 1 else None
        if enrolments:
            yield from _attendance(story, provider, alone, enrolments, any(both for *_rest, both in group))


def _attendance(
    story: Story, provider: Provider, order: Order | None, enrolments: list[Enrolment], both: bool
) -> Iterator[Sheet]:
    """To sign three days before, signed the day after."""
    session, establishment = enrolments[0].session, enrolments[0].order.establishment
    if establishment is None:
        return
    make = partial(_sheet, story, provider, order, session, establishment, enrolments)
    blank = make(session.starts_on - 3 * DAY, signed=False)
    done = session.ends_on < story.today
    if both or not done:
        yield blank
    if done:
        yield make(next_office_day(session.ends_on + DAY), signed=True, replaces=blank if both else None)


def _sheet(
    story: Story,
    provider: Provider,
    order: Order | None,
    session: Session,
    establishment: Establishment,
    enrolments: list[Enrolment],
    day: date,
    *,
    signed: bool,
    replaces: Sheet | None = None,
) -> Sheet:
    half_days = story.half_days[session.pk]

    def draw(number: str) -> Paper:
        return attendance.emargement(
            provider=provider,
            establishment=establishment,
            session=session,
            enrolments=enrolments,
            half_days=half_days,
            number=number,
            issued_on=day,
            marks=[marks_of(one, half_days) for one in enrolments] if signed else (),
            trainer_marks=[clock(half.starts_at) for half in half_days] if signed else (),
        )

    return Sheet(
        DocumentType.EMARGEMENT,
        day,
        draw,
        order,
        session=session,
        establishment=establishment,
        replaces=replaces,
        signed=signed,
    )
