"""A document that a client handed in: by whom, from what file, and whether the team has looked at it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .document import Document, documents_storage


class Scan(models.TextChoices):
    CLEAN = "clean", _("Analysé, rien trouvé")
    NONE = "none", _("Non analysé (aucun antivirus configuré)")


class Deposit(models.Model):
    """What came in through the portal. The document is like any other: visible by the matrix, never changed.

    `original`: the picture that the PDF was made of, kept aside under its hash; empty when a PDF was given. A picture
    that the team files has its row too, handled from the moment it is in: it waits for nobody.
    """

    document = models.OneToOneField(Document, models.PROTECT, related_name="deposit", verbose_name=_("document"))
    user = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("déposé par")
    )
    user_email = models.EmailField(_("adresse email"), max_length=254)
    at = models.DateTimeField(_("reçu le"), default=timezone.now)
    original_name = models.CharField(_("nom du fichier reçu"), max_length=255)
    original = models.FileField(_("image d’origine"), storage=documents_storage, max_length=100, blank=True)
    original_sha256 = models.CharField(_("empreinte du fichier reçu"), max_length=64)
    scan = models.CharField(_("antivirus"), max_length=5, choices=Scan.choices)
    handled_at = models.DateTimeField(_("traité le"), null=True, blank=True)
    handled_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("traité par")
    )

    class Meta:
        verbose_name = _("document reçu")
        verbose_name_plural = _("documents reçus")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at"], name="deposit_by_time"),
            models.Index(fields=["-at"], condition=Q(handled_at__isnull=True), name="deposit_waiting"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(scan__in=Scan.values), name="deposit_scan_known"),
            models.CheckConstraint(condition=Q(original_sha256__regex=r"^[0-9a-f]{64}$"), name="deposit_sha256_hex"),
        ]

    def __str__(self) -> str:
        return f"{self.document} · {self.user_email}"

    @property
    def by_team(self) -> bool:
        """Whether the team filed it, in the management site, and not a client."""
        return self.handled_at == self.at
