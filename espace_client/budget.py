"""The budget of a year: what is committed and invoiced, by establishment, domain and month; EUR HT.

Committed: the frozen prices of the active enrolments of validated orders, by the first day of the session, and the fees
of changes. Awaited: the same, of orders that wait for approval or validation. Invoiced: the invoices and credit notes
that the person may open, by their date, under the domain of the order's first course; replaced versions left out.
Only where the person may see amounts (rule 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce, ExtractMonth, ExtractYear

from accounts.document_types import DocumentType
from accounts.models import User
from documents.models import Document
from enrolments.figures import amount_visible
from enrolments.models import Enrolment, EnrolmentEvent, OrderState

NONE = Decimal(0)


class Entry(NamedTuple):
    """One sum: of which year, month, establishment (name, or None) and domain, and what it is."""

    year: int
    month: int
    establishment: str | None
    domain: str | None
    kind: str  # committed, awaited or invoiced
    amount: Decimal


@dataclass
class Line:
    """The sums of one establishment, domain or month."""

    label: str
    committed: Decimal = NONE
    awaited: Decimal = NONE
    invoiced: Decimal = NONE

    def add(self, entry: Entry) -> None:
        setattr(self, entry.kind, getattr(self, entry.kind) + entry.amount)


@dataclass
class Budget:
    """The entries of a year and of the one before."""

    year: int
    entries: list[Entry] = field(default_factory=list)

    def lines(self, key: Callable[[Entry], str]) -> list[Line]:
        """The sums of the year under each key, the largest commitment first."""
        found: dict[str, Line] = {}
        for entry in self._of(self.year):
            label = key(entry)
            found.setdefault(label, Line(label)).add(entry)
        return sorted(found.values(), key=lambda line: (-line.committed, -line.invoiced, line.label))

    def months(self, year: int) -> list[Line]:
        """The twelve months of a year, labelled by their number."""
        lines = [Line(str(month)) for month in range(1, 13)]
        for entry in self._of(year):
            lines[entry.month - 1].add(entry)
        return lines

    def total(self) -> Line:
        """The whole year."""
        line = Line("")
        for entry in self._of(self.year):
            line.add(entry)
        return line

    def _of(self, year: int) -> Iterable[Entry]:
        return (entry for entry in self.entries if entry.year == year)


def budget_of(user: User, year: int) -> Budget:
    """The budget of a year and of the one before, over what the person may see; in three queries."""
    years = (date(year - 1, 1, 1), date(year, 12, 31))
    return Budget(year, [*_enrolments(user, years), *_fees(user, years), *_invoices(user, years)])


def _enrolments(user: User, years: tuple[date, date]) -> Iterable[Entry]:
    waiting = (OrderState.TO_APPROVE, OrderState.PENDING)
    rows = (
        Enrolment.objects.visible_to(user)
        .active()
        .filter(amount_visible(user.rights), starts_on__range=years)
        .filter(order__state__in=[OrderState.VALIDATED, *waiting])
        .order_by()
        .annotate(year=ExtractYear("starts_on"), month=ExtractMonth("starts_on"))
        .annotate(domain=Coalesce("session__course__domain__parent__label", "session__course__domain__label"))
        .values_list("year", "month", "establishment__name", "domain", "order__state")
        .annotate(amount=Sum("price"))
    )
    for year, month, establishment, domain, state, amount in rows:
        yield Entry(year, month, establishment, domain, "awaited" if state in waiting else "committed", amount)


def _fees(user: User, years: tuple[date, date]) -> Iterable[Entry]:
    priced = Enrolment.objects.visible_to(user).filter(amount_visible(user.rights), starts_on__range=years)
    rows = (
        EnrolmentEvent.objects.visible_to(user)
        .filter(enrolment__in=priced, fee__gt=0)
        .order_by()
        .annotate(year=ExtractYear("enrolment__starts_on"), month=ExtractMonth("enrolment__starts_on"))
        .annotate(
            domain=Coalesce(
                "enrolment__session__course__domain__parent__label", "enrolment__session__course__domain__label"
            )
        )
        .values_list("year", "month", "enrolment__establishment__name", "domain")
        .annotate(amount=Sum("fee"))
    )
    for year, month, establishment, label, amount in rows:
        yield Entry(year, month, establishment, label, "committed", amount)


def _invoices(user: User, years: tuple[date, date]) -> Iterable[Entry]:
    first = Enrolment.objects.visible_to(user).filter(order=OuterRef("order")).order_by("pk")
    domain = Coalesce("session__course__domain__parent__label", "session__course__domain__label")
    rows = (
        Document.objects.visible_to(user)
        .filter(amount_visible(user.rights), type=DocumentType.FACTURE, issued_on__range=years)
        .filter(amount__isnull=False, replaced_by__isnull=True)
        .order_by()
        .annotate(year=ExtractYear("issued_on"), month=ExtractMonth("issued_on"))
        .annotate(domain=Subquery(first.annotate(label=domain).values("label")[:1]))
        .values_list("year", "month", "establishment__name", "domain", "amount")
    )
    for year, month, establishment, label, amount in rows.iterator(2000):
        yield Entry(year, month, establishment, label, "invoiced", amount or NONE)
