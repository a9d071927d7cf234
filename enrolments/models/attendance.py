"""Who was there, half-day by half-day: what the hours of an attestation rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from catalogue.models import HalfDay

from .deal import Enrolment

if TYPE_CHECKING:
    from accounts.models import User


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    def visible_to(self, user: User | AnonymousUser) -> AttendanceQuerySet:
        """Attendance is what an émargement says: whoever may open that type may see it, and the orderer."""
        if not user.is_authenticated:
            return self.none()
        rights = user.rights
        open_to = [one for one in rights.establishments if DocumentType.EMARGEMENT in rights.types_in(one)]
        reach = Q(enrolment__establishment_id__in=sorted(open_to))
        if rights.email is not None:
            own = Q(enrolment__order_email=rights.email)
            bound = Q(enrolment__establishment_id__in=sorted(rights.establishments)) if rights.narrowed else Q()
            reach |= own & bound
        return self.filter(reach)


class Attendance(models.Model):
    """Whether the participant of an enrolment was there on one half-day of its session (kept so by a trigger)."""

    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="attendances", db_index=False, verbose_name=_("inscription")
    )
    half_day = models.ForeignKey(HalfDay, models.PROTECT, related_name="attendances", verbose_name=_("demi-journée"))
    present = models.BooleanField(_("présent"))
    recorded_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("saisie par")
    )
    recorded_at = models.DateTimeField(_("saisie le"), default=timezone.now)

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("présence")
        ordering = ["half_day__date", "half_day__starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "half_day"], name="attendance_once_per_half_day"),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment} {self.half_day}"
