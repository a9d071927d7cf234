"""Internal approval: what an establishment asks of its own people before an order reaches the training company."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Establishment

if TYPE_CHECKING:
    from accounts.models import User


class ApprovalPolicyQuerySet(models.QuerySet["ApprovalPolicy"]):
    def visible_to(self, user: User | AnonymousUser) -> ApprovalPolicyQuerySet:
        """Those of the establishments of which the person is an administrator."""
        return self.filter(establishment_id__in=user.rights.administered) if user.is_authenticated else self.none()

    def stood_in_by(self, user_id: int, day: date) -> ApprovalPolicyQuerySet:
        """Those in which this person stands in for the administrators on that day."""
        return self.filter(active=True, stand_in=user_id, stand_in_from__lte=day, stand_in_until__gte=day)


class ApprovalPolicy(models.Model):
    """Whether orders of an establishment wait for one of its administrators; none, or not `active`: they do not.

    `threshold`: EUR HT below which an order needs no approval. `stand_in` approves too, both days included, as long as
    their own access lets them see amounts.
    """

    establishment = models.OneToOneField(
        Establishment, models.CASCADE, related_name="approval_policy", verbose_name=_("établissement")
    )
    active = models.BooleanField(_("Les commandes attendent l’accord d’un administrateur"), default=False)
    threshold = models.DecimalField(
        _("Montant HT à partir duquel il le faut"), max_digits=10, decimal_places=2, default=Decimal(0)
    )
    stand_in = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("Remplaçant")
    )
    stand_in_from = models.DateField(_("Du"), null=True, blank=True)
    stand_in_until = models.DateField(_("Au"), null=True, blank=True)

    objects = ApprovalPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("approbation interne")
        verbose_name_plural = _("approbations internes")
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gte=0), name="approval_threshold_not_negative"),
            models.CheckConstraint(
                condition=Q(stand_in_from__isnull=True, stand_in_until__isnull=True)
                | Q(stand_in_from__isnull=False, stand_in_until__isnull=False, stand_in_until__gte=F("stand_in_from")),
                name="approval_stand_in_from_a_day_to_another",
            ),
        ]

    def __str__(self) -> str:
        return str(self.establishment)
