"""What happened to an order, when, by whom, and the word that was left: the journal behind its timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .deal import Order

if TYPE_CHECKING:
    from accounts.models import User


class OrderEventKind(models.TextChoices):
    PLACED = "placed", _("Commande passée")
    APPROVED = "approved", _("Approuvée en interne")
    DECLINED = "declined", _("Déclinée en interne")
    WITHDRAWN = "withdrawn", _("Retirée")
    VALIDATED = "validated", _("Validée par notre équipe")
    REFUSED = "refused", _("Refusée par notre équipe")
    CANCELLED = "cancelled", _("Annulée par notre équipe")


class OrderEventQuerySet(models.QuerySet["OrderEvent"]):
    def visible_to(self, user: User | AnonymousUser) -> OrderEventQuerySet:
        """Those of the orders that the person may see."""
        return self.filter(order__in=Order.objects.visible_to(user))


class OrderEvent(models.Model):
    """One thing that happened to an order. `by` None: the portal itself; `word`: what was said, e.g. why refused."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="events", verbose_name=_("commande"))
    kind = models.CharField(_("quoi"), max_length=20, choices=OrderEventKind.choices)
    at = models.DateTimeField(_("quand"), default=timezone.now)
    by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("par")
    )
    word = models.CharField(_("mot"), max_length=500, blank=True)

    objects = OrderEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("événement")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=OrderEventKind.values), name="order_event_kind_known")
        ]

    def __str__(self) -> str:
        return f"{self.order} · {self.get_kind_display()}"
