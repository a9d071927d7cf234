"""The page of one order: the people, the papers, the money if one may see it, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.requests import person
from documents.archives.opco import PACK
from documents.deposits.services import types_to_deposit
from documents.models import Document, hide_amounts
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState


@dataclass(frozen=True)
class Step:
    """One step of the life of an order. `state`: done, now, next or bad."""

    label: str
    state: str
    on: date | None = None
    note: str = ""


@require_safe
def order_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One order that the person may see."""
    user = person(request)
    order = get_object_or_404(Order.objects.visible_to(user).select_related("establishment"), pk=pk)
    enrolments = list(
        Enrolment.objects.visible_to(user)
        .filter(order=order)
        .select_related("participant", "session__course")
        .order_by("starts_on", "pk")
    )
    documents = hide_amounts(
        Document.objects.visible_to(user)
        .filter(order=order)
        .select_related("enrolment__participant", "session__course", "replaced_by"),
        user,
    )
    amounts_visible = order.shows_amounts_to(user)
    active = [enrolment for enrolment in enrolments if enrolment.state != EnrolmentState.CANCELLED]
    context = {
        "order": order,
        "may_deposit": bool(types_to_deposit(order, user.rights)),
        "opco_pack": any(document.type in PACK for document in documents),
        "enrolments": enrolments,
        "documents": documents,
        "steps": steps_of(order, active) + billing_steps(order, documents, user),
        "amounts_visible": amounts_visible,
        "amount": sum((enrolment.price for enrolment in active), Decimal(0)) if amounts_visible else None,
    }
    return render(request, "enrolments/order_detail.html", context)


def steps_of(order: Order, active: Sequence[Enrolment]) -> list[Step]:
    """What happened to the order and what comes next, from its state and its sessions."""
    steps = [Step(_("Commande passée"), "done", order.placed_on, order.get_channel_display())]
    if order.state in (OrderState.REFUSED, OrderState.CANCELLED):
        return [*steps, Step(order.get_state_display(), "bad")]
    if order.state == OrderState.TO_APPROVE:
        steps.append(Step(_("À approuver par un administrateur"), "now"))
    if order.state == OrderState.VALIDATED:
        steps.append(Step(_("Validée par nos équipes"), "done"))
    else:
        steps.append(Step(_("Validation par nos équipes"), "now" if order.state == OrderState.PENDING else "next"))
    return steps + _sessions(active)


def billing_steps(order: Order, documents: Sequence[Document], user: User) -> list[Step]:
    """The invoice, for whom invoices of this order are open; nothing is said of it otherwise."""
    own = user.rights.email == order.order_email
    open_types = user.rights.types_in(order.establishment_id) if order.establishment_id else frozenset()
    if order.state in (OrderState.REFUSED, OrderState.CANCELLED) or not (own or DocumentType.FACTURE in open_types):
        return []
    invoices = [document for document in documents if document.type == DocumentType.FACTURE]
    if invoices:
        return [Step(_("Facture émise"), "done", invoices[-1].issued_on)]
    return [Step(_("Facture"), "next")]


def _sessions(active: Sequence[Enrolment]) -> list[Step]:
    """One step per session of the order, in the order of their dates."""
    today, steps = timezone.localdate(), []
    for session in dict.fromkeys(enrolment.session for enrolment in active):
        state = "done" if session.ends_on < today else "now" if session.starts_on <= today else "next"
        steps.append(Step(_("Formation"), state, session.starts_on, session.course.title))
    return steps
