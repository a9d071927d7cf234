"""What is taught: domains, courses, and their dated sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.codes import unique_in_any_case
from accounts.labels import label_of

if TYPE_CHECKING:
    from accounts.models import User


class DomainQuerySet(models.QuerySet["Domain"]):
    def visible_to(self, user: User | AnonymousUser) -> DomainQuerySet:
        """All: how courses are arranged is public."""
        return self.all()


class Domain(models.Model):
    """A domain, or with a `parent` a sub-domain; the tree has these two levels only (kept by a trigger)."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    label = models.CharField(_("libellé"), max_length=150)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("domaine parent")
    )

    objects = DomainQuerySet.as_manager()

    class Meta:
        verbose_name = _("domaine")
        ordering = ["label"]
        constraints = [
            unique_in_any_case("code", "domain_code_any_case"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("pk")),
                name="domain_not_its_own_parent",
                violation_error_message=_("Un domaine n’est pas son propre parent."),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class CourseMode(models.TextChoices):
    ON_SITE = "on_site", _("Présentiel")
    REMOTE = "remote", _("Classe à distance")
    BLENDED = "blended", _("Mixte")
    ELEARNING = "elearning", _("E-learning")


class CourseKind(models.TextChoices):
    INTER = "inter", _("Inter-entreprises")
    INTRA = "intra", _("Intra-entreprise")
    BESPOKE = "bespoke", _("Sur mesure")


class CourseQuerySet(models.QuerySet["Course"]):
    def visible_to(self, user: User | AnonymousUser) -> CourseQuerySet:
        """What the public catalogue shows, the same to everybody: nothing withdrawn, nothing made to order.

        The title of a bespoke course may name the client that it was made for.
        """
        return self.filter(in_catalogue=True).exclude(kind=CourseKind.BESPOKE)


class Course(models.Model):
    """A course of the catalogue. Prices are EUR HT per participant; one day counts for seven hours.

    One that is not `in_catalogue` any more keeps its sessions, orders and papers; nobody new can find it.
    """

    reference = models.CharField(_("référence"), max_length=30, unique=True)
    title = models.CharField(_("titre"), max_length=250)
    domain = models.ForeignKey(Domain, models.PROTECT, related_name="courses", verbose_name=_("domaine"))
    days = models.DecimalField(_("durée (jours)"), max_digits=5, decimal_places=2)
    hours = models.DecimalField(_("durée (heures)"), max_digits=6, decimal_places=2)
    mode = models.CharField(_("modalité"), max_length=10, choices=CourseMode.choices, default=CourseMode.ON_SITE)
    kind = models.CharField(_("type"), max_length=10, choices=CourseKind.choices, default=CourseKind.INTER)
    public_price = models.DecimalField(_("prix public HT"), max_digits=10, decimal_places=2)
    vat_rate = models.DecimalField(_("taux de TVA (%)"), max_digits=4, decimal_places=2, default=20)
    objectives = models.TextField(_("objectifs"), blank=True)
    programme = models.TextField(_("programme"), blank=True)
    prerequisites = models.TextField(_("prérequis"), blank=True)
    audience = models.TextField(_("public visé"), blank=True)
    certification = models.CharField(_("certification (RNCP ou RS)"), max_length=60, blank=True)
    in_catalogue = models.BooleanField(
        _("au catalogue"),
        default=True,
        db_default=True,
        help_text=_("Décochée, la formation ne se trouve plus sur le site ; ses sessions et ses papiers restent."),
    )

    objects = CourseQuerySet.as_manager()

    class Meta:
        verbose_name = _("formation")
        ordering = ["title"]
        constraints = [
            unique_in_any_case("reference", "course_reference_any_case"),
            models.CheckConstraint(
                condition=Q(public_price__gte=0),
                name="course_price_not_negative",
                violation_error_message=_("Un prix n’est pas négatif."),
            ),
            models.CheckConstraint(
                condition=Q(vat_rate__gte=0, vat_rate__lte=100),
                name="course_vat_rate_percent",
                violation_error_message=_("Un taux de TVA va de 0 à 100 %%."),
            ),
            models.CheckConstraint(
                condition=Q(days__gte=0, hours__gte=0),
                name="course_duration_not_negative",
                violation_error_message=_("Une durée n’est pas négative."),
            ),
            models.CheckConstraint(condition=Q(mode__in=CourseMode.values), name="course_mode_known"),
            models.CheckConstraint(condition=Q(kind__in=CourseKind.values), name="course_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.reference})"

    def get_absolute_url(self) -> str:
        return reverse("course_detail", args=[self.pk])


class SessionState(models.TextChoices):
    OPEN = "open", _("Ouverte")
    CONFIRMED = "confirmed", _("Confirmée")
    GUARANTEED = "guaranteed", _("Garantie")
    FULL = "full", _("Complète")
    CANCELLED = "cancelled", _("Annulée")
    DONE = "done", _("Réalisée")


# What may still be joined, or whose waiting list may.
ON_SALE = (SessionState.OPEN, SessionState.CONFIRMED, SessionState.GUARANTEED, SessionState.FULL)


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User | AnonymousUser) -> SessionQuerySet:
        """What the public catalogue shows, the same to everybody: the inter sessions to come of its courses.

        An intra session is one company's own: where and when it trains is nobody else's business. What someone is
        enrolled in they see through `Enrolment.objects.visible_to`.
        """
        return self.filter(
            course__in=Course.objects.visible_to(user).filter(kind=CourseKind.INTER),
            starts_on__gte=timezone.localdate(),
            state__in=ON_SALE,
        )


class Session(models.Model):
    """A course at given dates and place. `seats` is the capacity, `minimum` the number from which it runs."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    course = models.ForeignKey(Course, models.PROTECT, related_name="sessions", verbose_name=_("formation"))
    starts_on = models.DateField(_("du"))
    ends_on = models.DateField(_("au"))
    city = models.CharField(_("ville"), max_length=100, blank=True)
    venue = models.CharField(_("lieu"), max_length=300, blank=True)
    link = models.URLField(_("lien de connexion"), blank=True)
    seats = models.PositiveSmallIntegerField(_("places"), default=0)
    minimum = models.PositiveSmallIntegerField(_("minimum"), default=0)
    trainer = models.CharField(_("formateur"), max_length=150, blank=True)
    state = models.CharField(_("état"), max_length=10, choices=SessionState.choices, default=SessionState.OPEN)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        ordering = ["starts_on", "code"]
        indexes = [
            models.Index(fields=["starts_on", "id"], name="session_by_start"),
            models.Index(fields=["course", "starts_on"], name="session_by_course_and_start"),
            models.Index(
                fields=["course", "starts_on"],
                include=["id", "ends_on", "city", "state"],
                condition=Q(state__in=ON_SALE),
                name="session_on_sale",
            ),
        ]
        constraints = [
            unique_in_any_case("code", "session_code_any_case"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="session_ends_after_it_starts",
                violation_error_message=_("Une session finit le jour où elle commence, ou après."),
            ),
            models.CheckConstraint(condition=Q(state__in=SessionState.values), name="session_state_known"),
        ]

    def __str__(self) -> str:
        return self.code

    def get_state_display(self) -> str:  # type: ignore[no-redef]  # Django's, found once
        return label_of(SessionState, self.state)


class HalfDay(models.Model):
    """One half-day of a session, the unit of attendance."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="half_days", verbose_name=_("session"))
    date = models.DateField(_("date"))
    starts_at = models.TimeField(_("de"))
    ends_at = models.TimeField(_("à"))

    class Meta:
        verbose_name = _("demi-journée")
        verbose_name_plural = _("demi-journées")
        ordering = ["date", "starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["session", "date", "starts_at"], name="half_day_once_per_session"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="half_day_ends_after_it_starts",
                violation_error_message=_("Une demi-journée finit après avoir commencé."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.starts_at:%H:%M}"
