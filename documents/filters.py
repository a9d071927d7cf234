"""The filter bar of the document list."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.filters import FilterForm, Period


class DocumentFilters(FilterForm):
    search_paths = (
        "number",
        "order__number",
        "order__purchase_order_number",
        "session__course__title",
        "enrolment__participant__last_name",
        "enrolment__participant__first_name",
    )
    date_path = "issued_on"
    periods = (Period.LAST_30_DAYS, Period.THIS_QUARTER, Period.LAST_QUARTER)

    type = forms.MultipleChoiceField(
        label=_("Type"), required=False, choices=DocumentType.choices, widget=forms.CheckboxSelectMultiple
    )
    field_order = ["q", "type", "periode", "etablissement"]

    def condition(self) -> Q:
        found = super().condition()
        types: list[Any] = self.cleaned_data["type"]
        return found & Q(type__in=types) if types else found
