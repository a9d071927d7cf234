"""The download journal: read here, written where files are served, changed nowhere."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import ReadOnlyAdmin
from documents.models import Serving


@admin.register(Serving)
class ServingAdmin(ReadOnlyAdmin[Serving]):
    list_display = ("at", "user_email", "document", "outcome", "ip_address")
    list_select_related = ("document",)
    list_filter = ("outcome", "at")
    search_fields = ("user_email", "document__number", "=ip_address")
    fields = ("at", "user_email", "document", "requested_id", "outcome", "ip_address", "user_agent")
    ordering = ("-at", "-pk")
