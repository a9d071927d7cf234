"""A page of the portal whose frame is poured too (espace_client.moulds), for a page that must cost next to nothing.

What differs from one person's page to another's is made by the same functions as the tags of portal.html; framed.html
puts it in the blocks of portal.html, where the frame itself stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template import loader
from django.utils.safestring import SafeString

from accounts.models import User
from espace_client import components
from espace_client.context import frame
from espace_client.moulds import pour

NOTHING = SafeString("")


@dataclass(frozen=True, slots=True)
class Framed:
    """What fills the blocks of portal.html."""

    title: str
    description: str
    enhance: SafeString
    banner: SafeString
    search: SafeString
    switcher: SafeString
    account_menu: SafeString
    navigation: SafeString
    messages: SafeString
    content: SafeString = NOTHING


def framing(
    request: HttpRequest, user: User, *, title: str, description: str = "", query: str = ""
) -> Callable[..., HttpResponse]:
    """What makes the page of a logged-in person from its content: the frame is drawn now, the content may come later.

    `description`: "" for the portal's own. `query`: what was searched in the portal. What is called with the content
    takes `enhance` too, which goes into the head.
    """
    token = get_token(request)
    framed = Framed(
        title=title,
        description=description,
        enhance=NOTHING,
        banner=_banner(request, user),
        search=_search(query),
        switcher=components.switcher(user, token, request.get_full_path()),
        account_menu=components.account_menu(components.Who.of(user, token)),
        navigation=components.navigation(tuple(tuple(place.items()) for place in frame(request)["nav"])),
        messages=_messages(request),
    )

    def page(content: SafeString, enhance: SafeString = NOTHING) -> HttpResponse:
        return HttpResponse(pour([replace(framed, content=content, enhance=enhance)], "framed.html", "page", {}))

    return page


def _banner(request: HttpRequest, user: User) -> SafeString:
    if user.visitor:
        return loader.render_to_string("components/visit_banner.html", {}, request)
    return components.kept("components/demo_banner.html") if settings.DEMO else NOTHING


def _search(query: str) -> SafeString:
    name = "components/portal_search.html"
    return loader.render_to_string(name, {"query": query}) if query else components.kept(name)


def _messages(request: HttpRequest) -> SafeString:
    told = list(get_messages(request))
    return loader.render_to_string("components/messages.html", {"messages": told}) if told else NOTHING
