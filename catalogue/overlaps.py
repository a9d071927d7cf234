"""Where accords-cadres and their lines overlap, and which wins: warnings for staff, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.typography import short_date

from .models import AccordCadre, AccordCoverage, AccordLine, LineKind
from .prices import read_lines
from .pricing import Line

MOST_WARNINGS = 50


@dataclass(frozen=True)
class _Dated:
    line: Line
    starts_on: date

    @property
    def ends_on(self) -> date:
        return self.line.ends_on


def overlaps_of(accord: AccordCadre) -> list[str]:
    """What staff should know: accords in force at the same time for the same places, and lines about the same thing.

    Tiers of one accord are no overlap, unless a higher one gives less. At most fifty sentences.
    """
    others = _overlapping(accord)
    found = [_accords_overlap(accord, other) for other in others]
    found += _lines_overlap([accord, *others], accord)
    return found[:MOST_WARNINGS]


def _overlapping(accord: AccordCadre) -> list[AccordCadre]:
    """The other accords of the company that cover one of the same establishments on one of the same days."""
    same_days = Q(starts_on__lte=accord.ends_on, ends_on__gte=accord.starts_on)
    others = AccordCadre.objects.filter(same_days, company=accord.company_id).exclude(pk=accord.pk)
    if not accord.covers_all:
        mine = AccordCoverage.objects.filter(accord=accord).values("establishment")
        shared = AccordCoverage.objects.filter(establishment__in=mine).values("accord")
        others = others.filter(Q(covers_all=True) | Q(pk__in=shared))
    else:
        others = others.filter(Q(covers_all=True) | Q(coverage__isnull=False)).distinct()
    return list(others.order_by("starts_on", "pk"))


def _accords_overlap(accord: AccordCadre, other: AccordCadre) -> str:
    return _(
        "L’accord-cadre %(other)s couvre aussi un de ces établissements, du %(start)s au %(end)s : pour chaque "
        "formation, la ligne la plus précise des deux l’emporte, et à précision égale la moins chère."
    ) % {"other": other.reference, **_days(accord, other)}


def _days(one: AccordCadre | _Dated, other: AccordCadre | _Dated) -> dict[str, str]:
    """The days that both have, in words."""
    return {
        "start": short_date(max(one.starts_on, other.starts_on)),
        "end": short_date(min(one.ends_on, other.ends_on)),
    }


def _lines_overlap(accords: Iterable[AccordCadre], accord: AccordCadre) -> Iterator[str]:
    """One sentence for each pair of lines about the same thing, one of them the accord's, on one of the same days."""
    starts = {one.pk: one.starts_on for one in accords}
    rows = AccordLine.objects.filter(accord__in=starts)
    own_starts = {pk: (accord_id, day) for pk, accord_id, day in rows.values_list("pk", "accord_id", "starts_on")}
    groups: defaultdict[tuple[str, int | None], list[_Dated]] = defaultdict(list)
    for line in read_lines(rows):
        accord_id, day = own_starts[line.id]
        groups[line.scope, line.target_id].append(_Dated(line, max(day or starts[accord_id], starts[accord_id])))
    for group in groups.values():
        for one, other in combinations(group, 2):
            together = one.starts_on <= other.ends_on and other.starts_on <= one.ends_on
            if together and accord.pk in (one.line.accord_id, other.line.accord_id):
                yield from _told(one, other)


def _told(one: _Dated, other: _Dated) -> Iterator[str]:
    winner, loser = _winner_first(one, other)
    if winner.line.accord_id == loser.line.accord_id and winner.line.from_seats > loser.line.from_seats:
        return  # a tier that gives more: what tiers are for
    yield _("« %(winner)s » l’emporte sur « %(loser)s » du %(start)s au %(end)s.") % {
        "winner": _named(winner.line),
        "loser": _named(loser.line),
        **_days(one, other),
    }


def _winner_first(one: _Dated, other: _Dated) -> tuple[_Dated, _Dated]:
    """Of two lines about the same thing, once both thresholds are reached: a price beats a discount; else the lower."""

    return (one, other) if _merit(one.line) <= _merit(other.line) else (other, one)


def _merit(line: Line) -> tuple[bool, Decimal, int, int]:
    fixed = line.kind == LineKind.PRICE
    return not fixed, line.value if fixed else -line.value, -line.ends_on.toordinal(), line.id


def _named(line: Line) -> str:
    return f"{line.accord_reference} : {line.words()}" + (f" ({line.target})" if line.target and line.rank < 2 else "")
