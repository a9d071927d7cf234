"""Codes and numbers of the ERP: `cmd-1` and `CMD-1` name the same order (ERP-EXPORT.md, "Keys match")."""

import string
from collections.abc import Iterable
from typing import TypeVar

from django.db import models
from django.db.models import F, Func
from django.utils.translation import gettext_lazy as _

_CAPITALS = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
ModelT = TypeVar("ModelT", bound=models.Model)


def fold(code: str) -> str:
    """The form under which codes are compared: a to z as capitals, nothing else touched, in whatever locale."""
    return code.translate(_CAPITALS)


def _folded(field: str) -> Func:
    """`fold`, said by the database: the collation "C" has the capitals of ASCII only."""
    return Func(F(field), template='UPPER(%(expressions)s COLLATE "C")', output_field=models.TextField())


def unique_in_any_case(field: str, name: str) -> models.UniqueConstraint:
    """A code names one object whatever the case of its letters; the index of this constraint serves `by_code`."""
    return models.UniqueConstraint(_folded(field), name=name, violation_error_message=_("Ce code existe déjà."))


def by_code(rows: models.QuerySet[ModelT], field: str, codes: Iterable[str]) -> dict[str, ModelT]:
    """The rows whose `field` is one of these folded codes, under that form: one query, through the index.

    `field` must have a constraint `unique_in_any_case`.
    """
    found = rows.order_by().alias(folded=_folded(field)).filter(folded__in=list(codes))
    return {fold(getattr(row, field)): row for row in found}
