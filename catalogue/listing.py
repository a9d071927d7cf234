"""What a list of courses shows of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from accounts.labels import label_of
from catalogue.highlight import Marker
from catalogue.models import CourseKind, CourseMode, SessionState
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
    """One course, with the same names as the model. EUR HT; `negotiated` is None where the public price applies.

    What is found out after it was read, of the words and of the price, is written in it.

    `title` and `extract` may have what was searched in <mark>: they are then safe, being escaped.
    """

    CHOICES: ClassVar = ("kind", "mode", "get_mode_display")

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
    negotiated: Decimal | None = None

    def get_mode_display(self) -> str:
        return label_of(CourseMode, self.mode)

    @property
    def on_request(self) -> bool:
        return self.kind != CourseKind.INTER

    def mark(self, marker: Marker, *texts: str) -> None:
        """Mark the words that were found in the title, or else show the first line that has them."""
        self.title = marker.mark(self.title)
        self.extract = "" if "<mark>" in self.title else marker.extract(*texts)

    @property
    def subject(self) -> Subject:
        """What is priced."""
        return Subject(self.pk, self.domain_id, self.parent_id, self.public_price, self.vat_rate)


def course_of(columns: list[Any]) -> ListedCourse:
    """The course of the columns that catalogue.search reads, in their order."""
    *own, starts_on, ends_on, city, state, dates = columns
    own.append(None if starts_on is None else NextSession(starts_on, ends_on, city, state, dates - 1))
    return ListedCourse(*own)
