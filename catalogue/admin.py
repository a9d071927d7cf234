"""What is taught and at which negotiated prices, as staff keep it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import PortalAdmin, QuestionFilter, TriedForm, count_of
from catalogue.models import Course, Domain, HalfDay, Session


class DomainForm(TriedForm[Domain]):
    refusals = {
        "domain_two_levels": (
            "parent",
            _("Deux niveaux seulement : un domaine qui en contient d’autres n’est pas un sous-domaine."),
        ),
        "domain_not_its_own_parent": ("parent", _("Un domaine n’est pas son propre parent.")),
    }


class LevelFilter(QuestionFilter):
    title = _("niveau")
    parameter_name = "niveau"
    answers = {
        "domaine": (_("Domaine"), lambda: Q(parent__isnull=True)),
        "sous-domaine": (_("Sous-domaine"), lambda: Q(parent__isnull=False)),
    }


@admin.register(Domain)
class DomainAdmin(PortalAdmin[Domain]):
    form = DomainForm
    list_display = ("label", "code", "parent", "course_count")
    list_select_related = ("parent",)
    list_filter = (LevelFilter,)
    search_fields = ("label__unaccent", "code")
    autocomplete_fields = ("parent",)
    fixed_fields = ("code",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Domain]:
        return super().get_queryset(request).annotate(course_count=count_of(Course.objects.all(), "domain"))

    @admin.display(description=_("formations"), ordering="course_count")
    def course_count(self, domain: Domain) -> int:
        return int(getattr(domain, "course_count", 0))


@admin.register(Course)
class CourseAdmin(PortalAdmin[Course]):
    list_display = ("title", "reference", "domain", "days", "mode", "kind", "public_price")
    list_select_related = ("domain",)
    list_filter = (
        "mode",
        "kind",
        ("certification", admin.EmptyFieldListFilter),
        ("domain", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = ("title__unaccent", "reference", "certification", "domain__label__unaccent")
    autocomplete_fields = ("domain",)
    fixed_fields = ("reference",)
    fieldsets = (
        (None, {"fields": ("reference", "title", "domain", ("mode", "kind"), ("days", "hours"))}),
        (_("Prix"), {"fields": (("public_price", "vat_rate"),)}),
        (_("Contenu"), {"fields": ("objectives", "programme", "prerequisites", "audience", "certification")}),
    )


class HalfDayInline(admin.TabularInline[HalfDay, Session]):
    model = HalfDay
    extra = 0


def _today_within() -> Q:
    return Q(starts_on__lte=timezone.localdate(), ends_on__gte=timezone.localdate())


class WhenFilter(QuestionFilter):
    title = _("dates")
    parameter_name = "quand"
    answers = {
        "semaine": (
            _("Commence dans les 7 jours"),
            lambda: Q(starts_on__range=(timezone.localdate(), timezone.localdate() + timedelta(days=7))),
        ),
        "a-venir": (_("À venir"), lambda: Q(starts_on__gt=timezone.localdate())),
        "en-cours": (_("En cours"), _today_within),
        "passees": (_("Passées"), lambda: Q(ends_on__lt=timezone.localdate())),
    }


@admin.register(Session)
class SessionAdmin(PortalAdmin[Session]):
    """The app of enrolments adds who is enrolled."""

    list_display: tuple[str, ...] = ("code", "course", "starts_on", "ends_on", "city", "trainer", "state", "seats")
    list_select_related = ("course",)
    list_filter: ClassVar[Any] = ("state", WhenFilter, "course__mode", "course__kind")
    search_fields = ("code", "course__title__unaccent", "course__reference", "city__unaccent", "trainer__unaccent")
    date_hierarchy = "starts_on"
    ordering = ("-starts_on", "code")
    autocomplete_fields = ("course",)
    fixed_fields = ("code", "course")
    inlines: ClassVar[Any] = (HalfDayInline,)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fieldsets = (
        (None, {"fields": ("code", "course", ("starts_on", "ends_on"), "state")}),
        (_("Lieu"), {"fields": ("city", "venue", "link", "trainer")}),
        (_("Places"), {"fields": (("seats", "minimum"),)}),
    )
