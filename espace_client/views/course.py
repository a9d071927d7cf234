"""The page of one course, public, and its programme as a PDF."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import content_disposition_header, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.choice import narrowed
from catalogue.models import Course, Session
from documents.drawing import DrawingError, draw
from documents.papers.training import lines_of
from enrolments.prices import prices_shown_to
from enrolments.seats import Seats, seats_by_session, sells_online
from espace_client.course_data import course_data
from espace_client.programme import programme_source
from espace_client.views.catalogue import frame_of

MOST_SESSIONS = 30
FEW = 3  # seats; so few are said louder
RETRY_SECONDS = 10


@dataclass(frozen=True)
class OfferedSession:
    """A session on the page of its course. `enrol_url` is empty when seats can't be ordered here."""

    session: Session
    seats: Seats
    enrol_url: str

    @property
    def seats_words(self) -> str:
        left = self.seats.left
        if not left or not self.session.seats:
            return "" if not self.session.seats else _("Complète")
        return ngettext("%s place", "%s places", left) % left

    @cached_property
    def few(self) -> bool:
        return 0 < self.seats.left <= FEW


@narrowed
@login_not_required
@require_safe
def course_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A course of the catalogue: what it costs whoever looks, when it takes place, what one learns."""
    course = _course(request, pk)
    today = timezone.localdate()
    prices = prices_shown_to(request.user, [course], today)
    sessions = _offered(request, course)
    context = {
        "frame": frame_of(request),
        "course": course,
        "price": prices[course.pk],
        "prices": prices,
        "sessions": sessions,
        "enrol_url": next((one.enrol_url for one in sessions if one.enrol_url), ""),
        "objectives": lines_of(course.objectives),
        "programme": lines_of(course.programme),
        "crumbs": _crumbs(course),
        "contact_url": f"{reverse('help')}#contact",
        "site_url": settings.SITE_URL,
        "data": course_data(course, [one.session for one in sessions]),
    }
    return render(request, "catalogue/course_detail.html", context)


def _crumbs(course: Course) -> list[tuple[str, str]]:
    """The catalogue, the domain, the sub-domain."""
    listing = reverse("catalogue")
    domains = [one for one in (course.domain.parent, course.domain) if one is not None]
    links = [(one.label, f"{listing}?{urlencode({'domaine': one.code})}") for one in domains]
    return [(_("Catalogue"), listing), *links]


def _course(request: HttpRequest, pk: int) -> Course:
    return get_object_or_404(Course.objects.visible_to(request.user).select_related("domain__parent"), pk=pk)


def _offered(request: HttpRequest, course: Course) -> list[OfferedSession]:
    coming = Session.objects.visible_to(request.user).filter(course=course).order_by("starts_on", "pk")
    sessions = list(coming[:MOST_SESSIONS])
    for session in sessions:
        session.course = course
    seats = seats_by_session(sessions) if sessions else {}
    return [OfferedSession(session, seats[session.pk], _enrol_url(session, seats[session.pk])) for session in sessions]


def _enrol_url(session: Session, seats: Seats) -> str:
    return reverse("enrol_start", args=[session.pk]) if seats.left and sells_online(session) else ""


@narrowed
@login_not_required
@require_safe
@cache_control(public=True, max_age=300)
def course_programme(request: HttpRequest, pk: int) -> HttpResponse:
    """The programme to print; 503 for a moment when too many are asked for at once."""
    course = _course(request, pk)
    try:
        content = draw(programme_source(course))
    except DrawingError:
        response = render(request, "catalogue/programme_later.html", status=503)
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    name = f"Programme {course.reference}.pdf"
    disposition = content_disposition_header(as_attachment=False, filename=name)
    headers = {"Content-Disposition": disposition or "inline"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)
