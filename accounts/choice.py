"""What someone with several establishments chose to look at: one, several, or all of them.

The choice narrows lists, figures, searches, prices and exports (`user.rights`, accounts.backends). It never widens, and
says nothing about what one may open: the pages and files of one object, and everything that a link of a mail leads to,
keep the whole right, and so do the pages about accounts and accesses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

from accounts.models import User
from accounts.typography import by_name

View = TypeVar("View", bound=Callable[..., Any])


def whole_right(view: View) -> View:
    """Mark a view without `pk` as one that the choice does not narrow."""
    view.whole_right = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def narrowed(view: View) -> View:
    """Mark a view with a `pk` as one that the choice narrows, e.g. the price of a session."""
    view.whole_right = False  # type: ignore[attr-defined]  # a mark on a function
    return view


class ChosenEstablishments(MiddlewareMixin):
    """Give the person their whole right where the address names one object (`pk`), or the view is marked so."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if getattr(view, "whole_right", "pk" in kwargs) and isinstance(request.user, User):
            request.user.rights = request.user.whole_rights


def choose_establishments(*, user: User, chosen: Iterable[int]) -> bool:
    """Remember what the person looks at from the next page on, on any device; False when it is none of theirs.

    All of them is kept as no choice at all, so that an establishment that joins later is seen too.
    """
    rights = User.objects.rights_of(user.pk)
    shown = sorted(set(chosen) & rights.establishments)
    if not shown:
        return False
    User.objects.filter(pk=user.pk).update(
        shown_establishments=[] if len(shown) == len(rights.establishments) else shown
    )
    return True


def places_of(user: User) -> tuple[tuple[int, str, bool], ...]:
    """The person's establishments, by name: id, name, and whether they look at it."""
    whole = user.whole_rights
    shown = whole.narrowed_to(user.shown_establishments).establishments
    names = user.establishment_names
    in_order = sorted(whole.establishments, key=lambda pk: (by_name(names[pk]), pk))
    return tuple((pk, names[pk], pk in shown) for pk in in_order)


def look_everywhere(*, user: User) -> None:
    """Forget the choice: everything is looked at."""
    User.objects.filter(pk=user.pk).update(shown_establishments=[])
