"""What every page's frame needs. It asks the database nothing."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User


def frame(request: HttpRequest) -> dict[str, Any]:
    """The provider's name and address, the navigation of a logged-in person, and whether this is the demonstration."""
    user = getattr(request, "user", None)
    return {
        "provider": settings.PROVIDER,
        "demo_mode": settings.DEMO,
        "nav": _navigation_of(user, request.path) if isinstance(user, User) else [],
    }


def _navigation_of(user: User, path: str) -> list[dict[str, Any]]:
    """Whatever establishments are shown, what an administrator administers stays within reach."""
    amounts = bool(user.rights.priced_establishments or user.rights.email)
    places = _places(bool(user.whole_rights.administered), amounts)
    return [{**place, "current": path.startswith(begins)} for place, begins in places]


@cache
def _places(administrator: bool, amounts: bool) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    """The places of the navigation, each with what the addresses of its pages begin with."""
    places = [
        (_("Tableau de bord"), _("Accueil"), "layout-dashboard", ("dashboard",)),
        (_("Catalogue"), "", "book-open", ("catalogue",)),
        (_("Inscriptions"), "", "calendar-days", ("enrolment_list", "order_list", "waiting_list", "calendar_settings")),
        (_("Collaborateurs"), _("Équipe"), "users", ("participant_list",)),
        (_("Documents"), "", "files", ("document_list",)),
    ]
    if amounts:
        places.append((_("Budget"), "", "wallet", ("budget",)))
    if administrator:
        places.append((_("Accès"), "", "key-round", ("access_list", "journal")))
    return [
        ({"label": label, "short": short, "icon": icon, "url": reverse(names[0])}, tuple(map(reverse, names)))
        for label, short, icon, names in places
    ]
