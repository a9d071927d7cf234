"""The site map of the portal, and the floor: what a logged-in page costs before it shows anything."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from espace_client import urls


def empty(request: HttpRequest) -> HttpResponse:
    """Nothing, for a logged-in person: the middleware, the session and the person are read, as on every page."""
    return HttpResponse("")


urlpatterns = [path("vide/", empty, name="empty"), *urls.urlpatterns]
