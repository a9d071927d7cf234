"""Statements made once: they hand out what the key hands out, to each their own, and keep no moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.db.models import CharField, F, Func, IntegerField, Q, QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import lists
from accounts.lists import Listing, Ordering, rows_of
from accounts.models import User
from accounts.readings import ask, count, read
from accounts.roles import Role
from accounts.statements import Word, execute, statement, together
from documents import views
from documents.listing import DOCUMENTS
from documents.models import Document
from enrolments.listing import ENROLMENTS, ORDERS, PARTICIPANTS
from enrolments.models import Enrolment, Order, OrderState, Participant
from tests.worlds import World, give_access, make_order, make_user

LISTINGS: list[tuple[Listing[Any], str]] = [
    (DOCUMENTS, "-issued_on"),
    (ORDERS, "-placed_on"),
    (ENROLMENTS, "-starts_on"),
    (PARTICIPANTS, "last_name"),
]
PERSONAS = (
    *("administrator", "standard", "neighbour", "ex_member", "member_of_two", "responsable", "unverified"),
    "delegate_ended",
)


def listed(listing: Listing[Any], field: str, user: User) -> list[int]:
    """The keys that the list of this person shows, all on one page."""
    values: dict[str, Any] = {"today": timezone.localdate()} if listing is PARTICIPANTS else {}
    fixed = (listing, Ordering("x", (field,)), False, 10_000, tuple(values))
    return [row[0] for row in read(rows_of, user, *fixed, **values)]


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize(
    ("listing", "field"), LISTINGS, ids=lambda one: getattr(one, "model", None) and one.model.__name__
)
def test_a_list_shows_what_the_key_hands_out(listing: Listing[Any], field: str, persona: str, world: World) -> None:
    user = User.objects.get(pk=world.personas[persona].pk)
    models: dict[Any, QuerySet[Any]] = {
        DOCUMENTS: Document.objects.visible_to(user),
        ORDERS: Order.objects.visible_to(user),
        ENROLMENTS: Enrolment.objects.visible_to(user),
        PARTICIPANTS: Participant.objects.visible_to(user),
    }
    shown = listed(listing, field, user)
    assert sorted(shown) == sorted(models[listing].values_list("pk", flat=True)), "each once, and nothing else"
    assert count(lists.counted, user, listing) == len(shown)


@pytest.mark.parametrize("direction", ["", "-"])
def test_who_is_enrolled_in_two_establishments_is_one_colleague_on_every_page(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, direction: str
) -> None:
    elsewhere = make_order(world.nice, "responsable@armor.example", [world.sessions[1]], papers=False)
    person = Participant.objects.filter(enrolments__establishment=world.lille).earliest("pk")
    Enrolment.objects.filter(order=elsewhere).update(participant=person)
    monkeypatch.setattr(lists, "ROWS_PER_PAGE", 1)
    statement.cache_clear()
    user = User.objects.get(pk=world.personas["member_of_two"].pk)
    client.force_login(user)
    names = [f"{direction}{name}" for name in ("last_name", "first_name", "pk")]
    expected = list(Participant.objects.visible_to(user).order_by(*names).values_list("pk", flat=True))
    url, shown, there = f"{reverse('participant_list')}?tri={direction}nom", [], []
    while url:
        page = client.get(url).context["page"]
        assert page.total == len(expected)
        shown += [row.pk for row in page.rows]
        there.append(page)
        url = page.next_url and f"{reverse('participant_list')}{page.next_url}"
    assert shown == expected
    back = client.get(f"{reverse('participant_list')}{there[-1].previous_url}").context["page"]
    assert [row.pk for row in back.rows] == expected[-2:-1]
    statement.cache_clear()


def test_two_people_with_rights_of_the_same_kind_share_a_statement_and_nothing_else(world: World) -> None:
    mine, theirs = (User.objects.get(pk=world.personas[name].pk) for name in ("administrator", "neighbour"))
    listed(DOCUMENTS, "-issued_on", mine)
    before = statement.cache_info()
    found = listed(DOCUMENTS, "-issued_on", theirs)
    assert statement.cache_info().hits > before.hits
    assert statement.cache_info().misses == before.misses
    assert set(found) == {one.pk for one in world.brume.documents(world.brume.establishments[0])}


def test_participants_are_in_one_branch_only(world: World) -> None:
    user = make_user("partout@armor.example")
    give_access(user, world.lille, Role.ADMINISTRATOR)
    make_order(world.nice, user.email, world.sessions)  # same company, other establishment
    make_order(world.brume.establishments[0], user.email, world.sessions)
    make_order(None, user.email, world.sessions)
    user = User.objects.get(pk=user.pk)
    branches = [
        pk for branch in Participant.objects.visible_by_branch(user) for pk in branch.values_list("pk", flat=True)
    ]
    assert sorted(branches) == sorted(Participant.objects.visible_to(user).values_list("pk", flat=True))


def _with_a_day_of_its_own(*, user_id: int) -> QuerySet[Any, Any]:
    return Order.objects.filter(ordered_by_id=user_id, placed_on__lte=timezone.localdate()).values_list("pk")


def _with_a_day(*, today: date) -> QuerySet[Any, Any]:
    return Order.objects.filter(placed_on__lte=today).values_list("pk")


def _with_a_pattern(*, word: str) -> QuerySet[Any, Any]:
    return Order.objects.filter(number__icontains=word).values_list("pk")


def test_no_moment_is_kept(world: World) -> None:
    with pytest.raises(ValueError, match="kept in the statement"):
        execute(_with_a_day_of_its_own, (), user_id=1)
    today = timezone.localdate()
    assert len(execute(_with_a_day, (), today=today)) == Order.objects.count()
    assert execute(_with_a_day, (), today=today - timedelta(days=9)) == []


def test_a_value_that_is_changed_on_the_way_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="kept in the statement"):
        execute(_with_a_pattern, (), word="CMD")


def test_a_condition_makes_a_statement_of_its_own(world: World) -> None:
    user = User.objects.get(pk=world.personas["administrator"].pk)
    fixed = (DOCUMENTS, Ordering("x", ("-issued_on",)), False, 26, ())
    assert user.rights.administered
    before = statement.cache_info()
    rows = read(rows_of, user, *fixed, condition=Q(type="facture"))
    assert {row[1] for row in rows} == {"facture"}
    assert statement.cache_info() == before


def test_a_long_list_says_that_there_is_more(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(world.personas["administrator"])
    monkeypatch.setattr(views, "DOCUMENTS", replace(DOCUMENTS, counts_to=3))
    monkeypatch.setattr(lists, "ROWS_PER_PAGE", 2)
    statement.cache_clear()
    answer = client.get(reverse("document_list"))
    statement.cache_clear()
    assert "plus de 3 documents" in answer.text
    assert answer.context["page"].total == 3


def test_what_is_asked_together_is_what_each_gives(world: World) -> None:
    user = User.objects.get(pk=world.personas["administrator"].pk)
    fixed = (Ordering("x", ("pk",)), False, 26, ())
    alone = [read(rows_of, user, listing, *fixed) for listing in (ORDERS, DOCUMENTS)]
    for _time in range(8):  # more than it takes to have a plan kept
        with together():
            asked = [ask(rows_of, user, listing, *fixed) for listing in (ORDERS, DOCUMENTS)]
            assert Order.objects.count() > 0, "what is not asked this way is answered too"
            assert [answer.rows() for answer in reversed(asked)] == alone[::-1]


def test_the_first_answer_is_taken_while_the_database_works_on_the_second(world: World) -> None:
    user = User.objects.get(pk=world.personas["administrator"].pk)
    fixed = (ORDERS, Ordering("x", ("pk",)), False, 26, ())
    with together():
        quick, slow = ask(rows_of, user, *fixed), ask(_slow, user)
        assert quick.rows()
        assert connection.connection._pipeline.result_queue, "psycopg alone would have waited for both"
        assert len(slow.rows()) == 1


def test_what_is_asked_together_inside_another_is_answered_at_its_own_end(world: World) -> None:
    user = User.objects.get(pk=world.personas["administrator"].pk)
    fixed = (rows_of, user, ORDERS, Ordering("x", ("pk",)), False, 26, ())
    alone = read(*fixed)
    with together():
        before = ask(*fixed)
        with together():
            within = ask(*fixed)
        assert within.rows() == alone
        after = ask(*fixed)
    assert before.rows() == after.rows() == alone


def _slow(user: User, *, condition: Q) -> QuerySet[Any, Any]:
    sleep = Func(function="pg_sleep(1)::text", template="%(function)s", output_field=CharField())
    return Order.objects.visible_to(user).annotate(sleep=sleep).values_list("sleep")[:1]


def _with_a_percent_sign(*, email: str) -> QuerySet[Any, Any]:
    sign = Func(F("number"), function="CONCAT", template="%(function)s(%(expressions)s, '%%%%')")
    return Order.objects.filter(order_email=email).annotate(sign=sign).values_list("number", "sign")


def test_a_percent_sign_in_the_sql_stays_one(world: World) -> None:
    order = Order.objects.earliest("pk")
    rows = execute(_with_a_percent_sign, (), email=order.order_email)
    assert (order.number, f"{order.number}%") in [tuple(row) for row in rows]


def test_a_refused_statement_is_an_error_where_its_rows_are_taken(world: World) -> None:
    with pytest.raises(DataError), transaction.atomic(), together():
        execute(_with_a_number_by_zero, (), user_id=1)
    assert Order.objects.exists(), "the connection serves on"


def _with_a_number_by_zero(*, user_id: int) -> QuerySet[Any, Any]:
    zero = Func(
        F("pk"), function="(1 / (0 * COUNT(*) OVER ()))::int", template="%(function)s", output_field=IntegerField()
    )
    return Order.objects.exclude(ordered_by_id=user_id).annotate(zero=zero).values_list("zero")


def test_a_word_of_ours_stands_in_the_sql_and_no_other(world: World) -> None:
    orders = Order.objects.filter(state__in=[Word(OrderState.VALIDATED)])
    assert "'validated'" in str(orders.query)
    assert set(orders) == set(Order.objects.filter(state="validated"))
    with pytest.raises(ValueError, match="no word of ours"):
        Word("o'clock")
