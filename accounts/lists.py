"""What every list of the portal shares: pages of 25 that go by key, never by offset, over one branch of rights or many.

`visible_by_branch` of a model gives the same rows as its `visible_to`, split into disjoint conditions, each of which an
index that ends in the sort key can serve: a page then costs the same for 10 rows and for 10,000.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db.models import BigIntegerField, BooleanField, F, Func, IntegerField, Model, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.readings import ask, count
from accounts.statements import Value

ROWS_PER_PAGE = 25
COUNTED = 1000  # counting further would cost more than the page
SORT, AFTER, BEFORE = "tri", "apres", "avant"

Row = TypeVar("Row")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """One list. `branches`: the rows of `model` that a person may see, as its `visible_by_branch` gives them.

    `columns` names what is shown of each, as `values_list` does, in the order of the arguments of `row`; it is told who
    asks, and given the values that `ask_page` was given. `counts_to`: where the count of rows stops. `carried`: where
    the keys of a page are found when no filter asks for something else.
    """

    model: type[Model]
    branches: Callable[[User], Sequence[QuerySet[Any, Any]]]
    columns: Callable[..., QuerySet[Any, Any]]
    row: Callable[..., Row]
    counts_to: int = COUNTED
    carried: Carried | None = None


@dataclass(frozen=True)
class Carried:
    """Rows of another model, visible to a person by branch, that carry the key of a list's rows and what sorts them.

    `names`: (field of the list's model, its name there), `pk` included. Several rows may carry the same key.
    """

    branches: Callable[[User], Sequence[QuerySet[Any, Any]]]
    names: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """The name of the key there."""
        return dict(self.names)["pk"]

    def sorted_by(self, ordering: Ordering) -> Ordering:
        """The same order, by the names of the fields there."""
        names = {**dict(self.names), **{f"-{field}": f"-{name}" for field, name in self.names}}
        return replace(ordering, fields=tuple(names[field] for field in ordering.fields), tie=self.key)

    def first(self, user: User, order: Sequence[str], beyond: Q, limit: int) -> QuerySet[Any, Any]:
        """The first keys, with the fields that sort them, each once: each branch reads its index as far as it takes."""
        columns = [field.removeprefix("-") for field in order]
        one, *others = (
            branch.filter(beyond).order_by(*order).values(*columns).distinct()[:limit] for branch in self.branches(user)
        )
        return one.union(*others).order_by(*order)[:limit] if others else one


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page: its rows, how many rows the filter matches in all, and the addresses of its neighbours (or None).

    `total` stops where the list stops counting; `uncounted` says that there are more.
    """

    rows: list[Row]
    total: int
    uncounted: bool
    previous_url: str | None
    next_url: str | None

    @property
    def total_text(self) -> str:
        """ "214", or "plus de 1 000"."""
        digits = f"{self.total:,}".replace(",", "\u202f")
        return _("plus de %s") % digits if self.uncounted else digits


@dataclass(frozen=True)
class Ordering:
    """A sort: the name in the address, and the fields with their direction; `tie`, the primary key, breaks ties."""

    name: str
    fields: tuple[str, ...]
    tie: str = "pk"

    def by(self, *, backwards: bool = False) -> list[str]:
        """The arguments of `order_by`; `backwards` to read towards the beginning."""
        fields = [*self.fields, f"-{self.tie}" if self.fields[0].startswith("-") else self.tie]
        return (
            [field.removeprefix("-") if field.startswith("-") else f"-{field}" for field in fields]
            if backwards
            else fields
        )

    def values_in(self, model: type[Model], key: str) -> dict[str, Any]:
        """The values in a key, named `key_0`, `key_1`…; none when the key, which a visitor may type, is nonsense."""
        parts, fields = key.split("~"), self.by()
        if len(parts) != len(fields):
            return {}
        try:
            values = [
                _field(model, field.removeprefix("-")).to_python(part)
                for field, part in zip(fields, parts, strict=True)
            ]
        except ValidationError:
            return {}
        return {} if None in values else {f"key_{rank}": value for rank, value in enumerate(values)}

    def beyond(self, key: Sequence[Any], *, backwards: bool) -> Q:
        """The condition "further than `key` in this order"."""
        condition, equal = Q(), Q()
        fields = self.by(backwards=backwards)
        for field, value in zip(fields, key, strict=True):
            name = field.removeprefix("-")
            condition |= equal & Q(**{f"{name}__{'lt' if field.startswith('-') else 'gt'}": value})
            equal &= Q(**{name: value})
        first = fields[0]
        # Said once more for the first field alone: this is what lets the index start at the key.
        return condition & Q(**{f"{first.removeprefix('-')}__{'lte' if first.startswith('-') else 'gte'}": key[0]})

    def key_of(self, row: object) -> str:
        """The key of a row, as it stands in an address; the row has what it is sorted by under the model's names."""
        return "~".join(str(getattr(row, field.removeprefix("-"))) for field in self.by())


def _field(model: type[Model], name: str) -> Any:
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


class _Keys(Subquery):
    """One column of a subquery that may have others, for its order."""

    template = "(ARRAY(SELECT %(key)s FROM (%(subquery)s) AS nearest))"
    output_field = ArrayField(BigIntegerField())
    empty_result_set_value = NotImplemented  # without keys, Django knows that there are no rows


class HowMany(Subquery):
    """How many rows a subquery has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


class Among(Func):
    """`field = ANY(ARRAY(subquery))`: as `IN`, but the keys are always found first, in their own indexes.

    `key`: the column of the subquery.

    Left to choose, PostgreSQL guesses how many keys there will be, may read the other tables first, and then reads a
    million rows to show 25.
    """

    template = "%(expressions)s"
    arg_joiner = " = ANY"
    output_field = BooleanField()

    def __init__(self, keys: QuerySet[Any, Any], *, key: str = "pk", field: str = "pk") -> None:
        super().__init__(F(field), _Keys(keys, key=key))


def chosen_ordering(orderings: Sequence[Ordering], params: QueryDict) -> Ordering:
    """The ordering that the address names, or the first."""
    return next((ordering for ordering in orderings if ordering.name == params.get(SORT)), orderings[0])


def ask_page(
    listing: Listing[Row], user: User, condition: Q, ordering: Ordering, params: QueryDict, **values: Value
) -> Page[Row]:
    """The page that the address asks for, of the rows that the person may see and that meet the condition.

    In one query: the rows, with what they refer to, and how many there are. It is asked at once, and taken when the
    page is first looked at: inside accounts.statements.together, a template draws what comes before meanwhile.
    """
    backwards = BEFORE in params
    key = ordering.values_in(listing.model, params.get(BEFORE if backwards else AFTER, ""))
    backwards = backwards and bool(key)
    fixed = (listing, ordering, backwards, ROWS_PER_PAGE + 1)
    answer = ask(rows_of, user, *fixed, tuple(values), condition=condition, **key, **values)

    def page() -> Page[Row]:
        found = answer.rows()
        rows = [listing.row(*row[:-1]) for row in found[:ROWS_PER_PAGE]]
        more = len(found) > ROWS_PER_PAGE
        if backwards:
            rows.reverse()
        has_previous, has_next = (more, True) if backwards else (bool(key), more)
        total = found[0][-1] if found else count(counted, user, listing, condition=condition) if key else 0
        return Page(
            rows=rows,
            total=min(total, listing.counts_to),
            uncounted=total > listing.counts_to,
            previous_url=_address(params, BEFORE, ordering.key_of(rows[0])) if rows and has_previous else None,
            next_url=_address(params, AFTER, ordering.key_of(rows[-1])) if rows and has_next else None,
        )

    return later(page)


def later(make: Callable[[], Made]) -> Made:
    """What `make` makes, once, when something is first asked of it."""
    return cast(Made, SimpleLazyObject(make))


def plain_page(rows: QuerySet[Any, Any], ordering: Ordering, params: QueryDict) -> Page[Any]:
    """The page that the address asks for of rows that the key handed out already, for lists that few people open.

    Two queries, whose SQL is made anew each time; `ask_page` is for what everybody opens.
    """
    backwards = BEFORE in params
    key = list(ordering.values_in(rows.model, params.get(BEFORE if backwards else AFTER, "")).values())
    backwards = backwards and bool(key)
    beyond = ordering.beyond(key, backwards=backwards) if key else Q()
    found = list(rows.filter(beyond).order_by(*ordering.by(backwards=backwards))[: ROWS_PER_PAGE + 1])
    shown, more = found[:ROWS_PER_PAGE], len(found) > ROWS_PER_PAGE
    if backwards:
        shown.reverse()
    has_previous, has_next = (more, True) if backwards else (bool(key), more)
    total = rows.order_by()[: COUNTED + 1].count()
    return Page(
        rows=shown,
        total=min(total, COUNTED),
        uncounted=total > COUNTED,
        previous_url=_address(params, BEFORE, ordering.key_of(shown[0])) if shown and has_previous else None,
        next_url=_address(params, AFTER, ordering.key_of(shown[-1])) if shown and has_next else None,
    )


def rows_of(
    user: User,
    listing: Listing[Any],
    ordering: Ordering,
    backwards: bool,
    limit: int,
    names: tuple[str, ...],
    *,
    condition: Q,
    **values: Any,
) -> QuerySet[Any, Any]:
    """The first rows of each branch through its index, then the first of these; see accounts.readings."""
    order = ordering.by(backwards=backwards)
    key = [value for name, value in values.items() if name not in names]
    if listing.carried is not None and not condition:
        there = listing.carried.sorted_by(ordering)
        beyond = there.beyond(key, backwards=backwards) if key else Q()
        keys = listing.carried.first(user, there.by(backwards=backwards), beyond, limit)
        found = rows_with(keys, of=listing.model, key=listing.carried.key).order_by(*order)
        all_keys = listing.carried.first(user, there.by(), Q(), listing.counts_to + 1)
    else:
        beyond = ordering.beyond(key, backwards=backwards) if key else Q()
        found = first([branch.filter(condition & beyond) for branch in listing.branches(user)], order, limit)
        all_keys = counted(user, listing, condition=condition)
    listed: QuerySet[Any, Any] = listing.columns(found, user, **{name: values[name] for name in names})
    numbered: QuerySet[Any, Any] = listed.annotate(total=HowMany(all_keys))
    return numbered[:limit]


def newest_of(user: User, listing: Listing[Any], ordering: Ordering, limit: int, *, condition: Q) -> QuerySet[Any, Any]:
    """The first rows, without their number; see accounts.readings."""
    rows = first([branch.filter(condition) for branch in listing.branches(user)], ordering.by(), limit)
    newest: QuerySet[Any, Any] = listing.columns(rows, user)
    return newest[:limit]


def first(branches: Sequence[QuerySet[Any, Any]], order: Sequence[str], limit: int) -> QuerySet[Any, Any]:
    """A queryset whose first `limit` rows are the first over all branches: each gives its own, through its index."""
    if len(branches) == 1:
        return branches[0].order_by(*order)
    return rows_with(first_keys(branches, order, limit)).order_by(*order)


def first_keys(branches: Sequence[QuerySet[Any, Any]], order: Sequence[str], limit: int) -> QuerySet[Any, Any]:
    """The keys of the first `limit` rows over all branches, with the fields that sort them."""
    columns = dict.fromkeys(["pk", *(field.removeprefix("-") for field in order)])
    one, *others = (branch.order_by(*order).values(*columns)[:limit] for branch in branches)
    return one.union(*others, all=True).order_by(*order)[:limit] if others else one


def rows_with(keys: QuerySet[Any, Any], *, of: type[Model] | None = None, key: str = "pk") -> QuerySet[Any, Any]:
    """The rows, of the same model or `of` another, that have these keys, found among what a person may see."""
    found: QuerySet[Any, Any] = (of or keys.model)._default_manager.filter(Among(keys, key=key))
    return found


def counted(user: User, listing: Listing[Any], *, condition: Q) -> QuerySet[Any, Any]:
    """The keys of what the disjoint branches have, up to one more than are counted."""
    one, *others = (branch.filter(condition).order_by().values("pk") for branch in listing.branches(user))
    return (one.union(*others, all=True) if others else one)[: listing.counts_to + 1]


def _address(params: QueryDict, name: str, key: str) -> str:
    changed = params.copy()
    changed.pop(AFTER, None)
    changed.pop(BEFORE, None)
    changed[name] = key
    return f"?{changed.urlencode()}"
