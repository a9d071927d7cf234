"""When the accesses of an establishment were last reviewed, by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .company import Establishment

if TYPE_CHECKING:
    from .user import User


class AccessReviewQuerySet(models.QuerySet["AccessReview"]):
    def visible_to(self, user: User | AnonymousUser) -> AccessReviewQuerySet:
        """Those of the establishments of which the person is an administrator."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(establishment_id__in=user.rights.administered)


class AccessReview(models.Model):
    """A review that was finished: nothing was left to confirm or remove. Each access says when it was reviewed."""

    establishment = models.ForeignKey(
        Establishment, models.CASCADE, related_name="access_reviews", verbose_name=_("établissement")
    )
    finished_at = models.DateTimeField(_("terminée le"), default=timezone.now)
    finished_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("par")
    )
    accesses = models.PositiveIntegerField(_("accès en vigueur"))

    objects = AccessReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("revue des accès")
        verbose_name_plural = _("revues des accès")
        ordering = ["-finished_at", "-pk"]
        indexes = [models.Index(fields=["establishment", "-finished_at"], name="access_review_by_place")]

    def __str__(self) -> str:
        return f"{self.establishment} · {self.finished_at:%Y-%m-%d}"
