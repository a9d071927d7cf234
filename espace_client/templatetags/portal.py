"""The portal's own filters and tags: `{% load portal %}`. Formatting itself is in `espace_client.formatting`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms, template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db.models import Model
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from espace_client import charts, formatting, tones
from espace_client.static_storage import BUNDLE, STYLESHEETS, BundlingStaticFilesStorage

register = template.Library()

SORT_PARAM = "tri"
ICON_PIXELS = {"": 20, "sm": 14, "lg": 24, "xl": 36}
PAGE_PARAMS = ("apres", "avant")  # the keys of keyset paging: they go as soon as a filter or the order changes


# --- Filters ------------------------------------------------------------------------------------------------------


@register.filter
def money(value: Decimal | int | None, decimals: int = 2) -> str:
    """`{{ order.amount|money }}` → "1 190,00 €"; `|money:0` for round figures; None → ""."""
    return formatting.money(value, decimals)


@register.filter
def number(value: Decimal | int | None, decimals: int = 0) -> str:
    """`{{ total|number }}` → "1 246"."""
    return formatting.number(value, decimals)


@register.filter(expects_localtime=True)
def long_date(value: date | None) -> str:
    """`{{ session.starts_on|long_date }}` → "mardi 12 janvier 2027"."""
    return formatting.long_date(value)


@register.filter(expects_localtime=True)
def short_date(value: date | None) -> str:
    """`{{ document.issued_on|short_date }}` → "12 janv. 2027"."""
    return formatting.short_date(value)


@register.filter(expects_localtime=True)
def day_month(value: date | None) -> str:
    """`{{ due_on|day_month }}` → "12 janv."."""
    return formatting.day_month(value)


@register.filter
def month_short(value: date) -> str:
    """`{{ session.starts_on|month_short }}` → "déc.", for the date tile."""
    return formatting.MONTHS_SHORT[value.month - 1]


@register.filter
def date_range(start: date | None, end: date | None) -> str:
    """`{{ session.starts_on|date_range:session.ends_on }}` → "7 – 10 déc. 2026"."""
    return formatting.date_range(start, end)


@register.filter
def duration(days: Decimal | int | None, hours: Decimal | int | None = None) -> str:
    """`{{ course.days|duration:course.hours }}` → "3 jours (21 h)"."""
    return formatting.duration(days, hours)


@register.filter
def file_size(size: int | None) -> str:
    """`{{ document.size|file_size }}` → "84 ko"."""
    return formatting.file_size(size)


@register.filter
def initials(name: object) -> str:
    """`{{ user|initials }}` → "SH"; takes a name or a person."""
    full_name = getattr(name, "get_full_name", None)
    return formatting.initials((full_name() if callable(full_name) else "") or str(name))


@register.filter
def device(user_agent: str) -> str:
    """`{{ session.user_agent|device }}` → "Firefox, Windows"."""
    return formatting.device(user_agent) or _("Navigateur inconnu")


@register.filter
def tone(state: object, kind: str = "") -> str:
    """`{{ session.state|tone:"session" }}` → good, warm, bad, brand or muted."""
    return tones.tone_of(state, kind)


@register.filter
def type_icon(document_type: object) -> str:
    """`{% icon document.type|type_icon %}`: one icon for each of the nine types."""
    return tones.type_icon(document_type)


# --- Tags ---------------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """`{% icon "download" %}`: an icon of the sprite, hidden from screen readers unless it has a `label`.

    `size` is "", "sm", "lg" or "xl".
    """
    css = f"icon icon-{size}" if size else "icon"
    drawing = format_html('<use href="{}#{}"/>', static("img/icons.svg"), name)
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    pixels = ICON_PIXELS[size]
    return format_html('<svg class="{}" width="{}" height="{}" {}>{}</svg>', css, pixels, pixels, role, drawing)


@register.simple_tag
def stylesheets() -> SafeString:
    """`{% stylesheets %}`: the links to the portal's CSS, one file where they were put together, else its parts."""
    names = (BUNDLE,) if isinstance(staticfiles_storage, BundlingStaticFilesStorage) else STYLESHEETS
    return format_html_join("\n    ", '<link rel="stylesheet" href="{}">', ((static(name),) for name in names))


@register.simple_tag
def badge(label: object, tone: str = "muted", icon_name: str = "") -> SafeString:
    """`{% badge order.get_state_display order.state|tone:"order" %}`: a word, its tone and the tone's own icon."""
    drawing = icon(icon_name or tones.TONE_ICONS.get(tone, "info"), "sm")
    return format_html('<span class="badge badge-{}">{}{}</span>', tone, drawing, label)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """`href="{% query statut="validated" %}"`: this page's query string with changes, back on its first page.

    None or "" removes a parameter; a list gives it several values.
    """
    params = dict(context["request"].GET.lists())
    return formatting.query_string(params, dict.fromkeys(PAGE_PARAMS) | changes)


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(context: Context, label: str, key: str, css: str = "", first: str = "") -> dict[str, Any]:
    """`{% sort_header "Date" "date" first="-" %}`: a column heading that is a link, and says which way it sorts.

    Reads `sort` from the context (e.g. "-date"). `first="-"` when the first click should put the largest on top.
    """
    current = str(context.get("sort", ""))
    ascending, descending = current == key, current == f"-{key}"
    target = f"{first}{key}"
    if ascending or descending:
        target = f"-{key}" if ascending else key
    return {
        "label": label,
        "css": css,
        "url": query(context, **{SORT_PARAM: target}),
        "direction": "ascending" if ascending else "descending" if descending else "",
    }


@register.inclusion_tag("components/bar_chart.html")
def bar_chart(
    rows: Iterable[tuple[str, charts.Amount, charts.Amount]], title: str, now: object, before: object, unit: str = "€"
) -> dict[str, Any]:
    """`{% bar_chart rows=spend title="Dépense par mois" now=2026 before=2025 %}`: two years by month, and as a table.

    `rows` are `(month, this year, last year)`; `unit` is "€" or "h".
    """
    return {"chart": charts.bar_chart(rows), "title": title, "now": now, "before": before, "unit": unit}


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter: what it says, and the address of the page without it."""

    name: str
    label: str
    url: str


def _choice_label(field: forms.Field, value: object) -> str:
    if isinstance(field, forms.ModelChoiceField) and isinstance(value, Model):
        return str(field.label_from_instance(value))
    if isinstance(value, date):
        return formatting.short_date(value)
    for key, label in getattr(field, "choices", ()):
        if str(key) == str(value):
            return str(label)
    return str(value)


def _raw(field: forms.Field, value: object) -> str:
    return str(field.prepare_value(value))


@register.simple_tag(takes_context=True)
def filter_chips(context: Context, form: forms.Form) -> list[Chip]:
    """`{% filter_chips form as chips %}`: the filters in force in a GET form, each with the link that takes it off."""
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
            rest = [_raw(field, other) for other in values if other != one]
            url = query(context, **{form.add_prefix(name): rest or None})
            chips.append(Chip(str(field.label or name), _choice_label(field, one), url))
    return chips
