"""inscriptions.csv."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from accounts.codes import by_code
from catalogue.models import AccordCadre, Session
from enrolments.models import Enrolment, EnrolmentState, Order, Participant
from enrolments.participants import Home, erp_key, participants_by_key
from espace_client.erp.choices import ENROLMENT_STATES
from espace_client.erp.chunk import Chunk, Fate, Saving
from espace_client.erp.columns import Column, Line, Problem
from espace_client.erp.importer import Importer, Reference, find_by_code
from espace_client.erp.parsing import choice, code, decimal, email, text
from espace_client.erp.telling import tell_attendance

from .frozen import keep_frozen_prices

_NAMES = {"last_name", "first_name", "email"}


class Enrolments(Importer):
    """A seat of an order in a session, named or not yet, at a price (EUR HT).

    The accord must be one of the company of the order. Its dates and its establishments are not held against the line:
    the price was agreed when the order was made, and an accord that was renegotiated since rewrites nothing (rule 7).
    Nor does a drop rewrite what the portal priced: see `frozen`.
    An enrolment never passes to another order: its papers would be shown to other people. One of an order validated in
    the portal is not waiting again because the ERP has not heard of it.
    """

    file = "inscriptions.csv"
    fills = (Enrolment, Participant)
    columns = (
        Column("numero", code(Enrolment, "number"), required=True, key=True),
        Column("commande", code(Order, "number"), required=True),
        Column("session", code(Session, "code"), required=True),
        Column("nom", text(Participant, "last_name")),
        Column("prenom", text(Participant, "first_name")),
        Column("email_participant", email),
        Column("etat", choice(ENROLMENT_STATES), required=True),
        Column("prix_public_ht", decimal(Enrolment, "public_price"), required=True),
        Column("prix_ht", decimal(Enrolment, "price"), required=True),
        Column("accord", code(AccordCadre, "reference")),
    )
    references = (
        Reference(
            "commande", "commandes.csv", find_by_code(lambda: Order.objects.select_related("establishment"), "number")
        ),
        Reference("session", "sessions.csv", find_by_code(lambda: Session.objects.all(), "code")),
        Reference("accord", "accords.csv", find_by_code(lambda: AccordCadre.objects.all(), "reference")),
    )

    def problems(self, values: Mapping[str, Any]) -> Iterator[Problem]:
        if values["prix_ht"] > values["prix_public_ht"]:
            yield Problem("prix_ht", str(values["prix_ht"]), _("Le prix dépasse le prix public."))

    def take(self, chunk: Chunk) -> None:
        rows = Enrolment.objects.select_related("participant")
        existing = by_code(rows, "number", [line.key for line in chunk])
        for line in list(chunk):
            problem = _contradiction(line, existing.get(line.key))
            if problem:
                chunk.refuse(line, problem)
        lines = list(chunk)
        frozen = keep_frozen_prices(chunk, existing)
        seats = Seating(lines, existing)
        saving = Saving(chunk, Enrolment)
        for line in lines:
            enrolment = existing.get(line.key)
            known = _enrolment(line, enrolment, seats.participants.get(line))
            saving.put(line, enrolment, known if line in frozen else {**known, **_price(line)})
        saving.save()
        tell_attendance(existing, saving.saved.values())
        for line in seats.adopting:
            chunk.mark(line, Fate.CHANGED)


def _enrolment(line: Line, enrolment: Enrolment | None, participant: Participant | None) -> dict[str, Any]:
    return {
        "number": None if enrolment else line.values["numero"],
        "order_id": line.found["commande"].pk,
        "session_id": line.found["session"].pk,
        "participant_id": participant.pk if participant else None,
        "state": None if _waits_no_more(line, enrolment) else line.values["etat"],
    }


def _price(line: Line) -> dict[str, Any]:
    accord = line.found["accord"]
    return {
        "public_price": line.values["prix_public_ht"],
        "price": line.values["prix_ht"],
        "accord_id": accord.pk if accord else None,
    }


def _waits_no_more(line: Line, enrolment: Enrolment | None) -> bool:
    """Whether the ERP still calls waiting what staff validated in the portal since."""
    if enrolment is None or line.values["etat"] != EnrolmentState.PENDING:
        return False
    order: Order = line.found["commande"]
    return enrolment.state == EnrolmentState.CONFIRMED and "state" in order.decided_in_portal


def _home(line: Line) -> Home:
    order: Order = line.found["commande"]
    return Home.of(order.establishment, order.order_email)


def _contradiction(line: Line, enrolment: Enrolment | None) -> Problem | None:
    """An enrolment belongs with its order, and an accord with its company."""
    if enrolment is not None and enrolment.order_id != line.found["commande"].pk:
        return Problem("commande", line.values["commande"], _("Cette inscription est celle d’une autre commande."))
    accord = line.found["accord"]
    if accord is not None and accord.company_id != _home(line).company_id:
        return Problem("accord", line.values["accord"], _("Cet accord-cadre est celui d’une autre entreprise."))
    return None


class Seating:
    """Who sits on the seat of each line: a participant found, made or left as they are.

    A seat whose participant was corrected or substituted in the portal keeps them, whatever the ERP says. A participant
    is never changed by a drop, only named by it: one whom the portal made is recognised by the same address and names.
    """

    def __init__(self, lines: Sequence[Line], existing: Mapping[str, Enrolment]) -> None:
        self.participants: dict[Line, Participant] = {}
        self.adopting: list[Line] = []
        wanted = {line: key for line in lines if (key := self._wanted(line, existing.get(line.key)))}
        found = participants_by_key((_home(line), key) for line, key in wanted.items())
        made: list[Participant] = []
        adopted: list[Participant] = []
        for line, key in wanted.items():
            enrolment = existing.get(line.key)
            seated = enrolment.participant if enrolment else None
            place = (_home(line), key)
            if place not in found and seated is not None and _is_named(seated, key):
                seated.erp_key = key
                adopted.append(seated)
                self.adopting.append(line)
                found[place] = seated
            elif place not in found:
                found[place] = _new(line, place)
                made.append(found[place])
            self.participants[line] = found[place]
        Participant.objects.bulk_create(made)
        Participant.objects.bulk_update(adopted, ["erp_key"])

    def _wanted(self, line: Line, enrolment: Enrolment | None) -> str:
        """The key of who is to sit there, or "" to leave the seat as it is."""
        names = [line.values[column] or "" for column in ("email_participant", "nom", "prenom")]
        if not any(names):
            return ""
        key = erp_key(*names)
        seated = enrolment.participant if enrolment else None
        if seated is not None and (seated.erp_key == key or _NAMES & set(seated.decided_in_portal)):
            return ""
        decided = enrolment is not None and "participant" in enrolment.decided_in_portal
        return "" if decided else key


def _is_named(participant: Participant, key: str) -> bool:
    """Whether it is one whom the portal made and the ERP now names."""
    return not participant.erp_key and erp_key(participant.email, participant.last_name, participant.first_name) == key


def _new(line: Line, place: tuple[Home, str]) -> Participant:
    home, key = place
    values = line.values
    unnamed = not values["nom"] and not values["prenom"]
    return Participant(
        company_id=home.company_id,
        owner_email=home.owner_email,
        erp_key=key,
        last_name=(values["email_participant"][:100] if unnamed else values["nom"]) or "",
        first_name=values["prenom"] or "",
        email=values["email_participant"] or "",
    )
