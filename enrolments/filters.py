"""The filter bars of orders, enrolments and participants."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from accounts.filters import Establishments, FilterForm, Period, search_condition
from accounts.requests import person
from accounts.typography import short_date
from enrolments.models import Enrolment, EnrolmentState, OrderState

MOST_DIGITS = 19  # of an id: a longer number is none
SUGGESTED = 10
COLLEAGUE_PATHS = ("participant__last_name", "participant__first_name", "participant__email")
SESSION_PATHS = ("session__code", "session__course__title", "session__city")
Seen = QuerySet[Enrolment]
Suggestions = list[tuple[str, str]]  # what is put in the field, and what says more about it


def suggested_sessions(seen: Seen, typed: str) -> Suggestions:
    """The codes of the sessions in which the person sees somebody and that fit what is typed, the newest first."""
    columns = ("session__code", "session__course__title", "starts_on", "session__city")
    rows = seen.filter(search_condition(typed, SESSION_PATHS)).values_list(*columns).distinct()
    found = rows.order_by("-starts_on", "session__code")[:SUGGESTED]
    return [(code, f"{title}, {short_date(day)}{f' ({city})' if city else ''}") for code, title, day, city in found]


def suggested_colleagues(seen: Seen, typed: str) -> Suggestions:
    """The colleagues whom the person sees enrolled and who fit what is typed, by name."""
    rows = seen.filter(search_condition(typed, COLLEAGUE_PATHS), participant__isnull=False)
    columns = ("participant__last_name", "participant__first_name", "participant__email", "participant_id")
    found = rows.order_by(*columns).values_list(*columns).distinct()[:SUGGESTED]
    return [(_called(first, last, email), "") for last, first, email, _pk in found]


def _called(first: str, last: str, email: str) -> str:
    """Who is meant, even among people of one name; the filter finds each word of it."""
    return " ".join(part for part in (first, last, email) if part)


class SuggestedField(forms.CharField):
    """A text in which suggestions appear as one types; without JavaScript, what is typed is searched as it is.

    `shown`: what stands in the field instead of a value of the address.
    """

    def __init__(self, name: str, *, label: Any, placeholder: Any) -> None:
        choices = f"filtre-{name}-choix"
        attributes = {
            "autocomplete": "off",
            "placeholder": placeholder,
            "list": choices,
            "hx-get": reverse_lazy("filter_suggestions"),
            "hx-trigger": "input changed delay:200ms",
            "hx-target": f"#{choices}",
            "hx-swap": "innerHTML",
            "hx-select": "unset",
            "hx-select-oob": "unset",
            "hx-push-url": "false",
            "hx-sync": "this:replace",
        }
        super().__init__(label=label, required=False, max_length=200, widget=forms.TextInput(attrs=attributes))
        self.suggestions = choices
        self.shown: dict[str, str] = {}

    def bound_data(self, data: Any, initial: Any) -> Any:
        return self.shown.get(str(data).strip(), data)


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


class SubjectFilters(StateFilters):
    """Filters that say, besides, of which session and of which colleague: a code, an id, or some words of either.

    Pages of sessions link here with a code, pages of colleagues with an id, which must be of one that the person sees.
    """

    session = SuggestedField("session", label=_("Session"), placeholder=_("Titre, ville ou code"))
    collaborateur = SuggestedField("collaborateur", label=_("Collaborateur"), placeholder=_("Nom ou adresse"))
    field_order = ["q", "session", "collaborateur", "etat", "periode", "etablissement"]

    def __init__(self, request: HttpRequest, establishments: Establishments) -> None:
        self._seen = Enrolment.objects.visible_to(person(request)).order_by()
        self._of_session = self._of_colleague = Q()
        super().__init__(request, establishments)

    def clean_session(self) -> str:
        said: str = self.cleaned_data["session"]
        exactly = Q(session__code__iexact=said)
        chosen = bool(said) and self._seen.filter(exactly).exists()
        self._of_session = exactly if chosen else search_condition(said, SESSION_PATHS)
        return said

    def clean_collaborateur(self) -> str:
        said: str = self.cleaned_data["collaborateur"]
        if not (said.isascii() and said.isdecimal()):
            self._of_colleague = search_condition(said, COLLEAGUE_PATHS)
            return said
        self._of_colleague = Q(participant=int(said) if len(said) < MOST_DIGITS else 0)
        names = ("participant__first_name", "participant__last_name", "participant__email")
        who = self._seen.filter(self._of_colleague).values_list(*names).first()
        if who is None:
            raise ValidationError(_("Ce collaborateur n’existe pas."))
        field: Any = self.fields["collaborateur"]
        field.shown[said] = _called(*who)
        return field.shown[said]  # type: ignore[no-any-return]  # a field of ours

    def _of_subject(self) -> Q:
        """The condition on enrolments; empty when none is said."""
        return self._of_session & self._of_colleague


class OrderFilters(SubjectFilters):
    search_paths = ("number", "purchase_order_number", "order_email", "opco")
    date_path = "placed_on"
    periods = (Period.LAST_30_DAYS, Period.THIS_QUARTER, Period.LAST_QUARTER)
    states = OrderState

    def condition(self) -> Q:
        found, subject = super().condition(), self._of_subject()
        return found & Q(pk__in=self._seen.filter(subject).values("order_id")) if subject else found


class EnrolmentFilters(SubjectFilters):
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

    def condition(self) -> Q:
        return super().condition() & self._of_subject()


class ParticipantFilters(FilterForm):
    """Participants belong to a company; which of its establishments matters for their enrolments only."""

    search_paths = ("last_name", "first_name", "email")
    by_establishment = False
    field_order = ["q"]
