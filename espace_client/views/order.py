"""The page of one order: the people, the papers, the money if one may see it, and where it stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.requests import person
from documents.archives.opco import PACK
from documents.deposits.services import types_to_deposit
from documents.models import Document, hide_amounts
from documents.validity import tell_void, with_validity
from enrolments.approving import approvable_by, is_withdrawable
from enrolments.fee_sums import is_owed
from enrolments.models import (
    Enrolment,
    EnrolmentEvent,
    EnrolmentState,
    Order,
    OrderEvent,
    OrderState,
    SessionProposal,
)
from espace_client.timeline import Step, happened_to, steps_of


@dataclass(frozen=True)
class Due:
    """What waits for the person, and the way to it."""

    title: str
    text: str
    url: str
    action: str


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
    papers = (
        Document.objects.visible_to(user)
        .filter(order=order)
        .select_related("enrolment__participant", "session__course", "replaced_by")
    )
    documents = tell_void(hide_amounts(with_validity(papers), user))
    amounts_visible = order.shows_amounts_to(user)
    changes = list(
        EnrolmentEvent.objects.visible_to(user)
        .filter(enrolment__order=order)
        .select_related(
            *("actor", "enrolment__participant", "participant_before", "participant_after"),
            *("session_before__course", "session_after__course"),
        )
    )
    decisions = OrderEvent.objects.visible_to(user).filter(order=order).select_related("by")
    happened = happened_to(decisions, changes, amounts_visible=amounts_visible)
    proposal = SessionProposal.objects.visible_to(user).open().filter(order=order).order_by("pk").first()
    active = [enrolment for enrolment in enrolments if enrolment.state != EnrolmentState.CANCELLED]
    context = {
        "order": order,
        "may_deposit": bool(types_to_deposit(order, user.rights)),
        "withdrawable": is_withdrawable(order, user.rights),
        "opco_pack": any(document.type in PACK for document in documents),
        "enrolments": enrolments,
        "documents": documents,
        "steps": steps_of(order, active, happened) + billing_steps(order, documents, user),
        "due": due_of(order, user, proposal, active),
        "amounts_visible": amounts_visible,
        **(due_amounts(order, enrolments, changes) if amounts_visible else {}),
    }
    return render(request, "enrolments/order_detail.html", context)


def due_amounts(order: Order, enrolments: Sequence[Enrolment], changes: Sequence[EnrolmentEvent]) -> dict[str, Decimal]:
    """What is due, EUR HT: `amount` for the seats that were not cancelled, `fees` owed for changes, `total` of both.

    Each enrolment is told its own `fee`, so that its line says what is left to pay of it.
    """
    fees: defaultdict[int, Decimal] = defaultdict(Decimal)
    sessions = {one.pk: one.session for one in enrolments}
    for event in changes:
        if is_owed(event, order.state, sessions[event.enrolment_id]):
            fees[event.enrolment_id] += event.fee
    for one in enrolments:
        one.fee = fees[one.pk]
    seats = sum((one.price for one in enrolments if one.state != EnrolmentState.CANCELLED), Decimal(0))
    owed = sum(fees.values(), Decimal(0))
    return {"amount": seats, "fees": owed, "total": seats + owed}


def billing_steps(order: Order, documents: Sequence[Document], user: User) -> list[Step]:
    """The invoice, for whom invoices of this order are open; nothing is said of it otherwise."""
    own = user.rights.email == order.order_email
    open_types = user.rights.types_in(order.establishment_id) if order.establishment_id else frozenset()
    if order.state in (OrderState.REFUSED, OrderState.CANCELLED) or not (own or DocumentType.FACTURE in open_types):
        return []
    invoices = [document for document in documents if document.kind == DocumentType.FACTURE]
    if invoices:
        return [Step(_("Facture émise"), "done", invoices[-1].issued_on)]
    return [Step(_("Facture"), "next")]


def due_of(order: Order, user: User, proposal: SessionProposal | None, active: Sequence[Enrolment]) -> Due | None:
    """What is to be done about the order, the most pressing first; None when nothing waits for this person."""
    if proposal is not None:
        return Due(
            _("Nous avons changé une session"),
            _("Choisissez une autre session pour chaque personne, ou annulez sans frais."),
            reverse("proposal_detail", args=[proposal.pk]),
            _("Choisir"),
        )
    if order.state == OrderState.TO_APPROVE and approvable_by(user, user.rights).filter(pk=order.pk).exists():
        return Due(
            _("Cette commande attend votre accord"),
            _("Elle ne part chez nous qu’une fois approuvée."),
            reverse("order_approval", args=[order.pk]),
            _("Décider"),
        )
    today = timezone.localdate()
    unnamed = [one for one in active if one.participant is None and one.session.starts_on >= today]
    if unnamed:
        text = ngettext("%d place n’a pas encore de nom.", "%d places n’ont pas encore de nom.", len(unnamed))
        where = reverse("enrolment_substitute", args=[unnamed[0].pk])
        return Due(_("Désignez qui viendra"), text % len(unnamed), where, _("Désigner"))
    return None
