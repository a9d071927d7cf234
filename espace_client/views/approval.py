"""Internal approval: deciding on an order that waits, taking one back, and the settings of each establishment."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.choice import whole_right
from accounts.models import Establishment, User
from accounts.requests import person
from enrolments.approving import (
    AlreadyDecidedError,
    approvable_by,
    approve_order,
    candidates_for,
    decline_order,
    may_withdraw,
    save_policy,
    withdraw_order,
)
from enrolments.forms import ApprovalPolicyForm, DecisionForm
from enrolments.models import ApprovalPolicy, Enrolment, Order, OrderState
from espace_client.views.approval_pages import decision_page


@require_http_methods(["GET", "HEAD", "POST"])
def order_approval(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or decline an order that waits; where a link in a mail leads, once logged in."""
    user = person(request)
    order = get_object_or_404(Order.objects.visible_to(user).select_related("establishment", "ordered_by"), pk=pk)
    if order.state != OrderState.TO_APPROVE:
        messages.info(request, _("Cette commande n’attend plus d’approbation."))
        return redirect("order_detail", pk)
    if not approvable_by(user, user.rights).filter(pk=pk).exists():
        raise Http404
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _decide(request, user, order, form)
    return render(
        request,
        "enrolments/approval/decision.html",
        decision_page(user, order, form),
        status=422 if form.is_bound else 200,
    )


def _decide(request: HttpRequest, user: User, order: Order, form: DecisionForm) -> HttpResponse:
    word: str = form.cleaned_data["word"]
    try:
        if form.cleaned_data["decision"] == "approve":
            approve_order(order=order, actor=user, word=word)
            messages.success(request, _("Commande approuvée : elle est transmise à notre équipe."))
        else:
            decline_order(order=order, actor=user, word=word)
            messages.success(request, _("Commande déclinée : ses places sont libérées, le responsable est prévenu."))
    except AlreadyDecidedError as error:
        messages.warning(request, " ".join(error.messages))
    except PermissionDenied as error:
        raise Http404 from error
    return redirect("order_detail", order.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def order_withdrawal(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back an order that nobody validated yet, once it was asked whether one means it."""
    user = person(request)
    order = get_object_or_404(Order.objects.visible_to(user), pk=pk)
    if not may_withdraw(order, user.rights):
        raise Http404
    if order.state not in (OrderState.TO_APPROVE, OrderState.PENDING):
        messages.info(request, _("Cette commande ne peut plus être retirée."))
        return redirect("order_detail", pk)
    if request.method == "POST":
        try:
            withdraw_order(order=order, actor=user)
            messages.success(request, _("La commande est retirée, sans frais ; ses places sont libérées."))
        except AlreadyDecidedError as error:
            messages.warning(request, " ".join(error.messages))
        except PermissionDenied as error:
            raise Http404 from error
        return redirect("order_detail", pk)
    seats = Enrolment.objects.visible_to(user).active().filter(order=order).count()
    return render(request, "enrolments/approval/withdrawal.html", {"order": order, "seats": seats})


@whole_right
@require_safe
def approval_policies(request: HttpRequest) -> HttpResponse:
    """The establishments of which the person is an administrator, each with what it asks for."""
    user = person(request)
    rows = Establishment.objects.manageable_by(user).select_related("approval_policy__stand_in").order_by("name", "pk")
    if not rows:
        raise Http404
    return render(request, "enrolments/approval/policies.html", {"establishments": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def approval_policy(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether orders of an establishment wait, from which amount, and who stands in."""
    user = person(request)
    establishment = get_object_or_404(Establishment.objects.manageable_by(user), pk=pk)
    policy = ApprovalPolicy.objects.visible_to(user).filter(establishment=establishment).first()
    kept = policy or ApprovalPolicy(establishment=establishment)
    form = ApprovalPolicyForm(request.POST or None, instance=kept, candidates=candidates_for(kept, user))
    if request.method == "POST" and form.is_valid():
        try:
            save_policy(policy=form.save(commit=False), actor=user)
        except PermissionDenied as error:
            raise Http404 from error
        messages.success(request, _("Réglages enregistrés pour %(name)s.") % {"name": establishment.name})
        return redirect("approval_policies")
    context = {"establishment": establishment, "form": form}
    return render(request, "enrolments/approval/policy.html", context, status=422 if form.is_bound else 200)
