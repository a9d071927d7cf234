"""Every step between two states: taken, or refused by the table and by the database."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, models

from catalogue.models import Session, SessionState
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState
from enrolments.transitions import CONSTRAINTS, TABLE, IllegalStepError, any_state, may_become, step
from tests.constraints import Side, refused, sides, taken_out

__all__ = ["sides"]
Sides = tuple[Side, Side]
PAIRS = [
    (model, before, after)
    for model, (states, _steps) in TABLE.items()
    for before, after in product(states.values, repeat=2)
]


def a_row(side: Side, model: type[models.Model], state: str) -> Any:
    row = {Order: side.order, Enrolment: side.enrolment, Session: side.session}[model]
    with any_state():
        model._default_manager.filter(pk=row.pk).update(state=state)
    row.refresh_from_db()
    return row


def test_all_pairs_are_tried() -> None:
    assert len(PAIRS) == len(OrderState) ** 2 + len(EnrolmentState) ** 2 + len(SessionState) ** 2


@pytest.mark.parametrize(("model", "before", "after"), PAIRS)
def test_a_step_is_in_the_table_or_refused_twice(sides: Sides, model: Any, before: str, after: str) -> None:
    row = a_row(sides[0], model, before)
    rows = model._default_manager.filter(pk=row.pk)
    if may_become(model, before, after):
        step(row, after)
        row.save(update_fields=["state"])
        assert rows.get().state == after
        return
    with pytest.raises(IllegalStepError, match="on ne passe pas à"):
        step(row, after)
    assert row.state == before
    with refused(CONSTRAINTS[model]):
        rows.update(state=after)
    assert rows.get().state == before


RAW = [
    ("order_state_follows", "enrolments_order", Order, OrderState.REFUSED, OrderState.VALIDATED),
    ("enrolment_state_follows", "enrolments_enrolment", Enrolment, EnrolmentState.CANCELLED, EnrolmentState.CONFIRMED),
    ("session_state_follows", "catalogue_session", Session, SessionState.CANCELLED, SessionState.OPEN),
]


@pytest.mark.parametrize(("rule", "table", "model", "before", "after"), RAW)
def test_no_statement_takes_a_step_that_is_not_in_the_table(
    sides: Sides, rule: str, table: str, model: Any, before: str, after: str
) -> None:
    row = a_row(sides[0], model, before)
    statement = f"UPDATE {table} SET state = %s WHERE id = %s"  # noqa: S608  # a table of ours, written above
    with refused(rule), connection.cursor() as cursor:
        cursor.execute(statement, [after, row.pk])
    with taken_out(rule), connection.cursor() as cursor:
        cursor.execute(statement, [after, row.pk])
    row.refresh_from_db()
    assert row.state == after


def test_what_is_over_stays_over() -> None:
    """Said once by hand, so that the table is not its own only witness."""

    def ends(model: Any) -> set[str]:
        states, steps = TABLE[model]
        return set(states.values) - {before for before, _after in steps}

    assert ends(Order) == {OrderState.REFUSED, OrderState.CANCELLED}
    assert ends(Enrolment) == {EnrolmentState.CANCELLED}
    assert ends(Session) == {SessionState.CANCELLED, SessionState.DONE}
    assert not may_become(Order, OrderState.TO_APPROVE, OrderState.VALIDATED)
    assert not may_become(Enrolment, EnrolmentState.PENDING, EnrolmentState.PRESENT)


def test_history_may_be_written_in_any_state_for_one_transaction_only(sides: Sides) -> None:
    rows = Order.objects.filter(pk=a_row(sides[0], Order, OrderState.REFUSED).pk)
    with any_state():
        with any_state():
            rows.update(state=OrderState.PENDING)
        rows.update(state=OrderState.TO_APPROVE)
    with refused("order_state_follows"):
        rows.update(state=OrderState.VALIDATED)


def test_an_error_closes_the_road_again(sides: Sides) -> None:
    rows = Order.objects.filter(pk=a_row(sides[0], Order, OrderState.REFUSED).pk)
    with pytest.raises(RuntimeError), any_state():
        raise RuntimeError
    with refused("order_state_follows"):
        rows.update(state=OrderState.PENDING)


def test_the_drawing_shows_the_table() -> None:
    drawing = (Path(settings.BASE_DIR) / "docs" / "states.md").read_text()
    drawn = {line.strip() for line in drawing.splitlines() if "-->" in line and "[*]" not in line}
    table = {
        f"{before} --> {after}: {words}"
        for _states, steps in TABLE.values()
        for (before, after), words in steps.items()
    }
    assert drawn == table


def test_the_database_knows_no_other_trigger_of_states(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE '%state_follows'")
        assert {name for (name,) in cursor.fetchall()} == set(CONSTRAINTS.values())
