"""What the filter bars share: forms bound to the address, in which nonsense is ignored, with a word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import messages
from django.db import models
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Establishment
from accounts.requests import person

Row = TypeVar("Row", bound=Model)


class Period(models.TextChoices):
    """The periods that people ask for; a year is written as such (`2025`)."""

    COMING = "a-venir", gettext_lazy("À venir")
    LAST_30_DAYS = "30-jours", gettext_lazy("30 derniers jours")
    THIS_QUARTER = "trimestre", gettext_lazy("Ce trimestre")
    LAST_QUARTER = "dernier-trimestre", gettext_lazy("Dernier trimestre")


def period_bounds(period: str, today: date) -> tuple[date | None, date | None]:
    """First and last day of a period, both included; None for a side without bound."""
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    if period == Period.COMING:
        return today, None
    if period == Period.LAST_30_DAYS:
        return today - timedelta(days=30), today
    if period == Period.THIS_QUARTER:
        return quarter, None
    if period == Period.LAST_QUARTER:
        end = quarter - timedelta(days=1)
        return date(end.year, end.month - 2, 1), end
    return date(int(period), 1, 1), date(int(period), 12, 31)


def search_condition(text: str, paths: tuple[str, ...]) -> Q:
    """Every word of `text` is somewhere in one of `paths`, whatever its case and accents."""
    condition = Q()
    for word in text.split():
        found = Q()
        for path in paths:
            found |= Q(**{f"{path}__unaccent__icontains": word})
        condition &= found
    return condition


class FilterForm(forms.Form):
    """The filters that most lists have; subclasses say which fields of the rows they read."""

    search_paths: ClassVar[tuple[str, ...]] = ()
    date_path: ClassVar[str] = ""
    periods: ClassVar[tuple[Period, ...]] = ()

    q = forms.CharField(
        label=gettext_lazy("Rechercher"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    etablissement = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Établissement"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    periode = forms.ChoiceField(label=gettext_lazy("Période"), required=False)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.GET)
        self.auto_id = "filtre-%s"
        self._offer_choices(request)
        self._ignore_nonsense(request)

    def _offer_choices(self, request: HttpRequest) -> None:
        """What the person may choose from; subclasses add theirs."""
        self._offer_establishments(request)
        self._offer_periods()

    def _offer_establishments(self, request: HttpRequest) -> None:
        """Those of the person, when there is a choice; another's id is nonsense like any other."""
        own = list(Establishment.objects.visible_to(person(request)).values_list("pk", "name"))
        if len(own) < 2:
            del self.fields["etablissement"]
        else:
            self.fields["etablissement"].choices = own  # type: ignore[attr-defined]

    def _offer_periods(self) -> None:
        if not self.date_path:
            del self.fields["periode"]
            return
        year = timezone.localdate().year
        years = [
            (str(one), str(one)) for one in range(year + 1 if Period.COMING in self.periods else year, year - 9, -1)
        ]
        choices = [("", _("Toutes les dates")), *((period.value, period.label) for period in self.periods), *years]
        self.fields["periode"].choices = choices  # type: ignore[attr-defined]

    def _ignore_nonsense(self, request: HttpRequest) -> None:
        """Take out of the form what the address says wrongly, and tell the person, instead of refusing the page."""
        if self.is_valid():
            return
        kept: QueryDict = request.GET.copy()
        for name in self.errors:
            kept.pop(name, None)
            messages.warning(
                request, _("Le filtre « %s » a été ignoré : sa valeur n’existe pas.") % self.fields[name].label
            )
        self.data, self._errors = kept, None
        self.full_clean()

    def condition(self) -> Q:
        """What the filters say, as one condition; subclasses add theirs."""
        found = search_condition(self.cleaned_data["q"], self.search_paths)
        if establishments := self.cleaned_data.get("etablissement"):
            found &= Q(establishment_id__in=establishments)
        if period := self.cleaned_data.get("periode"):
            first, last = period_bounds(period, timezone.localdate())
            found &= Q(**{f"{self.date_path}__gte": first}) if first else Q()
            found &= Q(**{f"{self.date_path}__lte": last}) if last else Q()
        return found

    def apply(self, branches: Sequence[QuerySet[Row, Any]]) -> list[QuerySet[Row, Any]]:
        """Each branch of the visible rows, filtered."""
        condition = self.condition()
        return [branch.filter(condition) if condition else branch for branch in branches]
