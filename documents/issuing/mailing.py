"""The papers that leave by mail as soon as they are issued."""

from __future__ import annotations

from accounts.mails import link_to, send
from documents.models import Document
from documents.serving import file_name
from enrolments.models import OrderState

GOES_ON = (OrderState.PENDING, OrderState.VALIDATED)


def mail_quote(document: Document, content: bytes) -> None:
    """Send a quote, attached, to the address of its order, once for each version: it follows the acknowledgement.

    Called in the transaction that records the document, so that neither is kept without the other. An order that was
    withdrawn or refused meanwhile gets none.
    """
    order = document.order
    if order is None or order.state not in GOES_ON:
        return
    context = {
        "document": document,
        "order": order,
        "is_new_version": document.replaces_id is not None,
        "url": link_to("document_sign", document.pk),
    }
    files = [(file_name(document), content, "application/pdf")]
    send("order_quote", order.order_email, context, key=f"order-quote-{document.pk}", files=files)
