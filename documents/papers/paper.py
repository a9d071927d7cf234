"""A Paper: everything that one document prints."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.document_types import DocumentType


@dataclass(frozen=True)
class Paper:
    """`facts` is the context of the type's template; `amount` is EUR HT, negative for an avoir, None without a price.

    `title` names the file in a reader's window, `subject` says in one line what it is about. Nothing here may depend
    on the moment of rendering: the dates that the PDF carries are `issued_on`.
    """

    type: DocumentType
    number: str
    issued_on: date
    title: str
    subject: str
    facts: Mapping[str, Any]
    amount: Decimal | None = None

    @property
    def structured(self) -> bool:
        """Whether the PDF also carries its figures for machines: an invoice or an avoir (Factur-X)."""
        return self.type == DocumentType.FACTURE

    @property
    def template(self) -> str:
        return f"pdf/{self.type.value}.html"
