"""Filing what a client hands in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.rights import Rights
from documents.deposits.examining import Examined
from documents.models import Acceptance, AcceptanceMethod, Deposit, Document
from documents.models.acceptance import SIGNED_TYPES
from documents.reach import types_open
from documents.store import StoredFile, keep_aside, store
from enrolments.models import Order, OrderState

# What clients hand in, with what begins the numbers of these documents, after that of the order.
PREFIXES = {
    DocumentType.BON_DE_COMMANDE: "BC",
    DocumentType.PRISE_EN_CHARGE: "PEC",
    DocumentType.BON_POUR_ACCORD: "BPA",
    DocumentType.CONVENTION: "CONV",
}
CLOSED = (OrderState.REFUSED, OrderState.CANCELLED)


class MayNotDepositError(Exception):
    """The person may not, or no longer, hand in this type for this order."""


@dataclass(frozen=True)
class Details:
    """What the form says beside the file. `amount`: EUR HT granted by an OPCO; `signatory`: who signed."""

    purchase_order_number: str = ""
    amount: Decimal | None = None
    signatory: str = ""
    job_title: str = ""
    ip_address: str | None = None
    user_agent: str = ""


def types_to_deposit(order: Order, rights: Rights) -> list[DocumentType]:
    """What this person may hand in for an order that they see: the types that are open to them; nothing once closed."""
    if order.state in CLOSED:
        return []
    opens = types_open(order, rights)
    return [kind for kind in PREFIXES if kind in opens]


def deposit(
    *,
    order: Order,
    document_type: DocumentType,
    examined: Examined,
    original_name: str,
    actor: User,
    details: Details | None = None,
) -> Deposit:
    """File it as a document of the order. The file is kept before the row that names it.

    A signed copy replaces the unsigned document that the provider issued, and counts as signed. Otherwise it replaces
    what the same person had handed in for the same type, and nothing else: what others gave stays beside it.
    MayNotDepositError when the right is gone; ValidationError, in French, when it was signed already.
    """
    stored = store(examined.pdf)
    original = keep_aside(examined.original, examined.ending) if examined.ending else ""
    said = details or Details()
    with transaction.atomic():
        held = _lock(order, document_type, actor)
        replaced = _replaced(held, document_type, actor)
        document = _file(held, document_type, stored, replaced, said)
        if document_type in SIGNED_TYPES:
            _accept(document, actor, said)
        if document_type == DocumentType.BON_DE_COMMANDE and said.purchase_order_number:
            _name_purchase_order(held, said.purchase_order_number)
        return Deposit.objects.create(
            document=document,
            user=actor,
            user_email=actor.email,
            original_name=original_name[-255:],
            original=original,
            original_sha256=examined.sha256,
            scan=examined.scan,
        )


def note_picture(*, document: Document, examined: Examined, original_name: str, actor: User) -> None:
    """Keep what the team photographed beside the document made of it, and say so; nothing to do for a PDF.

    The caller has the transaction in which the document is filed.
    """
    if not examined.ending:
        return
    now = timezone.now()
    Deposit.objects.create(
        document=document,
        user=actor,
        user_email=actor.email,
        at=now,
        original_name=original_name[-255:],
        original=keep_aside(examined.original, examined.ending),
        original_sha256=examined.sha256,
        scan=examined.scan,
        handled_at=now,
        handled_by=actor,
    )


def _lock(order: Order, document_type: DocumentType, actor: User) -> Order:
    """The order, locked; then the person's right, as it is now."""
    held = Order.objects.select_for_update().get(pk=order.pk)
    if document_type not in types_to_deposit(held, User.objects.rights_of(actor.pk)):
        raise MayNotDepositError
    return held


def _replaced(order: Order, document_type: DocumentType, actor: User) -> Document | None:
    """What the new document replaces: the person's own, or the unsigned one that is to be signed."""
    current = (
        Document.objects.filter(order=order, type=document_type, replaced_by__isnull=True)
        .select_related("deposit", "acceptance")
        .order_by("-pk")
    )
    signed = None
    for document in current:
        if hasattr(document, "deposit") and not document.deposit.by_team:
            if document.deposit.user_id == actor.pk:
                return document
        elif document_type in SIGNED_TYPES and not hasattr(document, "acceptance"):
            return document
        signed = signed or document
    if document_type in SIGNED_TYPES and signed is not None:
        raise ValidationError(_("Ce document est déjà signé (%s) : rien n’est à déposer.") % signed.number)
    return None


def _file(
    order: Order, document_type: DocumentType, stored: StoredFile, replaced: Document | None, said: Details
) -> Document:
    sessions = set(order.enrolments.active().values_list("session_id", flat=True))
    session_id = replaced.session_id if replaced else sessions.pop() if len(sessions) == 1 else None
    document = Document(
        type=document_type,
        number=_number(order, document_type),
        issued_on=timezone.localdate(),
        order=order,
        session_id=session_id,
        file=stored.name,
        sha256=stored.sha256,
        size=stored.size,
        amount=replaced.amount if replaced and document_type in SIGNED_TYPES else said.amount,
        replaces=replaced,
    )
    document.save(force_insert=True)
    return document


def _number(order: Order, document_type: DocumentType) -> str:
    """`CMD-2026-0042-BC1`: the first that is free; the order is locked, so nobody takes it meanwhile."""
    start = f"{order.number}-{PREFIXES[document_type]}"
    rank = 1
    while Document.objects.filter(number__iexact=f"{start}{rank}").exists():
        rank += 1
    return f"{start}{rank}"


def _accept(document: Document, actor: User, said: Details) -> None:
    Acceptance.objects.create(
        document=document,
        method=AcceptanceMethod.UPLOAD,
        name=said.signatory,
        job_title=said.job_title,
        sha256=document.sha256,
        user=actor,
        user_email=actor.email,
        ip_address=said.ip_address,
        user_agent=said.user_agent,
    )


def _name_purchase_order(order: Order, number: str) -> None:
    """The client's number, which goes on the invoice (Code de commerce L441-9), when the order has none yet."""
    if not order.purchase_order_number:
        order.purchase_order_number = number
        order.decide(["purchase_order_number"])
        order.save(update_fields=["purchase_order_number", "decided_in_portal"])
