"""Orders and enrolments again, now with their papers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import ReadOnlyInline
from documents.models import Document
from enrolments.admin.enrolments import EnrolmentAdmin
from enrolments.admin.orders import OrderAdmin
from enrolments.models import Enrolment, Order

from .documents import link_to_file


class _DocumentInline(ReadOnlyInline[Document, Any]):
    model = Document
    fields = ("type", "number", "issued_on", "amount", "open_link")

    @admin.display(description=_("fichier"))
    def open_link(self, document: Document) -> SafeString:
        return link_to_file(document)


class DocumentOfOrderInline(_DocumentInline):
    fk_name = "order"


class DocumentOfEnrolmentInline(_DocumentInline):
    fk_name = "enrolment"


admin.site.unregister([Order, Enrolment])


@admin.register(Order)
class OrderWithDocumentsAdmin(OrderAdmin):
    """An order, with its enrolments and its papers."""

    inlines = (*OrderAdmin.inlines, DocumentOfOrderInline)


@admin.register(Enrolment)
class EnrolmentWithDocumentsAdmin(EnrolmentAdmin):
    """An enrolment, with its papers."""

    inlines = (DocumentOfEnrolmentInline,)
