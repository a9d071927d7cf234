"""Attendance: entered half-day by half-day by staff, closed with the session, counted in hours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import (
    Case,
    DecimalField,
    DurationField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Extract, Round
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from catalogue.models import HalfDay, Session, SessionState
from enrolments.models import Attendance, Enrolment, EnrolmentState
from enrolments.seats import lock_with_orders
from enrolments.signals import attendance_corrected, session_closed

SEATED = (EnrolmentState.CONFIRMED, EnrolmentState.PRESENT, EnrolmentState.PARTIAL, EnrolmentState.ABSENT)
_NUMBER: DecimalField[Decimal, Decimal] = DecimalField(max_digits=14, decimal_places=6)
_HOURS: DecimalField[Decimal, Decimal] = DecimalField(max_digits=6, decimal_places=2)


def hours_attended(enrolment: Enrolment) -> Decimal:
    """Hours of training that the participant followed, to the hundredth; what a certificat de réalisation may say.

    The course's hours in the proportion of the half-days attended (by their length on the clock, so that a day counts
    for its seven hours however long lunch is). Without half-days recorded: all of them for a state "present", none for
    any other, a partial presence included, because nothing proves any.
    """
    row = with_hours_attended(Enrolment.objects.filter(pk=enrolment.pk)).get()
    return Decimal(getattr(row, "hours_attended", 0))


def with_hours_attended(enrolments: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """The rows, each with `hours_attended`, by the rule of the function of that name."""
    followed = _minutes(Attendance.objects.filter(enrolment=OuterRef("pk"), present=True), "enrolment", "half_day__")
    taught = _minutes(HalfDay.objects.filter(session=OuterRef("session_id")), "session", "")
    recorded = Attendance.objects.filter(enrolment=OuterRef("pk")).order_by().values("enrolment")
    proportion = Round(
        ExpressionWrapper(F("hours") * Coalesce(followed, Value(Decimal(0))) / taught, output_field=_NUMBER),
        precision=2,
    )
    hours = Case(
        When(Q(state=EnrolmentState.CANCELLED), then=Value(Decimal(0))),
        When(Q(pk__in=Subquery(recorded)), then=proportion),
        When(Q(state=EnrolmentState.PRESENT), then=F("hours")),
        default=Value(Decimal(0)),
        output_field=_HOURS,
    )
    return enrolments.annotate(hours_attended=hours)


def _minutes(rows: QuerySet[Attendance] | QuerySet[HalfDay], about: str, path: str) -> Subquery:
    """The minutes on the clock of these half-days, summed by what they are about; nothing for none."""
    length = ExpressionWrapper(F(f"{path}ends_at") - F(f"{path}starts_at"), output_field=DurationField())
    summed = rows.order_by().values(about).annotate(length=Sum(length))
    return Subquery(
        summed.annotate(minutes=Extract("length", "epoch", output_field=_NUMBER) / Value(Decimal(60))).values(
            "minutes"
        ),
        output_field=_NUMBER,
    )


Marks = Mapping[tuple[int, int], bool]  # (id of the enrolment, id of the half-day) → there or not


@transaction.atomic
def record_attendance(*, session: Session, marks: Marks, actor: User) -> list[int]:
    """Keep what staff entered for a session; what is not in `marks` stays as it was.

    In a session closed already, the states follow at once, the signal says whose hours changed, and the ids of those of
    whom no presence is left are returned: an attestation that they had is void. ValidationError, in French, for
    somebody or a half-day that is not of the session, or of the days to come.
    """
    held = lock_with_orders(session, SEATED)
    half_days = {one.pk: one for one in held.half_days.all()}
    seated = set(_seated(held).values_list("pk", flat=True))
    today = timezone.localdate()
    for enrolment_id, half_day_id in marks:
        if enrolment_id not in seated or half_day_id not in half_days:
            raise ValidationError(_("Cette présence n’est pas de cette session : rechargez la page."))
        if half_days[half_day_id].date > today:
            raise ValidationError(_("Une demi-journée à venir n’a pas encore de présents."))
    closed = held.state == SessionState.DONE
    before = _hours_in(held) if closed else {}
    now = timezone.now()
    rows = [
        Attendance(enrolment_id=enrolment, half_day_id=half_day, present=there, recorded_by=actor, recorded_at=now)
        for (enrolment, half_day), there in sorted(marks.items())
    ]
    Attendance.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["enrolment", "half_day"],
        update_fields=["present", "recorded_by", "recorded_at"],
    )
    return _correct(held, before) if closed else []


def _correct(session: Session, before: Mapping[int, Decimal]) -> list[int]:
    """Let the states of a closed session follow; who has no hours any more. `before`: the hours that each had."""
    _derive_states(session)
    changed = {pk: hours for pk, hours in _hours_in(session).items() if hours != before[pk]}
    if changed:
        attendance_corrected.send(Session, session=session, enrolments=list(changed))
    return [pk for pk, hours in changed.items() if not hours]


@transaction.atomic
def close_session(*, session: Session, actor: User) -> Session:
    """The session took place: each participant becomes present, partially present or absent, and the signal leaves.

    ValidationError, in French, when it is not over, was cancelled or closed, or when a half-day of somebody is missing.
    """
    held = lock_with_orders(session, SEATED)
    if held.state in (SessionState.DONE, SessionState.CANCELLED):
        raise ValidationError(_("Cette session est déjà close ou annulée."))
    if held.ends_on > timezone.localdate():
        raise ValidationError(_("Cette session n’est pas finie."))
    half_days = held.half_days.count()
    if not half_days:
        raise ValidationError(_("Cette session n’a pas de demi-journées : saisissez-les d’abord."))
    expected = half_days * _seated(held).count()
    missing = expected - Attendance.objects.filter(enrolment__in=_seated(held)).count()
    if missing:
        text = ngettext("Il manque %d présence à saisir.", "Il manque %d présences à saisir.", missing)
        raise ValidationError(text % missing)
    _derive_states(held)
    held.state = SessionState.DONE
    held.save(update_fields=["state"])
    session_closed.send(Session, session=held)
    return held


def _seated(session: Session) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(session=session, state__in=SEATED)


def _hours_in(session: Session) -> dict[int, Decimal]:
    """The hours attended by each."""
    return {one.pk: getattr(one, "hours_attended", Decimal(0)) for one in with_hours_attended(_seated(session))}


def _derive_states(session: Session) -> None:
    """Present on all half-days, on none, or on some; locked in the order of their ids."""
    count = session.half_days.count()
    for enrolment in _seated(session).select_for_update(of=["self"]).order_by("pk"):
        there = Attendance.objects.filter(enrolment=enrolment, present=True).count()
        enrolment.state = (
            EnrolmentState.PRESENT if there == count else EnrolmentState.PARTIAL if there else EnrolmentState.ABSENT
        )
        enrolment.decide(["state"])
        enrolment.save(update_fields=["state", "decided_in_portal"])
