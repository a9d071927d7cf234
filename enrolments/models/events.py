"""What happened to enrolments, kept for good: the source of their timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.labels import label_of
from catalogue.models import Session

from .deal import Enrolment, Order, Participant

if TYPE_CHECKING:
    from accounts.models import User


class EventKind(models.TextChoices):
    NAMED = "named", _("Participant désigné")
    SUBSTITUTED = "substituted", _("Participant remplacé")
    MOVED = "moved", _("Inscription déplacée")
    CANCELLED = "cancelled", _("Inscription annulée")
    SESSION_CANCELLED = "off", _("Session annulée par nos soins")
    SESSION_MOVED = "dates", _("Session déplacée par nos soins")
    KEPT = "kept", _("Nouvelles dates acceptées")
    FROM_WAITING_LIST = "waited", _("Place obtenue sur la liste d’attente")


class EnrolmentEventQuerySet(models.QuerySet["EnrolmentEvent"]):
    def visible_to(self, user: User | AnonymousUser) -> EnrolmentEventQuerySet:
        """What happened to the enrolments that the person may see."""
        return self.filter(enrolment__in=Enrolment.objects.visible_to(user))


class EnrolmentEvent(models.Model):
    """One thing that happened to an enrolment. Append-only (kept by a trigger).

    `fee`: EUR HT due for it, `rate` the % of the price that it is, `reason` the sentence that was shown. The actor's
    address stays when the account goes.
    """

    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="events", db_index=False, verbose_name=_("inscription")
    )
    at = models.DateTimeField(_("le"), default=timezone.now)
    kind = models.CharField(_("événement"), max_length=11, choices=EventKind.choices)
    actor = models.ForeignKey(
        "accounts.User", models.DO_NOTHING, null=True, related_name="+", db_constraint=False, verbose_name=_("par")
    )
    actor_email = models.EmailField(_("adresse email"), max_length=254, blank=True)
    participant_before = models.ForeignKey(
        Participant, models.PROTECT, null=True, related_name="+", verbose_name=_("participant avant")
    )
    participant_after = models.ForeignKey(
        Participant, models.PROTECT, null=True, related_name="+", verbose_name=_("participant après")
    )
    session_before = models.ForeignKey(
        Session, models.PROTECT, null=True, related_name="+", verbose_name=_("session avant")
    )
    session_after = models.ForeignKey(
        Session, models.PROTECT, null=True, related_name="+", verbose_name=_("session après")
    )
    fee = models.DecimalField(_("frais HT"), max_digits=10, decimal_places=2, default=0)
    rate = models.DecimalField(_("taux (%)"), max_digits=5, decimal_places=2, default=0)
    reason = models.CharField(_("raison"), max_length=300, blank=True)

    objects = EnrolmentEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("événement d’une inscription")
        verbose_name_plural = _("événements des inscriptions")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["enrolment", "at", "id"], name="event_by_enrolment")]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="event_kind_known"),
            models.CheckConstraint(condition=Q(fee__gte=0, rate__gte=0, rate__lte=100), name="event_fee_sound"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} · {self.get_kind_display()}"

    def get_kind_display(self) -> str:  # type: ignore[no-redef]  # Django's, found once
        return label_of(EventKind, self.kind)


class ProposalKind(models.TextChoices):
    CANCELLED = "cancelled", _("Session annulée")
    MOVED = "moved", _("Session déplacée")


class SessionProposalQuerySet(models.QuerySet["SessionProposal"]):
    def visible_to(self, user: User | AnonymousUser) -> SessionProposalQuerySet:
        """What is proposed about the orders that the person may see."""
        return self.filter(order__in=Order.objects.visible_to(user).order_by().values("pk"))

    def open(self) -> SessionProposalQuerySet:
        return self.filter(answered_at__isnull=True)


class SessionProposal(models.Model):
    """The company cancelled or moved a session: what is proposed to each order with people in it, until answered."""

    order = models.ForeignKey("enrolments.Order", models.PROTECT, related_name="proposals", verbose_name=_("commande"))
    session = models.ForeignKey(Session, models.PROTECT, related_name="proposals", verbose_name=_("session"))
    kind = models.CharField(_("objet"), max_length=9, choices=ProposalKind.choices)
    reason = models.CharField(_("raison"), max_length=300, blank=True)
    previous_starts_on = models.DateField(_("du (avant)"))
    previous_ends_on = models.DateField(_("au (avant)"))
    created_at = models.DateTimeField(_("proposé le"), default=timezone.now)
    created_by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+", verbose_name=_("par"))
    answered_at = models.DateTimeField(_("répondu le"), null=True, blank=True)

    objects = SessionProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposition")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "session"], condition=Q(answered_at__isnull=True), name="proposal_open_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=ProposalKind.values), name="proposal_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.order} · {self.session}"
