"""Which mails a person wants. Those about security, and those that a right depends on, always leave."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class NotificationKind(models.TextChoices):
    """What a mail that may be declined is about."""

    ORDERS = "orders", _("Suivi de mes commandes")
    APPROVALS = "approvals", _("Commandes à approuver")
    SESSIONS = "sessions", _("Changements des sessions")
    REMINDERS = "reminders", _("Rappels avant une session")
    DOCUMENTS = "documents", _("Nouveaux documents")
    PAPERS = "papers", _("Pièces à fournir")
    WAITING_LIST = "waiting_list", _("Place libérée en liste d’attente")
    EVALUATIONS = "evaluations", _("Évaluations à recueillir")
    ACCESS_REVIEW = "access_review", _("Revue des accès")
    AGREEMENTS = "agreements", _("Fin d’un accord-cadre")


class NotificationChoices(models.Model):
    """What one person declined; without a row, and for a kind that is not in it, the mails leave."""

    user = models.OneToOneField(
        "accounts.User", models.CASCADE, related_name="notification_choices", verbose_name=_("personne")
    )
    declined = ArrayField(
        models.CharField(max_length=20, choices=NotificationKind.choices),
        default=list,
        blank=True,
        verbose_name=_("notifications refusées"),
    )

    class Meta:
        verbose_name = _("choix de notifications")
        verbose_name_plural = _("choix de notifications")

    def __str__(self) -> str:
        return str(self.user)
