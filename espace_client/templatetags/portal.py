"""The portal's own filters and tags: `{% load portal %}`. Formatting itself is in `espace_client.formatting`."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from django import forms, template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.context import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.filters import Filters
from espace_client import charts, components, formatting, tones
from espace_client.moulds import Mark, pour
from espace_client.static_storage import BUNDLE, STYLESHEETS, BundlingStaticFilesStorage

register = template.Library()
Filter = TypeVar("Filter", bound=Callable[..., Any])


def _of_marks_too(function: Filter) -> Filter:
    """Let a filter be used in a template that `{% pour %}` pours: of a mark it makes a mark."""

    @wraps(function)
    def filtered(value: Any, *arguments: Any) -> Any:
        return value.through(function, *arguments) if isinstance(value, Mark) else function(value, *arguments)

    return cast(Filter, filtered)


# --- Filters ------------------------------------------------------------------------------------------------------


@register.filter
@_of_marks_too
def money(value: Decimal | int | None, decimals: int = 2) -> str:
    """`{{ order.amount|money }}` → "1 190,00 €"; `|money:0` for round figures; None → ""."""
    return formatting.money(value, decimals)


@register.filter
@_of_marks_too
def number(value: Decimal | int | None, decimals: int = 0) -> str:
    """`{{ total|number }}` → "1 246"."""
    return formatting.number(value, decimals)


@register.filter
@_of_marks_too
def percent(value: Decimal) -> str:
    """ "5,5 %"."""
    return formatting.percent(value)


@register.filter(expects_localtime=True)
@_of_marks_too
def long_date(value: date | None) -> str:
    """`{{ session.starts_on|long_date }}` → "mardi 12 janvier 2027"."""
    return formatting.long_date(value)


@register.filter(expects_localtime=True)
@_of_marks_too
def short_date(value: date | None) -> str:
    """`{{ document.issued_on|short_date }}` → "12 janv. 2027"."""
    return formatting.short_date(value)


@register.filter(expects_localtime=True)
def last_day(ends_at: datetime | None) -> str:
    """`{{ access.ends_at|last_day }}` → "12 janv. 2027": the last day of what ends at this instant."""
    return "" if ends_at is None else formatting.short_date((ends_at - timedelta(seconds=1)).date())


@register.filter(expects_localtime=True)
def last_day_iso(ends_at: datetime) -> str:
    """`value="{{ access.ends_at|last_day_iso }}"` → "2027-01-12", for a date field."""
    return (ends_at - timedelta(seconds=1)).date().isoformat()


@register.filter(expects_localtime=True)
@_of_marks_too
def day_month(value: date | None) -> str:
    """`{{ due_on|day_month }}` → "12 janv."."""
    return formatting.day_month(value)


@register.filter
@_of_marks_too
def weekday(value: date) -> str:
    """`{{ session.starts_on|weekday }}` → "mardi"."""
    return formatting.WEEKDAYS[value.weekday()]


@register.filter
@_of_marks_too
def more_dates(count: int) -> str:
    """`{{ course.next.others|more_dates }}` → "+ 3 autres dates"."""
    return _more_dates(count)


@lru_cache(maxsize=200)
def _more_dates(count: int) -> str:
    return ngettext("+ %s autre date", "+ %s autres dates", count) % count


@register.filter
@_of_marks_too
def day(value: date) -> str:
    """`{{ session.starts_on|day }}` → "07", for the date tile."""
    return f"{value.day:02}"


@register.filter
@_of_marks_too
def month_short(value: date) -> str:
    """`{{ session.starts_on|month_short }}` → "déc.", for the date tile."""
    return formatting.MONTHS_SHORT[value.month - 1]


@register.filter
@_of_marks_too
def date_range(start: date | None, end: date | None) -> str:
    """`{{ session.starts_on|date_range:session.ends_on }}` → "7 – 10 déc. 2026"."""
    return formatting.date_range(start, end)


@register.filter
@_of_marks_too
def duration(days: Decimal | int | None, hours: Decimal | int | None = None) -> str:
    """`{{ course.days|duration:course.hours }}` → "3 jours (21 h)"."""
    return formatting.duration(days, hours)


@register.filter
@_of_marks_too
def file_size(size: int | None) -> str:
    """`{{ document.size|file_size }}` → "84 ko"."""
    return formatting.file_size(size)


@register.filter
@_of_marks_too
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
    return components.icon(name, size, str(label))


@register.simple_tag
def stylesheets() -> SafeString:
    """`{% stylesheets %}`: the links to the portal's CSS, one file where they were put together, else its parts."""
    names = (BUNDLE,) if isinstance(staticfiles_storage, BundlingStaticFilesStorage) else STYLESHEETS
    return format_html_join("\n    ", '<link rel="stylesheet" href="{}">', ((static(name),) for name in names))


