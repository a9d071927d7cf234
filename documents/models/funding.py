"""What an OPCO agreed to pay, as the paper of its agreement says."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType

from .document import Document


class FundingAgreement(models.Model):
    """The terms of a prise en charge: `granted` EUR HT, paid to the provider itself when there is `subrogation`."""

    document = models.OneToOneField(
        Document,
        models.PROTECT,
        related_name="funding",
        limit_choices_to=Q(type=DocumentType.PRISE_EN_CHARGE),
        verbose_name=_("prise en charge"),
    )
    funder = models.CharField(_("OPCO"), max_length=100)
    file_number = models.CharField(_("numéro de dossier"), max_length=60, blank=True)
    granted = models.DecimalField(_("montant accordé HT"), max_digits=12, decimal_places=2)
    subrogation = models.BooleanField(_("subrogation de paiement"), default=True)

    class Meta:
        verbose_name = _("accord de financement")
        verbose_name_plural = _("accords de financement")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(granted__gt=0),
                name="funding_grants_something",
                violation_error_message=_("Un accord de financement porte sur un montant."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.funder} · {self.document}"
