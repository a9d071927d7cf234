"""What the lists of orders, enrolments and participants show of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum, TextField, Value
from django.db.models.functions import Cast, Concat, JSONObject, Trim

from accounts.labels import label_of
from accounts.lists import Carried, Listing
from accounts.models import Establishment, User
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState, Participant

ATTENDED = (EnrolmentState.PRESENT, EnrolmentState.PARTIAL)


@dataclass(frozen=True, slots=True)
class Named:
    """An establishment."""

    name: str


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """One order, with the same names as the model.

    Of its active enrolments: `titles` of the courses, one each, and `amount`, EUR HT, None without any.
    """

    CHOICES: ClassVar = ("state", "get_state_display")

    pk: int
    number: str
    placed_on: date
    order_email: str
    establishment_id: int | None
    establishment: Named | None
    state: str
    titles: list[str]
    amount: Decimal | None

    @classmethod
    def of(cls, *columns: Any) -> ListedOrder:
        """The order of `columns`, in their order."""
        *own, name, state, titles, amount = columns
        rest: list[Any] = [None if name is None else Named(name), state, titles, amount]
        return cls(*own, *rest)

    def get_state_display(self) -> str:
        return label_of(OrderState, self.state)


def order_columns(rows: QuerySet[Any, Any], user: User) -> QuerySet[Any, Any]:
    """What a ListedOrder is made of."""
    lines = Enrolment.objects.visible_to(user).active().filter(order=OuterRef("pk"))
    establishment = Establishment.objects.filter(pk=OuterRef("establishment_id")).order_by()
    return rows.values_list(
        *("pk", "number", "placed_on", "order_email", "establishment_id"),
        Subquery(establishment.values("name")),
        "state",
        ArraySubquery(lines.order_by("pk").values("session__course__title")),
        Subquery(lines.order_by().values("order_id").annotate(amount=Sum("price")).values("amount")),
    )


@dataclass(frozen=True, slots=True)
class Person:
    """A participant: what is printed of them, and their page."""

    pk: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Taught:
    """A course."""

    title: str
    days: Decimal
    hours: Decimal


@dataclass(frozen=True, slots=True)
class Dated:
    """A session."""

    course: Taught
    starts_on: date
    ends_on: date
    city: str
    venue: str


@dataclass(frozen=True, slots=True)
class Numbered:
    """An order: its number, and its page."""

    pk: int
    number: str


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """One enrolment, with the same names as the model; without its price, which its order shows."""

    CHOICES: ClassVar = ("state", "get_state_display")

    pk: int
    state: str
    starts_on: date
    order: Numbered
    participant: Person | None
    session: Dated

    @classmethod
    def of(cls, *columns: Any) -> EnrolmentRow:
        """The row of `columns`, in their order."""
        pk, state, order_id, order_number, person_id, person, title, days, hours, *session = columns
        participant = None if person_id is None else Person(person_id, person)
        taught = Dated(Taught(title, days, hours), *session)
        return cls(pk, state, taught.starts_on, Numbered(order_id, order_number), participant, taught)

    def get_state_display(self) -> str:
        return label_of(EnrolmentState, self.state)


def enrolment_columns(rows: QuerySet[Any, Any], user: User) -> QuerySet[Any, Any]:
    """What an EnrolmentRow is made of."""
    order = Order.objects.filter(pk=OuterRef("order_id")).order_by()
    person = Participant.objects.filter(pk=OuterRef("participant_id")).order_by()
    course = ("session__course__title", "session__course__days", "session__course__hours")
    session = ("session__starts_on", "session__ends_on", "session__city", "session__venue")
    return rows.values_list(
        *("pk", "state", "order_id"),
        Subquery(order.values("number")),
        "participant_id",
        Subquery(person.values_list(Trim(Concat("first_name", Value(" "), "last_name")))),
        *course,
        *session,
    )


@dataclass(frozen=True, slots=True)
class ListedParticipant:
    """One participant, with the same names as the model, and what their enrolments amount to."""

    pk: int
    last_name: str
    first_name: str
    email: str
    figures: dict[str, Any] | None

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


def participant_columns(rows: QuerySet[Any, Any], user: User, today: date) -> QuerySet[Any, Any]:
    """What a ListedParticipant is made of: counted over the enrolments that the person may see."""
    enrolments = Enrolment.objects.visible_to(user).active().filter(participant=OuterRef("pk")).order_by()
    figures = JSONObject(
        count=Count("pk"),
        hours=Cast(Sum("hours", filter=Q(state__in=ATTENDED)), TextField()),
        last=Max("starts_on", filter=Q(starts_on__lt=today, state__in=ATTENDED)),
        next=Min("starts_on", filter=Q(starts_on__gte=today)),
    )
    summed = enrolments.values("participant_id").annotate(figures=figures).values("figures")
    return rows.values_list("pk", "last_name", "first_name", "email", Subquery(summed))


ORDERS = Listing(Order, lambda user: Order.objects.visible_by_branch(user), order_columns, ListedOrder.of)
ENROLMENTS = Listing(
    Enrolment, lambda user: Enrolment.objects.visible_by_branch(user), enrolment_columns, EnrolmentRow.of
)
PARTICIPANTS = Listing(
    Participant,
    lambda user: Participant.objects.visible_by_branch(user),
    participant_columns,
    ListedParticipant,
    counts_to=200,  # under a filter, whether each is one's own is looked up among the enrolments
    carried=Carried(
        lambda user: [seats.filter(participant__isnull=False) for seats in Enrolment.objects.visible_by_branch(user)],
        (("pk", "participant_id"), ("last_name", "participant_last_name"), ("first_name", "participant_first_name")),
    ),
)
