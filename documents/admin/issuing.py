"""What is being issued, how far it is, and what is in its way; the figures of invoices; the checks of the files."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin.base import PortalAdmin, QuestionFilter, ReadOnlyAdmin, count_of, link_to
from documents.issuing.asking import try_again
from documents.models import (
    Document,
    FileCheck,
    FundingAgreement,
    Invoice,
    InvoicedSeat,
    Issue,
    IssueBatch,
    IssueState,
    NumberSeries,
    Progress,
)
from enrolments.models import EnrolmentState, OrderState

SHOWN = 200
SECONDS = 3  # between two looks at what is under way


def _with(state: IssueState) -> Q:
    return Q(pk__in=Issue.objects.filter(state=state).values("batch"))


class ProgressFilter(QuestionFilter):
    title = _("avancement")
    parameter_name = "avancement"
    answers = {
        "en-cours": (_("En cours"), lambda: _with(IssueState.ASKED)),
        "echecs": (_("Avec des échecs"), lambda: _with(IssueState.FAILED)),
    }


def _over() -> Q:
    """What failed because there is nothing to issue any more, and never will be."""
    ended = [OrderState.REFUSED, OrderState.CANCELLED]
    failed = Issue.objects.filter(state=IssueState.FAILED)
    over = Q(order__state__in=ended) | Q(enrolment__state=EnrolmentState.CANCELLED)
    return Q(pk__in=failed.filter(over | Q(enrolment__order__state__in=ended)).values("pk"))


class FailuresFilter(QuestionFilter):
    title = _("échecs")
    parameter_name = "echecs"
    answers = {
        "a-reprendre": (_("À reprendre"), lambda: Q(state=IssueState.FAILED) & ~_over()),
        "sans-suite": (_("Sans suite : il n’y a plus rien à émettre"), _over),
    }


@admin.register(IssueBatch)
class IssueBatchAdmin(ReadOnlyAdmin[IssueBatch]):
    """Papers asked for together. The page of one refreshes by itself, without a script, until all of it is settled."""

    change_form_template = "admin/documents/issuebatch/change_form.html"
    list_display = ("reason", "asked_at", "asked_by", "asked", "done", "failed")
    list_select_related = ("asked_by",)
    list_filter = (ProgressFilter, "asked_at")
    search_fields = ("reason", "issues__number")
    ordering = ("-asked_at", "-pk")
    fields = ("reason", ("asked_at", "asked_by"))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[IssueBatch]:
        issues = Issue.objects.all()
        return (
            super()
            .get_queryset(request)
            .annotate(
                asked=count_of(issues, "batch"),
                done=count_of(issues.filter(state=IssueState.DONE), "batch"),
                failed=count_of(issues.filter(state=IssueState.FAILED), "batch"),
            )
        )

    @admin.display(description=_("demandées"))
    def asked(self, batch: IssueBatch) -> int:
        return int(getattr(batch, "asked", 0))

    @admin.display(description=_("émises"))
    def done(self, batch: IssueBatch) -> int:
        return int(getattr(batch, "done", 0))

    @admin.display(description=_("en échec"))
    def failed(self, batch: IssueBatch) -> int:
        return int(getattr(batch, "failed", 0))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The progress; posting tries again what failed."""
        batch = self.get_object(request, object_id)
        if batch is not None and request.method == "POST" and request.user.has_perm("documents.add_document"):
            return self._try_again(request, batch)
        progress = batch.progress if batch is not None else Progress(0, 0, 0)
        issues = Issue.objects.filter(batch=batch).select_related("document", "enrolment", "order", "session")
        context = {
            "progress": progress,
            "issues": issues.select_related("establishment").order_by("-state", "pk")[:SHOWN],
            "issues_not_shown": max(progress.asked - SHOWN, 0),
            "refresh": SECONDS if progress.waiting else 0,
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def _try_again(self, request: HttpRequest, batch: IssueBatch) -> HttpResponse:
        count = try_again(batch.issues.filter(state=IssueState.FAILED))
        text = ngettext("%d pièce remise en file.", "%d pièces remises en file.", count)
        self.message_user(request, text % count, messages.SUCCESS)
        return redirect("admin:documents_issuebatch_change", batch.pk)


@admin.register(Issue)
class IssueAdmin(ReadOnlyAdmin[Issue]):
    """The papers one by one: what could not be issued, and why."""

    list_display = ("kind", "number", "subject", "version", "state", "error", "document_link")
    list_display_links = ("kind", "subject")
    list_select_related = ("enrolment", "session", "order", "establishment", "document")
    list_filter = (FailuresFilter, "state", "kind")
    search_fields = ("number", "order__number", "session__code", "enrolment__number")
    ordering = ("-pk",)
    actions = ["try_again"]
    fields = (
        ("kind", "version", "state"),
        ("number", "issued_on"),
        "error",
        ("order", "enrolment", "session", "establishment"),
        ("credits", "replaces", "reason"),
        ("document", "batch"),
    )

    @admin.display(description=_("sujet"))
    def subject(self, issue: Issue) -> str:
        return issue.subject

    @admin.display(description=_("document"))
    def document_link(self, issue: Issue) -> SafeString | str:
        return link_to(issue.document)

    @admin.action(description=_("Réessayer ce qui est en échec"), permissions=["add_document"])
    def try_again(self, request: HttpRequest, queryset: models.QuerySet[Issue]) -> None:
        count = try_again(queryset)
        text = ngettext("%d pièce remise en file.", "%d pièces remises en file.", count)
        self.message_user(request, text % count, messages.SUCCESS)

    def has_add_document_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("documents.add_document")


@admin.register(Invoice)
class InvoiceAdmin(PortalAdmin[Invoice]):
    """The figures of an invoice, which never change; and how far it is on its plateforme agréée, which does."""

    list_display = ("document", "net", "vat", "total", "due_on", "funder", "platform_status", "platform_reference")
    list_select_related = ("document",)
    list_filter = ("platform_status", "due_on")
    search_fields = ("document__number", "document__order__number", "platform_reference")
    ordering = ("-pk",)
    fields = (
        ("document", "credits"),
        ("net", "vat", "total"),
        ("due_on", "funder", "funder_part"),
        ("platform", "platform_reference", "platform_status"),
    )
    readonly_fields = ("document", "credits", "net", "vat", "total", "due_on", "funder", "funder_part")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Invoice | None = None) -> bool:
        return False


