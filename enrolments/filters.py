"""The filter bars of orders, enrolments and participants."""

from typing import ClassVar

from django import forms
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.filters import Establishments, FilterForm, Period
from enrolments.models import EnrolmentState, OrderState


class StateFilters(FilterForm):
    """Filters with the states of the rows; subclasses give the choices."""

    etat = forms.MultipleChoiceField(label=_("État"), required=False, widget=forms.CheckboxSelectMultiple)
    field_order = ["q", "etat", "periode", "etablissement"]
    states: ClassVar[type[models.TextChoices]]

    def _offer_choices(self, establishments: Establishments) -> None:
        super()._offer_choices(establishments)
        self.fields["etat"].choices = self.states.choices  # type: ignore[attr-defined]

    def condition(self) -> Q:
        found = super().condition()
        states: list[str] = self.cleaned_data["etat"]
        return found & Q(state__in=states) if states else found


class OrderFilters(StateFilters):
    search_paths = ("number", "purchase_order_number", "order_email", "opco")
    date_path = "placed_on"
    periods = (Period.LAST_30_DAYS, Period.THIS_QUARTER, Period.LAST_QUARTER)
    states = OrderState


class EnrolmentFilters(StateFilters):
    search_paths = (
        "participant__last_name",
        "participant__first_name",
        "session__course__title",
        "session__city",
        "session__code",
        "order__number",
    )
    date_path = "starts_on"
    periods = (Period.COMING, Period.LAST_30_DAYS, Period.THIS_QUARTER, Period.LAST_QUARTER)
    states = EnrolmentState


class ParticipantFilters(FilterForm):
    """Participants belong to a company; which of its establishments matters for their enrolments only."""

    search_paths = ("last_name", "first_name", "email")
    by_establishment = False
    field_order = ["q"]
