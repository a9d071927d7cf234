"""The mails about an order: written with the change that they tell of, to those who want them."""

from __future__ import annotations

from typing import Any

from accounts.mails import link_to, send
from accounts.models import NotificationKind, User
from accounts.notifications import wants
from enrolments.models import Order


def facts_of(order: Order) -> dict[str, Any]:
    """What every mail about an order says of it: its number, its sessions with their people, the way to its page."""
    enrolments = order.enrolments.select_related("session__course", "participant").order_by("starts_on", "pk")
    sessions: dict[int, dict[str, Any]] = {}
    for one in enrolments:
        entry = sessions.setdefault(one.session_id, {"session": one.session, "people": [], "unnamed": 0})
        if one.participant is None:
            entry["unnamed"] += 1
        else:
            entry["people"].append(str(one.participant))
    return {
        "order": order,
        "sessions": list(sessions.values()),
        "order_url": link_to("order_detail", order.pk),
    }


def acknowledge(order: Order, person: User, total: Any) -> None:
    """Tell whoever the order belongs to that it was received; and, if that is somebody else, whoever made it."""
    facts = facts_of(order) | {"costs": total, "by": person}
    send("order_received", order.order_email, facts | {"is_owner": True}, key=f"order-received-{order.pk}")
    if person.email != order.order_email:
        facts["costs"] = None
        send("order_received", person.email, facts | {"is_owner": False}, key=f"order-made-{order.pk}")


def ask_approval(order: Order, people: list[User], total: Any) -> None:
    """Ask each of those who may approve the order; the link asks to log in."""
    facts = facts_of(order) | {"costs": total, "approval_url": link_to("order_approval", order.pk)}
    for person in people:
        if wants(person, NotificationKind.APPROVALS):
            send("order_to_approve", person.email, facts, key=f"order-to-approve-{order.pk}-{person.pk}")


def tell_orderer(order: Order, template: str, word: str) -> None:
    """Tell the order's address what became of it, unless its owner declined such mails."""
    if wants(order.order_email, NotificationKind.ORDERS):
        key = f"{template.replace('_', '-')}-{order.pk}"
        send(template, order.order_email, facts_of(order) | {"word": word}, key=key)
