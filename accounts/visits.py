"""A visit: the team sees what one person sees, with that person's rights, and can do nothing in their name.

A visit is opened in the management site, with a reason that the journal keeps; it is marked on every page, and ends by
itself. Only pages are shown, by GET, in a transaction that can only read and is undone: a page that would write (a
download writes the journal) is refused, and so are files and the pages about the person's own account.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import InternalError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.journal import record
from accounts.models import AccessEventType, User

VISIT = "visit"  # in the session of the team's member: who is visited, and since when
LONGEST = timedelta(minutes=30)
READ_ONLY = "25006"  # PostgreSQL: read_only_sql_transaction
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Pages about the account itself: recovery codes, keys, addresses, personal data.
PRIVATE = ("account_", "mfa_", "usersessions_")


def may_visit(visitor: User, user: User) -> bool:
    """Whether a member of the team who may change accounts may see as this person: a client whose account is open."""
    return visitor.has_perm("accounts.change_user") and user.is_active and not user.is_staff


@transaction.atomic
def begin_visit(request: HttpRequest, *, visitor: User, user: User, reason: str) -> None:
    """From the next page on, the visitor sees what the person sees. PermissionDenied as `may_visit` says."""
    if not may_visit(visitor, user):
        raise PermissionDenied
    record(
        actor=visitor,
        establishment=None,
        subject_email=user.email,
        event=AccessEventType.VISITED,
        details={"reason": reason},
    )
    request.session[VISIT] = {"user": user.pk, "since": timezone.now().isoformat()}


def end_visit(request: HttpRequest) -> int | None:
    """Back to oneself; the id of the person who was visited."""
    visit = request.session.pop(VISIT, None)
    return visit["user"] if visit else None


class Visits:
    """Answers as the person visited would be answered, or says why not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:  # a visitor: the session is not even looked at
            return self.get_response(request)
        if VISIT not in request.session or _is_the_teams(request):
            return self.get_response(request)
        visitor, user = request.user, _visited(request)
        if not isinstance(visitor, User) or user is None or not may_visit(visitor, user):
            end_visit(request)
            messages.warning(request, _("La visite est terminée."))
            return redirect("admin:index")
        user.visitor = visitor
        request.user = user
        return self._shown(request)

    def _shown(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in READING:
            return refusal(request, _("Une visite ne change rien : ce bouton est sans effet."))
        if _is_private(request):
            return refusal(request, _("Cette page appartient au compte de la personne."))
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            response = self.get_response(request)
            transaction.set_rollback(True)
        if _is_page(response):
            response.headers["Cache-Control"] = "private, no-store"
            return response
        file = getattr(response, "file_to_stream", None)
        if file is not None:
            file.close()
        return refusal(request, _("Un fichier ne s’ouvre pas pendant une visite : vous l’avez dans la gestion."))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What would have written is refused, in words."""
        if getattr(request.user, "visitor", None) is None or not isinstance(exception, InternalError):
            return None
        if getattr(exception.__cause__, "sqlstate", "") != READ_ONLY:
            return None
        transaction.set_rollback(True)
        return refusal(request, _("Cette page laisserait une trace au nom de la personne, comme un téléchargement."))


def refusal(request: HttpRequest, text: str) -> HttpResponse:
    """The page that says why not."""
    return render(request, "visit_refused.html", {"text": text}, status=403)


def _is_the_teams(request: HttpRequest) -> bool:
    """The management site, and the button that ends the visit, are the visitor's own."""
    return request.path_info.startswith(reverse("admin:index")) or request.path_info == reverse("visit_end")


def _visited(request: HttpRequest) -> User | None:
    """The person with their rights as they are now; None when the visit has lasted long enough."""
    visit = request.session[VISIT]
    since = parse_datetime(visit["since"])
    if since is None or timezone.now() - since > LONGEST:
        return None
    return User.objects.with_rights(visit["user"])


def _is_private(request: HttpRequest) -> bool:
    try:
        name = resolve(request.path_info).url_name or ""
    except Resolver404:
        return False
    return name.startswith(PRIVATE)


def _is_page(response: HttpResponseBase) -> bool:
    """HTML that is shown, or the way to another page."""
    if 300 <= response.status_code < 400:
        return True
    html = response.headers.get("Content-Type", "").startswith("text/html")
    return html and not response.streaming and "Content-Disposition" not in response.headers
