"""What a participant answered after a session, by a private link."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from enrolments.models import Enrolment

if TYPE_CHECKING:
    from accounts.models import User


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def visible_to(self, user: User | AnonymousUser) -> EvaluationQuerySet:
        """Those of the enrolments that the person may see, where évaluations are open to them (rule 6).

        To be summed, never shown one by one: that is what the document is for.
        """
        if not user.is_authenticated:
            return self.none()
        rights = user.rights
        places = [one for one in sorted(rights.establishments) if DocumentType.EVALUATION in rights.types_in(one)]
        reach = Q(enrolment__establishment_id__in=places)
        return self.filter(reach if rights.email is None else reach | Q(enrolment__order_email=rights.email))

    def submitted(self) -> EvaluationQuerySet:
        return self.filter(submitted_at__isnull=False)

    def open_at(self, moment: datetime) -> EvaluationQuerySet:
        """Those that can still be answered."""
        return self.filter(submitted_at__isnull=True, expires_at__gt=moment)


class Evaluation(models.Model):
    """One participant's evaluation of one session. `answers`: `ratings` by question, 1 to 4
    (documents.evaluations.questions), `objectives` as pairs of text and level, and a `comment`.

    Answers are kept as they are typed; once submitted they are final (kept by a trigger). `invited_to` is where the
    link was sent, empty when the participant has no address.
    """

    enrolment = models.OneToOneField(
        Enrolment, models.PROTECT, related_name="evaluation", verbose_name=_("inscription")
    )
    invited_at = models.DateTimeField(_("invité le"), default=timezone.now)
    invited_to = models.EmailField(_("adresse"), max_length=254, blank=True)
    expires_at = models.DateTimeField(_("expire le"))
    reminders = models.PositiveSmallIntegerField(_("relances"), default=0)
    reminded_at = models.DateTimeField(_("relancé le"), null=True, blank=True)
    answers = models.JSONField(_("réponses"), default=dict, blank=True)
    saved_at = models.DateTimeField(_("commencée le"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("envoyée le"), null=True, blank=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = _("évaluation en ligne")
        verbose_name_plural = _("évaluations en ligne")
        ordering = ["-invited_at", "-pk"]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(submitted_at__isnull=True), name="evaluation_not_answered")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("invited_at")), name="evaluation_expires_later")
        ]

    def __str__(self) -> str:
        return f"{self.enrolment_id} · {self.invited_at:%d/%m/%Y}"


class EvaluationLink(models.Model):
    """A link that was mailed: only the hash of its token is kept. A reminder has its own; both open the same page."""

    evaluation = models.ForeignKey(
        Evaluation, models.CASCADE, related_name="links", verbose_name=_("évaluation en ligne")
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    sent_at = models.DateTimeField(_("envoyé le"), default=timezone.now)

    class Meta:
        verbose_name = _("lien d’évaluation")
        verbose_name_plural = _("liens d’évaluation")

    def __str__(self) -> str:
        return f"{self.evaluation_id} · {self.sent_at}"
