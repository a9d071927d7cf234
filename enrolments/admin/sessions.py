"""Sessions again, now that it is known who is enrolled in them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import QuestionFilter, ReadOnlyInline, count_of
from catalogue.admin import SessionAdmin, SessionForm
from catalogue.models import Session, SessionState
from enrolments.models import Enrolment

from .attendance import attendance_view
from .session_changes import session_change_view


class EnrolmentOfSessionInline(ReadOnlyInline[Enrolment, Session]):
    model = Enrolment
    fields = ("participant", "establishment", "order", "state", "price")
    select_related = ("participant", "establishment", "order")


class SeatsFilter(QuestionFilter):
    title = _("remplissage")
    parameter_name = "remplissage"
    answers = {
        "sous-minimum": (
            _("À venir, sous le minimum"),
            lambda: (
                Q(starts_on__gt=timezone.localdate(), enrolled__lt=F("minimum"))
                & ~Q(state__in=[SessionState.CANCELLED, SessionState.DONE])
            ),
        ),
        "complete": (_("Plus de place"), lambda: Q(enrolled__gte=F("seats"))),
        "trop": (_("Plus d’inscrits que de places"), lambda: Q(enrolled__gt=F("seats"))),
    }


class SteppingSessionForm(SessionForm):
    refusals = {"session_state_follows": ("state", _("On ne passe pas de l’état actuel à celui-ci."))}


admin.site.unregister(Session)


@admin.register(Session)
class SessionWithEnrolmentsAdmin(SessionAdmin):
    """A session, with who is enrolled in it."""

    form = SteppingSessionForm
    list_display = (
        "code",
        "course",
        "starts_on",
        "ends_on",
        "city",
        "trainer",
        "state",
        "enrolled",
        "minimum",
        "seats",
    )
    list_filter = (SeatsFilter, *SessionAdmin.list_filter)
    inlines = (*SessionAdmin.inlines, EnrolmentOfSessionInline)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Session]:
        return super().get_queryset(request).annotate(enrolled=count_of(Enrolment.objects.active(), "session"))

    @admin.display(description=_("inscrits"), ordering="enrolled")
    def enrolled(self, session: Session) -> int:
        return int(getattr(session, "enrolled", 0))

    def get_readonly_fields(self, request: HttpRequest, obj: Session | None = None) -> tuple[str, ...]:
        """Whoever goes there is asked when the dates change, and their papers are made anew."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "starts_on", "ends_on") if obj is not None and self._asks_first(obj) else fields

    def get_fieldsets(self, request: HttpRequest, obj: Session | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self._asks_first(obj):
            return fieldsets
        url = reverse("admin:catalogue_session_change_dates", args=[obj.pk])
        why = _("Des personnes sont inscrites : pour changer les dates, et les prévenir,")
        said = format_html('{} <a href="{}">{}</a>.', why, url, _("déplacez la session"))
        (title, options), *others = fieldsets
        return [(title, {**options, "description": said}), *others]

    def _asks_first(self, session: Session) -> bool:
        """As long as `move_session` takes it: once it began, its dates are only put right."""
        over = session.state in (SessionState.CANCELLED, SessionState.DONE)
        return not over and session.starts_on > timezone.localdate() and self.enrolled(session) > 0

    def get_urls(self) -> list[URLPattern]:
        views = {"presences": ("attendance", self.attendance), "changer": ("change_dates", self.change_dates)}
        routes = [
            path(f"<int:pk>/{place}/", self.admin_site.admin_view(view), name=f"catalogue_session_{name}")
            for place, (name, view) in views.items()
        ]
        return [*routes, *super().get_urls()]

    def attendance(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Who was there, half-day by half-day."""
        return attendance_view(request, self, pk)

    def change_dates(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Cancel the session or give it other dates, and ask its orders what they want instead."""
        return session_change_view(request, self, pk)
