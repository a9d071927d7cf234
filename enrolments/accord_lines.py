"""Changing the lines of an accord-cadre: what no order used may be rewritten, the rest is ended and replaced."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.days import day_after
from accounts.typography import short_date
from catalogue.models import AccordCadre, AccordLine, LineKind

from .models import Enrolment

DAY = timedelta(days=1)


def with_use(lines: QuerySet[AccordLine]) -> QuerySet[AccordLine]:
    """Lines with `is_used` (an enrolment has its price from it) and `last_used_on`, the day of the last such order."""
    uses = Enrolment.objects.filter(accord_line=OuterRef("pk")).order_by()
    last = uses.values("accord_line").annotate(last=Max("order__placed_on")).values("last")
    return lines.annotate(is_used=Exists(uses), last_used_on=Subquery(last))


def lock_accord(accord_id: int) -> None:
    """Hold an accord until the transaction ends: whoever orders under it, or changes it, waits."""
    list(AccordCadre.objects.select_for_update(no_key=True).filter(pk=accord_id).values_list("pk"))


def first_day_of_successor(line: AccordLine, last_used_on: date | None) -> date:
    """The first day that what replaces a line may have: today, after its last order, after its own first day."""
    days = [timezone.localdate()]
    if last_used_on is not None:
        days.append(day_after(last_used_on))
    days.append(day_after(line.starts_on or line.accord.starts_on))
    return max(days)


@transaction.atomic
def replace_line(*, line: AccordLine, kind: LineKind, value: Decimal, starts_on: date | None = None) -> AccordLine:
    """End a line and have another for the same thing and threshold follow it, from `starts_on` or as soon as possible.

    `value` is EUR HT or percent, by `kind`. ValidationError (by field) for a line that was ended already, a day too
    early or beyond the accord, or a value that no line may have.
    """
    lock_accord(line.accord_id)
    held = with_use(AccordLine.objects.select_related("accord")).get(pk=line.pk)
    if held.ends_on is not None:
        raise ValidationError(_("Cette ligne a déjà une fin."))
    earliest = first_day_of_successor(held, held.last_used_on)  # type: ignore[attr-defined]  # annotated
    starts_on = earliest if starts_on is None else starts_on
    if starts_on < earliest:
        raise ValidationError({"starts_on": _("Au plus tôt le %s.") % short_date(earliest)})
    if starts_on > held.accord.ends_on:
        raise ValidationError({"starts_on": _("L’accord-cadre finit le %s.") % short_date(held.accord.ends_on)})
    held.ends_on = starts_on - DAY
    held.save(update_fields=["ends_on"])
    successor = _like(held, kind=kind, value=value, starts_on=starts_on)
    successor.full_clean()
    successor.save()
    return successor


def _like(line: AccordLine, *, kind: LineKind, value: Decimal, starts_on: date) -> AccordLine:
    values: dict[str, Any] = {"fixed_price": None, "discount_rate": None}
    values["fixed_price" if kind == LineKind.PRICE else "discount_rate"] = value
    return AccordLine(
        accord=line.accord,
        scope=line.scope,
        course_id=line.course_id,
        domain_id=line.domain_id,
        from_seats=line.from_seats,
        kind=kind,
        starts_on=starts_on,
        **values,
    )
