"""What is issued: each paper asked for once, the batches in which it is asked, and the numbers it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType
from accounts.models import Establishment
from catalogue.models import Session
from enrolments.models import Enrolment, Order

from .document import Document

if TYPE_CHECKING:
    from collections.abc import Mapping


class PaperKind(models.TextChoices):
    """What the provider generates. An avoir is a document of type facture, with numbers of its own."""

    BON_POUR_ACCORD = "bon_pour_accord", _("Bon pour accord")
    CONVENTION = "convention", _("Convention")
    CONVOCATION = "convocation", _("Convocation")
    EMARGEMENT = "emargement", _("Feuille d’émargement")
    EVALUATION = "evaluation", _("Évaluation")
    ATTESTATION = "attestation", _("Attestation et certificat de réalisation")
    FACTURE = "facture", _("Facture")
    AVOIR = "avoir", _("Avoir")

    @property
    def document_type(self) -> DocumentType:
        return DocumentType.FACTURE if self == PaperKind.AVOIR else DocumentType(self.value)

    @property
    def prefix(self) -> str:
        """How numbers of its series begin, before the year."""
        return PREFIXES[self]

    @property
    def gapless(self) -> bool:
        """Whether its series may have no gap (CGI annexe II art. 242 nonies A I-7°)."""
        return self in (PaperKind.FACTURE, PaperKind.AVOIR)


PREFIXES: Mapping[PaperKind, str] = {
    PaperKind.BON_POUR_ACCORD: "BPA",
    PaperKind.CONVENTION: "CNV",
    PaperKind.CONVOCATION: "CVC",
    PaperKind.EMARGEMENT: "EMA",
    PaperKind.EVALUATION: "EVA",
    PaperKind.ATTESTATION: "ATT",
    PaperKind.FACTURE: "FA",
    PaperKind.AVOIR: "AV",
}


class NumberSeries(models.Model):
    """The last number given in a series and a year ("FA2026"), and the date of the document that took it.

    Its row is locked by the transaction that inserts the document: whoever wants the next number waits for that one,
    and a number whose document is not kept is not kept either.
    """

    name = models.CharField(_("série"), max_length=10, unique=True)
    last = models.PositiveIntegerField(_("dernier numéro"), default=0)
    last_on = models.DateField(_("date du dernier"), null=True, blank=True)

    class Meta:
        verbose_name = _("série de numéros")
        verbose_name_plural = _("séries de numéros")
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} · {self.last}"


@dataclass(frozen=True)
class Progress:
    """How far a batch is: papers asked for, issued, and not issued because something is in the way."""

    asked: int
    done: int
    failed: int

    @property
    def waiting(self) -> int:
        return self.asked - self.done - self.failed

    @property
    def settled(self) -> int:
        return self.done + self.failed


class IssueBatch(models.Model):
    """Papers asked for together: by a member of staff, or by what happened to an order or a session (nobody)."""

    reason = models.CharField(_("motif"), max_length=200)
    asked_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("demandée par")
    )
    asked_at = models.DateTimeField(_("demandée le"), default=timezone.now)

    class Meta:
        verbose_name = _("émission")
        verbose_name_plural = _("émissions")
        ordering = ["-asked_at", "-pk"]

    def __str__(self) -> str:
        return self.reason

    @property
    def progress(self) -> Progress:
        counts = self.issues.aggregate(
            asked=Count("pk"),
            done=Count("pk", filter=Q(state=IssueState.DONE)),
            failed=Count("pk", filter=Q(state=IssueState.FAILED)),
        )
        return Progress(**counts)


class IssueState(models.TextChoices):
    ASKED = "asked", _("En attente")
    DONE = "done", _("Émise")
    FAILED = "failed", _("En échec")


class Issue(models.Model):
    """One paper to issue, once: what it is about and its version are its identity, kept unique by the database.

    `number` and `issued_on` are held from the first attempt for the series that may have gaps; for invoices they come
    with the document. `replaces`: what a correction takes the place of. `credits`: the invoice that an avoir corrects.
    `check_code`: the secret in the QR of an attestation. `printed`: what it says, for whoever checks it.
    """

    batch = models.ForeignKey(IssueBatch, models.PROTECT, related_name="issues", verbose_name=_("émission"))
    kind = models.CharField(_("pièce"), max_length=20, choices=PaperKind.choices)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="issues", verbose_name=_("commande")
    )
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, null=True, blank=True, related_name="issues", verbose_name=_("inscription")
    )
    session = models.ForeignKey(
        Session, models.PROTECT, null=True, blank=True, related_name="issues", verbose_name=_("session")
    )
    establishment = models.ForeignKey(
        Establishment, models.PROTECT, null=True, blank=True, related_name="issues", verbose_name=_("établissement")
    )
    credits = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="avoirs_asked", verbose_name=_("facture corrigée")
    )
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    replaces = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("remplace")
    )
    reason = models.CharField(_("motif"), max_length=200, blank=True)
    state = models.CharField(_("état"), max_length=6, choices=IssueState.choices, default=IssueState.ASKED)
    error = models.TextField(_("ce qui l’empêche"), blank=True)
    number = models.CharField(_("numéro"), max_length=60, blank=True)
    issued_on = models.DateField(_("date"), null=True, blank=True)
    document = models.OneToOneField(
        Document, models.PROTECT, null=True, blank=True, related_name="issue", verbose_name=_("document")
    )
    check_code = models.CharField(max_length=40, unique=True, null=True, blank=True, editable=False)
    printed = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("pièce à émettre")
        verbose_name_plural = _("pièces à émettre")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["batch", "state"], name="issue_by_batch"),
            models.Index(fields=["id"], condition=Q(state="failed"), name="issue_failed"),
            models.Index(fields=["batch"], condition=Q(state="asked"), name="issue_asked"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "order", "enrolment", "session", "establishment", "credits", "version"],
                nulls_distinct=False,
                name="issue_once",
            ),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="issue_number_once"),
            models.CheckConstraint(condition=Q(kind__in=PaperKind.values), name="issue_kind_known"),
            models.CheckConstraint(
                condition=Q(state=IssueState.DONE, document__isnull=False)
                | Q(state__in=[IssueState.ASKED, IssueState.FAILED], document__isnull=True),
                name="issue_done_has_its_document",
            ),
            models.CheckConstraint(
                condition=Q(kind=PaperKind.AVOIR, credits__isnull=False)
                | (~Q(kind=PaperKind.AVOIR) & Q(credits__isnull=True)),
                name="issue_avoir_names_its_invoice",
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=False)
                | Q(kind=PaperKind.EMARGEMENT, session__isnull=False, establishment__isnull=False),
                name="issue_is_about_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.number or self.subject}"

    @property
    def paper_kind(self) -> PaperKind:
        return PaperKind(self.kind)

    @property
    def subject(self) -> str:
        """What the paper is about, in a few words."""
        about = (self.enrolment, self.session, self.order, self.establishment)
        return " · ".join(str(one) for one in about if one is not None)
