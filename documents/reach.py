"""Which types of document of an order a person may open."""

from accounts.document_types import DocumentType
from accounts.rights import Rights
from enrolments.models import Order


def types_open(order: Order, rights: Rights) -> frozenset[DocumentType]:
    """All to whoever ordered with their verified address, else those that the access to the establishment opens."""
    if rights.email is not None and order.order_email == rights.email:
        return frozenset(DocumentType)
    return rights.types_in(order.establishment_id) if order.establishment_id is not None else frozenset()
