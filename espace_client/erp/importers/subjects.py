"""What a document of a drop is about: an order, an enrolment, a session and an establishment that belong together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Min, When
from django.utils.translation import gettext as _

from accounts.codes import fold
from accounts.document_types import DocumentType
from accounts.models import Establishment
from catalogue.models import Session
from documents.models import Document
from enrolments.models import Enrolment, Order
from espace_client.erp.columns import Line, Problem
from espace_client.erp.ledger import Ledger

# Whoever has the establishment, and whoever ordered; of a sheet without an order, whoever has the establishment and the
# session, since the address that it opens to, if any, may change with every seat.
Audience = tuple[int | None, str, int | None]
_SHEET_OF = Case(When(order=None, then="session_id"))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a line says a document is about, completed by what follows: an enrolment has an order and a session."""

    order: Order | None
    enrolment: Enrolment | None
    session_id: int | None
    establishment_id: int | None

    @classmethod
    def of(cls, line: Line) -> Subject:
        enrolment: Enrolment | None = line.found["inscription"]
        order: Order | None = line.found["commande"] or (enrolment.order if enrolment else None)
        session: Session | None = line.found["session"]
        establishment: Establishment | None = line.found["siret"]
        session_id = session.pk if session else enrolment.session_id if enrolment else None
        establishment_id = establishment.pk if establishment else order.establishment_id if order else None
        return cls(order, enrolment, session_id, establishment_id)

    @property
    def audience(self) -> Audience:
        """To whom its papers are shown."""
        if self.order is None:
            return self.establishment_id, "", self.session_id
        return self.establishment_id, self.order.order_email, None

    @property
    def links(self) -> dict[str, Any]:
        """As a document holds them."""
        return {
            "order_id": self.order.pk if self.order else None,
            "enrolment_id": self.enrolment.pk if self.enrolment else None,
            "session_id": self.session_id,
            "establishment_id": self.establishment_id,
        }


def shown_contents(hashes: Collection[str]) -> dict[str, dict[Audience, str]]:
    """Of files of these hashes that the portal holds: to whom each is shown, and the first paper that it is there."""
    shown: dict[str, dict[Audience, str]] = {}
    held = Document.objects.filter(sha256__in=hashes).order_by().annotate(sheet_of=_SHEET_OF)
    groups = held.values_list("sha256", "establishment", "order_email", "sheet_of").annotate(first=Min("number"))
    for sha256, establishment_id, email, session_id, number in groups:
        audience = (establishment_id, email if session_id is None else "", session_id)
        shown.setdefault(sha256, {}).setdefault(audience, number)
    return shown


class Belonging:
    """Whether what lines name belongs together, as the enrolments say. Made for a chunk, with three queries at most."""

    def __init__(self, subjects: Sequence[Subject], ledger: Ledger) -> None:
        orders = [subject.order for subject in subjects if subject.order]
        sessions = {subject.session_id for subject in subjects if subject.session_id is not None}
        placed = {one.establishment_id for one in subjects if one.order is None and one.establishment_id is not None}
        in_orders = Enrolment.objects.filter(order__in={order.pk for order in orders}, session__in=sessions)
        self._of_orders = set(in_orders.values_list("order_id", "session_id"))
        in_places = Enrolment.objects.filter(establishment__in=placed, session__in=sessions) if placed else None
        pairs = in_places.values_list("establishment_id", "session_id").distinct() if in_places is not None else ()
        self._of_places = set(pairs)
        self._refused = ledger.refused("commandes.csv", {fold(order.number) for order in orders})
        self._all_refused = ledger.is_refused_whole("commandes.csv")

    def problem(self, line: Line, subject: Subject) -> Problem | None:
        """Why the document of this line can't be shown to anyone."""
        if subject.order is None:
            return self._problem_without_order(line, subject)
        if self._all_refused or fold(subject.order.number) in self._refused:
            reason = _("La commande « %(number)s » de cette inscription a été refusée dans commandes.csv.")
            return Problem("inscription", line.values["inscription"] or "", reason % {"number": subject.order.number})
        if subject.enrolment is not None and subject.enrolment.order_id != subject.order.pk:
            return _problem(line, "inscription", _("Cette inscription est celle d’une autre commande."))
        if subject.enrolment is not None and subject.enrolment.session_id != subject.session_id:
            return _problem(line, "session", _("Cette inscription est celle d’une autre session."))
        if subject.session_id is not None and (subject.order.pk, subject.session_id) not in self._of_orders:
            return _problem(line, "session", _("Cette commande n’a personne dans cette session."))
        if subject.establishment_id != subject.order.establishment_id:
            return _problem(line, "siret", _("Cette commande n’est pas celle de cet établissement."))
        return None

    def _problem_without_order(self, line: Line, subject: Subject) -> Problem | None:
        if line.values["type"] != DocumentType.EMARGEMENT:
            return _problem(line, "commande", _("Il faut une commande ou une inscription."))
        if subject.session_id is None or subject.establishment_id is None:
            column = "session" if subject.session_id is None else "siret"
            return _problem(line, column, _("Sans commande, un émargement a une session et un SIRET."))
        if (subject.establishment_id, subject.session_id) not in self._of_places:
            return _problem(line, "siret", _("Personne de cet établissement n’est inscrit à cette session."))
        return None


def replacement_problem(
    line: Line, subject: Subject, document: Document | None, replaced: dict[int, str]
) -> Problem | None:
    """A document replaces one of its type about the same thing, which nothing else replaced: `replaced` has, by id,
    what earlier lines of the chunk replace, and is added to.
    """
    previous: Document | None = line.found["remplace"]
    if previous is None:
        return None
    successor: Document | None = getattr(previous, "replaced_by", None)
    number = successor.number if successor and successor != document else replaced.get(previous.pk)
    if number:
        return _problem(line, "remplace", _("Ce document est déjà remplacé par « %(number)s ».") % {"number": number})
    links = subject.links
    compared = {"order_id", "enrolment_id"}
    compared |= {"session_id"} if subject.enrolment is None else set()
    compared |= {"establishment_id"} if subject.order is None else set()
    if previous.type != line.values["type"] or any(getattr(previous, name) != links[name] for name in compared):
        reason = _("Le document remplacé n’est pas du même type, ou pas au sujet de la même chose.")
        return _problem(line, "remplace", reason)
    replaced[previous.pk] = line.values["numero"]
    return None


def _problem(line: Line, column: str, reason: str) -> Problem:
    return Problem(column, line.values[column] or "", reason)
