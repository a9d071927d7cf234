"""The nine types of document. They live here, below everything, because rights are granted per type."""

from functools import cache

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.labels import label_of


class DocumentType(models.TextChoices):
    """Codes are those of the ERP export and of the `view_<code>` permissions."""

    BON_POUR_ACCORD = "bon_pour_accord", _("Bon pour accord")
    BON_DE_COMMANDE = "bon_de_commande", _("Bon de commande")
    CONVENTION = "convention", _("Convention")
    PRISE_EN_CHARGE = "prise_en_charge", _("Prise en charge")
    CONVOCATION = "convocation", _("Convocation")
    EMARGEMENT = "emargement", _("Émargement")
    EVALUATION = "evaluation", _("Évaluation")
    ATTESTATION = "attestation", _("Attestation")
    FACTURE = "facture", _("Facture")

    @property
    def codename(self) -> str:
        """The guardian permission on an establishment that opens this type."""
        return f"view_{self.value}"


# What a credit note is called wherever somebody reads it; for rights it is one of the invoices.
AVOIR = "avoir"


@cache
def name_of(kind: str) -> str:
    """The label of a type, or « Avoir »."""
    return str(_("Avoir")) if kind == AVOIR else label_of(DocumentType, kind)


# Types that carry an amount: whoever may open none of them sees no price anywhere (rule 6).
PRICED_TYPES = frozenset(
    {
        DocumentType.BON_POUR_ACCORD,
        DocumentType.BON_DE_COMMANDE,
        DocumentType.CONVENTION,
        DocumentType.PRISE_EN_CHARGE,
        DocumentType.FACTURE,
    }
)
# Types about one participant of one session.
ENROLMENT_TYPES = frozenset({DocumentType.CONVOCATION, DocumentType.EVALUATION, DocumentType.ATTESTATION})
