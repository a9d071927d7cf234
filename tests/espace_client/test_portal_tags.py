"""Typography, tones, charts and the tags of `{% load portal %}`. None of it needs the database."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from espace_client import charts, formatting, tones

NBSP, NNBSP = "\u00a0", "\u202f"


def render(source: str, path: str = "/", **context: Any) -> str:
    request = RequestFactory().get(path)
    return Template("{% load portal %}" + source).render(Context({"request": request, **context}))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1190"), f"1{NNBSP}190,00{NBSP}€"),
        (Decimal("0.005"), f"0,01{NBSP}€"),
        (Decimal("-1415.5"), f"−1{NNBSP}415,50{NBSP}€"),
        (Decimal("-0.004"), f"0,00{NBSP}€"),
        (Decimal("1234567.89"), f"1{NNBSP}234{NNBSP}567,89{NBSP}€"),
        (0, f"0,00{NBSP}€"),
        (None, ""),
    ],
)
def test_money_is_written_as_in_french(value: Decimal | int | None, expected: str) -> None:
    assert formatting.money(value) == expected


def test_money_can_be_round() -> None:
    assert render("{{ value|money:0 }}", value=Decimal("86419.5")) == f"86{NNBSP}420{NBSP}€"


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (date(2027, 1, 12), f"mardi 12{NBSP}janvier 2027", f"12{NBSP}janv.{NBSP}2027"),
        (date(2026, 12, 1), f"mardi 1er{NBSP}décembre 2026", f"1er{NBSP}déc.{NBSP}2026"),
        (date(2026, 8, 31), f"lundi 31{NBSP}août 2026", f"31{NBSP}août{NBSP}2026"),
    ],
)
def test_dates(day: date, long: str, short: str) -> None:
    assert formatting.long_date(day) == long
    assert formatting.short_date(day) == short


def test_a_moment_is_dated_in_paris() -> None:
    assert render("{{ at|short_date }}", at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == f"1er{NBSP}janv.{NBSP}2027"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 12, 7), date(2026, 12, 10), "7 – 10 déc. 2026"),
        (date(2026, 11, 30), date(2026, 12, 3), "30 nov. – 3 déc. 2026"),
        (date(2026, 12, 29), date(2027, 1, 5), "29 déc. 2026 – 5 janv. 2027"),
        (date(2026, 12, 7), date(2026, 12, 7), "7 déc. 2026"),
        (date(2026, 12, 7), None, "7 déc. 2026"),
        (None, None, ""),
    ],
)
def test_date_ranges_say_only_what_differs(start: date | None, end: date | None, expected: str) -> None:
    assert formatting.date_range(start, end).replace(NBSP, " ") == expected


@pytest.mark.parametrize(
    ("days", "hours", "expected"),
    [
        (3, 21, "3 jours (21 h)"),
        (1, 7, "1 jour (7 h)"),
        (Decimal("1.5"), Decimal("10.5"), "1,5 jour (10,5 h)"),
        (Decimal("2.50"), None, "2,5 jours"),
        (None, Decimal("3.5"), "3,5 h"),
        (None, None, ""),
    ],
)
def test_durations(days: Decimal | int | None, hours: Decimal | int | None, expected: str) -> None:
    assert formatting.duration(days, hours).replace(NBSP, " ") == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 o"), (812, "812 o"), (84_321, "84 ko"), (999_499, "999 ko"), (999_500, "1,0 Mo"), (1_234_567, "1,2 Mo")],
)
def test_file_sizes(size: int, expected: str) -> None:
    assert formatting.file_size(size).replace(NBSP, " ") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sébastien Haddad", "SH"),
        ("léa", "L"),
        ("marie.noel@armorel.example", "MN"),
        ("Zoé de La Tour", "ZT"),
        ("", "?"),
    ],
)
def test_initials(name: str, expected: str) -> None:
    assert render("{{ name|initials }}", name=name) == expected


def test_initials_of_a_person_come_from_the_full_name() -> None:
    person = SimpleNamespace(get_full_name=lambda: "Inès Lambert")
    assert render("{{ person|initials }}", person=person) == "IL"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
            "Safari, Mac",
        ),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("curl/8.5", "Navigateur inconnu"),
    ],
)
def test_devices_in_two_words(user_agent: str, expected: str) -> None:
    assert render("{{ ua|device }}", ua=user_agent) == expected


# --- Tones and badges ---------------------------------------------------------------------------------------------


def test_a_cancelled_session_alarms_but_a_cancelled_order_does_not() -> None:
    assert tones.tone_of("cancelled", "session") == tones.BAD
    assert tones.tone_of("cancelled", "order") == tones.MUTED


def test_an_unknown_state_is_muted() -> None:
    assert tones.tone_of("brand-new") == tones.MUTED


def test_each_tone_has_an_icon_of_its_own() -> None:
    used = {tone for states in tones.TONES.values() for tone in states.values()}
    assert used == set(tones.TONE_ICONS)
    assert len(set(tones.TONE_ICONS.values())) == len(tones.TONE_ICONS)


def test_every_icon_named_in_the_code_is_in_the_sprite(settings: Any) -> None:
    sprite = (settings.BASE_DIR / "static/img/icons.svg").read_text()
    named = {*tones.TONE_ICONS.values(), *tones.TYPE_ICONS.values(), tones.type_icon("unheard of")}
    assert [name for name in sorted(named) if f'id="{name}"' not in sprite] == []


def test_a_badge_says_its_word_and_escapes_it() -> None:
    html = render('{% badge label "warm" %}', label="<b>À signer</b>")
    assert 'class="badge badge-warm"' in html
    assert "&lt;b&gt;À signer&lt;/b&gt;" in html
    assert "#hourglass" in html


def test_an_icon_is_hidden_from_readers_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in render('{% icon "download" %}')
    labelled = render('{% icon "x" label="Fermer" %}')
    assert 'role="img" aria-label="Fermer"' in labelled
    assert "aria-hidden" not in labelled


def test_no_inline_style_in_what_the_tags_write() -> None:
    written = render(
        '{% icon "x" "lg" %}{% badge "Validée" "good" %}{% bar_chart rows=rows title="t" now=1 before=0 %}', rows=ROWS
    )
    assert "<rect" in written
    assert "style=" not in written


# --- Links that keep the page's state -----------------------------------------------------------------------------


def test_query_keeps_what_it_does_not_change_and_goes_back_to_the_first_page() -> None:
    html = render("{% query tri='-date' periode=None %}", path="/?type=facture&type=avoir&periode=t&apres=x&avant=y")
    assert html == "?type=facture&amp;type=avoir&amp;tri=-date"


def test_query_is_a_link_even_when_empty() -> None:
    assert render("{% query q=None %}", path="/?q=zoe") == "?"


def test_query_escapes_what_the_visitor_wrote() -> None:
    assert "<script>" not in render("{% query tri='date' %}", path="/?q=%22%3E%3Cscript%3E")


@pytest.mark.parametrize(
    ("sort", "direction", "target"),
    [
        ("date", 'aria-sort="ascending"', "tri=-date"),
        ("-date", 'aria-sort="descending"', "tri=date"),
        ("nom", "", "tri=-date"),
    ],
)
def test_sort_headers_say_their_direction_and_turn_it(sort: str, direction: str, target: str) -> None:
    html = render('{% sort_header "Date" "date" first="-" %}', sort=sort)
    assert ("aria-sort" in html) is bool(direction)
    assert direction in html
    assert target in html


class Filters(forms.Form):
    type = forms.MultipleChoiceField(label="Type", required=False, choices=[("facture", "Facture"), ("avoir", "Avoir")])
    since = forms.DateField(label="Depuis", required=False)
    secret = forms.CharField(required=False, widget=forms.HiddenInput)


def chips_of(path: str) -> list[tuple[str, str]]:
    form = Filters(RequestFactory().get(path).GET)
    out = render(
        "{% filter_chips form as chips %}{% for c in chips %}{{ c.label }}|{{ c.url|safe }};{% endfor %}",
        path,
        form=form,
    )
    return [(label, url) for label, url in (chip.split("|") for chip in out.split(";") if chip)]


def test_each_active_filter_has_a_chip_that_takes_only_itself_off() -> None:
    assert chips_of("/?type=facture&type=avoir&since=2026-12-01&apres=x") == [
        ("Facture", "?type=avoir&since=2026-12-01"),
        ("Avoir", "?type=facture&since=2026-12-01"),
        (f"1er{NBSP}déc.{NBSP}2026", "?type=facture&type=avoir"),
    ]


def test_hidden_and_invalid_filters_have_no_chip() -> None:
    assert chips_of("/?secret=1") == []
    assert chips_of("/?type=nothing") == []


# --- Charts -------------------------------------------------------------------------------------------------------

ROWS = [("janv.", Decimal(7200), Decimal(5600)), ("févr.", Decimal(0), Decimal(9300)), ("mars", None, None)]


def test_the_scale_is_round_and_covers_the_highest_bar() -> None:
    chart = charts.bar_chart(ROWS)
    assert [tick.value for tick in chart.ticks] == [0, 5000, 10000]
    assert (chart.now_total, chart.before_total) == (Decimal(7200), Decimal(14900))


@pytest.mark.parametrize(
    ("highest", "step"), [("1", "0.5"), ("9300", "5000"), ("300", "100"), ("0", "1"), ("7", "2.5")]
)
def test_nice_steps(highest: str, step: str) -> None:
    assert charts.nice_step(Decimal(highest)) == Decimal(step)


def test_nothing_is_drawn_for_nought_or_for_a_month_that_has_not_come() -> None:
    january, february, march = charts.bar_chart(ROWS).groups
    assert january.now_bar
    assert january.before_bar
    assert february.now_bar is None
    assert march.now_bar is None
    assert march.before_bar is None


def test_an_empty_chart_is_drawn_without_dividing_by_nought() -> None:
    assert charts.bar_chart([]).empty
    assert charts.bar_chart([("janv.", 0, None)]).empty


def test_the_table_has_the_same_figures_as_the_drawing() -> None:
    html = render('{% bar_chart rows=rows title="Dépense" now=2026 before=2025 %}', rows=ROWS)
    for amount in (Decimal(7200), Decimal(5600), Decimal(9300)):
        assert f'<td class="num">{formatting.money(amount)}</td>' in html
