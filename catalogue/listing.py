"""What a list of courses shows of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from accounts.labels import label_of
from catalogue.highlight import Marker
from catalogue.models import SessionState
from catalogue.pricing import Subject


@dataclass(frozen=True, slots=True)
class NextSession:
    """The next session on sale that the filters let through; `others`: how many more."""

    CHOICES: ClassVar = ("state", "get_state_display")

    starts_on: date
    ends_on: date
    city: str
    state: str
    others: int

    def get_state_display(self) -> str:
        return label_of(SessionState, self.state)


@dataclass(slots=True, eq=False)
class ListedCourse:
    """One course, with the same names as the model. EUR HT. What the words found in it is written in it afterwards:

    `title`, `reference`, `domain` and `extract` may have what was searched in <mark>, and are then safe, being escaped.
    """

    pk: int
    reference: str
    title: str
    domain_id: int
    domain: str
    parent_id: int | None
    parent: str | None
    days: Decimal
    hours: Decimal
    mode: str
    kind: str
    certification: str
    public_price: Decimal
    vat_rate: Decimal
    next: NextSession | None
    extract: str = ""

    def mark(self, marker: Marker, *texts: str) -> None:
        """Mark the words found in the title, or else in the reference and the domain, or else show a line with them."""
        self.title = marker.mark(self.title)
        if "<mark>" in self.title:
            return
        self.reference, self.domain = marker.mark(self.reference), marker.mark(self.domain)
        if "<mark>" not in self.reference + self.domain:
            self.extract = marker.extract(*texts)

    @property
    def subject(self) -> Subject:
        """What is priced."""
        return Subject(self.pk, self.domain_id, self.parent_id, self.public_price, self.vat_rate)


def read_course(*columns: Any) -> ListedCourse:
    """The course of the columns that catalogue.search reads, in their order."""
    *own, starts_on, ends_on, city, state, dates = columns
    own.append(None if starts_on is None else NextSession(starts_on, ends_on, city, state, dates - 1))
    return ListedCourse(*own)


# Kept by all that was read of it: whoever finds it again as it was finds the same, with what was made of it.
course_of = lru_cache(maxsize=5_000)(read_course)
