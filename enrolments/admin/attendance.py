"""The attendance of a session, as staff enter it: a grid of people and half-days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.admin.base import staff
from catalogue.models import HalfDay, Session, SessionState
from enrolments.attendance import SEATED, close_session, record_attendance
from enrolments.models import Attendance, Enrolment


@dataclass(frozen=True)
class Cell:
    """One person on one half-day. `name`: of the box; `recorded` None when nobody said yet."""

    half_day: HalfDay
    name: str
    recorded: bool | None
    coming: bool

    @property
    def checked(self) -> bool:
        """Most people come: a half-day that nobody entered yet proposes everybody."""
        return self.recorded is not False


def attendance_view(request: HttpRequest, model_admin: admin.ModelAdmin[Session], pk: int) -> HttpResponse:
    """Show the grid; keep the half-days that were ticked as entered; close the session when asked."""
    session = get_object_or_404(Session.objects.select_related("course"), pk=pk)
    if not model_admin.has_change_permission(request, session):
        raise PermissionDenied
    half_days = list(session.half_days.all())
    enrolments = list(
        Enrolment.objects.filter(session=session, state__in=SEATED)
        .select_related("participant", "establishment__company")
        .order_by("participant__last_name", "participant__first_name", "pk")
    )
    if request.method == "POST" and _apply(request, model_admin, session, half_days, enrolments):
        return redirect("admin:catalogue_session_attendance", session.pk)
    return render(
        request,
        "admin/catalogue/session/attendance.html",
        {
            **model_admin.admin_site.each_context(request),
            "title": _("Présences de la session %s") % session.code,
            "opts": Session._meta,
            "session": session,
            "half_days": half_days,
            "rows": _rows(session, half_days, enrolments),
            "today": timezone.localdate(),
            "closable": session.state not in (SessionState.DONE, SessionState.CANCELLED),
        },
    )


def _rows(
    session: Session, half_days: list[HalfDay], enrolments: list[Enrolment]
) -> list[tuple[Enrolment, list[Cell]]]:
    known = {
        (row.enrolment_id, row.half_day_id): row.present
        for row in Attendance.objects.filter(half_day__session=session, enrolment__in=enrolments)
    }
    today = timezone.localdate()
    return [
        (
            one,
            [
                Cell(day, f"present-{one.pk}-{day.pk}", known.get((one.pk, day.pk)), day.date > today)
                for day in half_days
            ],
        )
        for one in enrolments
    ]


def _apply(
    request: HttpRequest, model_admin: Any, session: Session, half_days: list[HalfDay], enrolments: list[Enrolment]
) -> bool:
    """Whether what was asked is done; what is wrong is said on the page otherwise."""
    entered = [one for one in half_days if f"saisie-{one.pk}" in request.POST]
    marks = {
        (enrolment.pk, one.pk): f"present-{enrolment.pk}-{one.pk}" in request.POST
        for one in entered
        for enrolment in enrolments
    }
    try:
        lost = set(record_attendance(session=session, marks=marks, actor=staff(request)))
        if "clore" in request.POST:
            close_session(session=session, actor=staff(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return bool(marks) and "clore" in request.POST
    said = _("Présences enregistrées, session close.") if "clore" in request.POST else _("Présences enregistrées.")
    model_admin.log_change(request, session, said)
    messages.success(request, said)
    if names := ", ".join(str(one.participant or one) for one in enrolments if one.pk in lost):
        text = _(
            "Plus aucune présence pour %s : une attestation déjà remise ne serait plus valable, prévenez le client."
        )
        messages.warning(request, text % names)
    return True
