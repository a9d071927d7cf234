"""The public pages, and the answer to "are you there?"."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What the portal is, for a visitor."""
    return render(request, "home.html")


@login_not_required
@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """The questions that people ask, answered."""
    return render(request, "help.html")


@login_not_required
@require_safe
def legal(request: HttpRequest) -> HttpResponse:
    """Who publishes the portal, and what it does with personal data."""
    return render(request, "legal.html")


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The accessibility statement."""
    return render(request, "accessibility.html")


@login_not_required
@require_safe
@cache_control(public=True, max_age=24 * 3600)
def favicon(request: HttpRequest) -> HttpResponse:
    """Where the icon is, for what asks at the root without reading a page (mail programs, PDF viewers)."""
    return redirect(static("img/favicon.svg"))


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For a load balancer: 200 when the database answers; an exception, hence 500, when it does not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
