"""Collaborators of the clients, and their history."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import DecidedAdmin, QuestionFilter, ReadOnlyInline, count_of
from enrolments.models import Enrolment, Participant


class EnrolmentOfParticipantInline(ReadOnlyInline[Enrolment, Participant]):
    model = Enrolment
    fields = ("session", "course", "starts_on", "hours", "state", "order")
    select_related = ("session__course", "order")

    @admin.display(description=_("formation"))
    def course(self, enrolment: Enrolment) -> str:
        return enrolment.session.course.title


class CompanyFilter(QuestionFilter):
    title = _("entreprise")
    parameter_name = "entreprise"
    answers = {
        "avec": (_("Connue"), lambda: Q(company__isnull=False)),
        "sans": (_("Commande à rattacher"), lambda: Q(company__isnull=True)),
    }


class ParticipantForm(forms.ModelForm[Participant]):
    """A collaborator added by hand belongs to a company."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "company" in self.fields:
            self.fields["company"].required = True


@admin.register(Participant)
class ParticipantAdmin(DecidedAdmin[Participant]):
    form = ParticipantForm
    list_display = ("__str__", "company", "email", "owner_email", "enrolment_count")
    list_select_related = ("company",)
    list_filter = (CompanyFilter,)
    search_fields = ("last_name__unaccent", "first_name__unaccent", "email", "owner_email", "company__name__unaccent")
    autocomplete_fields = ("company",)
    fields = ("company", "owner_email", ("last_name", "first_name"), "email", "decided_in_portal")
    readonly_fields = ("owner_email",)
    fixed_fields = ("company",)
    inlines = (EnrolmentOfParticipantInline,)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Participant]:
        return super().get_queryset(request).annotate(enrolment_count=count_of(Enrolment.objects.all(), "participant"))

    @admin.display(description=_("inscriptions"), ordering="enrolment_count")
    def enrolment_count(self, participant: Participant) -> int:
        return int(getattr(participant, "enrolment_count", 0))
