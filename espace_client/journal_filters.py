"""The filter bars of the two journals."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.document_types import DocumentType
from accounts.filters import FilterForm, Period
from accounts.models import AccessEventType


class JournalForm(FilterForm):
    """Who, what, when and where. Neither journal goes far back, so two years are enough to choose from."""

    date_path = "at__date"
    periods = (Period.LAST_30_DAYS, Period.THIS_QUARTER, Period.LAST_QUARTER)
    by_establishment = False  # offered by AdministeredFilters
    kind_path: ClassVar[str] = ""

    q = forms.CharField(
        label=gettext_lazy("Personne"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    type = forms.MultipleChoiceField(label=gettext_lazy("Type"), required=False, widget=forms.CheckboxSelectMultiple)
    field_order = ["q", "type", "periode", "etablissement"]

    def _offer_periods(self) -> None:
        year = timezone.localdate().year
        choices = [("", _("Toutes les dates")), *((one.value, one.label) for one in self.periods)]
        years = [(str(one), str(one)) for one in (year, year - 1)]
        self.fields["periode"].choices = [*choices, *years]  # type: ignore[attr-defined]

    def condition(self) -> Q:
        found = super().condition()
        types: list[Any] = self.cleaned_data["type"]
        return found & Q(**{f"{self.kind_path}__in": types}) if types else found


class EventForm(JournalForm):
    search_paths = ("subject_email", "actor_email")
    kind_path = "event"

    def _offer_choices(self, establishments: Any) -> None:
        super()._offer_choices(establishments)
        self.fields["type"].choices = AccessEventType.choices  # type: ignore[attr-defined]
        self.fields["type"].label = _("Événement")


class ServingForm(JournalForm):
    search_paths = ("user_email", "document__number")
    kind_path = "document__type"

    def _offer_choices(self, establishments: Any) -> None:
        super()._offer_choices(establishments)
        self.fields["type"].choices = DocumentType.choices  # type: ignore[attr-defined]
        self.fields["q"].label = _("Personne ou numéro")
