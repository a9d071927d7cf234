"""The budget: sums that may be seen, in a constant number of queries."""

from __future__ import annotations

from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.services import set_document_types
from enrolments.changing import cancel
from enrolments.models import Enrolment, OrderState
from espace_client.budget import NONE, budget_of
from tests.conftest import ClientFor
from tests.enrolments.changes import coming, enrolled, make_terms
from tests.worlds import World, make_order


def total(world: World, name: str) -> tuple[Decimal, Decimal, Decimal]:
    """Committed, awaited and invoiced over the years that the world is about."""
    user, year = User.objects.get(pk=world.personas[name].pk), timezone.localdate().year
    lines = [budget_of(user, one).total() for one in (year - 1, year, year + 1)]
    return (
        sum((line.committed for line in lines), Decimal(0)),
        sum((line.awaited for line in lines), Decimal(0)),
        sum((line.invoiced for line in lines), Decimal(0)),
    )


def test_what_is_committed_awaited_and_invoiced(world: World) -> None:
    committed, awaited, invoiced = total(world, "administrator")
    assert (committed, awaited, invoiced) == (Decimal("1275.00") * 4, NONE, Decimal("1234.50") * 2)
    enrolled(world, coming(world, 5), state=OrderState.PENDING)
    enrolled(world, coming(world, 5), state=OrderState.REFUSED)
    make_terms()
    leaving = enrolled(world, coming(world, 7))
    cancel(actor=world.personas["administrator"], enrolment=leaving, agreed=Decimal(50))
    assert total(world, "administrator") == (committed + Decimal("637.50"), Decimal(1275), invoiced)


def test_each_sees_only_what_they_may(world: World, client_for: ClientFor) -> None:
    assert total(world, "responsable")[0] == Decimal("1275.00") * 4  # Lille and Nice
    assert total(world, "standard")[0] == Decimal("1275.00") * 4
    assert total(world, "ex_member") == (NONE, NONE, NONE)
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    set_document_types(access=access, types=[DocumentType.CONVENTION])
    assert total(world, "standard")[2] == 0, "no invoice may be opened"
    set_document_types(access=access, types=[DocumentType.CONVOCATION])
    assert total(world, "standard") == (NONE, NONE, NONE)
    page = client_for(world.personas["standard"]).get(reverse("budget"))
    assert "1\u202f275" not in page.text


def test_the_tables_add_up_and_cost_the_same(world: World, client_for: ClientFor) -> None:
    client, counts = client_for(world.personas["administrator"]), []
    year = Enrolment.objects.latest("starts_on").starts_on.year
    for _round in range(2):
        with CaptureQueriesContext(connection) as seen:
            page = client.get(reverse("budget"), {"annee": str(year)})
        counts.append(len(seen))
        for _title, _heading, lines in page.context["tables"]:
            assert sum(line.committed for line in lines) == page.context["total"].committed
            assert sum(line.invoiced for line in lines) == page.context["total"].invoiced
        make_order(world.lille, "autre@armor.example", world.sessions * 3)
    assert counts[0] == counts[1]
    assert "Budget" in page.text
    for nonsense in ("abcd", "0", "99999", "²²²²"):
        assert client.get(reverse("budget"), {"annee": nonsense}).status_code == 200
