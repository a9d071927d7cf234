"""The journal of accesses: read here, all of it; written by the services, changed nowhere."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessEvent

from .base import ReadOnlyAdmin


@admin.register(AccessEvent)
class AccessEventAdmin(ReadOnlyAdmin[AccessEvent]):
    list_display = ("at", "event", "subject_email", "establishment_name", "actor_email", "told")
    list_filter = ("event", "at")
    search_fields = ("subject_email", "actor_email", "establishment_name__unaccent")
    fields = ("at", "event", "subject_email", "establishment_name", "actor_email", "told")
    ordering = ("-at", "-pk")

    def named(self, term: str) -> Q | None:
        """A person by their whole address, whether they did it or it was done to them."""
        return Q(subject_email=term.lower()) | Q(actor_email=term.lower()) if "@" in term else None

    @admin.display(description=_("détails"))
    def told(self, event: AccessEvent) -> str:
        return event.sentence
