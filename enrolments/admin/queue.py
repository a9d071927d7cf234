"""The queue of orders to validate: read down, ticked, decided at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.admin.base import staff
from accounts.models import Establishment
from enrolments.models import Order, OrderState
from enrolments.queue import waiting_orders
from enrolments.services import attach_order
from enrolments.validating import Outcome, settle_many


class ReasonForm(forms.Form):
    """Why orders are refused: their responsables will read it."""

    reason = forms.CharField(
        label=gettext_lazy("Motif du refus"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
        help_text=gettext_lazy("Il est envoyé au responsable de chaque commande."),
    )


def queue_view(request: HttpRequest, model_admin: admin.ModelAdmin[Order]) -> HttpResponse:
    """Show what waits; attach, validate or refuse what was ticked."""
    if not model_admin.has_change_permission(request):
        raise PermissionDenied
    form = ReasonForm(request.POST if request.POST.get("act") == "refuse" else None)
    if request.method == "POST" and _act(request, form):
        return redirect("admin:enrolments_order_queue")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Commandes à valider"),
        "opts": model_admin.opts,
        "waiting": waiting_orders(Order.objects.all(), timezone.localdate()),
        "total": Order.objects.filter(state=OrderState.PENDING).count(),
        "ticked": set(request.POST.getlist("order")),
        "form": form,
    }
    return render(request, "admin/enrolments/order/queue.html", context)


def _act(request: HttpRequest, form: ReasonForm) -> bool:
    """Do what a button of the queue says; whether it was done."""
    if attached := request.POST.get("attach"):
        _attach(request, attached)
        return True
    orders = _ticked(request)
    if not orders:
        messages.warning(request, _("Cochez d’abord des commandes."))
        return False
    if request.POST.get("act") == "refuse":
        if not form.is_valid():
            return False
        report(request, settle_many(orders=orders, actor=staff(request), reason=form.cleaned_data["reason"]), refused)
        return True
    report(request, settle_many(orders=orders, actor=staff(request)), validated)
    return True


def _ticked(request: HttpRequest) -> Sequence[Order]:
    ids = [int(one) for one in request.POST.getlist("order") if one.isascii() and one.isdigit() and len(one) < 19]
    return list(Order.objects.filter(pk__in=ids))


def _attach(request: HttpRequest, pk: str) -> None:
    """Attach an order to the establishment whose SIRET was declared."""
    order = Order.objects.filter(pk=int(pk)).first() if pk.isascii() and pk.isdigit() and len(pk) < 19 else None
    place = Establishment.objects.filter(siret=order.declared_siret).first() if order else None
    if order is None or place is None:
        messages.error(request, _("Cet établissement n’est pas connu : créez-le d’abord."))
        return
    try:
        attach_order(order=order, establishment=place)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request, _("Commande %(number)s rattachée à %(place)s.") % {"number": order.number, "place": place}
        )


def validated(count: int) -> str:
    return ngettext("%(count)d commande validée.", "%(count)d commandes validées.", count) % {"count": count}


def refused(count: int) -> str:
    return ngettext("%(count)d commande refusée.", "%(count)d commandes refusées.", count) % {"count": count}


def cancelled(count: int) -> str:
    return ngettext("%(count)d commande annulée.", "%(count)d commandes annulées.", count) % {"count": count}


def report(request: HttpRequest, outcome: Outcome, words: Callable[[int], str]) -> None:
    """Say how many orders were settled, and of each other one why not."""
    if outcome.settled:
        messages.success(request, words(len(outcome.settled)))
    for order, problem in outcome.problems:
        messages.error(request, f"{order.number}\u00a0: {problem}")
