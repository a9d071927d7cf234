"""What the page of an invoice or avoir says more than that of another document: its figures, what credits what."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import EMPTY, link_to
from accounts.document_types import AVOIR, DocumentType
from accounts.typography import money
from documents.models import Document, Invoice, InvoicedSeat


class BillPages:
    """For the management of documents. The ERP's bills have no figures here but their amount, and name no other."""

    bill_fields: ClassVar[tuple[str, ...]] = (
        *("figures", "credited", "credited_seats", "credit_reason", "avoirs", "avoir_link"),
    )

    def bill_fieldsets(self, document: Document) -> list[tuple[Any, dict[str, Any]]]:
        """For an avoir: what it credits, why and how much. For an invoice: how much, its avoirs, the way to one."""
        if document.type != DocumentType.FACTURE:
            return []
        if document.kind == AVOIR:
            return [(_("Avoir"), {"fields": ("credited", "credit_reason", "credited_seats", "figures")})]
        return [(_("Facture"), {"fields": ("figures", "avoirs", "avoir_link")})]

    @admin.display(description=_("montants"))
    def figures(self, document: Document) -> SafeString | str:
        bill = _bill(document)
        if bill is None:
            return EMPTY
        said = _("%(net)s HT · %(vat)s de TVA · %(total)s TTC") % {
            "net": money(bill.net),
            "vat": money(bill.vat),
            "total": money(bill.total),
        }
        return link_to(bill, said)

    @admin.display(description=_("facture créditée"))
    def credited(self, document: Document) -> SafeString | str:
        bill = _bill(document)
        return link_to(bill.credits) if bill is not None else EMPTY

    @admin.display(description=_("motif"))
    def credit_reason(self, document: Document) -> str:
        issue = getattr(document, "issue", None)
        return issue.reason if issue is not None and issue.reason else EMPTY

    @admin.display(description=_("places créditées"))
    def credited_seats(self, document: Document) -> SafeString | str:
        seats = InvoicedSeat.objects.filter(credited_by__document=document)
        lines = ((one.trainee, one.title, one.session_code, money(one.price)) for one in seats)
        return format_html_join("\n", "<div>{} · {} ({}) · {} HT</div>", lines) or EMPTY

    @admin.display(description=_("avoirs"))
    def avoirs(self, document: Document) -> SafeString | str:
        bills = Invoice.objects.filter(credits=document).select_related("document").order_by("pk")
        lines = ((link_to(one.document), money(one.net)) for one in bills)
        return format_html_join("\n", "<div>{} · {} HT</div>", lines) or EMPTY

    @admin.display(description=_("créditer"))
    def avoir_link(self, document: Document) -> SafeString | str:
        if not document.seats.exists():
            return EMPTY
        url = reverse("admin:documents_document_avoir", args=[document.pk])
        return format_html('<a href="{}">{}</a>', url, _("Établir un avoir, ou refacturer"))


def _bill(document: Document) -> Invoice | None:
    found: Invoice | None = getattr(document, "invoice", None)
    return found
