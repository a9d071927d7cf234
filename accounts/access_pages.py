"""The accesses and invitations of some establishments, narrowed by a search and cut into pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from accounts.access_listing import AccessRow, InvitationRow, Place
from accounts.filters import FilterForm, Filters, search_condition
from accounts.models import Access, Invitation, User
from accounts.roles import Role

PER_PAGE = 50
PAGE = "page"
Line = AccessRow | InvitationRow


class AccessForm(FilterForm):
    """Whose, at what level, and where."""

    search_paths = ("user__first_name", "user__last_name", "user__email")
    invitation_paths: ClassVar[tuple[str, ...]] = ("email",)
    by_establishment = False  # offered by AdministeredFilters

    q = forms.CharField(
        label=gettext_lazy("Personne"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    niveau = forms.ChoiceField(
        label=gettext_lazy("Niveau"), required=False, choices=[("", gettext_lazy("Tous")), *Role.choices]
    )
    field_order = ["q", "niveau", "etablissement"]

    def condition(self) -> Q:
        return super().condition() & self._level()

    def of_invitations(self) -> Q:
        """The same, of what waits."""
        found = search_condition(self.cleaned_data["q"], self.invitation_paths) & self._level()
        places = self.cleaned_data.get("etablissement")
        return found & Q(establishment_id__in=places) if places else found

    def _level(self) -> Q:
        role = self.cleaned_data["niveau"]
        return Q(role=role) if role else Q()


def narrowed(places: Sequence[Place], filters: Filters, user: User) -> list[Place]:
    """What the filters leave of the places; two queries, none without a filter."""
    form: Any = None if filters.blank else filters.form
    if form is None:
        return list(places)
    accesses = set(Access.objects.manageable_by(user).filter(form.condition()).values_list("pk", flat=True))
    waiting = Invitation.objects.visible_to(user).filter(form.of_invitations(), accepted_at=None, revoked_at=None)
    invitations = set(waiting.values_list("pk", flat=True))
    kept = []
    for place in places:
        rows = [row for row in place.rows if row.access.pk in accesses]
        offered = [row for row in place.invitations if row.invitation.pk in invitations]
        if rows or offered:
            kept.append(replace(place, rows=rows, invitations=offered, offered=len(offered)))
    return kept


@dataclass(frozen=True)
class PageOfPlaces:
    """One page; `first` and `last` are the ranks of its lines among `total`, as the pager says them."""

    places: list[Place]
    total: int
    first: int
    last: int
    previous_url: str | None
    next_url: str | None


def page_of_places(places: Sequence[Place], lines: Callable[[Place], list[Line]], params: QueryDict) -> PageOfPlaces:
    """The page that the address asks for. `lines` gives those of a place, in the order in which they are shown.

    A place that has none takes one line, to say so. A page that does not exist is the nearest that does.
    """
    flat: list[tuple[Place, Line | None]] = []
    for place in places:
        flat += [(place, line) for line in lines(place)] or [(place, None)]
    last_page = max(1, -(-len(flat) // PER_PAGE))
    asked = params.get(PAGE, "1")
    number = min(max(1, int(asked)), last_page) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1
    first = (number - 1) * PER_PAGE
    shown = flat[first : first + PER_PAGE]
    found: dict[int, Place] = {}
    for place, line in shown:
        kept = found.setdefault(place.establishment.pk, replace(place, rows=[], invitations=[]))
        if isinstance(line, AccessRow):
            kept.rows.append(line)
        elif line is not None:
            kept.invitations.append(line)
    return PageOfPlaces(
        places=list(found.values()),
        total=len(flat),
        first=first + 1,
        last=first + len(shown),
        previous_url=_address(params, number - 1) if number > 1 else None,
        next_url=_address(params, number + 1) if number < last_page else None,
    )


def _address(params: QueryDict, number: int) -> str:
    changed = params.copy()
    changed[PAGE] = str(number)
    return f"?{changed.urlencode()}"
