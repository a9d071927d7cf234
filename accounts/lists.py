"""What every list of the portal shares: pages of 25 that go by key, never by offset, over one branch of rights or many.

`visible_by_branch` of a model gives the same rows as its `visible_to`, split into disjoint conditions, each of which an
index that ends in the sort key can serve: a page then costs the same for 10 rows and for 10,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet
from django.http import QueryDict

ROWS_PER_PAGE = 25
SORT, AFTER, BEFORE = "tri", "apres", "avant"

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page: its rows, how many rows the filter matches in all, and the addresses of its neighbours (or None)."""

    rows: list[Row]
    total: int
    previous_url: str | None
    next_url: str | None


class Among(Func):
    """`key = ANY(ARRAY(SELECT …))`: the keys are found first, and the rows by them.

    With `key IN (SELECT …)` PostgreSQL cannot tell that a union of limited branches is short, and reads whole tables.
    """

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


@dataclass(frozen=True)
class Ordering:
    """A sort: the name in the address, and the fields with their direction; the primary key breaks ties."""

    name: str
    fields: tuple[str, ...]

    def by(self, *, backwards: bool = False) -> list[str]:
        """The arguments of `order_by`; `backwards` to read towards the beginning."""
        fields = [*self.fields, "-pk" if self.fields[0].startswith("-") else "pk"]
        return (
            [field.removeprefix("-") if field.startswith("-") else f"-{field}" for field in fields]
            if backwards
            else fields
        )

    def beyond(self, model: type[Model], key: str, *, backwards: bool) -> Q | None:
        """The condition "further than `key` in this order"; None when the key, which anyone may type, is nonsense."""
        parts = key.split("~")
        names = [field.removeprefix("-") for field in self.by()]
        if len(parts) != len(names):
            return None
        try:
            values = [_field(model, name).to_python(part) for name, part in zip(names, parts, strict=True)]
        except ValidationError:
            return None
        if any(value is None for value in values):
            return None
        condition, equal = Q(), Q()
        for field, name, value in zip(self.by(backwards=backwards), names, values, strict=True):
            condition |= equal & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
            equal &= Q(**{name: value})
        first = self.by(backwards=backwards)[0]
        # Said once more for the first field alone: this is what lets the index start at the key.
        return condition & Q(**{f"{names[0]}__{'lte' if first.startswith('-') else 'gte'}": values[0]})

    def key_of(self, row: Model) -> str:
        """The key of a row, as it stands in an address."""
        return "~".join(str(_value(row, field.removeprefix("-"))) for field in self.by())


def _field(model: type[Model], name: str) -> Any:
    """The model field at the end of a path such as `session__starts_on`."""
    *path, last = name.split("__")
    for step in path:
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    return model._meta.pk if last == "pk" else model._meta.get_field(last)


def _value(row: Model, name: str) -> object:
    value: object = row
    for step in name.split("__"):
        value = getattr(value, step)
    return value


def chosen_ordering(orderings: Sequence[Ordering], params: QueryDict) -> Ordering:
    """The ordering that the address names, or the first."""
    return next((ordering for ordering in orderings if ordering.name == params.get(SORT)), orderings[0])


def page_of(
    branches: Sequence[QuerySet[Row]], ordering: Ordering, params: QueryDict, related: Sequence[str]
) -> Page[Row]:
    """The page that the address asks for, in two queries: the rows, with what they refer to, and the total."""
    backwards = BEFORE in params
    key = params.get(BEFORE if backwards else AFTER, "")
    beyond = ordering.beyond(branches[0].model, key, backwards=backwards) if key else None
    backwards = backwards and beyond is not None
    rows = list(_first(branches, ordering, beyond, backwards, ROWS_PER_PAGE + 1).select_related(*related))
    more, rows = len(rows) > ROWS_PER_PAGE, rows[:ROWS_PER_PAGE]
    if backwards:
        rows.reverse()
    has_previous, has_next = (more, True) if backwards else (beyond is not None, more)
    return Page(
        rows=rows,
        total=count(branches),
        previous_url=_address(params, BEFORE, ordering.key_of(rows[0])) if rows and has_previous else None,
        next_url=_address(params, AFTER, ordering.key_of(rows[-1])) if rows and has_next else None,
    )


def newest(branches: Sequence[QuerySet[Row]], ordering: Ordering, limit: int) -> QuerySet[Row]:
    """The first `limit` rows over all branches, in one query."""
    return _first(branches, ordering, None, False, limit)


def count(branches: Sequence[QuerySet[Any]]) -> int:
    """How many rows the disjoint branches have, in one query."""
    first, *others = (branch.order_by().values("pk") for branch in branches)
    return first.union(*others, all=True).count() if others else first.count()


def _first(
    branches: Sequence[QuerySet[Row]], ordering: Ordering, beyond: Q | None, backwards: bool, limit: int
) -> QuerySet[Row]:
    """The first rows of each branch through its index, then the first of these."""
    order = ordering.by(backwards=backwards)
    tops = [(branch.filter(beyond) if beyond else branch).order_by(*order) for branch in branches]
    if len(tops) == 1:
        return tops[0][:limit]
    keys = [top.values("pk")[:limit] for top in tops]
    among = Among(F("pk"), ArraySubquery(keys[0].union(*keys[1:], all=True)))
    return branches[0].model._default_manager.filter(among).order_by(*order)[:limit]


def _address(params: QueryDict, name: str, key: str) -> str:
    changed = params.copy()
    changed.pop(AFTER, None)
    changed.pop(BEFORE, None)
    changed[name] = key
    return f"?{changed.urlencode()}"
