"""The filter bars of orders, enrolments and participants."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.filters import Establishments, FilterForm, Period
from accounts.requests import person
from accounts.typography import short_date
from enrolments.models import Enrolment, EnrolmentState, OrderState

MOST_DIGITS = 19  # of an id: a longer number is none
MOST_CHOICES = 100
Seen = QuerySet[Enrolment]
Choices = Sequence[tuple[int, str]]


def _session_choices(seen: Seen, pk: int) -> Choices:
    """The session and others of its course in which the person sees somebody, newest first; none when it is unseen."""
    columns = ("session_id", "session__course__title", "starts_on", "session__city")
    course = seen.filter(session=pk).values("session__course")[:1]
    chosen = seen.filter(session=pk).values_list(*columns)[:1]
    others = seen.filter(session__course__in=course).exclude(session=pk).values_list(*columns).distinct()
    rows = [*chosen, *others.order_by("-starts_on", "session_id")[:MOST_CHOICES]]
    return [(one, f"{title}, {short_date(day)}{f' ({city})' if city else ''}") for one, title, day, city in rows]


def _colleague_choices(seen: Seen, pk: int) -> Choices:
    """The colleague, if the person sees an enrolment of theirs."""
    rows = seen.filter(participant=pk).values_list("participant__first_name", "participant__last_name")[:1]
    return [(pk, f"{first} {last}".strip()) for first, last in rows]


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

    session = forms.TypedChoiceField(label=_("Session"), required=False, coerce=int, empty_value=None)
    collaborateur = forms.TypedChoiceField(label=_("Collaborateur"), required=False, coerce=int, empty_value=None)
    field_order = ["q", "session", "collaborateur", "etat", "periode", "etablissement"]

    def __init__(self, request: HttpRequest, establishments: Establishments) -> None:
        self._seen = Enrolment.objects.visible_to(person(request)).order_by()
        super().__init__(request, establishments)

    def _offer_choices(self, establishments: Establishments) -> None:
        super()._offer_choices(establishments)
        self._offer_chosen("session", _("Toutes les sessions"), _session_choices)
        self._offer_chosen("collaborateur", _("Tous les collaborateurs"), _colleague_choices)

    def _offer_chosen(self, name: str, everything: Any, choices_around: Callable[[Seen, int], Choices]) -> None:
        """What the address names and those beside it, if the person sees an enrolment in it; no field without any.

        Pages of sessions and colleagues link here: a list of all of either would be far too long to choose from.
        """
        said = str(self.data.get(name, "")).strip()
        if not said:
            del self.fields[name]
            return
        number = int(said) if said.isascii() and said.isdecimal() and len(said) < MOST_DIGITS else 0
        choices = [("", everything), *choices_around(self._seen, number)]
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def condition(self) -> Q:
        found = super().condition()
        for name, column in (("session", "session_id"), ("collaborateur", "participant_id")):
            if (chosen := self.cleaned_data.get(name)) is not None:
                found &= Q(**{column: chosen})
        return found


class ParticipantFilters(FilterForm):
    """Participants belong to a company; which of its establishments matters for their enrolments only."""

    search_paths = ("last_name", "first_name", "email")
    by_establishment = False
    field_order = ["q"]
