"""A ZIP that a person asked for: what it is to hold, and how far it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User


class ArchiveState(models.TextChoices):
    READY = "ready", _("Prête")
    RUNNING = "running", _("En cours")
    DONE = "done", _("Terminée")
    INTERRUPTED = "interrupted", _("Interrompue")


class ArchiveQuerySet(models.QuerySet["Archive"]):
    def visible_to(self, user: User | AnonymousUser) -> ArchiveQuerySet:
        """One's own, while they are kept; the right to each document is read again when its bytes are written."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(user_id=user.pk, created_at__gt=timezone.now() - Archive.KEPT)

    def under_way(self) -> ArchiveQuerySet:
        """Those whose bytes are being written: they said so a moment ago."""
        return self.filter(state=ArchiveState.RUNNING, progressed_at__gt=timezone.now() - Archive.SILENCE)


class Archive(models.Model):
    """The documents of an archive, by id, in the order in which they are written, and what came of it.

    Nothing is stored but this row: the bytes are streamed from the store at each download. `done`: files written,
    `left_out`: files that could not be, of `document_ids`; `size`: bytes written. `notes`: what the text file at the
    end of the archive says whatever happens, one sentence each.
    """

    KEPT: ClassVar = timedelta(days=7)
    SILENCE: ClassVar = timedelta(minutes=2)  # after which a download that says nothing is taken for ended
    MOST_DOCUMENTS: ClassVar = 20_000

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", verbose_name=_("personne"))
    title = models.CharField(_("titre"), max_length=200)
    document_ids = ArrayField(models.BigIntegerField(), verbose_name=_("documents"))
    notes = ArrayField(models.TextField(), default=list, blank=True, verbose_name=_("remarques"))
    created_at = models.DateTimeField(_("demandée le"), default=timezone.now)
    state = models.CharField(_("état"), max_length=11, choices=ArchiveState.choices, default=ArchiveState.READY)
    started_at = models.DateTimeField(_("commencée le"), null=True)
    progressed_at = models.DateTimeField(_("avancée le"), null=True)
    total = models.PositiveIntegerField(_("fichiers demandés"))
    done = models.PositiveIntegerField(_("fichiers écrits"), default=0)
    left_out = models.PositiveIntegerField(_("fichiers laissés de côté"), default=0)
    size = models.PositiveBigIntegerField(_("octets écrits"), default=0)

    objects = ArchiveQuerySet.as_manager()

    class Meta:
        verbose_name = _("archive ZIP")
        verbose_name_plural = _("archives ZIP")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["user", "-created_at"], name="archive_by_user")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ArchiveState.values), name="archive_state_known"),
            models.CheckConstraint(condition=Q(total=F("document_ids__len")), name="archive_counts_its_documents"),
            models.CheckConstraint(condition=Q(total__gte=F("done") + F("left_out")), name="archive_writes_no_more"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def handled(self) -> int:
        """How many of the documents were seen to, written or not."""
        return self.done + self.left_out

    @property
    def is_under_way(self) -> bool:
        """Whether bytes were written a moment ago."""
        recent = timezone.now() - Archive.SILENCE
        return self.state == ArchiveState.RUNNING and self.progressed_at is not None and self.progressed_at > recent
