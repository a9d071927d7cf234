"""The filters of the catalogue: what the address says, understood, and what it says wrongly, told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.typography import short_date
from catalogue.facets import Branch, Facets
from catalogue.models import CourseMode, SessionState
from catalogue.search import SORTS, Wanted

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Label: TypeAlias = "str | _StrPromise"

LONGEST_SEARCH = 100
HIGHEST_PRICE = 1_000_000
SORT, PAGE = "tri", "page"
MOST_SHOWN = 40  # characters of a wrong value that are shown again

MODES: Mapping[str, CourseMode] = {
    "presentiel": CourseMode.ON_SITE,
    "a-distance": CourseMode.REMOTE,
    "mixte": CourseMode.BLENDED,
    "e-learning": CourseMode.ELEARNING,
}
DURATIONS: Mapping[str, tuple[Label, int, int]] = {
    "1": (gettext_lazy("1 jour ou moins"), -1, 1),
    "2": (gettext_lazy("2 jours"), 1, 2),
    "3": (gettext_lazy("3 jours"), 2, 3),
    "4": (gettext_lazy("4 jours"), 3, 4),
    "5": (gettext_lazy("5 jours et plus"), 4, 1000),
}
STATES: Mapping[str, tuple[Label, SessionState]] = {
    "confirmees": (gettext_lazy("Session confirmée"), SessionState.CONFIRMED),
    "garanties": (gettext_lazy("Session garantie"), SessionState.GUARANTEED),
}
SORT_LABELS: Mapping[str, Label] = {
    "pertinence": gettext_lazy("Pertinence"),
    "titre": gettext_lazy("Titre"),
    "date": gettext_lazy("Prochaine date"),
    "prix": gettext_lazy("Prix croissant"),
    "-prix": gettext_lazy("Prix décroissant"),
    "duree": gettext_lazy("Durée"),
}
# What a chip says of a filter without choices.
WORDS: Mapping[str, Label] = {
    "q": gettext_lazy("« %s »"),
    "du": gettext_lazy("dès le %s"),
    "au": gettext_lazy("jusqu’au %s"),
    "prix_min": gettext_lazy("%s € et plus"),
    "prix_max": gettext_lazy("%s € au plus"),
}
# What others add to links: not ours, and nothing to warn about.
NOT_OURS = ("utm_", "gclid", "fbclid", "msclkid", "mtm_", "pk_")


class _Boxes(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple


class _Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class _Price(forms.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=HIGHEST_PRICE, **options)


class BoxesForm(forms.Form):
    """What one may tick or fill in beside the words and the domain."""

    modalite = _Boxes(label=gettext_lazy("Modalité"), required=False)
    lieu = _Boxes(label=gettext_lazy("Lieu"), required=False)
    mois = _Boxes(label=gettext_lazy("Mois de début"), required=False)
    du = _Day(label=gettext_lazy("Commence à partir du"), required=False)
    au = _Day(label=gettext_lazy("Commence jusqu’au"), required=False)
    sessions = _Boxes(label=gettext_lazy("Sessions"), required=False)
    duree = _Boxes(label=gettext_lazy("Durée"), required=False)
    prix_min = _Price(label=gettext_lazy("Prix public à partir de (€ HT)"), required=False)
    prix_max = _Price(label=gettext_lazy("Prix public jusqu’à (€ HT)"), required=False)
    certification = _Boxes(label=gettext_lazy("Certification"), required=False)


LABELS: Mapping[str, Label] = {
    "q": gettext_lazy("Rechercher une formation"),
    "domaine": gettext_lazy("Domaine"),
    **{name: field.label or name for name, field in BoxesForm.base_fields.items()},
}
PAIRS = (("du", "au"), ("prix_min", "prix_max"))


@lru_cache(maxsize=4)
def _choices(facets: Facets) -> Mapping[str, Mapping[str, str]]:
    """For each filter by choice, its values in the address with their words."""
    return {
        "domaine": {code: branch.label for code, branch in facets.by_code.items()},
        "modalite": {slug: str(mode.label) for slug, mode in MODES.items()},
        "lieu": {city: city for city in facets.cities},
        "mois": {f"{month:%Y-%m}": date_format(month, "F Y") for month in facets.months},
        "sessions": {slug: str(label) for slug, (label, _state) in STATES.items()},
        "duree": {slug: str(label) for slug, (label, _more, _up_to) in DURATIONS.items()},
        "certification": {"oui": _("Avec certification")},
    }


class CatalogueFilters:
    """What the address says. `said`: its parameters as far as they were understood; `ignored`: what was not, told.

    Read by hand rather than by a form, of which a search as one types would make and clean thirteen fields each time.
    """

    def __init__(self, params: QueryDict, facets: Facets) -> None:
        self.facets, self._params = facets, params
        self.ignored: list[str] = []
        self.said: dict[str, list[str]] = {}
        self.values: dict[str, Any] = {}
        for name in params:
            self._read(name)
        for pair in PAIRS:
            self._forget_inverted(*pair)
        self._check_place()

    def _read(self, name: str) -> None:
        if name == "q":
            self._read_words(self._params.get("q", ""))
        elif name in (choices := _choices(self.facets)):
            self._read_choices(name, choices[name])
        elif name in LABELS:
            self._read_field(name, self._params.get(name, ""))
        elif name not in (SORT, PAGE) and not name.startswith(NOT_OURS):
            self.ignored.append(_("Le filtre « %s » n’existe pas : il a été ignoré.") % _short(name))

    def _read_words(self, typed: str) -> None:
        words = " ".join(typed.replace("\x00", " ").split())
        if len(words) > LONGEST_SEARCH:
            self.ignored.append(_("La recherche a été coupée à ses %s premiers caractères.") % LONGEST_SEARCH)
            words = words[:LONGEST_SEARCH].rstrip()
        if words:
            self._keep("q", [words], words)

    def _read_choices(self, name: str, choices: Mapping[str, str]) -> None:
        given = [value for value in dict.fromkeys(self._params.getlist(name)) if value]
        for value in given:
            if value not in choices:
                self._say(name, value)
        known = [value for value in given if value in choices]
        if name == "domaine":
            told = _("Un seul domaine à la fois : « %s » a été ignoré.")
            self.ignored += [told % choices[value] for value in known[1:]]
            del known[1:]
        if known:
            self._keep(name, known, known)

    def _read_field(self, name: str, typed: str) -> None:
        try:
            value = BoxesForm.base_fields[name].clean(typed)
        except ValidationError:
            self._say(name, typed)
        else:
            if value is not None:
                self._keep(name, [str(value)], value)

    def _check_place(self) -> None:
        """Tell which sort or page was asked for in vain."""
        sort, page = self._params.get(SORT, ""), self._params.get(PAGE, "")
        if sort and sort not in SORTS:
            self.ignored.append(_("Le tri « %s » n’existe pas : il a été ignoré.") % _short(sort))
        elif sort and sort != self.sort:
            self.ignored.append(_("Le tri par pertinence a été ignoré : il n’y a pas de mots à chercher."))
        if page and self._asked_page is None:
            self.ignored.append(_("La page « %s » n’existe pas : voici la première.") % _short(page))

    def _keep(self, name: str, said: list[str], value: Any) -> None:
        self.said[name], self.values[name] = said, value

    def _say(self, name: str, value: str) -> None:
        told = {"label": LABELS[name], "value": _short(value)}
        self.ignored.append(_("Le filtre « %(label)s » a été ignoré : « %(value)s » n’existe pas.") % told)

    def _forget_inverted(self, least: str, most: str) -> None:
        low, high = self.values.get(least), self.values.get(most)
        if low is not None and high is not None and low > high:
            self.ignored.append(_inverted(least, low, high))
            for name in (least, most):
                del self.said[name], self.values[name]

    @cached_property
    def form(self) -> BoxesForm:
        """The boxes, with what is ticked."""
        data = QueryDict(mutable=True)
        for name, said in self.said.items():
            data.setlist(name, said)
        form = BoxesForm(data, auto_id="filtre-%s")
        for name, choices in _choices(self.facets).items():
            if name in form.fields:
                form.fields[name].choices = list(choices.items())  # type: ignore[attr-defined]
        return form

    @property
    def boxes_are_empty(self) -> bool:
        """Whether nothing but words and a domain is chosen."""
        return self.said.keys() <= {"q", "domaine"}

    @property
    def words(self) -> str:
        return str(self.values.get("q", ""))

    @property
    def domain(self) -> str:
        """The code of the domain or sub-domain that was chosen, or ""."""
        return next(iter(self.said.get("domaine", ())), "")

    @property
    def branch(self) -> Branch | None:
        """The domain or sub-domain that was chosen."""
        return self.facets.by_code.get(self.domain)

    @property
    def sort(self) -> str:
        """As chosen, when it makes sense: there is no relevance without words."""
        chosen = self._params.get(SORT, "")
        if chosen in SORTS and (self.words or chosen != "pertinence"):
            return chosen
        return self._usual_sort

    @property
    def _usual_sort(self) -> str:
        return "pertinence" if self.words else "titre"

    @property
    def sorts(self) -> list[tuple[str, Label, bool]]:
        """The value, the words and whether it is in force. The usual sort has no value: it changes with the words."""
        return [
            ("" if name == self._usual_sort else name, label, name == self.sort)
            for name, label in SORT_LABELS.items()
            if self.words or name != "pertinence"
        ]

    @property
    def page(self) -> int:
        """1 for a number that is none."""
        return self._asked_page or 1

    @property
    def _asked_page(self) -> int | None:
        text = self._params.get(PAGE, "")
        return (int(text) or None) if text.isascii() and text.isdigit() and len(text) < 7 else None

    @property
    def address(self) -> dict[str, list[str]]:
        """The parameters of the first page of this view."""
        return self.said | ({SORT: [self.sort]} if self._params.get(SORT) else {})

    @cached_property
    def in_force(self) -> list[tuple[str, str, str]]:
        """Each filter in force: its name and value in the address, and what it says."""
        choices = _choices(self.facets)
        return [
            (name, value, choices[name][value] if name in choices else _words(name, self.values[name]))
            for name, said in self.said.items()
            for value in said
        ]

    def wanted(self) -> Wanted:
        """What the filters ask for."""
        values, branch = self.values, self.branch
        return Wanted(
            words=self.words,
            domains=branch.ids if branch else (),
            modes=tuple(MODES[slug].value for slug in values.get("modalite", ())),
            days=tuple(DURATIONS[slug][1:] for slug in values.get("duree", ())),
            least_price=values.get("prix_min"),
            most_price=values.get("prix_max"),
            certified="certification" in values,
            cities=tuple(values.get("lieu", ())),
            months=tuple(date.fromisoformat(f"{slug}-01") for slug in values.get("mois", ())),
            first_day=values.get("du"),
            last_day=values.get("au"),
            states=tuple(STATES[slug][1].value for slug in values.get("sessions", ())),
            sort=self.sort,
        )


def _short(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _inverted(name: str, low: Any, high: Any) -> str:
    if name == "du":
        sentence = _("Les dates ont été ignorées : le %(low)s vient après le %(high)s.")
        return sentence % {"low": short_date(low), "high": short_date(high)}
    sentence = _("Les prix ont été ignorés : %(low)s € est plus que %(high)s €.")
    return sentence % {"low": low, "high": high}


def _words(name: str, value: Any) -> str:
    return str(WORDS[name]) % (short_date(value) if name in ("du", "au") else value)
