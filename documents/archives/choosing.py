"""Which documents an archive holds: those ticked, or all that a filter finds, of those that the person may open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from accounts.models import User
from documents.models import Archive, Document


class TooManyDocumentsError(Exception):
    """More documents than one archive may hold."""


def ids_found(user: User, condition: Q) -> list[int]:
    """The documents that the person may open and that meet the condition, oldest first; TooManyDocumentsError."""
    most = Archive.MOST_DOCUMENTS
    found: list[tuple[object, int]] = []
    for branch in Document.objects.visible_by_branch(user):
        found += branch.filter(condition).order_by().values_list("issued_on", "pk")[: most + 1]
    if len(found) > most:
        raise TooManyDocumentsError
    return [pk for _issued_on, pk in sorted(found)]


def ids_ticked(user: User, ticked: Collection[str]) -> list[int]:
    """Those of these ids, as a form gives them, that the person may open; nonsense and others' ids are left out."""
    numbers = {int(one) for one in ticked if one.isascii() and one.isdigit() and len(one) < 19}
    return ids_found(user, Q(pk__in=sorted(numbers)))


def ask_for(*, user: User, title: str, document_ids: Sequence[int], notes: Sequence[str] = ()) -> Archive:
    """Keep what the archive is to hold; it is streamed when its address is opened."""
    return Archive.objects.create(
        user=user, title=title[:200], document_ids=list(document_ids), total=len(document_ids), notes=list(notes)
    )


@task()
def forget_old_archives() -> int:
    """A chore: archives that nobody can open any more leave no row."""
    old = Archive.objects.filter(created_at__lt=timezone.now() - Archive.KEPT - timedelta(days=1))
    return old.delete()[0]
