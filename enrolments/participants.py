"""Who a participant is: known within a home, which is the company or, before staff attach the order, its email."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import Establishment
from enrolments.models import Participant

_SPACES = re.compile(r"\s+")
_BY_KEY = """
SELECT participant.* FROM unnest(%(companies)s::bigint[], %(emails)s::text[], %(keys)s::text[])
  AS wanted (company_id, owner_email, erp_key)
JOIN enrolments_participant participant ON participant.company_id = wanted.company_id
  AND participant.owner_email = wanted.owner_email AND participant.erp_key = wanted.erp_key
WHERE participant.erp_key <> ''
UNION ALL
SELECT participant.* FROM unnest(%(companies)s::bigint[], %(emails)s::text[], %(keys)s::text[])
  AS wanted (company_id, owner_email, erp_key)
JOIN enrolments_participant participant ON participant.company_id IS NULL AND wanted.company_id IS NULL
  AND participant.owner_email = wanted.owner_email AND participant.erp_key = wanted.erp_key
WHERE participant.erp_key <> ''
"""


class Home(NamedTuple):
    """Where participants of an order are known: its company's id, or its email when it has no establishment yet."""

    company_id: int | None
    owner_email: str

    @classmethod
    def of(cls, establishment: Establishment | None, order_email: str) -> Home:
        return cls(None, order_email) if establishment is None else cls(establishment.company_id, "")

    @property
    def condition(self) -> Q:
        """The participants who are known there."""
        if self.company_id is None:
            return Q(company__isnull=True, owner_email=self.owner_email)
        return Q(company=self.company_id)

    @classmethod
    def of_participant(cls, participant: Participant) -> Home:
        return cls(participant.company_id, participant.owner_email)


def erp_key(email: str, last_name: str, first_name: str) -> str:
    """The person as the ERP names them, whatever the case and the spaces; accents count (Ines is not Inès)."""
    parts = (_SPACES.sub(" ", unicodedata.normalize("NFC", part)).strip() for part in (email, last_name, first_name))
    return "|".join(unicodedata.normalize("NFC", part.casefold()).replace("|", " ") for part in parts)


def participants_by_key(wanted: Iterable[tuple[Home, str]]) -> dict[tuple[Home, str], Participant]:
    """Those that the ERP names so in these homes, or whom they were merged with: one query, two lookups."""
    pairs = set(wanted)
    if not pairs:
        return {}
    parameters = {
        "companies": [home.company_id for home, _key in pairs],
        "emails": [home.owner_email for home, _key in pairs],
        "keys": [key for _home, key in pairs],
    }
    rows = list(Participant.objects.raw(_BY_KEY, parameters))
    targets = {row.merged_into_id for row in rows if row.merged_into_id is not None}
    kept = Participant.objects.in_bulk(targets) if targets else {}
    return {(Home.of_participant(row), row.erp_key): kept.get(row.merged_into_id or 0, row) for row in rows}


def matching_participants(home: Home, last_names: Iterable[str]) -> dict[str, Participant]:
    """Those of a home with one of these last names, by the key of their address and names; of two alike the oldest."""
    folded = {last_name.lower() for last_name in last_names}
    rows = Participant.objects.filter(home.condition).alias(folded=Lower("last_name"))
    found = rows.filter(folded__in=sorted(folded)).order_by("-pk")
    return {erp_key(one.email, one.last_name, one.first_name): one for one in found}
