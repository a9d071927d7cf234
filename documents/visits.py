"""What is new to a person in the library: one moment per person, kept by their visits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from accounts.requests import person
from documents.models import Deposit, LibraryVisit

GAP = timedelta(minutes=60)  # a visit ends when nothing was looked at for so long
WRITTEN_EVERY = 600  # seconds: between two writings the session remembers that the visit goes on
IN_SESSION = "library_seen"

_SEEN = """
INSERT INTO documents_libraryvisit (user_id, since, last_at) VALUES (%(user)s, NULL, %(now)s)
ON CONFLICT (user_id) DO UPDATE SET last_at = excluded.last_at,
  since = CASE WHEN documents_libraryvisit.last_at < %(ended)s
    THEN documents_libraryvisit.last_at ELSE documents_libraryvisit.since END
"""


def new_since(user: User) -> QuerySet[LibraryVisit, Any]:
    """The moment after which documents are new to the person, as a subquery; none during a first visit."""
    return LibraryVisit.objects.filter(user_id=user.pk).values("since")


def handed_in_by(user: User) -> QuerySet[Deposit, Any]:
    """The ids of the documents that the person handed in: these are never new to them."""
    return Deposit.objects.filter(user_id=user.pk).values("document_id")


def note_visit(request: HttpRequest) -> None:
    """The person looks at the library: a visit begins, or goes on. Writes at most every ten minutes of a session.

    Not when it is the team that looks, as this person (accounts.visits).
    """
    now = timezone.now()
    if person(request).visitor is not None or request.session.get(IN_SESSION, 0) > now.timestamp() - WRITTEN_EVERY:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {"user": person(request).pk, "now": now, "ended": now - GAP})
    request.session[IN_SESSION] = int(now.timestamp())


def mark_all_seen(user: User) -> None:
    """Nothing recorded so far is new any more."""
    now = timezone.now()
    LibraryVisit.objects.update_or_create(user=user, defaults={"since": now, "last_at": now})
