"""What most accesses are for, so that nobody has to know the nine types to give one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType

_LOGISTICS = (DocumentType.CONVOCATION, DocumentType.EMARGEMENT, DocumentType.EVALUATION, DocumentType.ATTESTATION)


class Preset(models.TextChoices):
    """A usual choice of types; `CHOSEN`: those ticked one by one."""

    INVOICES = "factures", _("Factures seulement")
    LOGISTICS = "logistique", _("Logistique : convocations, émargements, évaluations, attestations")
    ALL = "tout", _("Tout : les neuf types de document")
    NONE = "aucun", _("L’historique seulement, sans document ni prix")
    CHOSEN = "choix", _("Choisir les types un par un")

    def types(self, chosen: frozenset[DocumentType]) -> frozenset[DocumentType]:
        """The types that this choice opens; `chosen`, what was ticked, counts for CHOSEN only."""
        known = {
            Preset.INVOICES: frozenset({DocumentType.FACTURE}),
            Preset.LOGISTICS: frozenset(_LOGISTICS),
            Preset.ALL: frozenset(DocumentType),
            Preset.NONE: frozenset[DocumentType](),
        }
        return known.get(self, chosen)


def preset_of(types: frozenset[DocumentType]) -> Preset:
    """The usual choice that these types are."""
    nothing = frozenset[DocumentType]()
    return next((one for one in Preset if one != Preset.CHOSEN and one.types(nothing) == types), Preset.CHOSEN)


def in_words(types: frozenset[DocumentType]) -> str:
    """These types, for a line of a list."""
    if not types:
        return str(_("Aucun document"))
    if types == frozenset(DocumentType):
        return str(_("Les neuf types"))
    return ", ".join(str(one.label) for one in DocumentType if one in types)
