"""What waits for a person, on the dashboard.

Accords to renew, decisions, drafts to come back to, then what others decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from django.db.models import Case, CharField, Count, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.document_types import DocumentType
from accounts.labels import label_of
from accounts.lists import Among, first
from accounts.models import User
from accounts.readings import ask
from accounts.statements import Word
from catalogue.models import AccordCadre
from documents.models import Document
from enrolments.agreements import ENDING_DAYS, ending_soon, in_their_last_days
from enrolments.approving import approvable_by
from enrolments.models import Enrolment, Order, OrderDraft, OrderState, ProposalKind, SessionProposal, WaitingEntry
from espace_client.formatting import date_range, long_date, short_date

TASKS = 50  # of each sort
TO_SIGN = 2  # the board of missing papers has the others
KEPT = 2000  # of each sort in a process: what still waits when somebody comes back is not written again
Found = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits. `tone` is one of espace_client.tones."""

    CHOICES: ClassVar = ("label", "tone", "action")

    label: str
    tone: str
    title: str
    detail: str
    url: str
    action: str


def todo_of(user: User) -> list[Task]:
    """Everything that waits, in one query.

    Two more when there are such things: which orders wait for this person, and which accords nothing carries on.
    """
    return ask_todo(user)()


def ask_todo(user: User) -> Callable[[], list[Task]]:
    """What `todo_of` gives, to be taken later; see accounts.statements.together."""
    today = timezone.localdate()
    until = today + timedelta(days=ENDING_DAYS)
    answer = ask(_everything, user, today=today, until=until, now=timezone.now())
    return lambda: _tasks(user, today, answer.rows())


def _tasks(user: User, today: date, rows: Sequence[Sequence[Any]]) -> list[Task]:
    by_sort: dict[str, list[Found]] = {}
    for sort, *row in rows:
        by_sort.setdefault(sort, []).append(tuple(row))
    orders = sorted(by_sort.get("order", []), key=lambda row: (row[3], row[0]), reverse=True)
    mine = _to_decide(user, orders)
    tasks = [_renewal(accord) for accord in ending_soon(user, today)] if "accord" in by_sort else []
    tasks += [_order_task(row, decide=True) for row in orders if row[0] in mine]
    for sort, task_of in SORTS.items():
        tasks += [task_of(row) for row in sorted(by_sort.get(sort, []), key=lambda row: (row[3], row[0]))]
    return tasks + [_order_task(row, decide=False) for row in orders if row[0] not in mine]


def _everything(user: User, *, today: date, until: date, now: datetime, condition: Q) -> QuerySet[Any, Any]:
    """One row for each thing: its sort, an id, two texts, two dates, a number; see accounts.readings."""
    orders, *others = (
        _waiting_orders(user),
        _offers(user, now),
        _proposals(user),
        _drafts(user, today),
        _unsigned(user, today),
        _ending(user, today, until),
    )
    everything: QuerySet[Any, Any] = orders.union(*others, all=True)
    return everything


def _columns(sort: str, *columns: Any, number: Any = None) -> dict[str, Any]:
    """The columns of one sort under the names that all sorts share."""
    names = ("about", "text", "detail", "begins", "ends")
    given = [F(column) if isinstance(column, str) else column for column in columns]
    return {
        "sort": Value(sort, CharField()),
        **dict(zip(names, given, strict=True)),
        "number_of": Value(0, IntegerField()) if number is None else number,
    }


def _listed(rows: QuerySet[Any, Any], columns: dict[str, Any], limit: int) -> QuerySet[Any, Any]:
    listed: QuerySet[Any, Any] = rows.annotate(**columns).values_list(*columns)
    return listed[:limit]


def _waiting_orders(user: User) -> QuerySet[Any, Any]:
    """The newest orders that wait for an approval or for the team."""
    waiting = [
        branch.filter(state__in=[Word(OrderState.TO_APPROVE), Word(OrderState.PENDING)])
        for branch in Order.objects.visible_by_branch(user)
    ]
    rows = first(waiting, ["-placed_on", "-pk"], TASKS)
    # The number: 1 when the order waits for an approval.
    to_approve = Case(When(state=OrderState.TO_APPROVE, then=1), default=0, output_field=IntegerField())
    columns = _columns("order", "pk", "number", "order_email", "placed_on", "placed_on", number=to_approve)
    return _listed(rows, columns, TASKS)


def _offers(user: User, now: datetime) -> QuerySet[Any, Any]:
    """Seats that are held for somebody of a waiting list."""
    rows = WaitingEntry.objects.visible_to(user).holding().filter(held_until__gt=now).order_by("held_until", "pk")
    texts = ("pk", "session__course__title", Value("", CharField()), TruncDate("held_until"), "session__starts_on")
    return _listed(rows, _columns("offer", *texts), TASKS)


def _proposals(user: User) -> QuerySet[Any, Any]:
    """Sessions that we cancelled or moved, and that nobody has answered about."""
    rows = SessionProposal.objects.visible_to(user).open().order_by("previous_starts_on", "pk")
    texts = ("pk", "session__course__title", "kind", "previous_starts_on", "previous_ends_on")
    return _listed(rows, _columns("proposal", *texts), TASKS)


