"""What was issued, read back."""

from __future__ import annotations

from documents.models import Document, Issue, documents_storage
from enrolments.models import Order


def content_of(document: Document) -> bytes:
    """The bytes in the store."""
    with documents_storage().open(str(document.file.name)) as file:
        return bytes(file.read())


def issued(order: Order) -> list[str]:
    """Types of the documents of an order."""
    return sorted(Document.objects.filter(order=order).values_list("type", flat=True))


def states() -> list[tuple[str, str]]:
    """State and error of all that was asked for."""
    return list(Issue.objects.order_by("pk").values_list("state", "error"))
