"""What search engines are told: the pages that they may keep, and those that they need not ask for."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from catalogue.facets import facets
from catalogue.models import Course

MOST_PAGES = 49_000  # a sitemap has 50,000 at most (sitemaps.org)
ROBOTS = """User-agent: *
Disallow: /gestion/
Allow: /connexion/$
Disallow: /connexion/
Disallow: /recherche/
Disallow: /catalogue/*/programme.pdf
Allow: /

Sitemap: {site}{sitemap}
"""


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """robots.txt: the programmes are on the pages of the courses, as PDFs they would only cost."""
    text = ROBOTS.format(site=settings.SITE_URL, sitemap=reverse("sitemap"))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def sitemap(request: HttpRequest) -> HttpResponse:
    """sitemap.xml: the public pages, the domains, and each course with the day on which it last changed."""
    courses = Course.objects.visible_to(request.user).order_by("pk").values_list("pk", "index__changed_at")
    listing = reverse("catalogue")
    pages = [
        *((reverse(name), None) for name in ("home", "catalogue", "help")),
        *((f"{listing}?{urlencode({'domaine': code})}", None) for code in facets(timezone.localdate()).by_code),
        *((reverse("course_detail", args=[pk]), changed_at) for pk, changed_at in courses[:MOST_PAGES]),
    ]
    context = {"pages": pages, "site": settings.SITE_URL}
    return render(request, "catalogue/sitemap.xml", context, content_type="application/xml; charset=utf-8")
