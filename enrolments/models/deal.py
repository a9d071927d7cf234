"""The deal: orders, the enrolments they are made of, and the participants enrolled."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.codes import unique_in_any_case
from accounts.labels import label_of
from accounts.models import Company, Establishment
from accounts.models.base import DecidedInPortal
from catalogue.models import AccordCadre, AccordLine, Session

if TYPE_CHECKING:
    from accounts.models import User
    from accounts.rights import Rights


MOST_BRANCHES = 12


def within_reach(rights: Rights) -> Q:
    """The rule of tenancy for whatever follows an order: the person's establishments, or their verified email (rule 1).

    For rows with `establishment_id` and `order_email`. Ids and address are literals, which PostgreSQL can plan with.
    Someone who looks at some of their establishments sees the orders of these alone, their own included.
    """
    reach = Q(establishment_id__in=sorted(rights.establishments))
    return reach if rights.roaming_email is None else reach | Q(order_email=rights.roaming_email)


def reach_by_branch(rights: Rights, *, most: int = MOST_BRANCHES) -> list[Q]:
    """The same rule in disjoint conditions, one per index scan: each establishment, then the email's other rows.

    Beyond `most` establishments they share one condition: planning many branches would cost more than it saves.
    """
    establishments = sorted(rights.establishments)
    groups = [[one] for one in establishments] if len(establishments) <= most else [establishments]
    branches = [Q(establishment_id__in=group) for group in groups]
    if rights.roaming_email is not None:
        elsewhere = Q(establishment_id__isnull=True) | ~Q(establishment_id__in=establishments)
        own = Q(order_email=rights.roaming_email)
        branches.append(own & elsewhere if establishments else own)
    return branches


class OrderState(models.TextChoices):
    TO_APPROVE = "to_approve", _("À approuver")
    PENDING = "pending", _("En attente de validation")
    VALIDATED = "validated", _("Validée")
    REFUSED = "refused", _("Refusée")
    CANCELLED = "cancelled", _("Annulée")


class OrderChannel(models.TextChoices):
    SITE = "site", _("Site")
    PHONE = "phone", _("Téléphone")
    MAIL = "mail", _("Mail")


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, user: User | AnonymousUser) -> OrderQuerySet:
        """Every order of the person's establishments, and those whose email is their verified one."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(within_reach(user.rights))

    def visible_by_branch(self, user: User) -> list[OrderQuerySet]:
        """`visible_to`, in disjoint querysets that an index each can serve (see accounts.lists)."""
        return [self.filter(branch) for branch in reach_by_branch(user.rights)] or [self.none()]


