"""The filters of the catalogue: what the address says, understood, and what it says wrongly, told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from django import forms
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
    "q": gettext_lazy("« %s »"),
    "du": gettext_lazy("dès le %s"),
    "au": gettext_lazy("jusqu’au %s"),
    "prix_min": gettext_lazy("%s € et plus"),
    "prix_max": gettext_lazy("%s € au plus"),
}
# What others add to links: not ours, and nothing to warn about.
NOT_OURS = ("utm_", "gclid", "fbclid", "msclkid", "mtm_", "pk_")


SEARCH_FIELD = {
    "type": "search",
    "autocomplete": "off",
    "enterkeyhint": "search",
    "maxlength": LONGEST_SEARCH,
    "placeholder": gettext_lazy("Python, gestion de projet, AWS-03…"),
}


class _Boxes(forms.MultipleChoiceField):
    widget = forms.CheckboxSelectMultiple


class _Day(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class CatalogueFilters(forms.Form):
    """Bound to the address. `said`: what was understood of it; `ignored`: what was not, in sentences."""

    q = forms.CharField(
        label=gettext_lazy("Rechercher une formation"),
        required=False,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "autocomplete": "off",
                "placeholder": gettext_lazy("Python, gestion de projet, AWS-03…"),
                "maxlength": LONGEST_SEARCH,
                "enterkeyhint": "search",
            }
        ),
    )
    domaine = forms.ChoiceField(label=gettext_lazy("Domaine"), required=False, widget=forms.HiddenInput)
    modalite = _Boxes(label=gettext_lazy("Modalité"), required=False)
    lieu = _Boxes(label=gettext_lazy("Lieu"), required=False)
    mois = _Boxes(label=gettext_lazy("Mois de début"), required=False)
    du = _Day(label=gettext_lazy("Commence à partir du"), required=False)
    au = _Day(label=gettext_lazy("Commence jusqu’au"), required=False)
    sessions = _Boxes(label=gettext_lazy("Sessions"), required=False)
    duree = _Boxes(label=gettext_lazy("Durée"), required=False)
    prix_min = forms.IntegerField(
        label=gettext_lazy("Prix public à partir de (€ HT)"), required=False, min_value=0, max_value=HIGHEST_PRICE
    )
    prix_max = forms.IntegerField(
        label=gettext_lazy("Prix public jusqu’à (€ HT)"), required=False, min_value=0, max_value=HIGHEST_PRICE
    )
    certification = _Boxes(label=gettext_lazy("Certification"), required=False)

    PAIRS: ClassVar = (("du", "au"), ("prix_min", "prix_max"))

    def __init__(self, params: QueryDict, facets: Facets) -> None:
        self.facets, self.params = facets, params
        self.ignored: list[str] = []
        self.said = self._kept(params)
        super().__init__(self.said, auto_id="filtre-%s")
        for name, choices in self._choices.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        self._ignore_nonsense()

    @cached_property
    def _choices(self) -> dict[str, list[tuple[str, Any]]]:
        return {
            "domaine": [("", ""), *((code, branch.label) for code, branch in self.facets.by_code.items())],
            "modalite": [(slug, mode.label) for slug, mode in MODES.items()],
            "lieu": [(city, city) for city in self.facets.cities],
            "mois": [(f"{month:%Y-%m}", date_format(month, "F Y")) for month in self.facets.months],
            "sessions": [(slug, label) for slug, (label, _state) in STATES.items()],
            "duree": [(slug, label) for slug, (label, _more, _up_to) in DURATIONS.items()],
            "certification": [("oui", _("Avec certification"))],
        }

    def _kept(self, params: QueryDict) -> QueryDict:
        """The parameters without the values that no choice has, and with a search of a length that makes sense."""
        kept = params.copy()
        for name, choices in self._choices.items():
            known = {value for value, _label in choices}
            values = params.getlist(name)
            kept.setlist(name, [value for value in values if value in known])
            for value in values:
                if value not in known:
                    self._say(name, value)
        words = " ".join(params.get("q", "").replace("\x00", " ").split())
        if len(words) > LONGEST_SEARCH:
            self.ignored.append(_("La recherche a été coupée à ses %s premiers caractères.") % LONGEST_SEARCH)
        kept["q"] = words[:LONGEST_SEARCH].rstrip()
        for name in params:
            if name not in self.base_fields and name not in (SORT, PAGE) and not name.startswith(NOT_OURS):
                self.ignored.append(_("Le filtre « %s » n’existe pas : il a été ignoré.") % _short(name))
        return kept

    def _say(self, name: str, value: str) -> None:
        told = {"label": self.base_fields[name].label, "value": _short(value)}
        self.ignored.append(_("Le filtre « %(label)s » a été ignoré : « %(value)s » n’existe pas.") % told)

    def _ignore_nonsense(self) -> None:
        """Take out what can't be read, and bounds that are the wrong way round; nothing is refused."""
        for name in list(self.errors):
            self._say(name, self.said.get(name, ""))
            del self.said[name]
        self.full_clean()
        for least, most in self.PAIRS:
            low, high = self.cleaned_data.get(least), self.cleaned_data.get(most)
            if low is not None and high is not None and low > high:
                self.ignored.append(_inverted(least, low, high))
                for name in (least, most):
                    del self.said[name]
        self.full_clean()

    @property
    def branch(self) -> Branch | None:
        """The domain or sub-domain that was chosen."""
        return self.facets.by_code.get(self.cleaned_data["domaine"])

    @property
    def sort(self) -> str:
        """As chosen, when it makes sense: there is no relevance without words."""
        words = bool(self.cleaned_data["q"])
        chosen = self.params.get(SORT, "")
        return chosen if chosen in SORTS and (words or chosen != "pertinence") else "pertinence" if words else "titre"

    @property
    def sorts(self) -> list[tuple[str, Label]]:
        words = bool(self.cleaned_data["q"])
        return [(name, label) for name, label in SORT_LABELS.items() if words or name != "pertinence"]

    @property
    def page(self) -> int:
        """1 for a number that is none."""
        text = self.params.get(PAGE, "")
        return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1

    @cached_property
    def in_force(self) -> list[tuple[str, Any, str]]:
        """Each filter in force: its field, its value in the address, and what it says."""
        found = []
        for name, values in self._values():
            for value in values:
                found.append((name, value, str(_words(name, value, dict(self._choices.get(name, ()))))))
        return found

    def _values(self) -> Iterable[tuple[str, list[Any]]]:
        for name in self.fields:
            value = self.cleaned_data.get(name)
            if isinstance(value, list):
                yield name, value
            elif value not in (None, ""):
                yield name, [value]

    def wanted(self) -> Wanted:
        """What the filters ask for."""
        said, branch = self.cleaned_data, self.branch
        months = {f"{month:%Y-%m}": month for month in self.facets.months}
        return Wanted(
            words=said["q"],
            domains=branch.ids if branch else (),
            modes=tuple(MODES[slug].value for slug in said["modalite"]),
            days=tuple(DURATIONS[slug][1:] for slug in said["duree"]),
            least_price=said["prix_min"],
            most_price=said["prix_max"],
            certified=bool(said["certification"]),
            cities=tuple(said["lieu"]),
            months=tuple(months[slug] for slug in said["mois"]),
            first_day=said["du"],
            last_day=said["au"],
            states=tuple(STATES[slug][1].value for slug in said["sessions"]),
            sort=self.sort,
        )


def _short(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _inverted(name: str, low: Any, high: Any) -> str:
    if name == "du":
        sentence = _("Les dates ont été ignorées : le %(low)s vient après le %(high)s.")
        return sentence % {"low": short_date(low), "high": short_date(high)}
    sentence = _("Les prix ont été ignorés : %(low)s € est plus que %(high)s €.")
    return sentence % {"low": low, "high": high}


def _words(name: str, value: Any, choices: Mapping[str, Any]) -> str:
    if name in WORDS:
        return str(WORDS[name]) % (short_date(value) if name in ("du", "au") else value)
    return str(choices[value])
