"""The states of orders, enrolments and sessions, and every step from one to another: one table, for all.

A trigger of the database holds the same table, so that no road leads around it; a test compares them step by step, and
docs/states.md draws it. Rows may be made in any state, since history is imported. Two roads are free of the table,
because they write down what was decided elsewhere: the ERP's drops and the demonstration (`any_state`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.models import Session, SessionState
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Steps = Mapping[tuple[str, str], "_StrPromise"]

ORDER_STEPS: Steps = {
    (OrderState.TO_APPROVE, OrderState.PENDING): gettext_lazy("un administrateur approuve"),
    (OrderState.TO_APPROVE, OrderState.REFUSED): gettext_lazy("un administrateur décline"),
    (OrderState.TO_APPROVE, OrderState.CANCELLED): gettext_lazy("le responsable la retire"),
    (OrderState.PENDING, OrderState.VALIDATED): gettext_lazy("notre équipe valide"),
    (OrderState.PENDING, OrderState.REFUSED): gettext_lazy("notre équipe refuse"),
    (OrderState.PENDING, OrderState.CANCELLED): gettext_lazy("le responsable la retire"),
    (OrderState.VALIDATED, OrderState.CANCELLED): gettext_lazy("toutes ses inscriptions sont annulées"),
}
_ATTENDED = (EnrolmentState.PRESENT, EnrolmentState.PARTIAL, EnrolmentState.ABSENT)
ENROLMENT_STEPS: Steps = {
    (EnrolmentState.PENDING, EnrolmentState.CONFIRMED): gettext_lazy("la commande est validée"),
    (EnrolmentState.PENDING, EnrolmentState.CANCELLED): gettext_lazy("la commande est refusée ou retirée"),
    (EnrolmentState.CONFIRMED, EnrolmentState.CANCELLED): gettext_lazy("le client ou nous-mêmes annulons"),
    **{(EnrolmentState.CONFIRMED, state): gettext_lazy("la présence est saisie") for state in _ATTENDED},
    **{(state, EnrolmentState.CONFIRMED): gettext_lazy("la présence est effacée") for state in _ATTENDED},
    **{
        (before, after): gettext_lazy("la présence est corrigée")
        for before in _ATTENDED
        for after in _ATTENDED
        if before != after
    },
}
_ON_SALE = (SessionState.OPEN, SessionState.CONFIRMED, SessionState.GUARANTEED)
SESSION_STEPS: Steps = {
    (SessionState.OPEN, SessionState.CONFIRMED): gettext_lazy("assez d’inscrits"),
    (SessionState.OPEN, SessionState.GUARANTEED): gettext_lazy("aura lieu quoi qu’il arrive"),
    (SessionState.CONFIRMED, SessionState.GUARANTEED): gettext_lazy("aura lieu quoi qu’il arrive"),
    (SessionState.CONFIRMED, SessionState.OPEN): gettext_lazy("plus assez d’inscrits"),
    **{(state, SessionState.FULL): gettext_lazy("plus de place à vendre") for state in _ON_SALE},
    **{(SessionState.FULL, state): gettext_lazy("une place se libère") for state in _ON_SALE},
    **{(state, SessionState.CANCELLED): gettext_lazy("nous l’annulons") for state in (*_ON_SALE, SessionState.FULL)},
    **{(state, SessionState.DONE): gettext_lazy("elle a eu lieu") for state in (*_ON_SALE, SessionState.FULL)},
}
TABLE: Mapping[type[models.Model], tuple[type[models.TextChoices], Steps]] = {
    Order: (OrderState, ORDER_STEPS),
    Enrolment: (EnrolmentState, ENROLMENT_STEPS),
    Session: (SessionState, SESSION_STEPS),
}
CONSTRAINTS = {Order: "order_state_follows", Enrolment: "enrolment_state_follows", Session: "session_state_follows"}


class IllegalStepError(ValidationError):
    """From this state, the row can't pass to that one; the message says both in French."""


def may_become(model: type[models.Model], before: str, after: str) -> bool:
    """Whether a row may stay in its state or pass from `before` to `after`."""
    return before == after or (before, after) in TABLE[model][1]


def step(row: Order | Enrolment | Session, state: str) -> None:
    """Give the row, which the caller holds locked and saves, another state; IllegalStepError without such a step."""
    model = type(row)
    if not may_become(model, row.state, state):
        labels = {code: str(label) for code, label in TABLE[model][0].choices}
        values = {"before": labels[row.state], "after": labels[state]}
        raise IllegalStepError(_("De « %(before)s », on ne passe pas à « %(after)s ».") % values)
    row.state = state


@contextmanager
def any_state() -> Iterator[None]:
    """Inside, this transaction may write whatever state was decided elsewhere: by the ERP, or by the demonstration."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(current_setting('enrolments.any_state', true), '')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('enrolments.any_state', 'on', true)")
        yield
        cursor.execute("SELECT set_config('enrolments.any_state', %s, true)", [before])
