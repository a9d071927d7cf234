"""What the management pages share: reading only, bounded counts, the database's last word, what the portal decided."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.core.paginator import Paginator
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from psycopg.errors import UniqueViolation

from accounts.models import User
from accounts.models.base import DecidedInPortal
from accounts.requests import person

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_M = TypeVar("_M", bound=models.Model)
_P = TypeVar("_P", bound=models.Model)
_D = TypeVar("_D", bound=DecidedInPortal)

EMPTY = "–"


def count_of(rows: models.QuerySet[Any], about: str) -> Coalesce:
    """How many `rows` have the outer row as their `about`: a subquery, worked out for the rows of the page only."""
    per_row = rows.filter(**{about: OuterRef("pk")}).order_by().values(about).annotate(found=Count("pk"))
    return Coalesce(Subquery(per_row.values("found")), 0)


def link_to(row: models.Model | None, text: str = "") -> SafeString | str:
    """A link to the management page of a row."""
    if row is None:
        return EMPTY
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, text or row)


class CappedPaginator(Paginator[Any]):
    """Counts to `CAP` and no further, so that a page of a million rows costs no more than one of ten thousand.

    Beyond, whoever looks for something searches or filters; `capped` lets the page say "plus de".
    """

    CAP: ClassVar[int] = 10_000

    @cached_property
    def _counted(self) -> int:
        rows = cast("models.QuerySet[Any]", self.object_list)
        return rows.order_by()[: self.CAP + 1].count()

    @property
    def capped(self) -> bool:
        return self._counted > self.CAP

    @cached_property
    def count(self) -> int:
        return min(self._counted, self.CAP)


class QuestionFilter(admin.SimpleListFilter):
    """A question that staff ask. `answers`: value in the address → its label, and the condition as it is now."""

    answers: ClassVar[Mapping[str, tuple[_StrPromise, Callable[[], Q]]]] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, _StrPromise]]:
        return [(value, label) for value, (label, _condition) in self.answers.items()]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """All rows for a value that is no answer."""
        _label, condition = self.answers.get(self.value() or "", ("", Q))
        return queryset.filter(condition())


class PortalAdmin(admin.ModelAdmin[_M]):
    """The common manner: 50 rows, bounded counts, and `fixed_fields` that are typed once and read ever after."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    fixed_fields: ClassVar[tuple[str, ...]] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: _M | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *(self.fixed_fields if obj is not None else ()))

    def named(self, term: str) -> Q | None:
        """The rows that `term` names in full, found by an index, for the largest tables; None when it names none."""
        return None

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[_M], bool]:
        """What staff paste is nearly always a whole number or address: it is looked up before anything is searched."""
        named = self.named(search_term.strip()) if search_term.strip() else None
        if named is not None:
            return queryset.filter(named), False
        return super().get_search_results(request, queryset, search_term)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """When another request was quicker with the same row, the form is asked again, and finds it: it says so."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
            return super().changeform_view(request, *args, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: _M | None) -> list[type[InlineModelAdmin[Any, Any]]]:
        """What is only read says nothing about a row that is being added."""
        inlines = super().get_inlines(request, obj)
        return [inline for inline in inlines if obj is not None or not issubclass(inline, ReadOnlyInline)]


class ReadOnlyAdmin(PortalAdmin[_M]):
    """What is only ever read here: nothing is added, changed or deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: _M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: _M | None = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline[_M, _P]):
    """What belongs to the row above, shown with links; it is changed on its own page."""

    extra = 0
    can_delete = False
    show_change_link = True
    select_related: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[_M]:
        return super().get_queryset(request).select_related(*self.select_related)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(str(name) for name in self.fields or ())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DecidedAdmin(PortalAdmin[_D]):
    """For rows that the ERP also describes: what staff change here, no drop changes back, until they say so."""

    actions = ["give_back"]

    def get_readonly_fields(self, request: HttpRequest, obj: _D | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "decided_in_portal")

    def save_model(self, request: HttpRequest, obj: _D, form: Any, change: bool) -> None:
        obj.decide(name for name in form.changed_data if name in form._meta.fields)
        super().save_model(request, obj, form, change)

    @admin.action(description=_("Laisser de nouveau l’ERP décider"), permissions=["change"])
    def give_back(self, request: HttpRequest, queryset: models.QuerySet[_D]) -> None:
        """Forget what the portal decided about the chosen rows; the next drop takes them over."""
        given_back = queryset.exclude(decided_in_portal=[]).update(decided_in_portal=[])
        self.message_user(request, _("%(count)d ligne(s) rendue(s) à l’ERP.") % {"count": given_back})


class TriedForm(forms.ModelForm[_M]):
    """Asks the database, in a savepoint that is undone, whether it takes the row: its triggers stay the only rule.

    `refusals`: name of a trigger's constraint → the field it is about (None: the whole form) and what to say. A refusal
    that nobody foresaw is raised, not hidden.
    """

    refusals: ClassVar[Mapping[str, tuple[str | None, _StrPromise]]] = {}

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            self._ask_database()

    def _ask_database(self) -> None:
        trial = copy.copy(self.instance)
        try:
            with transaction.atomic():
                trial.save()
                connection.check_constraints()
                transaction.set_rollback(True)
        except IntegrityError as error:
            constraint = constraint_of(error)
            if constraint not in self.refusals:
                raise
            field, message = self.refusals[constraint]
            self.add_error(field if field in self.fields else None, message)


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that refused, as PostgreSQL reports it; empty when it names none."""
    return str(getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "")


def staff(request: HttpRequest) -> User:
    """The member of the team who acts; the management site lets nobody else in."""
    return person(request)