@admin.register(InvoicedSeat)
class InvoicedSeatAdmin(ReadOnlyAdmin[InvoicedSeat]):
    """Each seat as it was billed, and the avoir that took it back."""

    list_display = ("invoice", "trainee", "title", "session_code", "price", "vat_rate", "credited_by")
    list_select_related = ("invoice", "credited_by", "credited_by__order", "credited_by__session")
    list_filter = ("vat_rate", ("credited_by", admin.EmptyFieldListFilter))
    search_fields = ("invoice__number", "trainee", "session_code")
    ordering = ("-pk",)


@admin.register(NumberSeries)
class NumberSeriesAdmin(ReadOnlyAdmin[NumberSeries]):
    """How far each series of numbers is."""

    list_display = ("name", "last", "last_on")
    ordering = ("-name",)


@admin.register(FundingAgreement)
class FundingAgreementAdmin(PortalAdmin[FundingAgreement]):
    """What an OPCO's agreement says: with subrogation, its part is on the next invoice of the order."""

    list_display = ("document", "funder", "file_number", "granted", "subrogation")
    list_select_related = ("document",)
    list_filter = ("subrogation", "funder")
    search_fields = ("document__number", "document__order__number", "file_number")
    autocomplete_fields = ("document",)
    fixed_fields = ("document",)
    ordering = ("-pk",)

    def has_delete_permission(self, request: HttpRequest, obj: FundingAgreement | None = None) -> bool:
        return False


@admin.register(FileCheck)
class FileCheckAdmin(ReadOnlyAdmin[FileCheck]):
    """Whether every stored file was there and unchanged, day by day."""

    list_display = ("begun_at", "checked", "missing_count", "altered_count", "is_sound")
    ordering = ("-begun_at", "-pk")
    fields = (("begun_at", "ended_at"), "checked", "missing_documents", "altered_documents")

    def get_readonly_fields(self, request: HttpRequest, obj: FileCheck | None = None) -> tuple[str, ...]:
        return ("begun_at", "ended_at", "checked", "missing_documents", "altered_documents")

    @admin.display(description=_("absents"))
    def missing_count(self, check: FileCheck) -> int:
        return len(check.missing)

    @admin.display(description=_("modifiés"))
    def altered_count(self, check: FileCheck) -> int:
        return len(check.altered)

    @admin.display(description=_("sain"), boolean=True)
    def is_sound(self, check: FileCheck) -> bool:
        return check.sound

    @admin.display(description=_("fichiers absents"))
    def missing_documents(self, check: FileCheck) -> str:
        return _named(check.missing)

    @admin.display(description=_("fichiers modifiés"))
    def altered_documents(self, check: FileCheck) -> str:
        return _named(check.altered)


def _named(pks: list[int]) -> str:
    numbers = Document.objects.filter(pk__in=pks).order_by("pk").values_list("number", flat=True)
    return ", ".join(numbers) or str(_("aucun"))
