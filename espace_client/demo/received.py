"""The two papers that a client sends in: the portal stores them and never issues them; a demonstration draws them."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from accounts.document_types import DocumentType
from documents.papers import Paper, Party, Provider
from documents.papers.bill import CENT, bill_of
from documents.papers.training import actions_of
from enrolments.models import Enrolment, Order

TONES = 4  # house colours in pdf.css


def bon_de_commande(
    *, provider: Provider, order: Order, enrolments: Sequence[Enrolment], number: str, issued_on: date
) -> Paper:
    """The client's purchase order, under the number that the order quotes."""
    client, bill = Party.of_order(order), bill_of(enrolments)
    return Paper(
        type=DocumentType.BON_DE_COMMANDE,
        number=number,
        issued_on=issued_on,
        title=f"Bon de commande {order.purchase_order_number}",
        subject=f"{client.name} · commande {order.number}",
        facts={
            "provider": provider,
            "client": client,
            "buyer_number": order.purchase_order_number,
            "contact_email": order.order_email,
            "bill": bill,
            "tone": int(client.siret[:9] or 0) % TONES,
        },
        amount=bill.net,
    )


def prise_en_charge(
    *,
    provider: Provider,
    order: Order,
    enrolments: Sequence[Enrolment],
    number: str,
    issued_on: date,
    share: Decimal,
    subrogation: bool,
) -> Paper:
    """The OPCO's agreement to pay `share` (0 to 1) of the price HT, directly to the provider if `subrogation`."""
    bill = bill_of(enrolments)
    granted = (bill.net * share).quantize(CENT, rounding=ROUND_HALF_UP)
    actions = actions_of(enrolments)
    return Paper(
        type=DocumentType.PRISE_EN_CHARGE,
        number=number,
        issued_on=issued_on,
        title=f"Accord de prise en charge {number}",
        subject=f"{order.opco} · commande {order.number}",
        facts={
            "provider": provider,
            "client": Party.of_order(order),
            "opco": order.opco,
            "file_number": number,
            "actions": actions,
            "bill": bill,
            "granted": granted,
            "remainder": bill.net - granted,
            "subrogation": subrogation,
            "until": max(action.session.ends_on for action in actions) + timedelta(days=60),
        },
        amount=granted,
    )
