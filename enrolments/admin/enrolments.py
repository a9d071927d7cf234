"""Enrolments: who is in which session, at a price that is frozen."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DecidedAdmin, QuestionFilter, TriedForm
from enrolments.models import Enrolment

from .orders import PARTICIPANT_OF_ANOTHER


class EnrolmentWhenFilter(QuestionFilter):
    title = _("session")
    parameter_name = "quand"
    answers = {
        "semaine": (
            _("Commence dans les 7 jours"),
            lambda: Q(starts_on__range=(timezone.localdate(), timezone.localdate() + timedelta(days=7))),
        ),
        "a-venir": (_("À venir"), lambda: Q(starts_on__gt=timezone.localdate())),
        "commencees": (_("Commencée ou passée"), lambda: Q(starts_on__lte=timezone.localdate())),
    }


class EnrolmentForm(TriedForm[Enrolment]):
    refusals = {
        "enrolment_state_follows": ("state", _("On ne passe pas de l’état actuel à celui-ci.")),
        "enrolment_participant_of_its_company": ("participant", PARTICIPANT_OF_ANOTHER),
        "enrolment_accord_of_its_company": ("accord", _("Cet accord n’est pas de l’entreprise de la commande.")),
        "enrolment_line_of_its_accord": ("accord_line", _("Cette ligne n’est pas de cet accord.")),
    }


@admin.register(Enrolment)
class EnrolmentAdmin(DecidedAdmin[Enrolment]):
    """An enrolment is cancelled, never deleted; the price, the accord and the line that gave it are frozen (rule 7)."""

    form = EnrolmentForm
    list_display = ("number", "participant", "session", "starts_on", "order", "establishment", "state", "price")
    list_select_related = ("participant", "session", "order", "establishment")
    list_filter = (
        "state",
        EnrolmentWhenFilter,
        ("participant", admin.EmptyFieldListFilter),
        ("accord", admin.EmptyFieldListFilter),
    )
    search_fields = (
        "number",
        "participant__last_name__unaccent",
        "participant__first_name__unaccent",
        "participant__email",
        "session__code",
        "order__number",
        "order_email",
    )
    ordering = ("-pk",)
    autocomplete_fields = ("order", "session", "participant", "accord", "accord_line")
    fieldsets = (
        (None, {"fields": ("number", "order", "session", "participant", "state")}),
        (_("Prix HT, figé"), {"fields": (("public_price", "price"), ("accord", "accord_line"))}),
        (_("Import de l’ERP"), {"fields": ("decided_in_portal",)}),
    )
    fixed_fields = ("number", "order", "public_price", "price", "accord", "accord_line")

    def has_delete_permission(self, request: HttpRequest, obj: Enrolment | None = None) -> bool:
        return False
