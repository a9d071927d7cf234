"""What the page of a decision shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from accounts.models import User
from enrolments.forms import DecisionForm
from enrolments.models import Enrolment, Order


def decision_page(user: User, order: Order, form: DecisionForm) -> dict[str, Any]:
    """The people, the sessions and, if they may be seen, the amounts of an order that waits."""
    enrolments = list(
        Enrolment.objects.visible_to(user)
        .active()
        .filter(order=order)
        .select_related("participant", "session__course")
        .order_by("starts_on", "pk")
    )
    visible = order.shows_amounts_to(user)
    return {
        "order": order,
        "form": form,
        "enrolments": enrolments,
        "amounts_visible": visible,
        "amount": sum((one.price for one in enrolments), Decimal(0)) if visible else None,
    }
