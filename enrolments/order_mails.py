"""The mails about an order: written with the change that they tell of, to those who want them.

An order is acknowledged once, with its quote when one is being made: the acknowledgement then waits for it, PATIENCE at
most (`Order.acknowledgement_waits`), and leaves before any other mail about the order. Whoever lets it leave holds the
order's row, so that a quote that is ready at the same instant leaves either in it or in a mail of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django_tasks import task

from accounts.mails import link_to, send
from accounts.models import NotificationKind, User
from accounts.notifications import wants
from catalogue.pricing import to_the_cent
from enrolments.models import Order, OrderState

PATIENCE = timedelta(minutes=2)  # how long an acknowledgement waits for its quote
GOES_ON = (OrderState.PENDING, OrderState.VALIDATED)


@dataclass(frozen=True)
class IssuedQuote:
    """The quote of an order, as its mail speaks of it: its number and the page where it is read and signed.

    `files`: the paper, attached; none to a recipient who may not open it, who is told where it waits.
    """

    number: str
    url: str
    files: Sequence[tuple[str, bytes, str]]


@dataclass(frozen=True)
class Costs:
    """What is asked for the seats of an order, EUR: HT, and TTC with the VAT of each rate rounded once."""

    total: Decimal
    with_vat: Decimal


def costs_of(order: Order) -> Costs:
    """Of the seats that were not cancelled."""
    bases: dict[Decimal, Decimal] = {}
    for one in order.enrolments.active().select_related("session__course"):
        rate = one.session.course.vat_rate
        bases[rate] = bases.get(rate, Decimal(0)) + one.price
    total = sum(bases.values(), Decimal(0))
    return Costs(total, total + sum(to_the_cent(base * rate / 100) for rate, base in bases.items()))


def owner_of(order: Order) -> User | None:
    """Whoever the order belongs to at this moment (rule 1), with all that they may see; None without an account."""
    pk = User.objects.filter(email=order.order_email).values_list("pk", flat=True).first()
    person = User.objects.with_rights(pk) if pk is not None else None
    if person is None or person.whole_rights.email != order.order_email:
        return None
    person.rights = person.whole_rights  # mail comes whichever establishments they look at
    return person


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


def acknowledge(order: Order, person: User, *, quote_asked: bool) -> None:
    """Tell whoever the order belongs to that it was received; and, if that is somebody else, whoever made it.

    `quote_asked`: its quote is being made, and will leave with the acknowledgement.
    """
    if person.email != order.order_email:
        facts = facts_of(order) | {"is_owner": False}
        send("order_received", person.email, facts, key=f"order-made-{order.pk}")
    if not quote_asked:
        _acknowledge(order, None)
        return
    order.acknowledgement_waits = True
    order.save(update_fields=["acknowledgement_waits"])
    acknowledge_alone.using(run_after=timezone.now() + PATIENCE).enqueue(order.pk)


@task()
def acknowledge_alone(order_id: int) -> None:
    """Acknowledge an order whose quote is not there yet; nothing when it was acknowledged."""
    with transaction.atomic():
        end_wait(Order.objects.select_for_update(of=["self"], no_key=True).get(pk=order_id))


def end_wait(order: Order, quote: IssuedQuote | None = None) -> bool:
    """Let the acknowledgement of an order leave, with its quote, if it waits still; returns whether it did.

    The order's row is locked by the caller.
    """
    if not order.acknowledgement_waits:
        return False
    order.acknowledgement_waits = False
    order.save(update_fields=["acknowledgement_waits"])
    _acknowledge(order, quote)
    return True


def _acknowledge(order: Order, quote: IssuedQuote | None) -> None:
    """To the address of the order: what it costs only if that is somebody's verified one (rules 1 and 6)."""
    lasts = order.state in (OrderState.TO_APPROVE, *GOES_ON)
    facts = facts_of(order) | {
        "is_owner": True,
        "costs": costs_of(order) if lasts and owner_of(order) is not None else None,
        "quote": quote,
        "lasts": lasts,
    }
    files = quote.files if quote is not None else ()
    send("order_received", order.order_email, facts, key=f"order-received-{order.pk}", files=files)


def ask_approval(order: Order, people: list[User], total: Any) -> None:
    """Ask each of those who may approve the order; the link asks to log in."""
    facts = facts_of(order) | {"costs": total, "approval_url": link_to("order_approval", order.pk)}
    for person in people:
        if wants(person, NotificationKind.APPROVALS):
            send("order_to_approve", person.email, facts, key=f"order-to-approve-{order.pk}-{person.pk}")


def tell_orderer(order: Order, template: str, word: str) -> None:
    """Tell the order's address what became of it, unless its owner declined such mails; once it was acknowledged."""
    end_wait(order)
    if wants(order.order_email, NotificationKind.ORDERS):
        key = f"{template.replace('_', '-')}-{order.pk}"
        send(template, order.order_email, facts_of(order) | {"word": word}, key=key)
