"""Two tenants with one of everything, and the proof that the database refuses what would be false."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import wraps
from threading import Event, Thread
from typing import Any, TypeVar, cast

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from accounts.admin.base import constraint_of
from accounts.document_types import DocumentType
from accounts.models import Company, Establishment
from catalogue.models import AccordCadre, AccordLine, LineKind, LineScope, Session
from documents.models import Document
from enrolments.models import Enrolment, Order, Participant
from tests.worlds import make_order, make_sessions, make_siren, make_siret, number

Test = TypeVar("Test", bound=Callable[..., None])
FAILURES = (AssertionError, ObjectDoesNotExist, pytest.fail.Exception)


@contextmanager
def refused(constraint: str) -> Iterator[None]:
    """What is done inside is refused by the database, by this constraint; what came before stays."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():  # noqa: PT012  # a commit is part of it
        yield
        connection.check_constraints()
    assert constraint_of(caught.value) == constraint


@contextmanager
def taken_out(trigger: str) -> Iterator[None]:
    """Inside, this trigger of the database does nothing, so that one sees what it is there for.

    Where a transaction is open, an error inside leaves it to be undone, and the trigger comes back with that.
    """
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s AND NOT tgisinternal", [trigger]
        )
        tables = [table for (table,) in cursor.fetchall()]
    assert len(tables) == 1, trigger
    _switch("DISABLE", tables[0], trigger)
    try:
        yield
    except BaseException:
        if not connection.in_atomic_block:
            _switch("ENABLE", tables[0], trigger)
        raise
    connection.check_constraints()
    _switch("ENABLE", tables[0], trigger)


def _switch(how: str, table: str, trigger: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} {how} TRIGGER {connection.ops.quote_name(trigger)}")


def kept_by(*triggers: str) -> Callable[[Test], Test]:
    """A test of what these triggers see to: it is run once without each of them, and must fail, then with them all."""

    def decorate(test: Test) -> Test:
        @wraps(test)
        def tried(*args: Any, **kwargs: Any) -> None:
            for trigger in triggers:
                with pytest.raises(FAILURES), transaction.atomic(), taken_out(trigger):
                    test(*args, **kwargs)
            test(*args, **kwargs)

        return cast(Test, tried)

    return decorate


def without_triggers(model: type[Model]) -> None:
    """Let the checks of a table speak alone, until the transaction is undone."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {connection.ops.quote_name(model._meta.db_table)} DISABLE TRIGGER USER")


@dataclass
class Side:
    """A tenant: two establishments, and in the first an order with one participant in one session, and an accord."""

    company: Company
    establishment: Establishment
    second: Establishment
    order: Order
    enrolment: Enrolment
    participant: Participant
    accord: AccordCadre
    line: AccordLine
    session: Session

    def document(self, document_type: DocumentType = DocumentType.CONVENTION, **fields: Any) -> Document:
        """A document of the order, whose file is nowhere."""
        values = {"order": self.order, "sha256": "0" * 64, "size": 10, "file": "00/0.pdf", **fields}
        reference = number("DOC")
        created = Document.objects.create(
            type=document_type, number=reference, issued_on=timezone.localdate(), **values
        )
        return Document.objects.get(pk=created.pk)


def make_side(name: str, seed: int, session: Session) -> Side:
    siren, today = make_siren(seed), timezone.localdate()
    company = Company.objects.create(siren=siren, name=name)
    here, there = (
        Establishment.objects.create(company=company, siret=make_siret(siren, rank), name=f"{name} {rank}")
        for rank in (1, 2)
    )
    order = make_order(here, f"responsable@{name.lower()}.example", [session], papers=False)
    enrolment = order.enrolments.select_related("participant").get()
    assert enrolment.participant is not None
    accord = AccordCadre.objects.create(
        reference=number("AC"), company=company, starts_on=today, ends_on=today + timedelta(days=365)
    )
    line = AccordLine.objects.create(
        accord=accord, scope=LineScope.EVERYTHING, kind=LineKind.DISCOUNT, discount_rate=Decimal(10)
    )
    return Side(company, here, there, order, enrolment, enrolment.participant, accord, line, session)


@pytest.fixture
def sides(db: None) -> tuple[Side, Side]:
    """Two tenants whose people sit in the same session."""
    session = make_sessions()[0]
    return make_side("Armor", 82281866, session), make_side("Brume", 40348014, session)


def at_the_same_time(first: Callable[[], object], second: Callable[[], object]) -> list[Exception]:
    """Do `first` in a transaction that stays open while another connection does `second`; what each of them raised.

    `second` is given time to run into the lock of `first`, or past it, before `first` is committed.
    """
    errors: list[Exception] = []
    ended = Event()

    def other() -> None:
        try:
            with transaction.atomic():
                second()
        except (IntegrityError, OperationalError) as error:
            errors.append(error)
        finally:
            ended.set()
            connection.close()

    thread = Thread(target=other)
    try:
        with transaction.atomic():
            first()
            thread.start()
            ended.wait(0.7)
    except (IntegrityError, OperationalError) as error:
        errors.append(error)
    thread.join(10)
    assert not thread.is_alive()
    return errors
