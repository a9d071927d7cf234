"""What the portal priced keeps its price, its accord and its line, whatever a drop says (rule 7)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from catalogue.models import AccordCadre
from enrolments.models import Enrolment
from enrolments.placing import placed_on_site
from espace_client.erp.chunk import Chunk
from espace_client.erp.columns import Line, Problem

_PRICES = {"prix_public_ht": "public_price", "prix_ht": "price"}


def keep_frozen_prices(chunk: Chunk, existing: Mapping[str, Enrolment]) -> set[Line]:
    """The lines that say another price or accord of an enrolment that the portal priced; each difference is told.

    The portal priced it when a line of an accord gave the price, or when its order was placed on the site.
    """
    held = {line: existing[line.key] for line in chunk if line.key in existing}
    differing = {line: one for line, one in held.items() if _prices_differ(line, one) or _accord_differs(line, one)}
    placed = placed_on_site({one.order_id for one in differing.values() if one.accord_line_id is None})
    frozen = {line: one for line, one in differing.items() if one.accord_line_id is not None or one.order_id in placed}
    accords = {one.accord_id for one in frozen.values() if one.accord_id is not None}
    references = dict(AccordCadre.objects.filter(pk__in=accords).values_list("pk", "reference"))
    for line, one in frozen.items():
        _tell(chunk, line, one, references)
    return set(frozen)


def _prices_differ(line: Line, enrolment: Enrolment) -> bool:
    return any(line.values[column] != getattr(enrolment, name) for column, name in _PRICES.items())


def _accord_differs(line: Line, enrolment: Enrolment) -> bool:
    """An empty field says nothing."""
    accord = line.found["accord"]
    return accord is not None and accord.pk != enrolment.accord_id


def _tell(chunk: Chunk, line: Line, enrolment: Enrolment, references: Mapping[int, str]) -> None:
    for column, name in _PRICES.items():
        if line.values[column] != getattr(enrolment, name):
            reason = _("le prix figé à la commande est gardé : %(kept)s.") % {"kept": _euros(getattr(enrolment, name))}
            chunk.warn(line, Problem(column, _euros(line.values[column]), reason))
    if _accord_differs(line, enrolment):
        kept = _("aucun") if enrolment.accord_id is None else references[enrolment.accord_id]
        reason = _("l’accord-cadre figé à la commande est gardé : %(kept)s.") % {"kept": kept}
        chunk.warn(line, Problem("accord", line.values["accord"], reason))


def _euros(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")
