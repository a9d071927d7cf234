"""Documents: filed once, read ever after."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import EMPTY, PortalAdmin, QuestionFilter, ReadOnlyInline, link_to, staff
from accounts.codes import by_code, fold
from accounts.typography import money
from documents.board.papers import board_of_all
from documents.deposits.services import note_picture
from documents.models import Document, DocumentGrant
from documents.serving import serve_document
from documents.validity import tell_void, with_validity
from enrolments.models import Order

from .actions import correct_documents
from .avoirs import avoir_view
from .bills import BillPages
from .upload import DocumentForm


def link_to_file(document: Document) -> SafeString:
    url = reverse("admin:documents_document_file", args=[document.pk])
    return format_html('<a href="{}">{}</a>', url, _("Ouvrir"))


class ReplacedFilter(QuestionFilter):
    title = _("version")
    parameter_name = "version"
    answers = {
        "actuelle": (_("En vigueur"), lambda: Q(replaced_by__isnull=True)),
        "remplacee": (
            _("Remplacée"),
            lambda: Q(pk__in=Document.objects.filter(replaces__isnull=False).values("replaces")),
        ),
    }


class DocumentGrantInline(ReadOnlyInline[DocumentGrant, Document]):
    model = DocumentGrant
    fields = ("person", "exception")
    select_related = ("user", "permission", "content_object")
    show_change_link = False

    @admin.display(description=_("personne"))
    def person(self, grant: DocumentGrant) -> SafeString | str:
        return link_to(grant.user)

    @admin.display(description=_("exception"))
    def exception(self, grant: DocumentGrant) -> str:
        return grant.permission.name


READ = (
    *("kind", "open_link", "amount_ht", "replacement", "void_reason"),
    *("orderer", "size", "sha256", "recorded_at", "received_as"),
)


@admin.register(Document)
class DocumentAdmin(BillPages, PortalAdmin[Document]):
    """A document is filed here, and opened; it is never changed nor deleted: a correction replaces it (rule 9)."""

    form = DocumentForm
    list_display = ("number", "kind", "issued_on", "order", "establishment", "amount_ht", "is_current", "open_link")
    list_select_related = ("order", "establishment", "replaced_by")
    list_filter = ("type", ReplacedFilter, "issued_on")
    search_fields = ("number", "order__number", "order_email", "enrolment__participant__last_name__unaccent")
    search_help_text = _("Numéro du document ou de la commande, email de commande, nom du participant.")
    ordering = ("-pk",)
    inlines = (DocumentGrantInline,)
    actions = [correct_documents]
    autocomplete_fields = ("order", "enrolment", "session", "establishment", "replaces")
    fields = (
        ("type", "number"),
        "issued_on",
        "upload",
        "enrolment",
        "order",
        "session",
        "establishment",
        "amount",
        "replaces",
    )

    def named(self, term: str) -> Q | None:
        """A document or an order by its number, an order email by its address."""
        if "@" in term:
            return Q(order_email=term.lower()) if Document.objects.filter(order_email=term.lower()).exists() else None
        documents = [row.pk for row in by_code(Document.objects.all(), "number", [fold(term)]).values()]
        orders = [row.pk for row in by_code(Order.objects.all(), "number", [fold(term)]).values()]
        return Q(pk__in=documents) | Q(order__in=orders) if documents or orders else None

    def has_change_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Document | None = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Document | None = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        about = ("order", "orderer", "enrolment", "session", "establishment")
        return [
            (None, {"fields": (("kind", "number"), "issued_on", "amount_ht", "open_link")}),
            *self.bill_fieldsets(obj),
            (_("Sujet"), {"fields": about}),
            (_("Versions"), {"fields": ("replaces", "replacement", "void_reason")}),
            (_("Fichier"), {"fields": ("size", "sha256", "recorded_at", "received_as")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Document | None = None) -> tuple[str, ...]:
        return (*READ, *self.bill_fields) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Document, form: Any, change: bool) -> None:
        """The form has kept the file."""
        super().save_model(request, obj, form, change)
        name = form.cleaned_data["upload"].name
        note_picture(document=obj, examined=form.examined, original_name=name, actor=staff(request))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.open_file)
        avoir = self.admin_site.admin_view(self.avoir)
        board = self.admin_site.admin_view(self.missing_papers)
        return [
            path("<int:pk>/fichier/", view, name="documents_document_file"),
            path("<int:pk>/avoir/", avoir, name="documents_document_avoir"),
            path("manquants/", board, name="documents_missing"),
            *super().get_urls(),
        ]

    def missing_papers(self, request: HttpRequest) -> HttpResponse:
        """The board of missing papers, of all orders: what the team owes, and what it waits for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        board = board_of_all()
        context = {**self.admin_site.each_context(request), "title": _("Pièces manquantes"), "board": board}
        return render(request, "admin/documents/missing.html", context)

    def avoir(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """What an avoir on this invoice credits."""
        return avoir_view(request, self, pk)

    def open_file(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file, for staff; journaled as for anybody."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        document = get_object_or_404(Document.objects.select_related("session__course"), pk=pk)
        return serve_document(request, document, inline=True)

    @admin.display(description=_("type"), ordering="type")
    def kind(self, document: Document) -> str:
        return document.get_type_display()

    @admin.display(description=_("montant HT"), ordering="amount")
    def amount_ht(self, document: Document) -> str:
        return money(document.amount) if document.amount is not None else EMPTY

    @admin.display(description=_("email de commande"))
    def orderer(self, document: Document) -> str:
        return document.order_email or EMPTY

    @admin.display(description=_("fichier"))
    def open_link(self, document: Document) -> SafeString:
        return link_to_file(document)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return with_validity(super().get_queryset(request))

    @admin.display(description=_("en vigueur"), boolean=True)
    def is_current(self, document: Document) -> bool:
        return not hasattr(document, "replaced_by") and not tell_void([document])[0].void

    @admin.display(description=_("ne vaut plus"))
    def void_reason(self, document: Document) -> str:
        return tell_void([document])[0].void or EMPTY

    @admin.display(description=_("remplacé par"))
    def replacement(self, document: Document) -> SafeString | str:
        return link_to(getattr(document, "replaced_by", None))

    @admin.display(description=_("reçu comme"))
    def received_as(self, document: Document) -> SafeString | str:
        """The file that came in, when it did through the portal or as a picture."""
        received = getattr(document, "deposit", None)
        return link_to(received, received.original_name) if received is not None else EMPTY
