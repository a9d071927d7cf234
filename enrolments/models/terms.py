"""What changing one's mind costs: terms that staff write, in force by date."""

from __future__ import annotations

from datetime import date

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

_PERCENT = [MinValueValidator(0), MaxValueValidator(100)]


class DayCount(models.TextChoices):
    WORKING = "working", _("Jours ouvrés")
    CALENDAR = "calendar", _("Jours calendaires")


class CancellationTermsQuerySet(models.QuerySet["CancellationTerms"]):
    def in_force(self, day: date) -> CancellationTerms | None:
        """The terms that an order placed on `day` agreed to, with their bands; None before the first ones."""
        return self.prefetch_related("bands").filter(in_force_from__lte=day).order_by("-in_force_from").first()


class CancellationTerms(models.Model):
    """Terms in force from a date until the next ones begin. An order keeps those of the day it was placed.

    Substituting a participant is free until `free_substitution_days` before the first day, then costs
    `substitution_rate` % of the price HT. Moving and cancelling cost what the bands say, else nothing.
    """

    in_force_from = models.DateField(_("en vigueur à partir du"), unique=True)
    day_count = models.CharField(
        _("décompte des jours"), max_length=8, choices=DayCount.choices, default=DayCount.WORKING
    )
    free_substitution_days = models.PositiveSmallIntegerField(
        _("remplacement gratuit jusqu’à"), default=1, help_text=_("Jours avant le début. 1 : jusqu’à la veille.")
    )
    substitution_rate = models.DecimalField(
        _("ensuite (% du prix HT)"), max_digits=5, decimal_places=2, default=0, validators=_PERCENT
    )

    objects = CancellationTermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("conditions d’annulation")
        verbose_name_plural = _("conditions d’annulation")
        ordering = ["-in_force_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(substitution_rate__gte=0, substitution_rate__lte=100), name="terms_substitution_percent"
            ),
            models.CheckConstraint(condition=Q(day_count__in=DayCount.values), name="terms_day_count_known"),
        ]

    def __str__(self) -> str:
        return _("Conditions du %s") % f"{self.in_force_from:%d/%m/%Y}"


class CancellationBand(models.Model):
    """Less than `under_days` before the first day: what cancelling and moving cost, in % of the price HT."""

    terms = models.ForeignKey(CancellationTerms, models.CASCADE, related_name="bands", verbose_name=_("conditions"))
    under_days = models.PositiveSmallIntegerField(
        _("moins de (jours avant le début)"), validators=[MinValueValidator(1)]
    )
    cancel_rate = models.DecimalField(_("annulation (%)"), max_digits=5, decimal_places=2, validators=_PERCENT)
    move_rate = models.DecimalField(_("report (%)"), max_digits=5, decimal_places=2, validators=_PERCENT)

    class Meta:
        verbose_name = _("palier")
        ordering = ["-under_days"]
        constraints = [
            models.UniqueConstraint(fields=["terms", "under_days"], name="band_once_per_terms"),
            models.CheckConstraint(condition=Q(under_days__gte=1), name="band_begins_before_the_session"),
            models.CheckConstraint(
                condition=Q(cancel_rate__gte=0, cancel_rate__lte=100, move_rate__gte=0, move_rate__lte=100),
                name="band_rates_percent",
            ),
        ]

    def __str__(self) -> str:
        return _("moins de %d jours") % self.under_days
