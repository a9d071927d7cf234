"""The form of the catalogue: the words, the domains and the filters, drawn once for each state of it and kept.

Nearly every page of the catalogue has the same: nothing ticked. Then only what is typed differs, which is written in
places kept for it. Nothing of a person is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape
from urllib.parse import quote_plus

from django.http import QueryDict
from django.template import loader
from django.utils.safestring import SafeString, mark_safe

from catalogue.facets import Branch, Facets
from catalogue.filters import CatalogueFilters
from espace_client.components import query

WHOLE, CHANGING = "catalogue/filters.html", "catalogue/part_filters.html"
# Where the words and the beginnings of addresses go; no address has such characters, being quoted.
WORDS, EVERYWHERE, BEGINS = "\ue000words\ue001", "\ue000everywhere\ue001", "\ue000begins\ue001"
MOST_KEPT = 500


@dataclass(frozen=True)
class Place:
    """A domain in the navigation of the catalogue, or a sub-domain of the one that is open; `courses`: 0 not to say."""

    label: str
    url: str
    current: bool
    below: bool
    courses: int = 0


@dataclass(frozen=True)
class _State:
    """What decides the form but for what is typed and for the boxes. `chosen`: how many filters are in force."""

    facets: Facets
    domain: str
    sort: str
    searching: bool
    chosen: int


def catalogue_form(filters: CatalogueFilters, template: str) -> SafeString:
    """WHOLE, the form; or CHANGING, what of it changes when something is chosen."""
    chosen = sum(map(len, filters.said.values()))
    state = _State(filters.facets, filters.domain, filters.sort, bool(filters.words), chosen)
    kept = _kept(state, template) if filters.boxes_are_empty else _drawn(state, template, _boxes(filters))
    everywhere = query(filters.address, {"domaine": None})
    begins = f"{everywhere}&domaine=" if len(everywhere) > 1 else "?domaine="
    form = kept.replace(EVERYWHERE, escape(everywhere)).replace(BEGINS, escape(begins))
    return mark_safe(form.replace(WORDS, escape(filters.words)))  # noqa: S308  # a template's, and escaped


@lru_cache(maxsize=MOST_KEPT)
def _kept(state: _State, template: str) -> str:
    return _drawn(state, template, _boxes(CatalogueFilters(QueryDict(), state.facets)))


def _boxes(filters: CatalogueFilters) -> SafeString:
    return loader.render_to_string("catalogue/boxes.html", {"form": filters.form})


def _drawn(state: _State, template: str, boxes: SafeString) -> str:
    """The form, with marks in the places of what is typed."""
    branch = state.facets.by_code.get(state.domain)
    context = {
        "words": WORDS if state.searching else "",
        "everywhere": EVERYWHERE,
        "places": _places(state, branch),
        "branch": branch,
        "sorts": CatalogueFilters(QueryDict(f"tri={state.sort}{'&q=x' * state.searching}"), state.facets).sorts,
        "chosen": state.chosen,
        "boxes": boxes,
    }
    return loader.render_to_string(template, context)


def _places(state: _State, chosen: Branch | None) -> list[Place]:
    opened = state.facets.parent_of(chosen) if chosen else None

    def place(branch: Branch, *, below: bool) -> Place:
        courses = 0 if state.chosen else branch.courses
        return Place(branch.label, f"{BEGINS}{quote_plus(branch.code)}", branch == chosen, below, courses)

    places = []
    for one in state.facets.domains:
        places.append(place(one, below=False))
        places += [place(child, below=True) for child in one.children if one == opened]
    return places
