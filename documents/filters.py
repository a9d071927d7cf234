"""The filter bar of the document list."""

from typing import Any

from django import forms
from django.db.models import Q, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.filters import Establishments, FilterForm, Period, search_condition
from accounts.requests import person
from documents.visits import handed_in_by, new_since

NEW = "1"


class DocumentFilters(FilterForm):
    """What people look for: a document by anything printed on it, or all those of a course, a colleague, an order."""

    search_paths = (
        "number",
        "order__number",
        "order__purchase_order_number",
        "session__course__title",
        "enrolment__participant__last_name",
        "enrolment__participant__first_name",
    )
    course_paths = ("session__course__title", "session__course__reference")
    colleague_paths = ("enrolment__participant__last_name", "enrolment__participant__first_name")
    order_paths = ("order__number", "order__purchase_order_number")
    date_path = "issued_on"
    periods = (
        Period.LAST_30_DAYS,
        Period.LAST_MONTH,
        Period.THIS_QUARTER,
        Period.LAST_QUARTER,
        Period.THIS_YEAR,
    )

    type = forms.MultipleChoiceField(
        label=_("Type"), required=False, choices=DocumentType.choices, widget=forms.CheckboxSelectMultiple
    )
    formation = forms.CharField(label=_("Formation"), required=False, max_length=100)
    collaborateur = forms.CharField(label=_("Collaborateur"), required=False, max_length=100)
    commande = forms.CharField(label=_("N° de commande"), required=False, max_length=60)
    nouveau = forms.ChoiceField(
        label=_("Nouveauté"),
        required=False,
        choices=[("", _("Tous")), (NEW, _("Nouveaux depuis ma dernière visite"))],
    )
    field_order = ["q", "type", "periode", "etablissement", "formation", "collaborateur", "commande", "nouveau"]

    def __init__(self, request: HttpRequest, establishments: Establishments) -> None:
        self._user = person(request)
        super().__init__(request, establishments)

    def condition(self) -> Q:
        found, said = super().condition(), self.cleaned_data
        types: list[Any] = said["type"]
        found &= Q(type__in=types) if types else Q()
        found &= search_condition(said["formation"], self.course_paths)
        found &= search_condition(said["collaborateur"], self.colleague_paths)
        found &= search_condition(said["commande"], self.order_paths)
        if said["nouveau"] == NEW:
            found &= Q(recorded_at__gt=Subquery(new_since(self._user))) & ~Q(pk__in=handed_in_by(self._user))
        return found
