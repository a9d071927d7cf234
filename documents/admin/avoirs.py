"""The page on which staff choose what an avoir credits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin.base import staff
from accounts.typography import money
from documents.issuing.asking import bill_again, credit
from documents.issuing.errors import NotIssuableError
from documents.models import Document, InvoicedSeat

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


class SeatField(forms.ModelMultipleChoiceField[InvoicedSeat]):
    """The seats of an invoice, by trainee, session and price HT."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.trainee} · {obj.title} ({obj.session_code}) · {money(obj.price)} HT"


class AvoirForm(forms.Form):
    """The seats to credit, all of them unless some are left out, and why."""

    seats = SeatField(
        InvoicedSeat.objects.none(), label=gettext_lazy("Places à créditer"), widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=gettext_lazy("Motif, imprimé sur l’avoir"), max_length=200, widget=forms.TextInput(attrs={"size": 80})
    )

    def __init__(self, *args: Any, invoice: Document, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seats = invoice.seats.filter(credited_by__isnull=True)
        self.fields["seats"].queryset = seats  # type: ignore[attr-defined]  # of a field that has one
        self.fields["seats"].initial = list(seats)


def avoir_view(request: HttpRequest, modeladmin: ModelAdmin[Document], pk: int) -> HttpResponse:
    """Ask for an avoir on an invoice that the portal issued; once credited whole, bill the order again."""
    if not modeladmin.has_add_permission(request):
        raise PermissionDenied
    billing = Document.objects.filter(pk__in=InvoicedSeat.objects.values("invoice"))
    invoice = get_object_or_404(billing.select_related("order"), pk=pk)
    form = AvoirForm(request.POST or None, invoice=invoice)
    try:
        if "again" in request.POST:
            batch = bill_again(invoice=invoice, actor=staff(request))
            if batch is not None:
                return redirect("admin:documents_issuebatch_change", batch.pk)
            messages.warning(request, _("La nouvelle facture est déjà demandée."))
        elif form.is_valid():
            cleaned = form.cleaned_data
            batch = credit(invoice=invoice, seats=cleaned["seats"], reason=cleaned["reason"], actor=staff(request))
            return redirect("admin:documents_issuebatch_change", batch.pk)
    except NotIssuableError as error:
        messages.error(request, " ".join(error.messages))
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": _("Avoir sur la facture %s") % invoice.number,
        "opts": Document._meta,
        "original": invoice,
        "form": form,
        "credited_whole": not invoice.seats.filter(credited_by__isnull=True).exists(),
    }
    return TemplateResponse(request, "admin/documents/document/avoir.html", context)
