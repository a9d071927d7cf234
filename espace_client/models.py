"""What serves the whole site: the runs of the ERP import with the lines they refused, and the mails that leave."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ImportStatus(models.TextChoices):
    RUNNING = "running", _("En cours")
    DONE = "done", _("Terminé")
    REFUSALS = "refusals", _("Terminé avec des refus")
    FAILED = "failed", _("Interrompu")


class ImportRun(models.Model):
    """One reading of a drop. `counts`: file name → {created, changed, unchanged, refused, warnings: [text]}."""

    folder = models.CharField(_("dossier"), max_length=500)
    dry_run = models.BooleanField(_("à blanc"), default=False)
    started_at = models.DateTimeField(_("commencé le"), default=timezone.now)
    finished_at = models.DateTimeField(_("fini le"), null=True, blank=True)
    status = models.CharField(_("état"), max_length=10, choices=ImportStatus.choices, default=ImportStatus.RUNNING)
    counts = models.JSONField(_("compte par fichier"), default=dict)
    error = models.TextField(_("erreur"), blank=True)

    class Meta:
        verbose_name = _("import de l’ERP")
        verbose_name_plural = _("imports de l’ERP")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ImportStatus.values), name="import_status_known"),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(finished_at__gte=F("started_at")),
                name="import_finishes_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.folder} ({timezone.localtime(self.started_at):%d/%m/%Y %H:%M})"


class ImportRefusal(models.Model):
    """One line that could not be taken: where it is, what it says, and why, in French."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="refusals", verbose_name=_("import"))
    file = models.CharField(_("fichier"), max_length=60)
    line = models.PositiveIntegerField(_("ligne"))
    column = models.CharField(_("colonne"), max_length=60, blank=True)
    value = models.CharField(_("valeur"), max_length=500, blank=True)
    reason = models.CharField(_("raison"), max_length=500)

    class Meta:
        verbose_name = _("ligne refusée")
        verbose_name_plural = _("lignes refusées")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.reason}"


class OutgoingMail(models.Model):
    """A mail to be sent, or that was sent: then `raw`, the message with its secret links, is emptied.

    `key`, where there is one, says what the mail is about: no second mail is kept with the same.
    """

    key = models.CharField(max_length=150, null=True, unique=True)  # noqa: DJ001  # unique, and most mails have none
    sender = models.CharField(_("expéditeur"), max_length=320)
    recipients = ArrayField(models.CharField(max_length=320), verbose_name=_("destinataires"))
    subject = models.CharField(_("objet"), max_length=200)
    raw = models.BinaryField()
    written_at = models.DateTimeField(_("écrit le"), default=timezone.now)
    sent_at = models.DateTimeField(_("parti le"), null=True)

    class Meta:
        verbose_name = _("mail")
        ordering = ["-written_at", "-pk"]
        indexes = [
            models.Index(fields=["-written_at"], name="mail_by_time"),
            models.Index(fields=["written_at"], condition=models.Q(sent_at__isnull=True), name="mail_waiting"),
        ]

    def __str__(self) -> str:
        return self.subject
