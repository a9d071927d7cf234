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

from accounts.admin.base import PortalAdmin, QuestionFilter, TriedForm, count_of
from catalogue.models import AccordCadre, AccordCoverage, AccordLine, Course, Domain, HalfDay, LineScope, Session


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


class AccordLineForm(forms.ModelForm[AccordLine]):
    """A line about a domain names a domain, one about a sub-domain a sub-domain."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        scope, domain = cleaned.get("scope"), cleaned.get("domain")
        if domain is not None and scope == LineScope.DOMAIN and domain.parent_id is not None:
            self.add_error("domain", _("C’est un sous-domaine."))
        if domain is not None and scope == LineScope.SUBDOMAIN and domain.parent_id is None:
            self.add_error("domain", _("C’est un domaine, non un sous-domaine."))
        return cleaned


class AccordLineFormSet(BaseInlineFormSet[AccordLine, AccordCadre, Any]):
    """One line per scope and threshold. Django leaves this constraint of the model unchecked among inline rows."""

    def clean(self) -> None:
        super().clean()
        seen: set[tuple[Any, ...]] = set()
        for form in self.forms:
            if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE"):
                line = form.instance
                key = (line.scope, line.course_id, line.domain_id, line.from_seats)
                if key in seen:
                    form.add_error(None, _("Cet accord a déjà une ligne pour cette portée et ce seuil."))
                seen.add(key)


class AccordLineInline(admin.TabularInline[AccordLine, AccordCadre]):
    model = AccordLine
    form = AccordLineForm
    formset = AccordLineFormSet
    extra = 0
    autocomplete_fields = ("course", "domain")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AccordLine]:
        return super().get_queryset(request).select_related("accord", "course", "domain")


class AccordCoverageFormSet(BaseInlineFormSet[AccordCoverage, AccordCadre, Any]):
    """An accord covers establishments of its own company only."""

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            establishment = form.cleaned_data.get("establishment") if form.is_valid() else None
            if establishment is not None and establishment.company_id != self.instance.company_id:
                form.add_error("establishment", _("Cet établissement est d’une autre entreprise que l’accord."))


class AccordCoverageInline(admin.TabularInline[AccordCoverage, AccordCadre]):
    model = AccordCoverage
    formset = AccordCoverageFormSet
    extra = 0
    autocomplete_fields = ("establishment",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AccordCoverage]:
        return super().get_queryset(request).select_related("establishment")


class InForceFilter(QuestionFilter):
    title = _("validité")
    parameter_name = "validite"
    answers = {
        "en-cours": (_("En vigueur"), _today_within),
        "bientot": (
            _("Prend fin dans les 90 jours"),
            lambda: Q(ends_on__range=(timezone.localdate(), timezone.localdate() + timedelta(days=90))),
        ),
        "a-venir": (_("À venir"), lambda: Q(starts_on__gt=timezone.localdate())),
        "finis": (_("Finis"), lambda: Q(ends_on__lt=timezone.localdate())),
    }


@admin.register(AccordCadre)
class AccordCadreAdmin(PortalAdmin[AccordCadre]):
    """Changing a line changes no order: each keeps the price it was given."""

    list_display = ("reference", "company", "starts_on", "ends_on", "covers_all", "line_count")
    list_select_related = ("company",)
    list_filter = (InForceFilter, "covers_all")
    search_fields = ("reference", "company__name__unaccent", "company__siren")
    date_hierarchy = "starts_on"
    autocomplete_fields = ("company",)
    fields = (("reference", "company"), ("starts_on", "ends_on"), "covers_all")
    fixed_fields = ("reference", "company")
    inlines = (AccordLineInline, AccordCoverageInline)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AccordCadre]:
        return super().get_queryset(request).annotate(line_count=count_of(AccordLine.objects.all(), "accord"))

    @admin.display(description=_("lignes"), ordering="line_count")
    def line_count(self, accord: AccordCadre) -> int:
        return int(getattr(accord, "line_count", 0))


@admin.register(AccordLine)
class AccordLineAdmin(PortalAdmin[AccordLine]):
    """All lines of all accords, to find who has which price; on its accord's page a line has its company beside it."""

    form = AccordLineForm
    list_display = ("accord", "company", "scope", "course", "domain", "fixed_price", "discount_rate", "from_seats")
    list_select_related = ("accord__company", "course", "domain")
    list_filter = ("scope", "kind")
    search_fields = (
        "accord__reference",
        "accord__company__name__unaccent",
        "course__reference",
        "course__title__unaccent",
        "domain__label__unaccent",
    )
    autocomplete_fields = ("accord", "course", "domain")
    fixed_fields = ("accord",)

    @admin.display(description=_("entreprise"), ordering="accord__company__name")
    def company(self, line: AccordLine) -> str:
        return str(line.accord.company)