class Order(DecidedInPortal):
    """One order (commande): who ordered, for which establishment, and its state.

    `establishment` is None until staff attach it from `declared_siret`; the order is then visible to its orderer only.
    `draft_token`: of the draft that it was made of, on the site; no draft makes two orders. `acknowledgement_waits`:
    for the quote, with which it will leave (enrolments.order_mails).
    """

    number = models.CharField(_("numéro"), max_length=30, unique=True)
    placed_on = models.DateField(_("date"), default=timezone.localdate)
    order_email = models.EmailField(_("email de commande"), max_length=254)
    ordered_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("saisie par")
    )
    establishment = models.ForeignKey(
        Establishment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="orders",
        db_index=False,
        verbose_name=_("établissement"),
    )
    declared_siret = models.CharField(_("SIRET déclaré"), max_length=14, blank=True)
    state = models.CharField(_("état"), max_length=10, choices=OrderState.choices, default=OrderState.PENDING)
    purchase_order_number = models.CharField(_("n° de bon de commande"), max_length=60, blank=True)
    opco = models.CharField(_("OPCO"), max_length=100, blank=True)
    channel = models.CharField(_("canal"), max_length=5, choices=OrderChannel.choices, default=OrderChannel.SITE)
    comment = models.CharField(_("mot du client"), max_length=500, blank=True, default="", db_default="")
    draft_token = models.UUIDField(null=True, blank=True, editable=False)
    acknowledgement_waits = models.BooleanField(default=False, db_default=False, editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("commande")
        ordering = ["-placed_on", "-pk"]
        indexes = [
            models.Index(fields=["establishment", "-placed_on", "-id"], name="order_by_establishment"),
            models.Index(fields=["order_email", "-placed_on", "-id"], name="order_by_email"),
            models.Index(
                fields=["establishment", "-placed_on"],
                condition=Q(state__in=[OrderState.TO_APPROVE, OrderState.PENDING]),
                name="order_waiting",
            ),
            models.Index(
                fields=["order_email", "establishment"], condition=Q(channel=OrderChannel.SITE), name="order_on_site"
            ),
        ]
        constraints = [
            unique_in_any_case("number", "order_number_any_case"),
            models.UniqueConstraint(fields=["draft_token"], name="order_one_per_draft"),
            models.CheckConstraint(condition=Q(order_email=Lower("order_email")), name="order_email_lower_case"),
            models.CheckConstraint(condition=~Q(order_email=""), name="order_has_an_email"),
            models.CheckConstraint(condition=Q(state__in=OrderState.values), name="order_state_known"),
            models.CheckConstraint(condition=Q(channel__in=OrderChannel.values), name="order_channel_known"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_state_display(self) -> str:  # type: ignore[no-redef]  # Django's, found once
        return label_of(OrderState, self.state)

    def shows_amounts_to(self, user: User) -> bool:
        """Whether this person may see what the order costs (rule 6)."""
        return user.rights.sees_amounts(self.establishment_id, self.order_email)


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def visible_to(self, user: User | AnonymousUser) -> ParticipantQuerySet:
        """People with at least one enrolment that the person may see; their page shows only those enrolments."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(pk__in=Enrolment.objects.visible_to(user).values("participant_id"))

    def manageable_by(self, user: User) -> ParticipantQuerySet:
        """People whose name the person may correct, merge, or ask to erase: see `managed_with`."""
        return self.managed_with(user.rights)

    def managed_with(self, rights: Rights) -> ParticipantQuerySet:
        """An administrator: whoever is enrolled in their establishments. A responsable: whoever only they enrolled."""
        seats = Enrolment.objects.filter(participant=OuterRef("pk"))
        reach = Q(Exists(seats.filter(establishment_id__in=sorted(rights.administered))))
        if rights.email is not None:
            own = Exists(seats.filter(order_email=rights.email))
            reach |= Q(own) & ~Q(Exists(seats.exclude(order_email=rights.email)))
        return self.filter(reach)

    def visible_by_branch(self, user: User) -> list[ParticipantQuerySet]:
        """`visible_to`, by company (the index of names then serves), and the rest that the email opens."""
        enrolled = Exists(Enrolment.objects.visible_to(user).filter(participant=OuterRef("pk")))
        companies = sorted(user.rights.companies)
        branches = [self.filter(enrolled, company_id=company) for company in companies]
        if user.rights.roaming_email is not None:
            ordered = Enrolment.objects.filter(order_email=user.rights.roaming_email, participant__isnull=False)
            if places := sorted(user.rights.establishments):  # whoever is enrolled there is of one of the companies
                ordered = ordered.filter(Q(establishment__isnull=True) | ~Q(establishment_id__in=places))
            elsewhere = Q(company__isnull=True) | ~Q(company_id__in=companies) if companies else Q()
            branches.append(self.filter(elsewhere, pk__in=ordered.values("participant_id")))
        return branches or [self.none()]


class Participant(DecidedInPortal):
    """An employee of a client company who is, was or will be trained; not necessarily a person with an account.

    Known within their company; before staff attach the order, within its email (`owner_email`). `erp_key` is how the
    ERP names the person, kept apart from the names shown so that a name corrected in the portal stays corrected.
    """

    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="participants", verbose_name=_("entreprise")
    )
    owner_email = models.EmailField(_("email de commande"), max_length=254, blank=True)
    last_name = models.CharField(_("nom"), max_length=100)
    first_name = models.CharField(_("prénom"), max_length=100, blank=True)
    email = models.EmailField(_("adresse email"), max_length=254, blank=True)
    erp_key = models.CharField(max_length=460, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="+", verbose_name=_("fusionné avec")
    )

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = _("collaborateur")
        ordering = ["last_name", "first_name", "pk"]
        indexes = [models.Index(fields=["company", "last_name", "first_name", "id"], name="participant_by_company")]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "owner_email", "erp_key"],
                condition=~Q(erp_key=""),
                nulls_distinct=False,
                name="participant_once_per_company",
            ),
            models.CheckConstraint(
                condition=(Q(company__isnull=False) & Q(owner_email=""))
                | (Q(company__isnull=True) & ~Q(owner_email="")),
                name="participant_of_a_company_or_of_an_orderer",
            ),
            models.CheckConstraint(condition=Q(owner_email=Lower("owner_email")), name="participant_owner_lower_case"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class EnrolmentState(models.TextChoices):
    PENDING = "pending", _("En attente")
    CONFIRMED = "confirmed", _("Confirmée")
    PRESENT = "present", _("Présent")
    PARTIAL = "partial", _("Présence partielle")
    ABSENT = "absent", _("Absent")
    CANCELLED = "cancelled", _("Annulée")


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def visible_to(self, user: User | AnonymousUser) -> EnrolmentQuerySet:
        """The enrolments of the orders that the person may see, by the same rule."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(within_reach(user.rights))

    def visible_by_branch(self, user: User, *, most: int = MOST_BRANCHES) -> list[EnrolmentQuerySet]:
        """`visible_to`, in disjoint querysets that an index each can serve (see accounts.lists).

        Beyond `most` establishments, these share one; sums, which have no order to keep, want them all in one.
        """
        return [self.filter(branch) for branch in reach_by_branch(user.rights, most=most)] or [self.none()]

    def active(self) -> EnrolmentQuerySet:
        return self.exclude(state=EnrolmentState.CANCELLED)


class Enrolment(DecidedInPortal):
    """One participant in one session. Prices are EUR HT, frozen; `participant` None means "à désigner".

    `establishment` and `order_email` are the order's, `starts_on` is the session's, `participant_last_name` and
    `participant_first_name` are the participant's ("" without one): copied by triggers of the database, never set by
    hand, because lists are read by them through an index. `hours` is the course's duration when enrolled.
    """

    number = models.CharField(_("numéro"), max_length=30, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="enrolments", verbose_name=_("commande"))
    session = models.ForeignKey(
        Session, models.PROTECT, related_name="enrolments", db_index=False, verbose_name=_("session")
    )
    participant = models.ForeignKey(
        Participant,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="enrolments",
        db_index=False,
        verbose_name=_("participant"),
    )
    state = models.CharField(_("état"), max_length=10, choices=EnrolmentState.choices, default=EnrolmentState.PENDING)
    public_price = models.DecimalField(_("prix public HT"), max_digits=10, decimal_places=2)
    price = models.DecimalField(_("prix HT"), max_digits=10, decimal_places=2)
    accord = models.ForeignKey(
        AccordCadre, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("accord-cadre")
    )
    accord_line = models.ForeignKey(
        AccordLine, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ligne de l’accord")
    )
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, null=True, editable=False, related_name="+", db_index=False
    )
    order_email = models.EmailField(max_length=254, editable=False)
    starts_on = models.DateField(_("date de la session"), editable=False)
    hours = models.DecimalField(_("durée (heures)"), max_digits=6, decimal_places=2, editable=False)
    participant_last_name = models.CharField(max_length=100, default="", db_default="", editable=False)
    participant_first_name = models.CharField(max_length=100, default="", db_default="", editable=False)

    fee: Decimal | None = None  # what its changes cost, EUR HT, where a page says so

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("inscription")
        ordering = ["-starts_on", "-pk"]
        indexes = [
            models.Index(
                fields=["establishment", "-starts_on", "-id"],
                include=["price", "hours", "state", "order_email"],
                name="enrolment_by_establishment",
            ),
            models.Index(
                fields=["order_email", "-starts_on", "-id"],
                include=["price", "hours", "state", "establishment", "participant"],
                name="enrolment_by_email",
            ),
            models.Index(fields=["session", "establishment"], name="enrolment_by_session"),
            models.Index(
                fields=["participant", "-starts_on", "-id"],
                include=["establishment", "order_email", "state", "hours"],
                name="enrolment_by_participant",
            ),
            models.Index(
                *("establishment", "participant_last_name", "participant_first_name", "participant"),
                condition=Q(participant__isnull=False),
                name="enrolment_by_place_and_name",
            ),
            models.Index(
                *("order_email", "participant_last_name", "participant_first_name", "participant"),
                include=["establishment"],
                condition=Q(participant__isnull=False),
                name="enrolment_by_email_and_name",
            ),
        ]
        constraints = [
            unique_in_any_case("number", "enrolment_number_any_case"),
            models.CheckConstraint(
                condition=Q(price__gte=0),
                name="enrolment_price_not_negative",
                violation_error_message=_("Un prix n’est pas négatif."),
            ),
            models.CheckConstraint(
                condition=Q(price__lte=F("public_price")),
                name="enrolment_price_at_most_public",
                violation_error_message=_("Le prix ne dépasse pas le prix public."),
            ),
            models.CheckConstraint(condition=Q(state__in=EnrolmentState.values), name="enrolment_state_known"),
            models.CheckConstraint(
                condition=Q(accord_line__isnull=True) | Q(accord__isnull=False),
                name="enrolment_line_has_its_accord",
                violation_error_message=_("Une ligne d’accord va avec son accord-cadre."),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_state_display(self) -> str:  # type: ignore[no-redef]  # Django's, found once
        return label_of(EnrolmentState, self.state)
