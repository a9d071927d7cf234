"""The download journal: read here, written where files are served, changed nowhere."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q

from accounts.admin.base import ReadOnlyAdmin
from accounts.codes import by_code, fold
from accounts.models import User
from documents.models import Document, Serving


@admin.register(Serving)
class ServingAdmin(ReadOnlyAdmin[Serving]):
    list_display = ("at", "user_email", "document", "outcome", "ip_address")
    list_select_related = ("document",)
    list_filter = ("outcome", "at")
    search_fields = ("user_email", "document__number", "=ip_address")
    fields = ("at", "user_email", "document", "requested_id", "outcome", "ip_address", "user_agent")
    ordering = ("-at", "-pk")

    def named(self, term: str) -> Q | None:
        """A person by their address, a document by its number."""
        if "@" in term:
            people = list(User.objects.filter(email=term.lower()).values_list("pk", flat=True))
            return Q(user__in=people) if people else None
        documents = [row.pk for row in by_code(Document.objects.all(), "number", [fold(term)]).values()]
        return Q(document__in=documents) if documents else None
