"""Accords-cadres and their lines, as staff keep them, with what overlaps and a way to replace what was used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import EMPTY, PortalAdmin, QuestionFilter, count_of
from catalogue.models import AccordCadre, AccordCoverage, AccordLine, LineKind
from catalogue.overlaps import overlaps_of
from enrolments.accord_lines import lock_accord, replace_line, with_use

from .accord_checker import accord_checker
from .accord_forms import (
    AccordCoverageFormSet,
    AccordForm,
    AccordLineForm,
    AccordLineFormSet,
    ReplacementForm,
)


class AccordLineInline(admin.TabularInline[AccordLine, AccordCadre]):
    model = AccordLine
    form = AccordLineForm
    formset = AccordLineFormSet
    extra = 0
    autocomplete_fields = ("course", "domain")
    fields = (
        "use",
        "scope",
        "course",
        "domain",
        "kind",
        "fixed_price",
        "discount_rate",
        "from_seats",
        "starts_on",
        "ends_on",
    )
    readonly_fields = ("use",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AccordLine]:
        return with_use(super().get_queryset(request).select_related("accord", "course", "domain"))

    @admin.display(description=_("utilisation"))
    def use(self, line: AccordLine) -> SafeString | str:
        return used(line)


def used(line: AccordLine) -> SafeString | str:
    """Whether an order had its price from the line, and then the way to replace it."""
    if not getattr(line, "is_used", False):
        return EMPTY
    if line.ends_on is not None:
        return str(_("utilisée, finie"))
    url = reverse("admin:catalogue_accordline_replace", args=[line.pk])
    return format_html('{} <a href="{}">{}</a>', _("utilisée :"), url, _("remplacer"))


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
        "en-cours": (
            _("En vigueur"),
            lambda: Q(starts_on__lte=timezone.localdate(), ends_on__gte=timezone.localdate()),
        ),
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

    form = AccordForm
    change_list_template = "admin/catalogue/accordcadre/change_list.html"
    change_form_template = "admin/catalogue/accordcadre/change_form.html"
    list_display = ("reference", "company", "starts_on", "ends_on", "covers_all", "line_count")
    list_select_related = ("company",)
    list_filter = (InForceFilter, "covers_all")
    search_fields = ("reference", "company__name__unaccent", "company__siren")
    date_hierarchy = "starts_on"
    autocomplete_fields = ("company",)
    fields = (("reference", "company"), ("starts_on", "ends_on"), "covers_all", "overlaps")
    readonly_fields = ("overlaps",)
    fixed_fields = ("reference", "company")
    inlines = (AccordLineInline, AccordCoverageInline)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AccordCadre]:
        return super().get_queryset(request).annotate(line_count=count_of(AccordLine.objects.all(), "accord"))

    def get_fields(self, request: HttpRequest, obj: AccordCadre | None = None) -> Any:
        return self.fields if obj is not None else self.fields[:-1]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AccordCadre | None:
        """What is about to be changed is held, so that no order takes its price from it meanwhile."""
        if request.method == "POST" and object_id.isdecimal():
            lock_accord(int(object_id))
        return super().get_object(request, object_id, from_field)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(accord_checker)
        return [path("verification/", view, name="catalogue_accordcadre_check"), *super().get_urls()]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for sentence in overlaps_of(form.instance)[:5]:
            self.message_user(request, sentence, messages.WARNING)

    @admin.display(description=_("lignes"), ordering="line_count")
    def line_count(self, accord: AccordCadre) -> int:
        return int(getattr(accord, "line_count", 0))

    @admin.display(description=_("à surveiller"))
    def overlaps(self, accord: AccordCadre) -> SafeString | str:
        sentences = overlaps_of(accord)
        if not sentences:
            return str(_("Rien : aucune ligne n’en recouvre une autre."))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((one,) for one in sentences)))


@admin.register(AccordLine)
class AccordLineAdmin(PortalAdmin[AccordLine]):
    """All lines of all accords, to find who has which price; on its accord's page a line has its company beside it."""

    form = AccordLineForm
    list_display = (
        "accord",
        "company",
        "scope",
        "course",
        "domain",
        "fixed_price",
        "discount_rate",
        "from_seats",
        "starts_on",
        "ends_on",
        "use",
    )
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
    readonly_fields = ("use",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AccordLine]:
        return with_use(super().get_queryset(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AccordLine | None:
        if request.method == "POST" and object_id.isdecimal():
            accord = AccordLine.objects.filter(pk=int(object_id)).values_list("accord", flat=True).first()
            lock_accord(accord or 0)
        return super().get_object(request, object_id, from_field)

    def has_delete_permission(self, request: HttpRequest, obj: AccordLine | None = None) -> bool:
        """A line that gave a price stays: it is ended."""
        return super().has_delete_permission(request, obj) and not getattr(obj, "is_used", False)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replace_view)
        return [path("<int:pk>/remplacer/", view, name="catalogue_accordline_replace"), *super().get_urls()]

    def replace_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """End a line and have another follow it."""
        line = with_use(AccordLine.objects.select_related("accord__company", "course", "domain")).filter(pk=pk).first()
        if line is None:
            raise Http404
        if not self.has_change_permission(request, line):
            raise PermissionDenied
        form = ReplacementForm(request.POST or None, line=line)
        if form.is_valid() and self._replaced(request, form, line):
            return redirect("admin:catalogue_accordcadre_change", line.accord_id)
        context = {
            **self.admin_site.each_context(request),
            "form": form,
            "line": line,
            "title": _("Remplacer une ligne"),
        }
        return render(request, "admin/catalogue/accordline/replace.html", context)

    def _replaced(self, request: HttpRequest, form: ReplacementForm, line: AccordLine) -> bool:
        values = form.cleaned_data
        try:
            replace_line(line=line, kind=LineKind(values["kind"]), value=values["value"], starts_on=values["starts_on"])
        except ValidationError as error:
            for field, problems in error.update_error_dict({}).items():
                form.add_error(field if field in form.fields else None, problems)
            return False
        self.message_user(request, _("La ligne a une fin, et une autre lui succède."), messages.SUCCESS)
        return True

    @admin.display(description=_("entreprise"), ordering="accord__company__name")
    def company(self, line: AccordLine) -> str:
        return str(line.accord.company)

    @admin.display(description=_("utilisation"))
    def use(self, line: AccordLine) -> SafeString | str:
        return used(line)
