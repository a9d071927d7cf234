"""Calendars: the private address of one's own, read without a login, and the file of one session."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.mails import link_to
from accounts.requests import person
from enrolments.models import Enrolment
from enrolments.presentation import tabs
from espace_client.calendars import calendar_of, calendar_with, feed_of, reader_of, renew_feed, revoke_feed


@require_http_methods(["GET", "HEAD", "POST"])
def calendar_settings(request: HttpRequest) -> HttpResponse:
    """Show the private address, make a new one, or revoke it."""
    user = person(request)
    if request.method == "POST":
        if "revoquer" in request.POST:
            revoke_feed(user=user)
            messages.success(request, _("L’adresse ne répond plus à personne."))
        else:
            renew_feed(user=user)
            messages.success(
                request, _("Votre adresse est prête ; la précédente, s’il y en avait une, ne répond plus.")
            )
        return redirect("calendar_settings")
    feed = feed_of(user)
    address = link_to("calendar_feed", feed.secret) if feed else ""
    return render(
        request, "enrolments/calendar_settings.html", {"feed": feed, "address": address, "tabs": tabs(request.path)}
    )


@login_not_required
@never_cache
@require_safe
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar of whoever the address belongs to, as their rights are now; 404 for an address that is nobody's."""
    user = reader_of(secret)
    if user is None:
        raise Http404
    return _file(calendar_of(user), "formations")


@require_safe
def session_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """One session, with the people whom the person may see in it; 404 when there is nobody."""
    enrolments = list(Enrolment.objects.visible_to(person(request)).active().filter(session=pk))
    if not enrolments:
        raise Http404
    return _file(calendar_with(enrolments), f"session-{pk}")


def _file(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'inline; filename="{name}.ics"'
    return answer
