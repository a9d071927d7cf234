"""A person's rights: read first, in one small query (`User.rights`), then used literally by every `visible_to`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from accounts.document_types import PRICED_TYPES, DocumentType


@dataclass(frozen=True)
class Rights:
    """What one person may see. An inactive account and an unverified address open nothing.

    `email`: the verified login address, in normal form, or None. `administered`: ids of the establishments of which
    the person is an administrator. `granted`: for each establishment with a standard access, the types ticked there.
    `companies`: ids of the companies of all these; they help to find rows, and open nothing.
    `narrowed`: these are only some of the person's establishments, those that they chose to look at (`narrowed_to`).
    `as_read`: the row that all this was made of, for a statement that must know whether it still says so.
    """

    email: str | None = None
    companies: frozenset[int] = frozenset()
    administered: frozenset[int] = frozenset()
    granted: Mapping[int, frozenset[DocumentType]] = field(default_factory=dict)
    narrowed: bool = False
    as_read: tuple[object, ...] = field(default=(), compare=False, repr=False)

    @property
    def establishments(self) -> frozenset[int]:
        """Ids of the establishments whose whole history the person sees."""
        return self.administered | self.granted.keys()

    def types_in(self, establishment_id: int) -> frozenset[DocumentType]:
        """The types of document of the establishment that the person's access opens."""
        if establishment_id in self.administered:
            return frozenset(DocumentType)
        return self.granted.get(establishment_id, frozenset())

    @cached_property
    def priced_establishments(self) -> frozenset[int]:
        """Ids of the establishments whose amounts the accesses open (rule 6)."""
        return frozenset(one for one in self.establishments if self.types_in(one) & PRICED_TYPES)

    @property
    def roaming_email(self) -> str | None:
        """The address whose orders are in reach wherever they were made; None when the establishments bound it too."""
        return None if self.narrowed else self.email

    def narrowed_to(self, chosen: Collection[int]) -> Rights:
        """These rights in the chosen establishments only, one's own orders (rule 1) included; never more than these.

        A chosen establishment in which the person has no right (any more) is ignored. When none is left, or all are
        chosen, nothing is narrowed.
        """
        kept = self.establishments & frozenset(chosen)
        if not kept or kept == self.establishments:
            return self
        granted = {place: types for place, types in self.granted.items() if place in kept}
        return replace(self, administered=self.administered & kept, granted=granted, narrowed=True)

    def sees_amounts(self, establishment_id: int | None, order_email: str) -> bool:
        """Whether amounts of an order may be shown: to its orderer, or to whom a priced type is open (rule 6)."""
        if self.email is not None and order_email == self.email:
            return True
        return establishment_id in self.priced_establishments
