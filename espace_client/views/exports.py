"""Exports of the lists: exactly what is filtered, in columns that never change; amounts where they may be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.filters import Filters
from accounts.labels import label_of
from accounts.lists import chosen_ordering
from accounts.models import User
from accounts.requests import person
from enrolments.fee_sums import with_fees
from enrolments.filters import EnrolmentFilters, OrderFilters
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState
from enrolments.views import ENROLMENT_ORDERINGS, ORDER_ORDERINGS
from espace_client.spreadsheets import Value, csv_answer, xlsx_answer

ROWS_AT_ONCE = 500
ANSWERS = {"csv": csv_answer, "xlsx": xlsx_answer}


@require_safe
def enrolment_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The enrolments of the list, one a row."""
    user, condition = person(request), Filters(EnrolmentFilters, request).condition()
    rows = Enrolment.objects.visible_to(user).filter(condition)
    ordered = rows.order_by(*chosen_ordering(ENROLMENT_ORDERINGS, request.GET).by())
    return ANSWERS[kind](_name("inscriptions"), enrolment_columns(), enrolment_rows(ordered, user))


@require_safe
def order_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The orders of the list, one a row."""
    user, condition = person(request), Filters(OrderFilters, request).condition()
    rows = Order.objects.visible_to(user).filter(condition)
    ordered = rows.order_by(*chosen_ordering(ORDER_ORDERINGS, request.GET).by())
    return ANSWERS[kind](_name("commandes"), order_columns(), order_rows(ordered, user))


def _name(what: str) -> str:
    return f"{what}-{timezone.localdate().isoformat()}"


def enrolment_columns() -> list[str]:
    """The columns of the export of enrolments; new ones only ever go to the end.

    A cancelled one keeps its price, and owes its fees only: that is the last column.
    """
    return [
        _("N° d’inscription"), _("Nom"), _("Prénom"), _("Adresse email"), _("Formation"), _("Référence"), _("Session"),
        _("Début"), _("Fin"), _("Ville"), _("État"), _("Durée (h)"), _("Commande"), _("Commandée le"),
        _("Email de commande"), _("Établissement"), _("SIRET"), _("Prix public HT"), _("Prix HT"), _("Frais HT"),
        _("Dû HT"),
    ]  # fmt: skip


def enrolment_rows(rows: QuerySet[Enrolment], user: User) -> Iterator[Sequence[Value]]:
    """The cells, in the order of the columns."""
    values = with_fees(rows, "enrolment").values_list(
        "number", "participant__last_name", "participant__first_name", "participant__email", "session__course__title",
        "session__course__reference", "session__code", "starts_on", "session__ends_on", "session__city", "state",
        "hours", "order__number", "order__placed_on", "order_email", "establishment__name", "establishment__siret",
        "public_price", "price", "fees", "establishment_id",
    )  # fmt: skip
    rights = user.rights
    for *cells, establishment in values.iterator(ROWS_AT_ONCE):
        cells.append(cells[19] + (0 if cells[10] == EnrolmentState.CANCELLED else cells[18]))
        cells[10] = label_of(EnrolmentState, cells[10])
        if not rights.sees_amounts(establishment, cells[14]):
            cells[17:] = [None, None, None, None]
        yield cells


def order_columns() -> list[str]:
    """The columns of the export of orders; new ones only ever go to the end."""
    return [
        _("Commande"), _("Passée le"), _("État"), _("Email de commande"), _("Établissement"), _("SIRET"), _("Places"),
        _("N° de bon de commande"), _("OPCO"), _("Canal"), _("Montant HT"), _("Frais HT"), _("Dû HT"),
    ]  # fmt: skip


def order_rows(rows: QuerySet[Order], user: User) -> Iterator[Sequence[Value]]:
    """The cells, in the order of the columns."""
    active = ~Q(enrolments__state=EnrolmentState.CANCELLED)
    counted = rows.annotate(
        seats=Count("enrolments", filter=active), amount=Coalesce(Sum("enrolments__price", filter=active), Decimal(0))
    )
    values = with_fees(counted, "enrolment__order").values_list(
        "number", "placed_on", "state", "order_email", "establishment__name", "establishment__siret", "seats",
        "purchase_order_number", "opco", "channel", "amount",
        "fees", "establishment_id",
    )  # fmt: skip
    rights = user.rights
    for *cells, establishment in values.iterator(ROWS_AT_ONCE):
        cells[2] = label_of(OrderState, cells[2])
        cells[9] = str(Order(channel=cells[9]).get_channel_display())
        cells.append(cells[10] + cells[11])
        if not rights.sees_amounts(establishment, cells[3]):
            cells[10:] = [None, None, None]
        yield cells