@register.simple_tag
def badge(label: object, tone: str = "muted", icon_name: str = "") -> SafeString:
    """`{% badge order.get_state_display order.state|tone:"order" %}`: a word, its tone and the tone's own icon."""
    return components.badge(str(label), tone, icon_name)


@register.simple_tag(name="pour")
def pour_rows(rows: Iterable[object] | Mark, template_name: str, name: str, **choices: object) -> SafeString | Mark:
    """`{% pour orders "enrolments/order_line.html" "order" %}`: the template for each row, fast; see moulds.py."""
    if isinstance(rows, Mark):
        return rows.through(pour, template_name, name, choices)
    return pour(rows, template_name, name, choices)


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """`href="{% query statut="validated" %}"`: this page's query string with changes, back on its first page.

    None or "" removes a parameter; a list gives it several values.
    """
    return components.query(_params(context), changes)


def _params(context: Context) -> dict[str, list[str]]:
    return dict(context["request"].GET.lists())


@register.simple_tag(takes_context=True)
def sort_header(context: Context, label: str, key: str, css: str = "", first: str = "") -> SafeString:
    """`{% sort_header "Date" "date" first="-" %}`: a column heading that is a link, and says which way it sorts.

    Reads `sort` from the context (e.g. "-date"). `first="-"` when the first click should put the largest on top.
    """
    params = tuple((name, tuple(values)) for name, values in _params(context).items())
    return components.sort_header(str(label), key, css, first, str(context.get("sort", "")), params)


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> SafeString:
    """`{% navigation %}`: components/navigation.html."""
    return components.navigation(tuple(tuple(place.items()) for place in context["nav"]))


@register.simple_tag
def kept(template_name: str, **given: object) -> SafeString:
    """`{% kept "components/page_header.html" title="…" %}`: a template that sees what it is given, and `provider`.

    It is rendered once for each set of values, of which there must be few.
    """
    return components.kept(template_name, **{name: _plain(value) for name, value in given.items()})


def _plain(value: object) -> object:
    """The text of a text that is translated late, which is another object each time."""
    return str(value) if isinstance(value, Promise) else value


@register.simple_tag(takes_context=True)
def list_head(context: Context, csv: str = "", xlsx: str = "", zip_url: str = "") -> SafeString:
    """`{% list_head csv="order_export_csv" xlsx="order_export_xlsx" %}`: components/list_head.html.

    Takes `count` (a sentence), `filters` and `export_url` from the context; `csv` and `xlsx` are names of addresses,
    which get the filters of the page.
    """
    chosen = components.query(_params(context), {}) if csv or xlsx else ""
    filters, chips = context.get("filters"), SafeString("")
    if filters and not filters.blank:
        request = context["request"]
        chips = render_to_string("components/filter_chips.html", {"form": filters.form}, request)
    return components.list_head(
        components.ListHead(
            count=str(context["count"]),
            export_url=str(context.get("export_url") or ""),
            csv_url=reverse(csv) + chosen if csv else "",
            xlsx_url=reverse(xlsx) + chosen if xlsx else "",
            zip_url=zip_url,
            chips=chips,
        )
    )


@register.simple_tag
def pagination(page: object) -> SafeString:
    """`{% pagination page %}`: components/pagination.html, for a page of accounts.lists."""
    return components.pagination(page)


@register.simple_tag(takes_context=True)
def account_menu(context: Context) -> SafeString:
    """`{% account_menu %}`: components/account_menu.html, for the person whose page it is."""
    return components.account_menu(components.Who.of(context["user"], str(context["csrf_token"])))


@register.simple_tag(takes_context=True)
def switcher(context: Context) -> SafeString:
    """`{% switcher %}`: components/switcher.html, which comes back to this page."""
    page = context["request"].get_full_path()
    return components.switcher(context["user"], str(context["csrf_token"]), page)


@register.simple_tag
def bar_chart(rows: Iterable[charts.Row], title: str, now: object, before: object, unit: str = "€") -> SafeString:
    """`{% bar_chart rows=spend title="Dépense par mois" now=2026 before=2025 %}`: two years by month, and as a table.

    `rows` are `(month, this year, last year)`; `unit` is "€" or "h".
    """
    return components.bar_chart(tuple(rows), str(title), now, before, unit)


@register.simple_tag(takes_context=True)
def filter_bar(context: Context, filters: Filters) -> SafeString:
    """`{% filter_bar filters %}`: components/filter_bar.html, for the address and the `sort` of the page."""
    return components.filter_bar(filters, context["request"].path, str(context.get("sort", "")), _params(context))


@register.simple_tag(takes_context=True)
def filter_chips(context: Context, form: forms.Form) -> list[components.Chip]:
    """`{% filter_chips form as chips %}`: the filters in force in a GET form, each with the link that takes it off."""
    return components.filter_chips(form, _params(context))
