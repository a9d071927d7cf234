"""Accords-cadres: the prices that a company negotiated, line by line, for a period."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Expression, F, Q
from django.utils.translation import gettext_lazy as _

from accounts.codes import unique_in_any_case
from accounts.models import Company, Establishment

from .course import Course, Domain

if TYPE_CHECKING:
    from accounts.models import User


class AccordCadreQuerySet(models.QuerySet["AccordCadre"]):
    def visible_to(self, user: User | AnonymousUser) -> AccordCadreQuerySet:
        """Those that cover an establishment whose amounts the person's access opens (rule 7)."""
        if not user.is_authenticated:
            return self.none()
        own = Establishment.objects.filter(pk__in=user.rights.priced_establishments)
        covers_all = Q(covers_all=True, company__in=own.values("company"))
        return self.filter(covers_all | Q(pk__in=AccordCoverage.objects.filter(establishment__in=own).values("accord")))

    def in_force(self, on: date) -> AccordCadreQuerySet:
        """Those whose first and last day, both included, are around this one."""
        return self.filter(starts_on__lte=on, ends_on__gte=on)

    def covering(self, establishment: Establishment) -> AccordCadreQuerySet:
        """Those of its company that cover all of its establishments, or this one."""
        return self.covering_ids(establishment.pk, establishment.company_id)

    def covering_ids(self, establishment: int | Expression, company: int | Expression) -> AccordCadreQuerySet:
        """`covering`, of the establishment with this id of the company with that one; or with what gives them."""
        listed = AccordCoverage.objects.filter(establishment=establishment).values("accord")
        return self.filter(Q(covers_all=True) | Q(pk__in=listed), company=company)


