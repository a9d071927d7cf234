"""Évaluations online: who was asked, reminded, and answered."""

from __future__ import annotations

from django.contrib import admin
from django.db import models, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import QuestionFilter, ReadOnlyAdmin
from documents.evaluations.services import mail_again
from documents.models import Evaluation


class AnsweredFilter(QuestionFilter):
    title = _("réponse")
    parameter_name = "reponse"
    answers = {
        "recue": (_("Reçue"), lambda: Q(submitted_at__isnull=False)),
        "attendue": (_("Attendue"), lambda: Q(submitted_at__isnull=True, expires_at__gt=timezone.now())),
        "sans-adresse": (_("Sans adresse"), lambda: Q(invited_to="", submitted_at__isnull=True)),
    }


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin[Evaluation]):
    """Answers are read in the document that is made of them, and summed; here one sees that they came."""

    list_display = ("enrolment", "participant", "course", "invited_at", "invited_to", "reminders", "submitted_at")
    list_select_related = ("enrolment__participant", "enrolment__session__course")
    list_filter = (AnsweredFilter, "invited_at")
    search_fields = ("enrolment__number", "invited_to", "enrolment__participant__last_name__unaccent")
    date_hierarchy = "invited_at"
    actions = ["send_again"]
    fields = (
        ("enrolment", "participant", "course"),
        ("invited_at", "invited_to", "expires_at"),
        ("reminders", "reminded_at"),
        ("saved_at", "submitted_at"),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Evaluation | None = None) -> tuple[str, ...]:
        return ("participant", "course")

    @admin.action(description=_("Envoyer un nouveau lien"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: models.QuerySet[Evaluation]) -> None:
        """A new link for those who lost theirs, or whose time was over."""
        with transaction.atomic():
            sent = sum(mail_again(pk) for pk in queryset.order_by("pk").values_list("pk", flat=True))
        self.message_user(request, _("%(count)d lien(s) envoyé(s).") % {"count": sent})

    @admin.display(description=_("participant"))
    def participant(self, evaluation: Evaluation) -> str:
        return str(evaluation.enrolment.participant or "")

    @admin.display(description=_("formation"))
    def course(self, evaluation: Evaluation) -> str:
        return evaluation.enrolment.session.course.title
