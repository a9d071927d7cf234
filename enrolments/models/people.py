"""What is done to participants' own data: merges, requests of erasure; and the private calendars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .deal import Participant

if TYPE_CHECKING:
    from accounts.models import User


class ParticipantMergeQuerySet(models.QuerySet["ParticipantMerge"]):
    def visible_to(self, user: User | AnonymousUser) -> ParticipantMergeQuerySet:
        """The merges of the people that the person may see."""
        return self.filter(kept__in=Participant.objects.visible_to(user))

    def in_force(self) -> ParticipantMergeQuerySet:
        return self.filter(undone_at__isnull=True)


class ParticipantMerge(models.Model):
    """Two rows were one person: `enrolments` (ids) went from `merged` to `kept`, and go back when it is undone."""

    kept = models.ForeignKey(Participant, models.PROTECT, related_name="merges", verbose_name=_("conservé"))
    merged = models.ForeignKey(Participant, models.PROTECT, related_name="merged_by", verbose_name=_("doublon"))
    enrolments = ArrayField(models.BigIntegerField(), default=list, verbose_name=_("inscriptions"))
    at = models.DateTimeField(_("le"), default=timezone.now)
    by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+", verbose_name=_("par"))
    undone_at = models.DateTimeField(_("défait le"), null=True, blank=True)
    undone_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("défait par")
    )

    objects = ParticipantMergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("fusion de collaborateurs")
        verbose_name_plural = _("fusions de collaborateurs")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="merge_of_two"),
            models.UniqueConstraint(fields=["merged"], condition=Q(undone_at__isnull=True), name="merged_once"),
        ]

    def __str__(self) -> str:
        return f"{self.merged} → {self.kept}"


class ErasureState(models.TextChoices):
    OPEN = "open", _("À traiter")
    DONE = "done", _("Pseudonymisé")
    REFUSED = "refused", _("Refusé")


class ErasureRequestQuerySet(models.QuerySet["ErasureRequest"]):
    def visible_to(self, user: User | AnonymousUser) -> ErasureRequestQuerySet:
        """The requests about the people that the person may see."""
        return self.filter(participant__in=Participant.objects.visible_to(user))


class ErasureRequest(models.Model):
    """Somebody asks that a participant's data be erased (RGPD, article 17); staff answer within a month (art. 12)."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="erasures", verbose_name=_("personne"))
    requested_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", verbose_name=_("demandé par")
    )
    requested_at = models.DateTimeField(_("demandé le"), default=timezone.now)
    reason = models.CharField(_("précisions"), max_length=500, blank=True)
    state = models.CharField(_("état"), max_length=7, choices=ErasureState.choices, default=ErasureState.OPEN)
    answer = models.TextField(_("réponse"), blank=True)
    handled_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("traité par")
    )
    handled_at = models.DateTimeField(_("traité le"), null=True, blank=True)

    objects = ErasureRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("demande d’effacement")
        verbose_name_plural = _("demandes d’effacement")
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["participant"], condition=Q(state="open"), name="erasure_open_once"),
            models.CheckConstraint(condition=Q(state__in=ErasureState.values), name="erasure_state_known"),
            models.CheckConstraint(
                condition=Q(state="open", handled_at__isnull=True) | (~Q(state="open") & Q(handled_at__isnull=False)),
                name="erasure_handled_when_answered",
            ),
        ]

    def __str__(self) -> str:
        return str(self.participant)


class CalendarFeed(models.Model):
    """The private address at which a person's calendar is read. Without `secret` the address is nobody's."""

    user = models.OneToOneField(
        "accounts.User", models.CASCADE, related_name="calendar_feed", verbose_name=_("personne")
    )
    secret = models.CharField(max_length=43, unique=True)
    created_at = models.DateTimeField(_("créé le"), default=timezone.now)
    read_at = models.DateTimeField(_("lu le"), null=True, blank=True)

    class Meta:
        verbose_name = _("calendrier privé")
        verbose_name_plural = _("calendriers privés")

    def __str__(self) -> str:
        return str(self.user)
