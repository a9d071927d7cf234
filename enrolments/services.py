"""What changes orders and enrolments."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Establishment
from enrolments.models import Order
from enrolments.moving import Destination, move_orders


@transaction.atomic
def attach_order(*, order: Order, establishment: Establishment) -> Order:
    """Staff say which establishment an order is for; its history and documents open there, and no drop says otherwise.

    Its participants become the company's. Returns the order as it is now. ValidationError, in French, when it has an
    establishment already; until then no accord gave it a price (a rule of the database).
    """
    held = Order.objects.select_for_update().get(pk=order.pk)
    if held.establishment_id is not None:
        raise ValidationError(_("Cette commande est déjà rattachée à un établissement."))
    move_orders({held.pk: Destination(establishment, held.order_email)})
    held.refresh_from_db()
    held.decide(["establishment"])
    held.save(update_fields=["decided_in_portal"])
    return held
