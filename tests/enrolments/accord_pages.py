"""The page of an accord-cadre in the management, for its tests: who opens it and what it posts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from catalogue.models import AccordCadre, AccordLine, Course
from enrolments.models import Enrolment
from tests.accords import make_accord, today
from tests.admin_rows import unchanged
from tests.conftest import ClientFor
from tests.worlds import World


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


@pytest.fixture
def accord(world: World) -> AccordCadre:
    return make_accord(world.armor.company, reference="AC-ARMOR")


@pytest.fixture
def course(world: World) -> Course:
    return world.sessions[0].course


def use(line: AccordLine, world: World, placed_on: date | None = None) -> None:
    """An order of that day had its price from the line."""
    enrolment = Enrolment.objects.filter(order__establishment=world.lille).earliest("pk")
    enrolment.order.placed_on = placed_on or today()
    enrolment.order.save()
    Enrolment.objects.filter(pk=enrolment.pk).update(accord=line.accord, accord_line=line)


def day(value: date | None) -> str:
    return "" if value is None else value.strftime("%d/%m/%Y")


def posted(accord: AccordCadre, *rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What the page of an accord posts, with these lines."""
    data: dict[str, Any] = {
        "starts_on": day(accord.starts_on),
        "ends_on": day(accord.ends_on),
        "covers_all": "on",
        **unchanged("lines", "coverage"),
        "lines-TOTAL_FORMS": len(rows),
        "lines-INITIAL_FORMS": sum("id" in row for row in rows),
        **fields,
    }
    for rank, row in enumerate(rows):
        values = {"accord": accord.pk, "scope": "everything", "kind": "discount", "from_seats": 0, **row}
        data |= {f"lines-{rank}-{name}": value for name, value in values.items()}
    return data
