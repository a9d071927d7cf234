"""domaines.csv, formations.csv and sessions.csv."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.codes import by_code, fold
from catalogue.models import Course, Domain, Session
from espace_client.erp.choices import COURSE_KINDS, COURSE_MODES, SESSION_STATES
from espace_client.erp.chunk import Chunk, Saving
from espace_client.erp.columns import Column, Problem
from espace_client.erp.importer import Importer, Reference, find_by_code, period_problem
from espace_client.erp.parsing import choice, code, day, decimal, integer, paragraphs, text
from espace_client.erp.telling import tell_sessions

HOURS_PER_DAY = Decimal(7)
MOST_DAYS = Decimal("999.99")  # what Course.days holds
SMALL_INTEGER = 32767


class Domains(Importer):
    """A domain, or with a parent a sub-domain. Without a parent it is a domain: an empty field says so here.

    Lines with a parent wait until all those without have been read, since a parent may come after its child.
    """

    file = "domaines.csv"
    fills = (Domain,)
    columns = (
        Column("code", code(Domain, "code"), required=True, key=True),
        Column("libelle", text(Domain, "label"), required=True),
        Column("parent", code(Domain, "code"), expected=True),
    )
    references = (Reference("parent", "domaines.csv", find_by_code(lambda: Domain.objects.all(), "code")),)

    def awaits(self, values: Mapping[str, Any]) -> str:
        return fold(values["parent"] or "")

    def take(self, chunk: Chunk) -> None:
        existing = by_code(Domain.objects.all(), "code", [line.key for line in chunk])
        for line in list(chunk):
            parent = line.found.get("parent")
            if parent is not None and parent.parent_id is not None:
                reason = _("Ce parent est lui-même un sous-domaine : les domaines n’ont que deux niveaux.")
                chunk.refuse(line, Problem("parent", line.values["parent"], reason))
        _leave_parents(chunk, existing)
        saving = Saving(chunk, Domain)
        for line in list(chunk):
            domain, parent = existing.get(line.key), line.found.get("parent")
            known = {"code": None if domain else line.values["code"], "label": line.values["libelle"]}
            if parent is None:
                saving.put(line, domain, known, nothing=["parent_id"])
            else:
                saving.put(line, domain, {**known, "parent_id": parent.pk})
        saving.save()


def _leave_parents(chunk: Chunk, existing: Mapping[str, Domain]) -> None:
    """Free the domains that change parents, so that none is in the way of another whichever moves first."""
    moving = []
    for line in chunk:
        domain, parent = existing.get(line.key), line.found.get("parent")
        if domain is not None and parent is not None and domain.parent_id not in (None, parent.pk):
            moving.append(domain.pk)
    if moving:
        Domain.objects.filter(pk__in=moving).update(parent=None)


DOMAIN = Reference("domaine", "domaines.csv", find_by_code(lambda: Domain.objects.all(), "code"))
COURSE = Reference("formation", "formations.csv", find_by_code(lambda: Course.objects.all(), "reference"))


class Courses(Importer):
    """A course. A price is needed: the catalogue would otherwise show 0 €. One of days and hours gives the other."""

    file = "formations.csv"
    fills = (Course,)
    columns = (
        Column("reference", code(Course, "reference"), required=True, key=True),
        Column("titre", text(Course, "title"), required=True),
        Column("domaine", code(Domain, "code"), required=True),
        Column("duree_jours", decimal(Course, "days")),
        Column("duree_heures", decimal(Course, "hours")),
        Column("modalite", choice(COURSE_MODES)),
        Column("type", choice(COURSE_KINDS)),
        Column("prix_ht", decimal(Course, "public_price"), required=True),
        Column("taux_tva", decimal(Course, "vat_rate")),
        Column("objectifs", paragraphs),
        Column("programme", paragraphs),
        Column("prerequis", paragraphs),
        Column("public", paragraphs),
        Column("certification", text(Course, "certification")),
    )
    references = (DOMAIN,)

    def problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        days = _days(values)
        if days is not None and days > MOST_DAYS:
            said = {"days": str(days).replace(".", ","), "limit": str(MOST_DAYS).replace(".", ",")}
            hours = str(values["duree_heures"]).replace(".", ",")
            yield Problem("duree_heures", hours, _("Ces heures font %(days)s jours : %(limit)s au plus.") % said)

    def take(self, chunk: Chunk) -> None:
        existing = by_code(Course.objects.all(), "reference", [line.key for line in chunk])
        saving = Saving(chunk, Course)
        for line in list(chunk):
            course = existing.get(line.key)
            known = _course(line.values, new=course is None)
            saving.put(line, course, {**known, "domain_id": line.found["domaine"].pk})
        saving.save()


def _days(values: Mapping[str, Any]) -> Decimal | None:
    """As many as the line says, or as its hours make."""
    days: Decimal | None = values["duree_jours"]
    hours: Decimal | None = values["duree_heures"]
    return (hours / HOURS_PER_DAY).quantize(Decimal("0.01")) if days is None and hours is not None else days


def _course(values: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    days, hours = _days(values), values["duree_heures"]
    if hours is None and days is not None:
        hours = days * HOURS_PER_DAY
    unknown = Decimal(0) if new else None
    return {
        "reference": values["reference"] if new else None,
        "title": values["titre"],
        "days": unknown if days is None else days,
        "hours": unknown if hours is None else hours,
        "mode": values["modalite"],
        "kind": values["type"],
        "public_price": values["prix_ht"],
        "vat_rate": values["taux_tva"],
        "objectives": values["objectifs"],
        "programme": values["programme"],
        "prerequisites": values["prerequis"],
        "audience": values["public"],
        "certification": values["certification"],
    }


class Sessions(Importer):
    """A course at given dates. Seats that the ERP does not know are 0: the portal sells none."""

    file = "sessions.csv"
    fills = (Session,)
    columns = (
        Column("code", code(Session, "code"), required=True, key=True),
        Column("formation", code(Course, "reference"), required=True),
        Column("debut", day, required=True),
        Column("fin", day, required=True),
        Column("ville", text(Session, "city")),
        Column("lieu", text(Session, "venue")),
        Column("places", integer(SMALL_INTEGER)),
        Column("minimum", integer(SMALL_INTEGER)),
        Column("formateur", text(Session, "trainer")),
        Column("etat", choice(SESSION_STATES), required=True),
    )
    references = (COURSE,)

    def problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        yield from period_problem(values, "debut", "fin")

    def take(self, chunk: Chunk) -> None:
        existing = by_code(Session.objects.all(), "code", [line.key for line in chunk])
        saving = Saving(chunk, Session)
        for line in list(chunk):
            session, values = existing.get(line.key), line.values
            known = {
                "code": None if session else values["code"],
                "course_id": line.found["formation"].pk,
                "starts_on": values["debut"],
                "ends_on": values["fin"],
                "city": values["ville"],
                "venue": values["lieu"],
                "seats": values["places"],
                "minimum": values["minimum"],
                "trainer": values["formateur"],
                "state": values["etat"],
            }
            saving.put(line, session, known)
        saving.save()
        tell_sessions(existing, saving.saved.values())
