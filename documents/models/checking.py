"""The checks of the store: when, how many files, and which are no longer what was issued."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class FileFlaw(models.TextChoices):
    MISSING = "missing", _("Fichier absent")
    ALTERED = "altered", _("Fichier modifié")


class FileCheck(models.Model):
    """One reading of every stored file. `missing` and `altered` are the ids of the documents concerned."""

    begun_at = models.DateTimeField(_("début"))
    ended_at = models.DateTimeField(_("fin"))
    checked = models.PositiveIntegerField(_("documents contrôlés"), default=0)
    missing = ArrayField(models.BigIntegerField(), verbose_name=_("fichiers absents"), default=list, blank=True)
    altered = ArrayField(models.BigIntegerField(), verbose_name=_("fichiers modifiés"), default=list, blank=True)

    class Meta:
        verbose_name = _("contrôle des fichiers")
        verbose_name_plural = _("contrôles des fichiers")
        ordering = ["-begun_at", "-pk"]
        indexes = [models.Index(fields=["-begun_at"], name="file_check_by_time")]

    def __str__(self) -> str:
        return f"{self.begun_at:%d/%m/%Y %H:%M}"

    @property
    def sound(self) -> bool:
        return not self.missing and not self.altered
