"""acces.csv: who enters which establishment, at which level, and the types that a standard access opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from accounts.journal import record
from accounts.models import Access, AccessEventType, Establishment, EstablishmentGrant, RemovedAccess, User
from accounts.roles import Role
from accounts.services import set_document_types
from espace_client.erp.choices import DOCUMENT_TYPES, ROLES
from espace_client.erp.chunk import Chunk, Fate
from espace_client.erp.columns import Column, Line, Problem
from espace_client.erp.importer import Importer, Reference, Setting, find_exactly
from espace_client.erp.parsing import choice, email, listed, siret

Pair = tuple[int, int]  # ids of a person and of an establishment


def _pair(line: Line) -> Pair:
    return line.found["email"].pk, line.found["siret"].pk


@dataclass(frozen=True, slots=True)
class _Held:
    """What these people hold now in these establishments."""

    accesses: dict[Pair, Access]
    removed: set[Pair]
    grants: dict[Pair, set[str]]

    @classmethod
    def by(cls, lines: Sequence[Line]) -> _Held:
        people = [line.found["email"].pk for line in lines]
        places = [line.found["siret"].pk for line in lines]
        # In this order: an access that goes between the two queries is then seen as removed.
        accesses = Access.objects.filter(user__in=people, establishment__in=places).select_related(
            "user", "establishment"
        )
        held = {(access.user_id, access.establishment_id): access for access in accesses}
        removed = RemovedAccess.objects.filter(user__in=people, establishment__in=places)
        grants: dict[Pair, set[str]] = {}
        rows = EstablishmentGrant.objects.filter(user__in=people, content_object__in=places)
        for person, place, codename in rows.values_list("user_id", "content_object_id", "permission__codename"):
            grants.setdefault((person, place), set()).add(codename)
        return cls(held, set(removed.values_list("user_id", "establishment_id")), grants)

    def differs(self, line: Line) -> bool:
        """Whether the line says something new that the portal did not decide otherwise."""
        access = self.accesses.get(_pair(line))
        if access is None:
            return _pair(line) not in self.removed
        return _new_role(access, line) or self.new_types(access, line)

    def new_types(self, access: Access, line: Line) -> bool:
        wanted = {one.codename for one in line.values["documents"] or ()} if _ends_standard(access, line) else set()
        held = self.grants.get((access.user_id, access.establishment_id), set())
        return "types" not in access.decided_in_portal and held != wanted


def _new_role(access: Access, line: Line) -> bool:
    return "role" not in access.decided_in_portal and access.role != line.values["niveau"]


def _ends_standard(access: Access, line: Line) -> bool:
    """Whether the access is a standard one once the line is taken."""
    return (access.role if "role" in access.decided_in_portal else line.values["niveau"]) == Role.STANDARD


class Accesses(Importer):
    """An access of a person to an establishment, with the types of document that a standard one opens.

    An access that was removed in the portal is not given back, and a level or types decided there are left alone. An
    empty list of types is a list: a standard access that opens none. A drop never takes its last administrator from an
    establishment (rule 4): such a line waits for the end of the file, where another may have been named.
    """

    file = "acces.csv"
    fills = (Access, EstablishmentGrant)
    columns = (
        Column("email", email, required=True, key=True),
        Column("siret", siret, required=True, key=True),
        Column("niveau", choice(ROLES), required=True),
        Column("documents", listed(choice(DOCUMENT_TYPES), "|"), expected=True),
    )
    references = (
        Reference("email", "responsables.csv", find_exactly(lambda: User.objects.all(), "email")),
        Reference("siret", "etablissements.csv", find_exactly(lambda: Establishment.objects.all(), "siret")),
    )

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._late: dict[str, Line] = {}
        self._is_late = False

    def late_lines(self) -> Sequence[Line]:
        self._is_late = True
        return list(self._late.values())

    def take(self, chunk: Chunk) -> None:
        lines = list(chunk)
        for line in lines:
            self._late.pop(line.key, None)
        held = _Held.by(lines)
        different = []
        for line in lines:
            if held.differs(line):
                different.append(line)
            else:
                chunk.mark(line, Fate.UNCHANGED)
        if different:
            self._change(chunk, different)

    def _change(self, chunk: Chunk, lines: Sequence[Line]) -> None:
        """Under the lock that the portal takes to change an access, and read again inside it."""
        places = {line.found["siret"].pk for line in lines}
        list(Establishment.objects.select_for_update().filter(pk__in=places).order_by("pk"))
        held = _Held.by(lines)
        lowering = []
        for line in lines:
            if _lowers(held.accesses.get(_pair(line)), line):
                lowering.append(line)
            else:
                self._apply(chunk, line, held)
        administrators = _administrators(line.found["siret"].pk for line in lowering)
        for line in lowering:
            place = line.found["siret"].pk
            if administrators.get(place, 0) > 1:
                administrators[place] -= 1
                self._apply(chunk, line, held)
            else:
                self._wait(chunk, line)

    def _wait(self, chunk: Chunk, line: Line) -> None:
        if self._is_late:
            reason = _("Cet établissement n’aurait plus d’administrateur : à décider dans la gestion.")
            chunk.refuse(line, Problem("niveau", "standard", reason))
        else:
            self._late[line.key] = line
            chunk.wait(line)

    def _apply(self, chunk: Chunk, line: Line, held: _Held) -> None:
        access = held.accesses.get(_pair(line))
        fate = Fate.UNCHANGED
        if access is None and _pair(line) not in held.removed:
            person, place = line.found["email"], line.found["siret"]
            access = Access.objects.create(user=person, establishment=place, role=line.values["niveau"])
            _tell(access, AccessEventType.GIVEN, {"role": access.role})
            fate = Fate.CREATED
        elif access is not None and _new_role(access, line):
            _tell(access, AccessEventType.CHANGED, {"role": [access.role, line.values["niveau"]]})
            access.role = line.values["niveau"]
            access.save(update_fields=["role"])
            fate = Fate.CHANGED
        if access is not None and held.new_types(access, line):
            types = line.values["documents"] or () if _ends_standard(access, line) else ()
            set_document_types(access=access, types=types)
            fate = max(fate, Fate.CHANGED)
        chunk.mark(line, fate)


def _tell(access: Access, event: AccessEventType, details: Mapping[str, object]) -> None:
    record(
        actor=None,
        establishment=access.establishment,
        subject_email=access.user.email,
        event=event,
        details={**details, "origin": "erp"},
    )


def _lowers(access: Access | None, line: Line) -> bool:
    """Whether the line makes a standard access of an administrator's."""
    return access is not None and access.role == Role.ADMINISTRATOR and _new_role(access, line)


def _administrators(places: Iterable[int]) -> dict[int, int]:
    """How many people administer each establishment, now."""
    rows = (
        Access.objects.in_force()
        .filter(establishment__in=list(places), role=Role.ADMINISTRATOR, user__is_active=True)
        .values("establishment")
        .annotate(people=Count("pk"))
    )
    return {row["establishment"]: row["people"] for row in rows}
