"""commandes.csv."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.codes import by_code
from accounts.models import Establishment
from enrolments.models import Order, OrderChannel, OrderState
from enrolments.moving import Destination, bound_by_an_accord, move_orders
from enrolments.placing import placed_on_site
from espace_client.erp.choices import ORDER_CHANNELS, ORDER_STATES
from espace_client.erp.chunk import Chunk, Fate, Saving
from espace_client.erp.columns import Column, Line, Problem
from espace_client.erp.importer import Importer, Reference, find_exactly
from espace_client.erp.parsing import choice, code, day, email, siret, text


class Orders(Importer):
    """An order. Without a SIRET it has no establishment, and only its orderer sees it; a later drop may give one.

    A drop that changes the email or the establishment moves the order with all that hangs on it, unless an accord of
    another company would come along. An unknown channel counts as the telephone, which opens no negotiated price; an
    order placed on the site stays one of the site.
    """

    file = "commandes.csv"
    fills = (Order,)
    columns = (
        Column("numero", code(Order, "number"), required=True, key=True),
        Column("date", day, required=True),
        Column("email", email, required=True),
        Column("siret", siret),
        Column("etat", choice(ORDER_STATES), required=True),
        Column("bon_de_commande", text(Order, "purchase_order_number")),
        Column("opco", text(Order, "opco")),
        Column("canal", choice(ORDER_CHANNELS)),
    )
    references = (Reference("siret", "etablissements.csv", find_exactly(lambda: Establishment.objects.all(), "siret")),)

    def take(self, chunk: Chunk) -> None:
        rows = Order.objects.select_related("establishment")
        existing = by_code(rows, "number", [line.key for line in chunk])
        moved = _move(chunk, existing)
        staying = _keep_channels(chunk, existing)
        saving = Saving(chunk, Order)
        for line in list(chunk):
            order = existing.get(line.key)
            about = _about(line.values, order) if order else _new(line)
            saving.put(line, order, {**about, "channel": None} if line in staying else about)
        saving.save()
        for line in moved:
            chunk.mark(line, Fate.CHANGED)


def _new(line: Line) -> dict[str, Any]:
    establishment = line.found["siret"]
    return {
        **_about(line.values, None),
        "number": line.values["numero"],
        "order_email": line.values["email"],
        "establishment_id": establishment.pk if establishment else None,
        "channel": line.values["canal"] or OrderChannel.PHONE,
    }


def _about(values: dict[str, Any], order: Order | None) -> dict[str, Any]:
    """What is said of an order itself. The portal's own "to approve" is how it holds what the ERP calls waiting."""
    waits_for_approval = order is not None and order.state == OrderState.TO_APPROVE
    return {
        "placed_on": values["date"],
        "state": None if waits_for_approval and values["etat"] == OrderState.PENDING else values["etat"],
        "purchase_order_number": values["bon_de_commande"],
        "opco": values["opco"],
        "channel": values["canal"],
    }


def _keep_channels(chunk: Chunk, existing: dict[str, Order]) -> set[Line]:
    """The lines that say another channel of an order placed on the site: it keeps its own, which opens rule 7."""
    held = {line: existing[line.key] for line in chunk if line.key in existing and line.values["canal"] is not None}
    differing = {line: order for line, order in held.items() if line.values["canal"] != order.channel}
    placed = placed_on_site({order.pk for order in differing.values() if order.channel == OrderChannel.SITE})
    staying = {line for line, order in differing.items() if order.pk in placed}
    for line in differing:
        if line in staying:
            kept, said = OrderChannel.SITE.label, OrderChannel(line.values["canal"]).label
            reason = _("une commande passée sur le portail garde son canal : %(kept)s.") % {"kept": kept}
            chunk.warn(line, Problem("canal", str(said), reason))
    return staying


def _destination(order: Order, line: Line) -> Destination:
    """Where the line says the order belongs; an empty SIRET says nothing, and what the portal decided stays."""
    establishment, email_said = line.found["siret"] or order.establishment, line.values["email"]
    return Destination(
        order.establishment if "establishment" in order.decided_in_portal else establishment,
        order.order_email if "order_email" in order.decided_in_portal else email_said,
    )


def _goes_elsewhere(order: Order, line: Line) -> bool:
    return _destination(order, line) != Destination(order.establishment, order.order_email)


def _move(chunk: Chunk, existing: dict[str, Order]) -> list[Line]:
    """Move the orders whose email or establishment changed, locked and read again first; return the lines that did."""
    leaving = [line for line in chunk if line.key in existing and _goes_elsewhere(existing[line.key], line)]
    if not leaving:
        return []
    rows = Order.objects.select_for_update(of=["self"]).select_related("establishment").order_by("pk")
    locked = {order.pk: order for order in rows.filter(pk__in=[existing[line.key].pk for line in leaving])}
    existing.update({line.key: locked[existing[line.key].pk] for line in leaving})
    lines = {existing[line.key].pk: line for line in leaving if _goes_elsewhere(existing[line.key], line)}
    destinations = {pk: _destination(locked[pk], line) for pk, line in lines.items()}
    for pk in bound_by_an_accord(destinations):
        reason = _("Une inscription de cette commande a le prix d’un accord-cadre d’une autre entreprise.")
        chunk.refuse(lines[pk], Problem("siret", lines[pk].values["siret"] or "", reason))
        del destinations[pk]
    move_orders(destinations)
    return [lines[pk] for pk in destinations]
