"""What pages read most often, as statements (accounts.statements) made once for each kind of rights.

The rule of tenancy stays where it is, in `visible_to` and `visible_by_branch`. They are asked by a stand-in: somebody
with rights of the same kind as the person's, whose ids and address are marks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.rights import Rights
from accounts.statements import Answer, Statement, Value, statement, written

# A function of a module: `build(user, *fixed, condition=…, **values)`, of which accounts.statements says the rest.
Reading = Callable[..., QuerySet[Any, Any]]
# For each establishment, in the order of ids: the types ticked there, or None for an administrator; the number of
# companies; whether the login address is verified; whether the establishments are only those that were chosen.
Kind = tuple[tuple[tuple[DocumentType, ...] | None, ...], int, bool, bool]
ALL = Q()


def read(build: Reading, user: User, *fixed: object, condition: Q = ALL, **values: Value) -> list[Sequence[Any]]:
    """The rows of `build`. Without a condition, its SQL is made once for each kind of rights and each `fixed`."""
    return ask(build, user, *fixed, condition=condition, **values).rows()


def ask(build: Reading, user: User, *fixed: object, condition: Q = ALL, **values: Value) -> Answer:
    """What `read` gives, to be taken later; several may be under way inside accounts.statements.together."""
    made, marked = _statement(build, user, fixed, condition, values)
    return made.ask(marked)


def read_within(
    around: str, more: Sequence[object], build: Reading, user: User, **values: Value
) -> list[Sequence[Any]]:
    """The rows of `build`, read within other SQL, as Statement.execute says."""
    return ask_within(around, more, build, user, **values).rows()


def ask_within(around: str, more: Sequence[object], build: Reading, user: User, **values: Value) -> Answer:
    """What `read_within` gives, to be taken later."""
    made, marked = _statement(build, user, (), ALL, values)
    return made.ask(marked, around, *more)


def ask_between(
    around: str, before: Sequence[object], after: Sequence[object], build: Reading, user: User, *fixed: object
) -> Answer:
    """The rows of `build` within other SQL (`{}` is where), whose parameters stand `before` and `after` it."""
    made, marked = _statement(build, user, fixed, ALL, {})
    if not made.sql:  # Django knows already that there are none
        return Answer(made, None)
    parameters = (*before, *made.filled(marked), *after)
    return Statement(around.replace("{}", made.sql), parameters, (), {}).ask(())


def count(build: Reading, user: User, *fixed: object, condition: Q = ALL, **values: Value) -> int:
    """How many rows `build` gives."""
    made, marked = _statement(build, user, fixed, condition, values)
    return made.count(marked)


def _statement(
    build: Reading, user: User, fixed: tuple[object, ...], condition: Q, values: dict[str, Value]
) -> tuple[Statement, list[Value]]:
    """The statement, and the values for its marks."""
    if condition:  # what a person typed makes a statement of its own
        return written(build(user, *fixed, condition=condition, **values)), []
    kind, own = _kind_of(user)
    marked = {**own, **values}
    names = tuple((name, type(value)) for name, value in marked.items())
    return statement(_asked_by_stand_in, (build, kind, fixed), names), list(marked.values())


def _kind_of(user: User) -> tuple[Kind, dict[str, Value]]:
    """The kind of the person's rights, and what makes them theirs."""
    rights = user.rights
    places = sorted(rights.establishments)
    types = tuple(None if one in rights.administered else tuple(sorted(rights.granted[one])) for one in places)
    own: dict[str, Value] = {"user_id": user.pk}
    if rights.email is not None:
        own["email"] = rights.email
    own.update((f"place_{rank}", one) for rank, one in enumerate(places))
    own.update((f"company_{rank}", one) for rank, one in enumerate(sorted(rights.companies)))
    return (types, len(rights.companies), rights.email is not None, rights.narrowed), own


def _asked_by_stand_in(
    build: Reading, kind: Kind, fixed: tuple[object, ...], *, user_id: int, email: str | None = None, **values: Any
) -> QuerySet[Any, Any]:
    places = {values.pop(f"place_{rank}"): types for rank, types in enumerate(kind[0])}
    companies = frozenset(values.pop(f"company_{rank}") for rank in range(kind[1]))
    user = User(pk=user_id, email=email or "")
    user.rights = Rights(
        email=email,
        companies=companies,
        administered=frozenset(place for place, types in places.items() if types is None),
        granted={place: frozenset(types) for place, types in places.items() if types is not None},
        narrowed=kind[3],
    )
    return build(user, *fixed, condition=ALL, **values)
