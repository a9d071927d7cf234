"""What is taught and at which negotiated prices, as staff keep it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin.base import PortalAdmin, QuestionFilter, TriedForm, count_of
from accounts.days import take_meant_days
from catalogue.models import ON_SALE, Course, CourseKind, Domain, HalfDay, Session

LONGEST_DAY = 10  # hours
RELATED = admin.RelatedOnlyFieldListFilter


class DomainForm(TriedForm[Domain]):
    refusals = {
        "domain_two_levels": (
            "parent",
            _("Deux niveaux seulement : un domaine qui en contient d’autres n’est pas un sous-domaine."),
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


def _on_sale() -> models.QuerySet[Session]:
    return Session.objects.filter(starts_on__gte=timezone.localdate(), state__in=ON_SALE)


class OfferFilter(QuestionFilter):
    title = _("sessions à venir")
    parameter_name = "offre"
    answers = {
        "aucune": (
            _("Au catalogue, sans session à venir"),
            lambda: Q(in_catalogue=True, kind=CourseKind.INTER, coming=0),
        ),
        "retirees": (
            _("Retirées du catalogue, avec des sessions à venir"),
            lambda: Q(in_catalogue=False, coming__gt=0),
        ),
    }


class CourseForm(forms.ModelForm[Course]):
    """One day counts for seven hours: a duration that is far from it is a slip of the fingers."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        days, hours = cleaned.get("days"), cleaned.get("hours")
        if days is not None and hours is not None and days > 0 and hours > days * LONGEST_DAY:
            self.add_error("hours", _("Plus de dix heures par jour : vérifiez la durée."))
        if days == 0 and hours == 0:
            self.add_error("days", _("Une formation a une durée."))
        return cleaned


@admin.register(Course)
class CourseAdmin(PortalAdmin[Course]):
    form = CourseForm
    list_display = ("title", "reference", "domain", "days", "mode", "kind", "public_price", "coming", "in_catalogue")
    list_select_related = ("domain",)
    list_filter = (
        "in_catalogue",
        OfferFilter,
        "mode",
        "kind",
        ("certification", admin.EmptyFieldListFilter),
        ("domain", RELATED),
    )
    search_fields = ("title__unaccent", "reference", "certification", "domain__label__unaccent")
    autocomplete_fields = ("domain",)
    fixed_fields = ("reference",)
    actions = ("withdraw", "put_back")
    fieldsets = (
        (None, {"fields": ("reference", "title", "domain", "in_catalogue", ("mode", "kind"), ("days", "hours"))}),
        (_("Prix"), {"fields": (("public_price", "vat_rate"),)}),
        (_("Contenu"), {"fields": ("objectives", "programme", "prerequisites", "audience", "certification")}),
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Course]:
        return super().get_queryset(request).annotate(coming=count_of(_on_sale(), "course"))

    @admin.display(description=_("sessions à venir"), ordering="coming")
    def coming(self, course: Course) -> int:
        return int(getattr(course, "coming", 0))

    def view_on_site(self, course: Course) -> str | None:
        """What clients see of it; nothing when it is not in the public catalogue."""
        listed = course.in_catalogue and course.kind != CourseKind.BESPOKE
        return course.get_absolute_url() if listed else None

    @admin.action(description=_("Retirer du catalogue"), permissions=["change"])
    def withdraw(self, request: HttpRequest, queryset: models.QuerySet[Course]) -> None:
        """Nobody new finds them; sessions, orders and papers stay."""
        self._put(request, queryset, in_catalogue=False)

    @admin.action(description=_("Remettre au catalogue"), permissions=["change"])
    def put_back(self, request: HttpRequest, queryset: models.QuerySet[Course]) -> None:
        """Clients find them again."""
        self._put(request, queryset, in_catalogue=True)

    def _put(self, request: HttpRequest, queryset: models.QuerySet[Course], *, in_catalogue: bool) -> None:
        chosen = Course.objects.filter(pk__in=queryset.values("pk")).exclude(in_catalogue=in_catalogue)
        changed = chosen.update(in_catalogue=in_catalogue)
        self.message_user(request, ngettext("%s formation changée.", "%s formations changées.", changed) % changed)


class HalfDayFormSet(BaseInlineFormSet[HalfDay, Session, Any]):
    """A half-day is within the dates of its session."""

    def clean(self) -> None:
        super().clean()
        first, last = self.instance.starts_on, self.instance.ends_on
        for form in self.forms:
            day = form.cleaned_data.get("date") if form.is_valid() and not form.cleaned_data.get("DELETE") else None
            if day is not None and first is not None and last is not None and not first <= day <= last:
                form.add_error("date", _("Cette date n’est pas entre le début et la fin de la session."))


class HalfDayInline(admin.TabularInline[HalfDay, Session]):
    model = HalfDay
    formset = HalfDayFormSet
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


class SessionForm(TriedForm[Session]):
    """What can't be meant is told at its field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        take_meant_days(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        seats, minimum = cleaned.get("seats"), cleaned.get("minimum")
        if seats and minimum and minimum > seats:
            self.add_error("minimum", _("Le minimum dépasse le nombre de places."))
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("Une session finit le jour où elle commence, ou après."))
        return cleaned


@admin.register(Session)
class SessionAdmin(PortalAdmin[Session]):
    """The app of enrolments adds who is enrolled."""

    form = SessionForm
    list_display: tuple[str, ...] = ("code", "course", "starts_on", "ends_on", "city", "trainer", "state", "seats")
    list_select_related = ("course",)
    list_filter: ClassVar[Any] = ("state", WhenFilter, "course__mode", "course__kind", ("course__domain", RELATED))
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
