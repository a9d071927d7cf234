"""The waiting lists of full sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.labels import label_of
from accounts.models import Establishment
from catalogue.models import Session

from .deal import Enrolment, Participant, within_reach

if TYPE_CHECKING:
    from accounts.models import User


class WaitingState(models.TextChoices):
    WAITING = "waiting", _("En attente")
    OFFERED = "offered", _("Place proposée")
    ACCEPTED = "accepted", _("Acceptée")
    DECLINED = "declined", _("Refusée")
    EXPIRED = "expired", _("Délai passé")
    LEFT = "left", _("Retirée")


LISTED = (WaitingState.WAITING, WaitingState.OFFERED)


class WaitingEntryQuerySet(models.QuerySet["WaitingEntry"]):
    def visible_to(self, user: User | AnonymousUser) -> WaitingEntryQuerySet:
        """By the rule of orders: the person's establishments, or their verified email."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(within_reach(user.rights))

    def listed(self) -> WaitingEntryQuerySet:
        """Those that wait or hold a seat."""
        return self.filter(state__in=LISTED)

    def holding(self) -> WaitingEntryQuerySet:
        """Those that hold a seat now: it was proposed to them, and they have not answered."""
        return self.filter(state=WaitingState.OFFERED)


class WaitingEntry(models.Model):
    """One seat that somebody waits for, first come first served. While it is proposed, the seat is held.

    `participant` None: "à désigner". `enrolment`: what it became when accepted.
    """

    session = models.ForeignKey(Session, models.PROTECT, related_name="waiting", verbose_name=_("session"))
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("établissement")
    )
    order_email = models.EmailField(_("email de commande"), max_length=254)
    joined_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", verbose_name=_("demandée par")
    )
    participant = models.ForeignKey(
        Participant, models.PROTECT, null=True, blank=True, related_name="waiting", verbose_name=_("participant")
    )
    joined_at = models.DateTimeField(_("depuis le"), default=timezone.now)
    state = models.CharField(_("état"), max_length=8, choices=WaitingState.choices, default=WaitingState.WAITING)
    held_until = models.DateTimeField(_("place tenue jusqu’au"), null=True, blank=True)
    enrolment = models.OneToOneField(
        Enrolment, models.PROTECT, null=True, blank=True, related_name="waited", verbose_name=_("inscription")
    )

    objects = WaitingEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("demande en liste d’attente")
        verbose_name_plural = _("listes d’attente")
        ordering = ["joined_at", "pk"]
        indexes = [
            models.Index(
                fields=["session", "joined_at", "id"],
                condition=Q(state__in=["waiting", "offered"]),
                name="waiting_by_session",
            ),
            models.Index(fields=["held_until"], condition=Q(state="offered"), name="waiting_held"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "participant"],
                condition=Q(state__in=["waiting", "offered"], participant__isnull=False),
                name="waiting_once_per_participant",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", held_until__isnull=False)
                | (~Q(state="offered") & Q(held_until__isnull=True)),
                name="waiting_holds_while_offered",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted", enrolment__isnull=False)
                | (~Q(state="accepted") & Q(enrolment__isnull=True)),
                name="waiting_accepted_is_enrolled",
            ),
            models.CheckConstraint(condition=Q(order_email=Lower("order_email")), name="waiting_email_lower_case"),
            models.CheckConstraint(condition=~Q(order_email=""), name="waiting_has_an_email"),
            models.CheckConstraint(condition=Q(state__in=WaitingState.values), name="waiting_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.session} · {self.participant or _('À désigner')}"

    def get_state_display(self) -> str:  # type: ignore[no-redef]  # Django's, found once
        return label_of(WaitingState, self.state)
