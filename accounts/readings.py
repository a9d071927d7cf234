"""What pages read most often, as statements (accounts.statements) made once for each kind of rights.

The rule of tenancy stays where it is, in `visible_to` and `visible_by_branch`. They are asked by a stand-in: somebody
with rights of the same kind as the person's, whose ids and address are marks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.rights import Rights
from accounts.statements import Value, execute

# For each establishment, in the order of ids: the types ticked there, or None for an administrator; and whether the
# login address is verified.
Kind = tuple[tuple[tuple[DocumentType, ...] | None, ...], bool]


def read(build: Callable[..., QuerySet[Any, Any]], user: User, *fixed: object, **values: Value) -> list[Sequence[Any]]:
    """The rows of `build(user, *fixed, **values)`, whose SQL is made once for each kind of rights and each `fixed`.

    `build` is a function of a module and treats `values` as accounts.statements.execute says.
    """
    rights = user.rights
    places = sorted(rights.establishments)
    kind: Kind = (
        tuple(None if one in rights.administered else tuple(sorted(rights.granted[one])) for one in places),
        rights.email is not None,
    )
    own: dict[str, Value] = {"user_id": user.pk}
    if rights.email is not None:
        own["email"] = rights.email
    for rank, one in enumerate(places):
        own[f"place_{rank}"] = one
    return execute(_asked_by_stand_in, (build, kind, fixed), **own, **values)


def _asked_by_stand_in(
    build: Callable[..., QuerySet[Any, Any]],
    kind: Kind,
    fixed: tuple[object, ...],
    *,
    user_id: int,
    email: str | None = None,
    **values: Any,
) -> QuerySet[Any, Any]:
    places = {values.pop(f"place_{rank}"): types for rank, types in enumerate(kind[0])}
    user = User(pk=user_id, email=email or "")
    user.rights = Rights(
        email=email,
        administered=frozenset(place for place, types in places.items() if types is None),
        granted={place: frozenset(types) for place, types in places.items() if types is not None},
    )
    return build(user, *fixed, **values)
