"""The form by which a client hands in a document."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.amounts import AmountField
from accounts.document_types import DocumentType
from accounts.models import User
from documents.deposits.examining import MOST_UPLOADED, Examined, examine
from documents.deposits.scanner import ScannerUnavailableError
from documents.deposits.services import types_to_deposit
from documents.files import FLAW_REASONS, Flaw
from documents.models.acceptance import SIGNED_TYPES
from enrolments.models import Order

logger = logging.getLogger(__name__)

LABELS = {
    DocumentType.BON_DE_COMMANDE: _("Bon de commande"),
    DocumentType.PRISE_EN_CHARGE: _("Accord de prise en charge de l’OPCO"),
    DocumentType.BON_POUR_ACCORD: _("Bon pour accord signé"),
    DocumentType.CONVENTION: _("Convention signée"),
}


def examined(upload: UploadedFile[bytes]) -> Examined:
    """What was found of a file that may be kept; ValidationError, in French, says why another may not."""
    try:
        found = examine(upload)
    except ScannerUnavailableError:
        raise forms.ValidationError(
            _("Le fichier n’a pas pu être analysé par l’antivirus, il n’a donc pas été pris. Réessayez plus tard.")
        ) from None
    except OSError as error:
        raise not_kept(error) from None
    if isinstance(found, Examined):
        return found
    if found == Flaw.TOO_LARGE:
        raise forms.ValidationError(_("Le fichier est trop gros : %d Mo au plus.") % (MOST_UPLOADED // 1_000_000))
    raise forms.ValidationError(FLAW_REASONS[found])


def not_kept(error: OSError) -> forms.ValidationError:
    """What to say of a file for which the server has no room, or that it can't write down."""
    logger.error("A file that was handed in can't be kept", exc_info=error)
    return forms.ValidationError(
        _(
            "Le fichier n’a pas pu être enregistré : nos serveurs ne peuvent rien écrire pour le moment. Rien n’a été "
            "pris, et ce que vous avez saisi est toujours là. Choisissez le fichier à nouveau et réessayez dans "
            "quelques minutes."
        )
    )


class DepositForm(forms.Form):
    """`examined` is what was found of the file, once the form is valid."""

    type = forms.ChoiceField(label=_("De quoi s’agit-il ?"), widget=forms.RadioSelect)
    upload = forms.FileField(
        label=_("Fichier"),
        help_text=_("PDF, ou photo JPEG ou PNG d’une page ; 20 Mo au plus. Sans mot de passe."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )
    purchase_order_number = forms.CharField(
        label=_("Numéro du bon de commande"),
        required=False,
        max_length=60,
        help_text=_("Il sera porté sur la facture."),
    )
    amount = AmountField(
        label=_("Montant accordé par l’OPCO, en euros HT"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
    )
    signatory = forms.CharField(
        label=_("Nom du signataire"), required=False, max_length=200, help_text=_("Pour un document signé.")
    )
    job_title = forms.CharField(label=_("Fonction du signataire"), required=False, max_length=150)

    def __init__(self, order: Order, user: User, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        types = types_to_deposit(order, user.rights)
        self.fields["type"].choices = [(kind.value, LABELS[kind]) for kind in types]  # type: ignore[attr-defined]
        if order.purchase_order_number or DocumentType.BON_DE_COMMANDE not in types:
            del self.fields["purchase_order_number"]
        if DocumentType.PRISE_EN_CHARGE not in types:
            del self.fields["amount"]
        if not SIGNED_TYPES & set(types):
            del self.fields["signatory"], self.fields["job_title"]
        self.examined: Examined | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("type") in SIGNED_TYPES and not cleaned.get("signatory"):
            self.add_error("signatory", _("Dites qui a signé ce document."))
        if not self.errors:  # a file is looked at once, when all the rest is right
            self._examine(cleaned["upload"])
        return cleaned

    def _examine(self, upload: UploadedFile[bytes]) -> None:
        try:
            self.examined = examined(upload)
        except forms.ValidationError as error:
            self.add_error("upload", error)
