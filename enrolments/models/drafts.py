"""An order that is being prepared: kept as it is typed, so that a closed browser loses nothing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Establishment
from catalogue.models import Session

from .deal import Order, Participant

if TYPE_CHECKING:
    from accounts.models import User


class OrderDraftQuerySet(models.QuerySet["OrderDraft"]):
    def visible_to(self, user: User | AnonymousUser) -> OrderDraftQuerySet:
        """One's own drafts, whoever else has rights in the establishment: nothing was ordered yet."""
        return self.filter(owner_id=user.pk) if user.is_authenticated else self.none()

    def open(self) -> OrderDraftQuerySet:
        """Those of which no order was made."""
        return self.filter(order__isnull=True)


class OrderDraft(models.Model):
    """What a person has said so far of an order for one session; `order` once it was made, from then on fixed.

    `token` names it in addresses and, kept on the order, makes it impossible to make two orders of one draft. A person
    has one open draft per session, which is taken up again.
    """

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", verbose_name=_("personne"))
    session = models.ForeignKey(Session, models.CASCADE, related_name="+", verbose_name=_("session"))
    establishment = models.ForeignKey(
        Establishment, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("établissement")
    )
    declared_siret = models.CharField(_("SIRET déclaré"), max_length=14, blank=True)
    order_email = models.EmailField(_("adresse de la commande"), max_length=254)
    purchase_order_number = models.CharField(_("n° de bon de commande"), max_length=60, blank=True)
    opco = models.CharField(_("OPCO"), max_length=100, blank=True)
    unnamed_seats = models.PositiveSmallIntegerField(_("places à désigner"), default=0)
    comment = models.CharField(_("mot pour notre équipe"), max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    order = models.OneToOneField(
        Order, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("commande")
    )

    objects = OrderDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("inscription en préparation")
        verbose_name_plural = _("inscriptions en préparation")
        ordering = ["-updated_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "session"], condition=Q(order__isnull=True), name="draft_one_open_per_session"
            ),
            models.CheckConstraint(condition=Q(order_email=Lower("order_email")), name="draft_email_lower_case"),
        ]

    def __str__(self) -> str:
        return f"{self.session} · {self.owner}"


class DraftSeatQuerySet(models.QuerySet["DraftSeat"]):
    def visible_to(self, user: User | AnonymousUser) -> DraftSeatQuerySet:
        """Those of one's own drafts."""
        return self.filter(draft__owner_id=user.pk) if user.is_authenticated else self.none()


class DraftSeat(models.Model):
    """Somebody named in a draft: a known colleague, or one to be made known by the order."""

    draft = models.ForeignKey(OrderDraft, models.CASCADE, related_name="seats")
    participant = models.ForeignKey(Participant, models.CASCADE, null=True, blank=True, related_name="+")
    last_name = models.CharField(_("nom"), max_length=100, blank=True)
    first_name = models.CharField(_("prénom"), max_length=100, blank=True)
    email = models.EmailField(_("adresse email"), max_length=254, blank=True)

    objects = DraftSeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("personne à inscrire")
        verbose_name_plural = _("personnes à inscrire")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "participant"], name="draft_seat_once_per_colleague"),
            models.CheckConstraint(
                condition=Q(participant__isnull=False) | ~Q(last_name=""), name="draft_seat_names_somebody"
            ),
        ]

    def __str__(self) -> str:
        return str(self.participant) if self.participant else f"{self.first_name} {self.last_name}".strip()
