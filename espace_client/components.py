"""Components that are the same on many pages, drawn once and kept; `{% load portal %}` has a tag for each.

They are given all that they show and see nothing of the request, so that what is kept for one person's page can't show
on another's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Model
from django.template import loader
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.choice import places_of
from accounts.filters import Filters
from accounts.models import User
from espace_client import charts, formatting, tones
from espace_client.moulds import pour

SORT_PARAM = "tri"
PAGE_PARAMS = ("apres", "avant")  # the keys of keyset paging: they go as soon as a filter or the order changes
MOST_BARS = 500
ICON_PIXELS = {"": 20, "sm": 14, "lg": 24, "xl": 36}

Params = tuple[tuple[str, tuple[str, ...]], ...]
_bars: dict[Any, SafeString] = {}


def query(params: Mapping[str, Sequence[str]], changes: Mapping[str, object]) -> str:
    """The query string of these parameters with changes, back on the first page."""
    lists = {name: list(values) for name, values in params.items()}
    return formatting.query_string(lists, dict.fromkeys(PAGE_PARAMS) | dict(changes))


@lru_cache(maxsize=500)
def icon(name: str, size: str, label: str) -> SafeString:
    """An icon of the sprite, hidden from screen readers unless it has a label."""
    css = f"icon icon-{size}" if size else "icon"
    drawing = format_html('<use href="{}#{}"/>', static("img/icons.svg"), name)
    role = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    pixels = ICON_PIXELS[size]
    return format_html('<svg class="{}" width="{}" height="{}" {}>{}</svg>', css, pixels, pixels, role, drawing)


@lru_cache(maxsize=500)
def badge(label: str, tone: str, icon_name: str) -> SafeString:
    """A word, its tone and the tone's own icon."""
    drawing = icon(icon_name or tones.TONE_ICONS.get(tone, "info"), "sm", "")
    return format_html('<span class="badge badge-{}">{}{}</span>', tone, drawing, label)


@lru_cache(maxsize=500)
def sort_header(label: str, key: str, css: str, first: str, current: str, params: Params) -> SafeString:
    """components/sort_header.html, for a page with these parameters that is sorted by `current`."""
    ascending, descending = current == key, current == f"-{key}"
    target = f"{first}{key}"
    if ascending or descending:
        target = f"-{key}" if ascending else key
    context = {
        "label": label,
        "css": css,
        "url": query(dict(params), {SORT_PARAM: target}),
        "direction": "ascending" if ascending else "descending" if descending else "",
    }
    return loader.render_to_string("components/sort_header.html", context)


@lru_cache(maxsize=100)
def navigation(places: tuple[tuple[tuple[str, Any], ...], ...]) -> SafeString:
    """components/navigation.html, which is the same on all pages of one place."""
    context = {"nav": [dict(place) for place in places], "provider": settings.PROVIDER}
    return loader.render_to_string("components/navigation.html", context)


@lru_cache(maxsize=1000)
def kept(template: str, **given: object) -> SafeString:
    """A template that depends on nothing but what it is given, and the provider, who stays as long as the process."""
    return loader.render_to_string(template, {"provider": settings.PROVIDER, **given})


@dataclass(frozen=True, slots=True)
class ListHead:
    """What components/list_head.html shows. Addresses may be ""; `chips`: the filters in force, drawn."""

    count: str
    export_url: str
    csv_url: str
    xlsx_url: str
    zip_url: str
    chips: SafeString


def list_head(head: ListHead) -> SafeString:
    """components/list_head.html."""
    return pour([head], "components/list_head.html", "head", {})


def pagination(page: object) -> SafeString:
    """components/pagination.html, for a page of accounts.lists."""
    return pour([page], "components/pagination.html", "page", {})


@dataclass(frozen=True, slots=True)
class Who:
    """The person whose page it is. `csrf_token`: for the button that logs out."""

    name: str
    email: str
    is_staff: bool
    csrf_token: str

    @classmethod
    def of(cls, user: User, csrf_token: str) -> Who:
        return cls(user.get_full_name() or user.email, user.email, user.is_staff, csrf_token)


def account_menu(who: Who) -> SafeString:
    """components/account_menu.html, of which nothing is kept but its pieces."""
    return pour([who], "components/account_menu.html", "who", {})


@dataclass(frozen=True, slots=True)
class Switch:
    """What the switcher sends: the token of the form, and the page to come back to."""

    csrf_token: str
    next_url: str


def switcher(user: User, csrf_token: str, next_url: str) -> SafeString:
    """components/switcher.html, for someone with several establishments; nothing for others."""
    places = places_of(user)
    if len(places) < 2:
        return SafeString("")
    shown = [name for _pk, name, is_shown in places if is_shown]
    narrowed = len(shown) < len(places)
    label = _("Tous mes établissements")
    if narrowed:
        label = shown[0] if len(shown) == 1 else _("%d établissements") % len(shown)
    choices = {"places": places, "label": label, "narrowed": narrowed}
    return pour([Switch(csrf_token, next_url)], "components/switcher.html", "switch", choices)


@lru_cache(maxsize=500)
def bar_chart(rows: tuple[charts.Row, ...], title: str, now: object, before: object, unit: str) -> SafeString:
    """components/bar_chart.html: a chart whose figures have not changed when somebody comes back is not drawn again."""
    context = {"chart": charts.bar_chart(rows), "title": title, "now": now, "before": before, "unit": unit}
    return loader.render_to_string("components/bar_chart.html", context)


@lru_cache(maxsize=500)
def figures(shown: tuple[tuple[str, str, str], ...]) -> SafeString:
    """components/figures.html: (label, value, note) of each."""
    return loader.render_to_string("components/figures.html", {"figures": shown})


def filter_bar(filters: Filters, path: str, sort: str, params: Mapping[str, Sequence[str]]) -> SafeString:
    """components/filter_bar.html. With nothing chosen it is the same for all who have the same establishments."""
    key = (path, sort, filters.offer)
    if filters.blank and key in _bars:
        return _bars[key]
    chips = [] if filters.blank else filter_chips(filters.form, params)
    context = {"form": filters.form, "path": path, "sort": sort, "chips": chips}
    bar = loader.render_to_string("components/filter_bar.html", context)
    if filters.blank:
        if len(_bars) >= MOST_BARS:
            _bars.clear()
        _bars[key] = bar
    return bar


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter: what it says, and the address of the page without it."""

    name: str
    label: str
    url: str


def filter_chips(form: forms.Form, params: Mapping[str, Sequence[str]]) -> list[Chip]:
    """The filters in force, each with the link that takes it off."""
    if not form.is_valid():
        return []
    chips = []
    for name, field in form.fields.items():
        value = form.cleaned_data.get(name)
        if not value or form[name].is_hidden:
            continue
        several = isinstance(field, forms.MultipleChoiceField | forms.ModelMultipleChoiceField)
        values: list[Any] = list(value) if several else [value]
        for one in values:
            rest = [str(field.prepare_value(other)) for other in values if other != one]
            url = query(params, {form.add_prefix(name): rest or None})
            chips.append(Chip(str(field.label or name), _choice_label(field, one), url))
    return chips


def _choice_label(field: forms.Field, value: object) -> str:
    if isinstance(field, forms.ModelChoiceField) and isinstance(value, Model):
        return str(field.label_from_instance(value))
    if isinstance(value, date):
        return formatting.short_date(value)
    for key, label in getattr(field, "choices", ()):
        if str(key) == str(value):
            return str(label)
    return str(value)
