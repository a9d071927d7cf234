"""accords.csv and accords_lignes.csv: the prices that companies negotiated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.codes import by_code, fold
from accounts.models import Establishment
from catalogue.models import AccordCadre, AccordCoverage, AccordLine, Course, Domain, LineKind, LineScope
from enrolments.accord_lines import replace_line, with_use
from espace_client.erp.choices import LINE_KINDS, LINE_SCOPES
from espace_client.erp.chunk import Chunk, Fate, Saving
from espace_client.erp.columns import Column, Line, Problem
from espace_client.erp.importer import Importer, Reference, find_by_code, find_exactly, period_problem
from espace_client.erp.parsing import FieldError, choice, code, day, decimal, integer, listed, siren, siret

from .companies import COMPANY

EVERY_ESTABLISHMENT = "*"
HUNDRED = Decimal(100)
MOST_SEATS = 1_000_000


def _coverage(raw: str) -> list[str]:
    """`*` (every establishment, an empty list) or SIRETs; the star among SIRETs is a contradiction."""
    if raw == EVERY_ESTABLISHMENT:
        return []
    if EVERY_ESTABLISHMENT in raw:
        raise FieldError(_("« * » est seul : tous les établissements, ou ceux d’une liste."))
    numbers = listed(siret, "|")(raw)
    if not numbers:
        raise FieldError(_("Il faut des SIRET, ou « * »."))
    return numbers


class Accords(Importer):
    """An accord-cadre: its company, which never changes, its dates and the establishments that it covers."""

    file = "accords.csv"
    fills = (AccordCadre, AccordCoverage)
    columns = (
        Column("reference", code(AccordCadre, "reference"), required=True, key=True),
        Column("siren", siren, required=True),
        Column("debut", day, required=True),
        Column("fin", day, required=True),
        Column("etablissements", _coverage, required=True),
    )
    references = (
        COMPANY,
        Reference("etablissements", "etablissements.csv", find_exactly(lambda: Establishment.objects.all(), "siret")),
    )

    def problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        yield from period_problem(values, "debut", "fin")

    def take(self, chunk: Chunk) -> None:
        existing = by_code(AccordCadre.objects.all(), "reference", [line.key for line in chunk])
        for line in list(chunk):
            problem = _other_company(line, existing.get(line.key))
            if problem:
                chunk.refuse(line, problem)
        saving = Saving(chunk, AccordCadre)
        for line in list(chunk):
            accord, values = existing.get(line.key), line.values
            known = {
                "reference": None if accord else values["reference"],
                "company_id": line.found["siren"].pk,
                "starts_on": values["debut"],
                "ends_on": values["fin"],
                "covers_all": not values["etablissements"],
            }
            saving.put(line, accord, known)
        saving.save()
        self._cover(chunk, saving.saved)

    def _cover(self, chunk: Chunk, accords: Mapping[Line, AccordCadre]) -> None:
        """Make the establishments covered those of the lines: a list that got shorter covers fewer."""
        rows = AccordCoverage.objects.filter(accord__in=[accord.pk for accord in accords.values()])
        held = {(row.accord_id, row.establishment_id): row.pk for row in rows}
        wanted = {
            (accord.pk, establishment.pk): line
            for line, accord in accords.items()
            for establishment in line.found.get("etablissements") or ()
        }
        missing = [pair for pair in wanted if pair not in held]
        AccordCoverage.objects.bulk_create(
            AccordCoverage(accord_id=accord, establishment_id=establishment) for accord, establishment in missing
        )
        extra = [pair for pair in held if pair not in wanted]
        if extra:
            AccordCoverage.objects.filter(pk__in=[held[pair] for pair in extra]).delete()
        changed = {accord for accord, _establishment in [*missing, *extra]}
        for line, accord in accords.items():
            if accord.pk in changed:
                chunk.mark(line, Fate.CHANGED)


def _other_company(line: Line, accord: AccordCadre | None) -> Problem | None:
    """An accord, its establishments and its company belong together."""
    company = line.found["siren"]
    if accord is not None and accord.company_id != company.pk:
        return Problem("siren", line.values["siren"], _("Cet accord-cadre est celui d’une autre entreprise."))
    for establishment in line.found.get("etablissements") or ():
        if establishment.company_id != company.pk:
            return Problem("etablissements", establishment.siret, _("Cet établissement est d’une autre entreprise."))
    return None


def _is_of_course(values: Mapping[str, Any]) -> bool:
    return bool(values["portee"] == LineScope.COURSE)


def _is_of_domain(values: Mapping[str, Any]) -> bool:
    return values["portee"] in (LineScope.DOMAIN, LineScope.SUBDOMAIN)


class AccordLines(Importer):
    """A line of an accord: a fixed price (EUR HT) for a course, or a discount (percent) for a scope, from some seats.

    What `code` names depends on the scope: a course, a domain, a sub-domain, or nothing.
    """

    file = "accords_lignes.csv"
    fills = (AccordLine,)
    columns = (
        Column("accord", code(AccordCadre, "reference"), required=True, key=True),
        Column("portee", choice(LINE_SCOPES), required=True, key=True),
        Column("code", code(Course, "reference"), key=True),
        Column("type", choice(LINE_KINDS), required=True),
        Column("valeur", decimal(AccordLine, "fixed_price"), required=True),
        Column("a_partir_de", integer(MOST_SEATS), key=True),
    )
    references = (
        Reference("accord", "accords.csv", find_by_code(lambda: AccordCadre.objects.all(), "reference")),
        Reference("code", "formations.csv", find_by_code(lambda: Course.objects.all(), "reference"), _is_of_course),
        Reference("code", "domaines.csv", find_by_code(lambda: Domain.objects.all(), "code"), _is_of_domain),
    )

    def key_of(self, values: Mapping[str, Any]) -> str:
        if values["accord"] is None or values["portee"] is None:
            return ""
        code, seats = values["code"] or "", values["a_partir_de"] or 0
        return fold(f"{values['accord']} {values['portee'].value} {code} {seats}")

    def problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        scope, code = values["portee"], values["code"]
        if (code is None) != (scope == LineScope.EVERYTHING):
            yield Problem("code", code or "", _("Il faut un code, sauf pour « tout » qui n’en a pas."))
        if values["type"] == LineKind.PRICE and scope != LineScope.COURSE:
            yield Problem("type", "prix", _("Un prix fixe n’est possible que pour une formation."))
        if values["type"] == LineKind.DISCOUNT and values["valeur"] > HUNDRED:
            yield Problem("valeur", str(values["valeur"]), _("Une remise est de 100 % au plus."))

    def take(self, chunk: Chunk) -> None:
        for line in list(chunk):
            problem = _other_level(line)
            if problem:
                chunk.refuse(line, problem)
        lines = list(chunk)
        existing = _last_versions({line.found["accord"].pk for line in lines})
        saving = Saving(chunk, AccordLine)
        for line in lines:
            place, kind = _place(line), line.values["type"]
            held = existing.get(tuple(place.values()))
            if held is not None and (held.ends_on is not None or getattr(held, "is_used", False)):
                _follow(chunk, line, held)
                continue
            value, other = (
                ("fixed_price", "discount_rate") if kind == LineKind.PRICE else ("discount_rate", "fixed_price")
            )
            saving.put(line, held, {**place, "kind": kind, value: line.values["valeur"]}, nothing=[other])
        saving.save()


def _last_versions(accords: set[int]) -> dict[tuple[Any, ...], AccordLine]:
    """The lines of these accords by their key, of several versions the one without an end; the accords are held."""
    held = AccordCadre.objects.select_for_update(no_key=True).filter(pk__in=accords).order_by("pk")
    list(held.values_list("pk"))
    rows = with_use(AccordLine.objects.filter(accord__in=accords)).order_by(F("ends_on").asc(nulls_last=True), "pk")
    return {(row.accord_id, row.scope, row.course_id, row.domain_id, row.from_seats): row for row in rows}


def _follow(chunk: Chunk, line: Line, held: AccordLine) -> None:
    """A line that gave an order its price is not rewritten: another follows it. One that staff ended stays ended."""
    kind, value = line.values["type"], line.values["valeur"]
    now = held.fixed_price if held.kind == LineKind.PRICE else held.discount_rate
    if held.ends_on is not None or (held.kind, now) == (kind, value):
        chunk.mark(line, Fate.UNCHANGED)
        return
    try:
        replace_line(line=held, kind=kind, value=value)
    except ValidationError as error:
        chunk.refuse(line, Problem("valeur", str(value), " ".join(error.messages)))
    else:
        chunk.mark(line, Fate.CHANGED)


def _place(line: Line) -> dict[str, Any]:
    """What makes a line of an accord the one it is, in the order of its key."""
    scope, named = line.values["portee"], line.found.get("code")
    return {
        "accord_id": line.found["accord"].pk,
        "scope": scope.value,
        "course_id": named.pk if isinstance(named, Course) else None,
        "domain_id": named.pk if isinstance(named, Domain) else None,
        "from_seats": line.values["a_partir_de"] or 0,
    }


def _other_level(line: Line) -> Problem | None:
    """A line for a domain names a domain, and one for a sub-domain a sub-domain."""
    scope: LineScope = line.values["portee"]
    named: Any = line.found.get("code")
    if scope == LineScope.DOMAIN and named.parent_id is not None:
        return Problem("code", line.values["code"], _("C’est un sous-domaine, pas un domaine."))
    if scope == LineScope.SUBDOMAIN and named.parent_id is None:
        return Problem("code", line.values["code"], _("C’est un domaine, pas un sous-domaine."))
    return None
