"""What clients handed in, agreed to and answered, as staff follow it."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import EMPTY, QuestionFilter, ReadOnlyAdmin, link_to, staff
from documents.models import Acceptance, Deposit, documents_storage

from .documents import link_to_file


class HandledFilter(QuestionFilter):
    title = _("suivi")
    parameter_name = "suivi"
    answers = {
        "a-traiter": (_("À traiter"), lambda: Q(handled_at__isnull=True)),
        "traites": (_("Traités"), lambda: Q(handled_at__isnull=False)),
    }


@admin.register(Deposit)
class DepositAdmin(ReadOnlyAdmin[Deposit]):
    """What came in through the portal: looked at here, then marked as handled."""

    list_display = ("at", "kind", "number", "order", "user_email", "scan", "handled_at", "open_link")
    list_display_links = ("at", "number")
    list_select_related = ("document__order",)
    list_filter = (HandledFilter, "document__type", "scan", "at")
    search_fields = ("document__number", "document__order__number", "user_email", "original_name")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    actions = ["mark_handled"]
    fields = (
        ("kind", "number", "order", "open_link"),
        ("at", "user_email"),
        ("original_name", "original_link", "original_sha256"),
        "scan",
        ("handled_at", "handled_by"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Deposit | None = None) -> tuple[str, ...]:
        return ("kind", "number", "order", "open_link", "original_link", "original_sha256")

    @admin.action(description=_("Marquer comme traité"), permissions=["view"])
    def mark_handled(self, request: HttpRequest, queryset: models.QuerySet[Deposit]) -> None:
        """Say that the team has seen them."""
        handled = queryset.filter(handled_at__isnull=True).update(handled_at=timezone.now(), handled_by=staff(request))
        self.message_user(request, _("%(count)d document(s) marqué(s) comme traité(s).") % {"count": handled})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.open_original)
        return [path("<int:pk>/original/", view, name="documents_deposit_original"), *super().get_urls()]

    def open_original(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The picture that the PDF was made of, to be kept: it is never shown in the browser."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        deposit = get_object_or_404(Deposit, pk=pk)
        if not deposit.original:
            raise Http404
        answer = FileResponse(
            documents_storage().open(str(deposit.original), "rb"), as_attachment=True, filename=deposit.original_name
        )
        answer.headers["Content-Type"] = "application/octet-stream"
        return answer

    @admin.display(description=_("type"), ordering="document__type")
    def kind(self, deposit: Deposit) -> str:
        return deposit.document.get_type_display()

    @admin.display(description=_("numéro"))
    def number(self, deposit: Deposit) -> str:
        return deposit.document.number

    @admin.display(description=_("commande"))
    def order(self, deposit: Deposit) -> SafeString | str:
        return link_to(deposit.document.order)

    @admin.display(description=_("fichier"))
    def open_link(self, deposit: Deposit) -> SafeString:
        return link_to_file(deposit.document)

    @admin.display(description=_("image d’origine"))
    def original_link(self, deposit: Deposit) -> SafeString | str:
        if not deposit.original:
            return EMPTY
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:documents_deposit_original", args=[deposit.pk]), _("Télécharger")
        )


@admin.register(Acceptance)
class AcceptanceAdmin(ReadOnlyAdmin[Acceptance]):
    """Who agreed to what: read here, written where it is signed, changed nowhere."""

    list_display = ("at", "document", "method", "name", "job_title", "user_email")
    list_select_related = ("document",)
    list_filter = ("method", "document__type", "at")
    search_fields = ("document__number", "document__order__number", "name", "user_email")
    date_hierarchy = "at"
    ordering = ("-at", "-pk")
    fields = (
        "document",
        ("method", "at"),
        ("name", "job_title"),
        "statement",
        "sha256",
        ("user_email", "ip_address", "user_agent"),
    )