class AccordCadre(models.Model):
    """An agreement of one company, for all of its establishments or for those listed; dates are included.

    `announced_end` is the end that a mail told its people of; another end is told of again. `prices_version` is another
    one whenever the accord or a line of it has changed (kept by triggers, whatever is written here).
    """

    reference = models.CharField(_("référence"), max_length=60, unique=True)
    company = models.ForeignKey(Company, models.PROTECT, related_name="accords", verbose_name=_("entreprise"))
    starts_on = models.DateField(_("début"))
    ends_on = models.DateField(_("fin"))
    covers_all = models.BooleanField(_("tous les établissements"), default=True)
    establishments = models.ManyToManyField(
        Establishment, through="AccordCoverage", related_name="accords", blank=True, verbose_name=_("établissements")
    )
    announced_end = models.DateField(_("fin annoncée par mail"), null=True, blank=True, editable=False)
    prices_version = models.UUIDField(db_default=RandomUUID(), editable=False)

    objects = AccordCadreQuerySet.as_manager()

    class Meta:
        verbose_name = _("accord-cadre")
        verbose_name_plural = _("accords-cadres")
        ordering = ["-starts_on", "reference"]
        constraints = [
            unique_in_any_case("reference", "accord_reference_any_case"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="accord_ends_after_it_starts",
                violation_error_message=_("Un accord-cadre finit le jour où il commence, ou après."),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class AccordCoverage(models.Model):
    """An establishment that an accord covers; it belongs to the accord's company (kept by a trigger)."""

    accord = models.ForeignKey(AccordCadre, models.CASCADE, related_name="coverage")
    establishment = models.ForeignKey(Establishment, models.CASCADE, verbose_name=_("établissement"))

    class Meta:
        verbose_name = _("établissement couvert")
        verbose_name_plural = _("établissements couverts")
        constraints = [models.UniqueConstraint(fields=["accord", "establishment"], name="accord_covers_once")]

    def __str__(self) -> str:
        return str(self.establishment)


class LineScope(models.TextChoices):
    COURSE = "course", _("Formation")
    SUBDOMAIN = "subdomain", _("Sous-domaine")
    DOMAIN = "domain", _("Domaine")
    EVERYTHING = "everything", _("Tout le catalogue")


class LineKind(models.TextChoices):
    PRICE = "price", _("Prix fixe")
    DISCOUNT = "discount", _("Remise")


class AccordLineQuerySet(models.QuerySet["AccordLine"]):
    def in_force(self, on: date) -> AccordLineQuerySet:
        """Lines of accords in force on this day that hold on it themselves."""
        started = Q(starts_on__isnull=True) | Q(starts_on__lte=on)
        going_on = Q(ends_on__isnull=True) | Q(ends_on__gte=on)
        return self.filter(started, going_on, accord__starts_on__lte=on, accord__ends_on__gte=on)


class AccordLine(models.Model):
    """A fixed price (EUR HT, for one course) or a discount (percent) for a scope, from `from_seats` seats ordered.

    It holds as long as its accord, unless it has a first or a last day of its own: a line that an order used is never
    rewritten (kept by a trigger of the app of enrolments), only ended, and followed by another.
    """

    accord = models.ForeignKey(AccordCadre, models.CASCADE, related_name="lines", verbose_name=_("accord-cadre"))
    scope = models.CharField(_("portée"), max_length=10, choices=LineScope.choices)
    course = models.ForeignKey(
        Course, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("formation")
    )
    domain = models.ForeignKey(
        Domain, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("domaine ou sous-domaine")
    )
    kind = models.CharField(_("type"), max_length=8, choices=LineKind.choices)
    fixed_price = models.DecimalField(_("prix HT"), max_digits=10, decimal_places=2, null=True, blank=True)
    discount_rate = models.DecimalField(_("remise (%)"), max_digits=5, decimal_places=2, null=True, blank=True)
    from_seats = models.PositiveIntegerField(_("à partir de (places)"), default=0)
    starts_on = models.DateField(_("du"), null=True, blank=True)
    ends_on = models.DateField(_("au"), null=True, blank=True)

    objects = AccordLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("ligne d’accord-cadre")
        verbose_name_plural = _("lignes d’accord-cadre")
        ordering = ["accord", "scope", "pk"]
        indexes = [
            models.Index(fields=["accord", "from_seats"], condition=Q(from_seats__gt=0), name="accord_line_thresholds")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["accord", "scope", "course", "domain", "from_seats"],
                condition=Q(ends_on__isnull=True),
                nulls_distinct=False,
                name="accord_line_once",
                violation_error_message=_("Cet accord a déjà une ligne pour cette portée et ce seuil."),
            ),
            models.UniqueConstraint(
                fields=["accord", "scope", "course", "domain", "from_seats", "starts_on"],
                nulls_distinct=False,
                name="accord_line_once_per_start",
                violation_error_message=_("Cet accord a déjà une ligne pour cette portée et ce seuil."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="accord_line_ends_after_it_starts",
                violation_error_message=_("Une ligne finit le jour où elle commence, ou après."),
            ),
            models.CheckConstraint(
                name="accord_line_scope_names_its_object",
                violation_error_message=_(
                    "Une ligne nomme ce que dit sa portée : une formation, un domaine, ou rien pour tout le catalogue."
                ),
                condition=Q(scope=LineScope.COURSE, course__isnull=False, domain__isnull=True)
                | Q(scope__in=[LineScope.SUBDOMAIN, LineScope.DOMAIN], course__isnull=True, domain__isnull=False)
                | Q(scope=LineScope.EVERYTHING, course__isnull=True, domain__isnull=True),
            ),
            models.CheckConstraint(
                name="accord_line_price_or_discount",
                violation_error_message=_("Un prix fixe vaut pour une formation, une remise va de 0 à 100 %%."),
                # isnull=False: to a check, what is unknown is as good as true
                condition=Q(
                    kind=LineKind.PRICE,
                    scope=LineScope.COURSE,
                    fixed_price__isnull=False,
                    fixed_price__gte=0,
                    discount_rate__isnull=True,
                )
                | Q(
                    kind=LineKind.DISCOUNT,
                    fixed_price__isnull=True,
                    discount_rate__isnull=False,
                    discount_rate__gte=0,
                    discount_rate__lte=100,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.accord} · {self.get_scope_display()}"
