"""Lists: stable pages by key, sorting, filters that ignore nonsense, totals that match, constant queries."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.document_types import DocumentType
from accounts.filters import Period, period_bounds
from accounts.models import Establishment
from documents.models import Document
from enrolments.models import Enrolment, Order
from tests.conftest import ClientFor
from tests.worlds import World, make_document, make_order

LISTS = {
    "document_list": "documents",
    "order_list": "orders",
    "enrolment_list": "enrolments",
    "participant_list": "participants",
}


@pytest.fixture
def client(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["member_of_two"])


def fill(world: World, establishment: Establishment, orders: int) -> None:
    """`orders` more orders, each with two enrolments and a convocation."""
    for _one in range(orders):
        order = make_order(establishment, "autre@armor.example", world.sessions, papers=False)
        make_document(DocumentType.CONVOCATION, order, order.enrolments.earliest("pk"))


def identity(view: str, row: Any) -> int:
    inner = {"order_list": "order", "participant_list": "participant"}.get(view)
    return int((getattr(row, inner) if inner else row).pk)


def walk(client: Client, view: str, query: str = "") -> list[int]:
    """Every row of a list, page after page, then back again: both ways must say the same."""
    url, forward = reverse(view), []
    address: str | None = f"?{query}"
    last: Any = None
    while address is not None:
        context = client.get(url + address).context
        assert len(context[LISTS[view]]) <= 25
        forward.append([identity(view, row) for row in context[LISTS[view]]])
        address, last = context["page"].next_url, context["page"]
    backward = [forward[-1]]
    while last.previous_url:
        context = client.get(url + last.previous_url).context
        backward.insert(0, [identity(view, row) for row in context[LISTS[view]]])
        last = context["page"]
    flat = [pk for page in forward for pk in page]
    assert [pk for page in backward for pk in page] == flat
    assert len(set(flat)) == len(flat) == context["page"].total
    return flat


@pytest.mark.parametrize("view", LISTS)
def test_pages_go_forth_and_back_over_everything_once(view: str, world: World, client: Client) -> None:
    fill(world, world.lille, 30)
    fill(world, world.nice, 8)
    assert len(walk(client, view)) > 25


@pytest.mark.parametrize(
    ("view", "sort", "field"),
    [
        ("document_list", "date", "issued_on"),
        ("document_list", "-date", "issued_on"),
        ("document_list", "numero", "number"),
        ("document_list", "-numero", "number"),
        ("document_list", "type", "type"),
        ("document_list", "-type", "type"),
        ("order_list", "date", "placed_on"),
        ("order_list", "-numero", "number"),
        ("order_list", "etat", "state"),
        ("enrolment_list", "date", "starts_on"),
        ("enrolment_list", "-etat", "state"),
        ("participant_list", "-nom", "last_name"),
    ],
)
def test_every_sort_is_followed_over_all_pages(view: str, sort: str, field: str, world: World, client: Client) -> None:
    fill(world, world.lille, 30)
    found = walk(client, view, f"tri={sort}")
    models = {"document_list": Document, "order_list": Order, "enrolment_list": Enrolment}
    if view in models:
        by_pk = models[view].objects.in_bulk(found)  # type: ignore[attr-defined]
        values = [getattr(by_pk[pk], field) for pk in found]
        assert values == sorted(values, reverse=sort.startswith("-"))


def test_a_row_that_arrives_between_two_pages_shifts_nothing(world: World, client: Client) -> None:
    fill(world, world.lille, 30)
    url = reverse("document_list")
    first = client.get(url).context
    order = Order.objects.filter(establishment=world.lille).earliest("pk")
    make_document(DocumentType.CONVENTION, order, issued_on=timezone.localdate(), session=None)
    second = client.get(url + first["page"].next_url).context
    assert not {row.pk for row in first["documents"]} & {row.pk for row in second["documents"]}


@pytest.mark.parametrize(
    "query",
    [
        "apres=nonsense",
        "apres=2026-01-01",
        "apres=2026-99-99~1",
        "avant=a~b~c",
        "apres=~",
        "tri=prix",
        "tri=-",
        "apres=" + "9" * 500,
        *["periode=1850", "type=passeport", "etablissement=999999", "etablissement=abc", "etat=x", "q=" + "x" * 10_000],
    ],
)
@pytest.mark.parametrize("view", LISTS)
def test_nonsense_in_the_address_is_ignored_never_an_error(view: str, query: str, world: World, client: Client) -> None:
    answer = client.get(f"{reverse(view)}?{query}")
    assert answer.status_code == 200
    assert answer.context[LISTS[view]], "an ignored filter hides nothing"


def test_an_ignored_filter_is_said(world: World, client: Client) -> None:
    answer = client.get(reverse("document_list"), {"type": "passeport"})
    assert "a été ignoré" in answer.text


def test_another_companys_establishment_is_ignored_like_one_that_does_not_exist(world: World, client: Client) -> None:
    real, unreal = (
        client.get(reverse("document_list"), {"etablissement": pk}).text.split("<main")[1].split("csrf")[0]
        for pk in (world.brume.establishments[0].pk, 987654)
    )
    assert real.replace(f"etablissement={world.brume.establishments[0].pk}", "etablissement=987654") == unreal


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "' OR 1=1 --", "100%", "_", "\\", "a\x00b", "é" * 90])
def test_hostile_searches_are_words_like_others(text: str, world: World, client: Client) -> None:
    for view in [*LISTS, "search"]:
        answer = client.get(reverse(view), {"q": text})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
    if "\x00" not in text:
        assert client.get(reverse("document_list"), {"q": text}).context["page"].total == 0


def test_search_ignores_case_and_accents(world: World, client: Client) -> None:
    for words in ("PYTHON", "pythôn bases", "zoe python"):
        assert client.get(reverse("enrolment_list"), {"q": words}).context["page"].total > 0
    assert client.get(reverse("enrolment_list"), {"q": "python cobol"}).context["page"].total == 0


def test_filters_combine(world: World, client: Client) -> None:
    url = reverse("document_list")
    bills = client.get(url, {"type": ["facture", "convention"], "etablissement": str(world.lille.pk)}).context
    expected = Document.objects.filter(establishment=world.lille, type__in=["facture", "convention"])
    assert bills["page"].total == expected.count() == len(bills["documents"])
    assert client.get(url, {"periode": "2019"}).context["page"].total == 0
    states = client.get(reverse("order_list"), {"etat": "refused"}).context
    assert states["page"].total == 0


@pytest.mark.parametrize(
    ("period", "today", "bounds"),
    [
        (Period.COMING, date(2026, 11, 23), (date(2026, 11, 23), None)),
        (Period.LAST_30_DAYS, date(2026, 11, 23), (date(2026, 10, 24), date(2026, 11, 23))),
        (Period.LAST_MONTH, date(2026, 11, 23), (date(2026, 10, 1), date(2026, 10, 31))),
        (Period.LAST_MONTH, date(2027, 1, 31), (date(2026, 12, 1), date(2026, 12, 31))),
        (Period.THIS_YEAR, date(2026, 11, 23), (date(2026, 1, 1), date(2026, 12, 31))),
        (Period.THIS_QUARTER, date(2026, 11, 23), (date(2026, 10, 1), None)),
        (Period.LAST_QUARTER, date(2026, 11, 23), (date(2026, 7, 1), date(2026, 9, 30))),
        (Period.LAST_QUARTER, date(2027, 2, 1), (date(2026, 10, 1), date(2026, 12, 31))),
        ("2025", date(2026, 11, 23), (date(2025, 1, 1), date(2025, 12, 31))),
    ],
)
def test_periods(period: str, today: date, bounds: tuple[date | None, date | None]) -> None:
    assert period_bounds(period, today) == bounds


PAGES = {
    "dashboard": 6,
    "document_list": 3,
    "order_list": 3,
    "enrolment_list": 3,
    "participant_list": 3,
    "search": 7,
    "account_home": 5,
}


@pytest.mark.parametrize("view", PAGES)
def test_the_number_of_queries_does_not_grow(
    view: str, world: World, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = reverse(view) + ("?q=nom" if view == "search" else "")
    client.get(url)
    with django_assert_num_queries(PAGES[view]):
        client.get(url)
    fill(world, world.lille, 40)
    fill(world, world.nice, 10)
    with django_assert_num_queries(PAGES[view]):
        client.get(url)


@pytest.mark.parametrize(
    ("view", "queries"),
    [
        ("order_detail", 8),
        ("participant_detail", 8),
        ("document_detail", 4),
        ("document_view", 3),
        ("document_download", 3),
    ],
)
def test_the_number_of_queries_of_one_object(
    view: str, queries: int, world: World, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    order = Order.objects.filter(establishment=world.lille).earliest("pk")
    pk = {"order_detail": order.pk, "participant_detail": order.enrolments.earliest("pk").participant_id}.get(view)
    url = reverse(view, args=[pk or order.documents.earliest("pk").pk])
    client.get(url)
    with django_assert_num_queries(queries):
        client.get(url)
    for session in world.sessions * 5:
        make_order(world.lille, "autre@armor.example", [session])
    with django_assert_num_queries(queries):
        client.get(url)


def test_the_dashboard_shows_departures_with_their_convocation(world: World, client_for: ClientFor) -> None:
    client = client_for(world.personas["administrator"])
    order = world.armor.orders[world.lille.pk][0]
    coming = order.enrolments.get(starts_on__gte=timezone.localdate())
    paper = make_document(DocumentType.CONVOCATION, order, coming)
    answer = client.get(reverse("dashboard"))
    assert reverse("document_download", args=[paper.pk]) in answer.text
    neighbour = client_for(world.personas["neighbour"]).get(reverse("dashboard"))
    assert str(coming.participant) not in neighbour.text
    assert answer.text.index(coming.session.course.title) < answer.text.index("Nouveaux documents")


def test_a_page_beyond_the_last_is_empty_and_leads_back(world: World, client: Client) -> None:
    past = (timezone.localdate() - timedelta(days=9000)).isoformat()
    context = client.get(reverse("document_list"), {"apres": f"{past}~1"}).context
    assert list(context["documents"]) == []
    assert context["page"].total > 0
