"""What the filter bars share: forms bound to the address, in which nonsense is ignored, with a word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import ClassVar

from django import forms
from django.contrib import messages
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Establishment, User
from accounts.requests import person
from accounts.typography import by_name

Establishments = Sequence[tuple[int, str]]  # id and name of each


class Period(models.TextChoices):
    """The periods that people ask for; a year is written as such (`2025`)."""

    COMING = "a-venir", gettext_lazy("À venir")
    LAST_30_DAYS = "30-jours", gettext_lazy("30 derniers jours")
    LAST_MONTH = "mois-dernier", gettext_lazy("Le mois dernier")
    THIS_QUARTER = "trimestre", gettext_lazy("Ce trimestre")
    LAST_QUARTER = "dernier-trimestre", gettext_lazy("Dernier trimestre")
    THIS_YEAR = "cette-annee", gettext_lazy("Cette année")


def period_bounds(period: str, today: date) -> tuple[date | None, date | None]:
    """First and last day of a period, both included; None for a side without bound."""
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    if period == Period.COMING:
        return today, None
    if period == Period.LAST_30_DAYS:
        return today - timedelta(days=30), today
    if period == Period.LAST_MONTH:
        end = today.replace(day=1) - timedelta(days=1)
        return end.replace(day=1), end
    if period == Period.THIS_QUARTER:
        return quarter, None
    if period == Period.LAST_QUARTER:
        end = quarter - timedelta(days=1)
        return date(end.year, end.month - 2, 1), end
    year = today.year if period == Period.THIS_YEAR else int(period)
    return date(year, 1, 1), date(year, 12, 31)


def words_in(text: str) -> str:
    """What somebody typed to search, on one line, of a hundred characters at most, without those no database stores."""
    return " ".join(text.replace("\x00", "").split())[:100]


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
    by_establishment: ClassVar[bool] = True

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

    def __init__(self, request: HttpRequest, establishments: Establishments) -> None:
        super().__init__(request.GET)
        self.auto_id = "filtre-%s"
        self._offer_choices(establishments)
        self._ignore_nonsense(request)

    def _offer_choices(self, establishments: Establishments) -> None:
        """What the person may choose from; subclasses add theirs."""
        self._offer_establishments(establishments)
        self._offer_periods()

    def _offer_establishments(self, establishments: Establishments) -> None:
        """Those of the person, when there is a choice; another's id is nonsense like any other."""
        if establishments:
            self.fields["etablissement"].choices = establishments  # type: ignore[attr-defined]
        else:
            del self.fields["etablissement"]

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
                request, _("Le filtre « %s » a été ignoré : sa valeur n’existe pas.") % self.fields[name].label
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


class Filters:
    """The filters of one list in one request; the form is made only when the address says something, or to be shown."""

    def __init__(self, form: type[FilterForm], request: HttpRequest) -> None:
        self._class, self._request = form, request
        self.blank = request.GET.keys().isdisjoint(form.base_fields)
        self.establishments = _own_establishments(person(request)) if form.by_establishment else ()

    @cached_property
    def form(self) -> FilterForm:
        """The form, bound to the address."""
        return self._class(self._request, self.establishments)

    @property
    def changed_data(self) -> list[str]:
        """The names of the filters in force."""
        return [] if self.blank else self.form.changed_data

    def condition(self) -> Q:
        """What the filters say."""
        return Q() if self.blank else self.form.condition()

    @property
    def offer(self) -> tuple[object, ...]:
        """What a bar in which nothing is chosen depends on."""
        return (self._class, *self.establishments, timezone.localdate().year)


class AdministeredFilters(Filters):
    """Filters whose establishments are those that the person administers, when there is a choice."""

    def __init__(self, form: type[FilterForm], request: HttpRequest) -> None:
        super().__init__(form, request)
        own = list(Establishment.objects.manageable_by(person(request)).values_list("pk", "name"))
        self.establishments = own if len(own) > 1 else []


def _own_establishments(user: User) -> Establishments:
    """Those of the person, when there is a choice."""
    if len(user.rights.establishments) < 2:
        return ()
    names = user.establishment_names
    return [(pk, names[pk]) for pk in sorted(user.rights.establishments, key=lambda pk: (by_name(names[pk]), pk))]