def _drafts(user: User, today: date) -> QuerySet[Any, Any]:
    """Orders begun and not confirmed, whose session still is to come."""
    drafts = OrderDraft.objects.visible_to(user).open().filter(session__starts_on__gt=today)
    rows = drafts.order_by("session__starts_on", "pk")
    texts = ("session_id", "session__course__title", Value("", CharField()), "session__starts_on", "session__ends_on")
    return _listed(rows, _columns("draft", *texts, number=Count("seats") + F("unnamed_seats")), TASKS)


def _unsigned(user: User, today: date) -> QuerySet[Any, Any]:
    """Current quotes without an acceptance, of orders with a session to come: these, which are few, are found first."""
    one, *others = (
        branch.active().filter(starts_on__gte=today).order_by().values("order_id")
        for branch in Enrolment.objects.visible_by_branch(user, most=1)
    )
    quotes = Document.objects.visible_to(user).filter(
        Among(one.union(*others, all=True) if others else one, key="order_id", field="order_id"),
        type=DocumentType.BON_POUR_ACCORD,
        order__state__in=[OrderState.PENDING, OrderState.VALIDATED],
        replaced_by__isnull=True,
        acceptance__isnull=True,
    )
    texts = ("pk", "number", Value("", CharField()), "issued_on", "issued_on")
    return _listed(quotes.order_by("-issued_on", "-pk"), _columns("quote", *texts), TO_SIGN)


def _ending(user: User, today: date, until: date) -> QuerySet[Any, Any]:
    """Accords-cadres in their last sixty days, whether something carries them on or not."""
    rows = in_their_last_days(user, today, until).order_by("ends_on", "pk")
    texts = ("pk", "reference", Value("", CharField()), "starts_on", "ends_on")
    return _listed(rows, _columns("accord", *texts), TASKS)


def _to_decide(user: User, orders: Sequence[Found]) -> set[int]:
    """Ids of the orders that this person approves or declines."""
    ids = [pk for pk, *_texts, to_approve in orders if to_approve]
    return set(approvable_by(user, user.rights).filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


@lru_cache(maxsize=KEPT)
def _order_task(row: Found, *, decide: bool) -> Task:
    pk, number, email, placed_on, _same, to_approve = row
    return Task(
        label=label_of(OrderState, OrderState.TO_APPROVE if to_approve else OrderState.PENDING),
        tone="warm",
        title=_("Commande %s") % number,
        detail=_("passée le %(date)s par %(email)s") % {"date": short_date(placed_on), "email": email},
        url=reverse("order_approval" if decide else "order_detail", args=[pk]),
        action=_("Approuver ou décliner") if decide else _("Voir"),
    )


def _renewal(accord: AccordCadre) -> Task:
    return Task(
        label=_("À renouveler"),
        tone="warm",
        title=_("Accord-cadre %s") % accord.reference,
        detail=_("prend fin le %s") % long_date(accord.ends_on),
        url=reverse("accord_detail", args=[accord.pk]),
        action=_("Voir"),
    )


@lru_cache(maxsize=KEPT)
def _offer_task(row: Found) -> Task:
    pk, title, _text, until, begins, _number = row
    detail = _("session du %(day)s · place tenue jusqu’au %(until)s")
    return Task(
        label=_("Place proposée"),
        tone="warm",
        title=title,
        detail=detail % {"day": short_date(begins), "until": short_date(until)},
        url=reverse("waiting_detail", args=[pk]),
        action=_("Répondre"),
    )


@lru_cache(maxsize=KEPT)
def _proposal_task(row: Found) -> Task:
    pk, title, kind, begins, ends, _number = row
    return Task(
        label=label_of(ProposalKind, kind),
        tone="warm",
        title=title,
        detail=date_range(begins, ends),
        url=reverse("proposal_detail", args=[pk]),
        action=_("Répondre"),
    )


@lru_cache(maxsize=KEPT)
def _draft_task(row: Found) -> Task:
    session, title, _text, begins, ends, count = row
    seats = ngettext("%d place, à confirmer", "%d places, à confirmer", count) % count
    return Task(
        label=_("En préparation"),
        tone="brand",
        title=title,
        detail=f"{date_range(begins, ends)} · {seats}",
        url=reverse("enrol_start", args=[session]),
        action=_("Reprendre"),
    )


@lru_cache(maxsize=KEPT)
def _quote_task(row: Found) -> Task:
    pk, number, _text, issued_on, _same, _number = row
    return Task(
        label=_("À signer"),
        tone="warm",
        title=_("Bon pour accord %s") % number,
        detail=_("émis le %s") % short_date(issued_on),
        url=reverse("document_sign", args=[pk]),
        action=_("Lire et signer"),
    )


SORTS: Mapping[str, Callable[[Found], Task]] = {
    "offer": _offer_task,
    "proposal": _proposal_task,
    "quote": _quote_task,
    "draft": _draft_task,
}
