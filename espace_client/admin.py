"""The management site: its name, and the reports of the ERP imports."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import EMPTY, ReadOnlyAdmin, count_of, staff
from espace_client.models import ImportRefusal, ImportRun, OutgoingMail
from espace_client.workbench import waiting_for

admin.site.site_header = admin.site.site_title = _("Gestion · Espace client")
admin.site.index_title = _("Gestion")
admin.site.empty_value_display = EMPTY


def password_change(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """One's password is changed on the account's own page, which mails a notice of it."""
    return redirect("account_change_password")


admin.site.password_change = password_change  # type: ignore[method-assign,assignment]

_index = admin.site.index


def index(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """The home page says first what waits."""
    return _index(request, {**(extra_context or {}), "waiting": waiting_for(staff(request))})


apps.get_app_config("django_tasks_database").verbose_name = _("Tâches de fond")
admin.site.index = index  # type: ignore[method-assign,assignment]

COUNTED = ("created", "changed", "unchanged", "refused")
SHOWN_REFUSALS = 200


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin[ImportRun]):
    """The report of one drop: what each file gave, its warnings, and the lines that were refused."""

    change_form_template = "admin/espace_client/importrun/change_form.html"
    list_display = ("started_at", "folder", "status", "dry_run", "finished_at", "refused")
    list_filter = ("status", "dry_run")
    search_fields = ("folder", "error")
    date_hierarchy = "started_at"
    ordering = ("-started_at", "-pk")
    fields = ("folder", ("status", "dry_run"), ("started_at", "finished_at"), "error")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ImportRun]:
        return super().get_queryset(request).annotate(refused=count_of(ImportRefusal.objects.all(), "run"))

    @admin.display(description=_("lignes refusées"), ordering="refused")
    def refused(self, run: ImportRun) -> int:
        return int(getattr(run, "refused", 0))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        report = report_of(run) if run is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **report})


def report_of(run: ImportRun) -> dict[str, Any]:
    """What the page of a run shows: a row and the warnings of each file, and the first refusals."""
    refused: dict[str, int] = dict(
        run.refusals.order_by().values_list("file").annotate(lines=Count("pk")).order_by("file")
    )
    files = sorted({*run.counts, *refused})
    rows = [
        {
            "file": file,
            "counts": [run.counts.get(file, {}).get(name, 0) for name in COUNTED],
            "warnings": run.counts.get(file, {}).get("warnings", []),
            "refusals_url": _refusals_url(run, file) if file in refused else "",
        }
        for file in files
    ]
    total = sum(refused.values())
    return {
        "report_rows": rows,
        "refusals": run.refusals.all()[:SHOWN_REFUSALS],
        "refusal_total": total,
        "refusals_not_shown": max(total - SHOWN_REFUSALS, 0),
        "refusals_url": _refusals_url(run),
    }


def _refusals_url(run: ImportRun, file: str = "") -> str:
    query = {"run__id__exact": str(run.pk), **({"file": file} if file else {})}
    return f"{reverse('admin:espace_client_importrefusal_changelist')}?{urlencode(query)}"


@admin.register(ImportRefusal)
class ImportRefusalAdmin(ReadOnlyAdmin[ImportRefusal]):
    """The lines that were refused, of all runs."""

    list_display = ("run", "file", "line", "column", "value", "reason")
    list_display_links = ("line",)
    list_select_related = ("run",)
    list_filter = ("file", "run__status", ("run__started_at", admin.DateFieldListFilter))
    search_fields = ("file", "value", "reason", "column")
    ordering = ("-run_id", "pk")


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin[OutgoingMail]):
    """The mails that wait and those that left; what they said is not kept."""

    list_display = ("written_at", "subject", "recipients", "sent_at")
    list_filter = (("sent_at", admin.EmptyFieldListFilter),)
    search_fields = ("subject", "recipients")
    date_hierarchy = "written_at"
    fields = ("subject", "sender", "recipients", ("written_at", "sent_at"))
