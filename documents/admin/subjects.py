"""Orders and enrolments again, now with their papers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin.base import ReadOnlyInline
from catalogue.models import Session, SessionState
from documents.models import Document, IssueBatch
from enrolments.admin.enrolments import EnrolmentAdmin
from enrolments.admin.orders import OrderAdmin
from enrolments.admin.sessions import SessionWithEnrolmentsAdmin
from enrolments.models import Enrolment, Order
from enrolments.signals import session_confirmed

from .actions import FOR_ENROLMENTS, FOR_ORDERS, FOR_SESSIONS
from .documents import link_to_file

RUNS = (SessionState.CONFIRMED, SessionState.GUARANTEED, SessionState.FULL)


class _DocumentInline(ReadOnlyInline[Document, Any]):
    model = Document
    fields = ("kind", "number", "issued_on", "amount", "open_link")

    @admin.display(description=_("type"))
    def kind(self, document: Document) -> str:
        return document.get_type_display()

    @admin.display(description=_("fichier"))
    def open_link(self, document: Document) -> SafeString:
        return link_to_file(document)


class DocumentOfOrderInline(_DocumentInline):
    fk_name = "order"


class DocumentOfEnrolmentInline(_DocumentInline):
    fk_name = "enrolment"


def _told(batch: IssueBatch) -> SafeString:
    """What is being issued, and the way to its progress."""
    count = batch.progress.asked
    said = ngettext("%d pièce est en cours d’émission.", "%d pièces sont en cours d’émission.", count) % count
    url = reverse("admin:documents_issuebatch_change", args=[batch.pk])
    return format_html('{} <a href="{}">{}</a>', said, url, _("Suivre l’avancement"))


admin.site.unregister([Order, Enrolment, Session])


@admin.register(Order)
class OrderWithDocumentsAdmin(OrderAdmin):
    """An order, with its enrolments and its papers."""

    inlines = (*OrderAdmin.inlines, DocumentOfOrderInline)
    actions = [*OrderAdmin.actions, *FOR_ORDERS]


@admin.register(Enrolment)
class EnrolmentWithDocumentsAdmin(EnrolmentAdmin):
    """An enrolment, with its papers."""

    inlines = (DocumentOfEnrolmentInline,)
    actions = ["give_back", *FOR_ENROLMENTS]


@admin.register(Session)
class SessionWithPapersAdmin(SessionWithEnrolmentsAdmin):
    """A session, whose papers are issued for everybody at once."""

    actions = FOR_SESSIONS

    def save_model(self, request: HttpRequest, obj: Session, form: Any, change: bool) -> None:
        """A session that staff confirm, or call full, is told of: its convocations and sheets are then due."""
        super().save_model(request, obj, form, change)
        if "state" in form.changed_data and obj.state in RUNS:
            for _receiver, answer in session_confirmed.send(Session, session=obj):
                if isinstance(answer, IssueBatch):
                    self.message_user(request, _told(answer), messages.SUCCESS)
