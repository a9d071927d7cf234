"""The papers that leave by mail as soon as they are issued."""

from __future__ import annotations

from accounts.mails import link_to, send
from documents.models import Document
from documents.serving import file_name
from enrolments.models import Order
from enrolments.order_mails import GOES_ON, IssuedQuote, end_wait, owner_of


def mail_quote(document: Document, content: bytes) -> None:
    """Send a quote to the address of its order, once for each version: in the acknowledgement if that waits for it.

    Attached, if whoever has the address may open it at this moment; else the mail says where it waits for them. Called
    in the transaction that records the document, with its order locked, so that neither is kept without the other. An
    order that was withdrawn or refused meanwhile gets none.
    """
    order = document.order
    if order is None or order.state not in GOES_ON:
        return
    url = link_to("document_sign", document.pk)
    quote = IssuedQuote(document.number, url, _attached(document, order, content))
    if end_wait(order, quote):
        return
    context = {
        "order": order,
        "quote": quote,
        "amount": document.amount if quote.files else None,
        "is_new_version": document.replaces_id is not None,
        "url": url,
    }
    send("order_quote", order.order_email, context, key=f"order-quote-{document.pk}", files=quote.files)


def _attached(document: Document, order: Order, content: bytes) -> list[tuple[str, bytes, str]]:
    owner = owner_of(order)
    if owner is None or not Document.objects.visible_to(owner).filter(pk=document.pk).exists():
        return []
    return [(file_name(document), content, "application/pdf")]
