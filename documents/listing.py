"""What the list of documents shows of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Trim

from accounts.document_types import name_of
from accounts.labels import label_of
from accounts.lists import Listing
from accounts.models import Establishment, User
from catalogue.models import Session
from documents.models import Deposit, Document, LibraryVisit
from documents.models.document import kind_of
from documents.validity import Void, void_because
from enrolments.models import Enrolment, Order


@dataclass(frozen=True, slots=True)
class Titled:
    """A course."""

    title: str


@dataclass(frozen=True, slots=True)
class Taught:
    """A session."""

    course: Titled


@dataclass(frozen=True, slots=True)
class Numbered:
    """An order."""

    number: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolment: the participant's name."""

    participant: str


@dataclass(frozen=True, slots=True)
class Named:
    """An establishment."""

    name: str


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document, with the same names as the model. `amount`: EUR HT, None when there is none or it is hidden.

    `kind`: the type, or AVOIR. `because`: why it is worth nothing any more, a value of documents.validity.Void or "".
    `new`: recorded since the person's last visit of the library, and not by themself.
    """

    CHOICES: ClassVar = ("type", "kind", "get_type_display")

    pk: int
    kind: str
    type: str
    number: str
    issued_on: date
    size: int
    amount: Decimal | None
    establishment_id: int | None
    order_email: str
    session: Taught | None
    order: Numbered | None
    enrolment: Enrolled | None
    establishment: Named | None
    replaced_by: bool
    because: str
    new: bool

    @classmethod
    def of(cls, *columns: Any) -> DocumentRow:
        """The row of `columns`, in their order."""
        *own, course, order, person, establishment, replaced, because, new = columns
        pk, document_type, number, _issued_on, _size, amount, *_reach = own
        rest: list[Any] = [
            None if course is None else Taught(Titled(course)),
            None if order is None else Numbered(order),
            Enrolled(person) if person else None,
            None if establishment is None else Named(establishment),
            replaced,
            because,
            new,
        ]
        return cls(pk, kind_of(document_type, number, amount), *own[1:], *rest)

    def get_type_display(self) -> str:
        return name_of(self.kind)

    @property
    def void(self) -> str:
        """The reason in French, or ""."""
        return label_of(Void, self.because)

    def shown_to(self, user: User) -> DocumentRow:
        """The same row without its amount, where the person may not see it (rule 6)."""
        if self.amount is None or user.rights.sees_amounts(self.establishment_id, self.order_email):
            return self
        return replace(self, amount=None)


def columns(rows: QuerySet[Any, Any], user: User) -> QuerySet[Any, Any]:
    """What a DocumentRow is made of. Subqueries instead of joins: PostgreSQL plans them ten times faster."""
    session = Session.objects.filter(pk=OuterRef("session_id")).order_by()
    order = Order.objects.filter(pk=OuterRef("order_id")).order_by()
    enrolment = Enrolment.objects.filter(pk=OuterRef("enrolment_id")).order_by()
    person = Trim(Concat("participant__first_name", Value(" "), "participant__last_name"))
    establishment = Establishment.objects.filter(pk=OuterRef("establishment_id")).order_by()
    own = Deposit.objects.filter(document_id=OuterRef(OuterRef("pk")), user_id=user.pk)
    visit = LibraryVisit.objects.filter(~Exists(own), user_id=user.pk, since__lt=OuterRef("recorded_at"))
    return rows.values_list(
        *("pk", "type", "number", "issued_on", "size", "amount", "establishment_id", "order_email"),
        Subquery(session.values("course__title")),
        Subquery(order.values("number")),
        Subquery(enrolment.values_list(person)),
        Subquery(establishment.values("name")),
        Exists(Document.objects.filter(replaces=OuterRef("pk"))),
        void_because(),
        Exists(visit),
    )


DOCUMENTS = Listing(Document, lambda user: Document.objects.visible_by_branch(user), columns, DocumentRow.of)
