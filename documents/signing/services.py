"""Agreeing to a quote by a click: what is recorded, and what it is worth.

A simple electronic signature (regulation (EU) 910/2014, art. 3(10)): it may not be refused as evidence for being
electronic (art. 25(1), Code civil art. 1366), and how far it convinces depends on what shows who agreed and to what
(art. 1367). Kept for that: the account and its verified address, the name and function given, the moment, the network
address and browser, and the hash of the very bytes that were shown. It is neither advanced nor qualified.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.document_types import DocumentType
from accounts.mails import link_to, send
from accounts.models import User
from documents.models import Acceptance, AcceptanceMethod, Document
from enrolments.models import Order, OrderState


@dataclass(frozen=True)
class Signatory:
    """Who signs, as they say, and where from."""

    name: str
    job_title: str
    ip_address: str | None
    user_agent: str


def refusal_to_sign(document: Document) -> str:
    """Why this document can't be agreed to in the portal, in French; empty when it can."""
    if document.type != DocumentType.BON_POUR_ACCORD or document.order is None:
        return _("Seul un bon pour accord se signe ici.")
    if hasattr(document, "acceptance"):
        return _("Ce bon pour accord est déjà signé.")
    if hasattr(document, "replaced_by"):
        return _("Ce bon pour accord a été remplacé : signez la version en vigueur.")
    if document.order.state in (OrderState.REFUSED, OrderState.CANCELLED):
        return _("La commande n’est plus en cours : il n’y a rien à signer.")
    return ""


@transaction.atomic
def accept(*, document: Document, sha256: str, signatory: Signatory, actor: User) -> Acceptance:
    """Record that the actor agrees to the document whose bytes have this hash, and mail them the receipt.

    The order is locked, so that one agreement or one signed copy wins; then right and state are read again.
    ValidationError, in French, when it can't be signed; Document.DoesNotExist when the right is gone.
    """
    list(Order.objects.select_for_update().filter(documents=document))
    reader = User(pk=actor.pk, is_active=True)
    reader.rights = User.objects.rights_of(actor.pk)
    visible = Document.objects.visible_to(reader).select_related("order", "acceptance", "replaced_by")
    held = visible.get(pk=document.pk)
    if refusal := refusal_to_sign(held):
        raise ValidationError(refusal)
    if held.sha256 != sha256:
        raise ValidationError(_("Le document a changé depuis son affichage : relisez-le avant de signer."))
    acceptance = Acceptance.objects.create(
        document=held,
        method=AcceptanceMethod.PORTAL,
        name=signatory.name,
        job_title=signatory.job_title,
        statement=statement_of(held),
        sha256=held.sha256,
        user=actor,
        user_email=actor.email,
        ip_address=signatory.ip_address,
        user_agent=signatory.user_agent,
    )
    context = {"acceptance": acceptance, "document": held, "url": link_to("document_detail", held.pk)}
    send("bon_pour_accord_signed", actor.email, context, key=f"acceptance-{acceptance.pk}")
    return acceptance


def statement_of(document: Document) -> str:
    """The words that the person agrees to."""
    return _("Bon pour accord sur le document n° %(number)s du %(day)s, dont j’ai pris connaissance.") % {
        "number": document.number,
        "day": f"{document.issued_on:%d/%m/%Y}",
    }
