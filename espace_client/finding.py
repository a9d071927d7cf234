"""What a person may see and what they typed, brought together: the first few rows of each kind, whatever their number.

The person's rows are read in the order in which they are shown, through the index of each branch of their rights, and
compared with every word; reading stops at the last that is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.readings import ask_between
from accounts.rights import Rights
from accounts.statements import Answer
from documents.models import Document
from enrolments.models import Enrolment, Order, Participant

# More than anybody has: with a limit PostgreSQL keeps the plans that give the first rows soonest, and it compares with
# the words only what comes out of them.
ALL_OF_THEM = 1_000_000_000


@dataclass(frozen=True)
class Kind:
    """One kind of rows. `fields`: what `text` and `shown`, both SQL, may say of `seen`; `order`: which come first.

    `text`: what the words are looked for in, one line for each field. `few`: whether the last branch is of some rows
    that are named one by one, which are best read all.
    """

    branches: Callable[[User], Sequence[QuerySet[Any, Any]]]
    fields: tuple[str, ...]
    order: tuple[str, ...]
    text: str
    shown: str
    few: Callable[[Rights], bool] = lambda _rights: False


# Subqueries for one value each: they are never turned into a join of everything.
TITLE = (
    "(SELECT course.title FROM catalogue_session session JOIN catalogue_course course ON course.id = session.course_id"
    " WHERE session.id = seen.session_id)"
)
PLACE = (
    "(SELECT concat_ws(E'\\n', course.title, session.city, session.code) FROM catalogue_session session"
    " JOIN catalogue_course course ON course.id = session.course_id WHERE session.id = seen.session_id)"
)
ENDS_ON = "(SELECT ends_on FROM catalogue_session session WHERE session.id = seen.session_id)"
NUMBER = "(SELECT number FROM enrolments_order WHERE enrolments_order.id = seen.order_id)"
NAMES = (
    "(SELECT concat_ws(E'\\n', last_name, first_name) FROM enrolments_participant person"
    " WHERE person.id = seen.participant_id)"
)
CALLED = (
    "(SELECT btrim(concat(first_name, ' ', last_name)) FROM enrolments_participant person"
    " WHERE person.id = seen.participant_id)"
)

PARTICIPANTS = Kind(
    lambda user: Participant.objects.visible_by_branch(user),
    ("pk", "last_name", "first_name", "email"),
    ("last_name", "first_name", "id"),
    "last_name, first_name, email",
    "id, btrim(concat(first_name, ' ', last_name)), email",
)
ENROLMENTS = Kind(
    lambda user: Enrolment.objects.visible_by_branch(user),
    ("pk", "starts_on", "state", "order_id", "session_id", "participant_id"),
    ("starts_on DESC", "id DESC"),
    f"{NAMES}, {PLACE}, {NUMBER}",
    f"order_id, state, {TITLE}, {CALLED}, starts_on, {ENDS_ON}",
)
ORDERS = Kind(
    lambda user: Order.objects.visible_by_branch(user),
    ("pk", "placed_on", "number", "purchase_order_number", "order_email", "opco", "state"),
    ("placed_on DESC", "id DESC"),
    "number, purchase_order_number, order_email, opco",
    "id, number, placed_on, purchase_order_number, order_email, state",
)
OF_ORDER = (
    "(SELECT concat_ws(E'\\n', number, purchase_order_number) FROM enrolments_order"
    " WHERE enrolments_order.id = seen.order_id)"
)
OF_PERSON = (
    "(SELECT concat_ws(E'\\n', last_name, first_name) FROM enrolments_enrolment enrolment"
    " JOIN enrolments_participant person ON person.id = enrolment.participant_id"
    " WHERE enrolment.id = seen.enrolment_id)"
)
DOCUMENTS = Kind(
    lambda user: Document.objects.visible_by_branch(user),
    ("pk", "issued_on", "number", "type", "amount", "order_id", "enrolment_id", "session_id"),
    ("issued_on DESC", "id DESC"),
    f"number, {TITLE}, {OF_ORDER}, {OF_PERSON}",
    f"id, type, number, amount, issued_on, {TITLE}",
    lambda rights: bool(rights.granted),  # those shared with the person
)

QUERY = """
WITH words AS MATERIALIZED (
  SELECT array_agg('%%' || regexp_replace(upper(unaccent(word)), '([\\\\%%_])', '\\\\\\1', 'g') || '%%') AS patterns
  FROM unnest(%s::text[]) AS word
)
SELECT {shown} FROM ({rows}) AS seen ({columns})
WHERE coalesce(upper(unaccent(concat_ws(E'\\n', {text}))) LIKE ALL ((SELECT patterns FROM words)::text[]), false)
ORDER BY {order} LIMIT %s
"""


def ask_found(kind: Kind, user: User, words: Sequence[str], limit: int) -> Answer:
    """The first rows of a kind that the person may see and that have every word, as `shown` says."""
    columns = ", ".join("id" if field == "pk" else field for field in kind.fields)
    order = ", ".join(kind.order)
    around = QUERY.format(shown=kind.shown, rows="{}", columns=columns, text=kind.text, order=order)
    return ask_between(around, [list(words)], [limit], _seen, user, kind)


def _seen(user: User, kind: Kind, *, condition: Q) -> QuerySet[Any, Any]:
    """All that the person may see, by branch, each in order; see accounts.readings."""
    order = [f"-{field.removesuffix(' DESC')}" if field.endswith(" DESC") else field for field in kind.order]
    branches = [branch.order_by(*order).values_list(*kind.fields) for branch in kind.branches(user)]
    all_but_few = len(branches) - kind.few(user.rights)
    one, *others = [*(branch[:ALL_OF_THEM] for branch in branches[:all_but_few]), *branches[all_but_few:]]
    return one.union(*others, all=True) if others else one
