"""What an invoice says, kept as figures: the seats it bills, what credits them, and where it is on its legal way."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrolments.models import Enrolment, EnrolmentEvent

from .document import Document
from .issuing import Issue


class PlatformStatus(models.TextChoices):
    """How far the legal invoice is on its plateforme agréée: the statuses that are obligatory (CGI art. 289 bis)."""

    DEPOSITED = "deposited", _("Déposée")
    REJECTED = "rejected", _("Rejetée")
    REFUSED = "refused", _("Refusée")
    COLLECTED = "collected", _("Encaissée")


class Invoice(models.Model):
    """The figures of an invoice or avoir that the portal issued. Amounts are EUR, negative for an avoir.

    `funder_part`: what the OPCO pays by subrogation, out of `total` (TTC). The three `platform` fields follow the legal
    invoice, which travels through a plateforme agréée (CGI art. 289 bis); they are what staff or the ERP learn later.
    """

    document = models.OneToOneField(Document, models.PROTECT, related_name="invoice", verbose_name=_("document"))
    credits = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="avoirs", verbose_name=_("facture corrigée")
    )
    net = models.DecimalField(_("total HT"), max_digits=12, decimal_places=2)
    vat = models.DecimalField(_("TVA"), max_digits=12, decimal_places=2)
    total = models.DecimalField(_("total TTC"), max_digits=12, decimal_places=2)
    due_on = models.DateField(_("échéance"), null=True, blank=True)
    funder = models.CharField(_("financeur subrogé"), max_length=100, blank=True)
    funder_part = models.DecimalField(_("part du financeur"), max_digits=12, decimal_places=2, default=0)
    platform = models.CharField(_("plateforme agréée"), max_length=100, blank=True)
    platform_reference = models.CharField(_("référence sur la plateforme"), max_length=100, blank=True)
    platform_status = models.CharField(
        _("statut sur la plateforme"), max_length=10, choices=PlatformStatus.choices, blank=True
    )

    class Meta:
        verbose_name = _("facture ou avoir")
        verbose_name_plural = _("factures et avoirs")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(total=F("net") + F("vat")), name="invoice_total_adds_up"),
            models.CheckConstraint(
                condition=Q(credits__isnull=True, net__gte=0, vat__gte=0)
                | Q(credits__isnull=False, net__lte=0, vat__lte=0),
                name="invoice_sign_says_what_it_is",
            ),
            models.CheckConstraint(
                condition=Q(funder_part=0) | Q(funder_part__gt=0, funder_part__lte=F("total")),
                name="invoice_funder_pays_a_part",
            ),
            models.CheckConstraint(
                condition=Q(platform_status="") | Q(platform_status__in=PlatformStatus.values),
                name="invoice_platform_status_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.document)


class InvoicedSeat(models.Model):
    """One seat as an invoice billed it, for good. A seat is billed once, until an avoir takes it back (unique).

    With `fee`, not the seat itself but what a late change of it costs; that is billed once, too.

    `line`: the line of the invoice that it is on. Prices are EUR HT, `vat_rate` percent, as they were that day.
    `credited_by`: the avoir that was asked for it.
    """

    invoice = models.ForeignKey(Document, models.PROTECT, related_name="seats", verbose_name=_("facture"))
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="invoiced_seats", verbose_name=_("inscription")
    )
    fee = models.ForeignKey(
        EnrolmentEvent, models.PROTECT, null=True, blank=True, related_name="invoiced", verbose_name=_("frais de")
    )
    line = models.PositiveSmallIntegerField(_("ligne"))
    title = models.CharField(_("désignation"), max_length=250)
    reference = models.CharField(_("référence"), max_length=30)
    session_code = models.CharField(_("session"), max_length=40)
    trainee = models.CharField(_("stagiaire"), max_length=202)
    public_price = models.DecimalField(_("prix public HT"), max_digits=10, decimal_places=2)
    price = models.DecimalField(_("prix HT"), max_digits=10, decimal_places=2)
    accord = models.CharField(_("accord-cadre"), max_length=60, blank=True)
    vat_rate = models.DecimalField(_("taux de TVA (%)"), max_digits=4, decimal_places=2)
    credited_by = models.ForeignKey(
        Issue, models.PROTECT, null=True, blank=True, related_name="seats", verbose_name=_("avoir")
    )

    class Meta:
        verbose_name = _("place facturée")
        verbose_name_plural = _("places facturées")
        ordering = ["invoice", "line", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=Q(credited_by__isnull=True, fee__isnull=True),
                name="seat_billed_once",
            ),
            models.UniqueConstraint(fields=["fee"], condition=Q(credited_by__isnull=True), name="fee_billed_once"),
            models.UniqueConstraint(
                fields=["invoice", "enrolment", "fee"], nulls_distinct=False, name="seat_once_an_invoice"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice} · {self.trainee}"
