"""The paper: documents of nine types, who they are shared with or withheld from, and the journal of what was served."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from guardian.models import UserObjectPermissionBase

from accounts.codes import unique_in_any_case
from accounts.document_types import AVOIR, DocumentType, name_of
from accounts.models import Establishment
from catalogue.models import Session
from enrolments.models import MOST_BRANCHES, Enrolment, Order

if TYPE_CHECKING:
    from accounts.models import User
    from accounts.rights import Rights


OWN_AVOIRS = re.compile(r"AV\d{4}-\d+")  # the numbers of those that the portal made


def kind_of(document_type: str, number: str, amount: Decimal | None) -> str:
    """The type, or AVOIR for an invoice below zero; its number tells it of one of nothing, or of an unknown amount."""
    if document_type != DocumentType.FACTURE:
        return document_type
    return AVOIR if (amount < 0 if amount else OWN_AVOIRS.fullmatch(number)) else document_type


def documents_storage() -> Storage:
    """The private store (settings STORAGES["documents"]): nothing in it has a public address."""
    return storages["documents"]


def reach_of_documents(user_id: int, rights: Rights) -> list[Q]:
    """The matrix of PRODUCT.md, as conditions of which one must hold; ids, types and address are literals.

    All documents of the orders whose email is the person's verified one; all those of the establishments they
    administer; of those with a standard access, the types ticked there, less what was withheld from them, plus what
    was shared with them one by one. The address comes first: `disjoint` relies on it.
    """
    own = Q(establishment_id__in=sorted(rights.establishments)) if rights.narrowed else Q()
    reach = [] if rights.email is None else [Q(order_email=rights.email) & own]
    administered = sorted(rights.administered)
    few = len(rights.establishments) <= MOST_BRANCHES
    reach += [Q(establishment_id=one) for one in administered] if few else [Q(establishment_id__in=administered)]
    if not rights.granted:
        return reach
    withheld = Q(pk__in=_exceptions(user_id, DocumentGrant.WITHHELD))
    shared = Q(pk__in=_exceptions(user_id, DocumentGrant.SHARED))
    unticked = Q()
    for establishment_id, types in sorted(rights.granted.items()):
        reach += [Q(establishment_id=establishment_id, type__in=sorted(types)) & ~withheld] if types else []
        unticked |= Q(establishment_id=establishment_id) & ~Q(type__in=sorted(types))
    return [*reach, shared & unticked]


def _exceptions(user_id: int, codename: str) -> models.QuerySet[DocumentGrant, dict[str, int]]:
    """Ids of the documents on which the person has this exception, as a subquery; there are few."""
    return DocumentGrant.objects.filter(user_id=user_id, permission__codename=codename).values("content_object_id")


def disjoint(reach: list[Q], rights: Rights) -> list[Q]:
    """The same conditions without overlap, so that rows can be counted by adding: the address comes first."""
    if rights.email is None:
        return reach
    return [reach[0], *(condition & ~Q(order_email=rights.email) for condition in reach[1:])]


class DocumentQuerySet(models.QuerySet["Document"]):
    def visible_to(self, user: User | AnonymousUser) -> DocumentQuerySet:
        """What the matrix lets this person open: any condition of `reach_of_documents`."""
        if not user.is_authenticated:
            return self.none()
        reach = reach_of_documents(user.pk, user.rights)
        return self.filter(reduce(or_, reach)) if reach else self.none()

    def visible_by_branch(self, user: User) -> list[DocumentQuerySet]:
        """`visible_to`, in disjoint querysets that an index each can serve (see accounts.lists)."""
        branches = disjoint(reach_of_documents(user.pk, user.rights), user.rights)
        return [self.filter(branch) for branch in branches] or [self.none()]


class Document(models.Model):
    """A file that was issued. It never changes and is never deleted (kept by a trigger): a correction replaces it.

    `establishment` and `order_email` are the reading keys. For a document of an order they are the order's, kept equal
    by a trigger; an attendance sheet of a session and an establishment (no order) has the establishment, and the
    address of whoever ordered every seat on it.
    Amounts are EUR HT, negative for a credit note, None when unknown or when the type carries none.
    """

    type = models.CharField(_("type"), max_length=20, choices=DocumentType.choices)
    number = models.CharField(_("numéro"), max_length=60, unique=True)
    issued_on = models.DateField(_("date"))
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="documents", verbose_name=_("commande")
    )
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, null=True, blank=True, related_name="documents", verbose_name=_("inscription")
    )
    session = models.ForeignKey(
        Session, models.PROTECT, null=True, blank=True, related_name="documents", verbose_name=_("session")
    )
    establishment = models.ForeignKey(
        Establishment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="documents",
        db_index=False,
        verbose_name=_("établissement"),
    )
    order_email = models.EmailField(max_length=254, blank=True, editable=False)
    file = models.FileField(_("fichier"), storage=documents_storage, max_length=100)
    sha256 = models.CharField(_("empreinte"), max_length=64, editable=False)
    size = models.PositiveIntegerField(_("taille (octets)"), editable=False)
    amount = models.DecimalField(_("montant HT"), max_digits=12, decimal_places=2, null=True, blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("remplace")
    )
    recorded_at = models.DateTimeField(_("enregistré le"), default=timezone.now, editable=False)

    void = ""  # why it is worth nothing any more (documents.validity.tell_void)
    _kind = ""  # told by the amount, which was hidden since

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        ordering = ["-issued_on", "-pk"]
        permissions = [("shared", "Document partagé avec la personne"), ("withheld", "Document retiré à la personne")]
        indexes = [
            models.Index(
                fields=["establishment", "-issued_on", "-id"],
                include=["type", "order_email"],
                name="document_by_establishment",
            ),
            models.Index(
                fields=["establishment", "type", "-issued_on", "-id"], include=["order_email"], name="document_by_type"
            ),
            models.Index(fields=["order_email", "-issued_on", "-id"], name="document_by_email"),
            models.Index(fields=["sha256"], name="document_by_content"),
        ]
        constraints = [
            unique_in_any_case("number", "document_number_any_case"),
            models.CheckConstraint(condition=Q(type__in=DocumentType.values), name="document_type_known"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="document_sha256_hex"),
            models.CheckConstraint(condition=Q(size__gt=0), name="document_not_empty"),
            models.CheckConstraint(condition=Q(order_email=Lower("order_email")), name="document_email_lower_case"),
            models.CheckConstraint(
                condition=Q(order__isnull=False)
                | Q(type=DocumentType.EMARGEMENT, session__isnull=False, establishment__isnull=False),
                name="document_is_about_something",
            ),
            models.CheckConstraint(
                condition=Q(enrolment__isnull=True) | Q(order__isnull=False), name="document_enrolment_has_its_order"
            ),
            models.CheckConstraint(
                condition=Q(replaces__isnull=True) | ~Q(replaces=F("pk")), name="document_not_replacing_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.number}"

    @property
    def kind(self) -> str:
        """The type, or AVOIR: what the document is called."""
        return self._kind or kind_of(self.type, self.number, self.amount)

    def get_type_display(self) -> str:  # type: ignore[no-redef]  # Django's, found once
        return name_of(self.kind)

    def hide_amount(self) -> None:
        """For display, never to be saved: no amount, and still the same name."""
        self._kind, self.amount = self.kind, None

    def shows_amounts_to(self, user: User) -> bool:
        """Whether this person may see the amount: a priced document that they may open shows its own (rule 6)."""
        return user.rights.sees_amounts(self.establishment_id, self.order_email)


def hide_amounts(documents: Iterable[Document], user: User) -> list[Document]:
    """These documents with `amount` None where the person may not see it (rule 6); for display, never to be saved."""
    shown = list(documents)
    for document in shown:
        if not document.shows_amounts_to(user):
            document.hide_amount()
    return shown


def versions_of(document: Document) -> Q:
    """The documents that this one replaces or that replaced it, directly or one step further."""
    return (
        Q(replaced_by=document)
        | Q(replaces=document)
        | Q(replaced_by__replaced_by=document)
        | Q(replaces__replaces=document)
    )


class DocumentGrant(UserObjectPermissionBase):
    """guardian's row on one document: shared with, or withheld from, one standard access. Few, and direct."""

    SHARED = "shared"
    WITHHELD = "withheld"

    content_object = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="grants")

    class Meta(UserObjectPermissionBase.Meta):
        verbose_name = _("exception sur un document")
        verbose_name_plural = _("exceptions sur un document")


class ServingOutcome(models.TextChoices):
    VIEWED = "viewed", _("Affiché")
    DOWNLOADED = "downloaded", _("Téléchargé")
    REFUSED = "refused", _("Refusé")
    FAILED = "failed", _("Fichier indisponible")


class ServingQuerySet(models.QuerySet["Serving"]):
    def visible_to(self, user: User | AnonymousUser) -> ServingQuerySet:
        """What was served, or could not be, of the establishments of which the person is an administrator.

        Not what was refused: that would name people of other companies. Staff read it in the admin.
        """
        if not user.is_authenticated:
            return self.none()
        own = self.filter(establishment_id__in=sorted(user.whole_rights.administered))
        return own.exclude(outcome=ServingOutcome.REFUSED)


class Serving(models.Model):
    """The download journal: who asked for which document, when, from where, and what they were answered.

    Append-only (kept by a trigger, but for the purge of accounts.journal). `document` is None when the id asked for is
    nobody's; `user_email` stays when the account goes. `establishment` is a reading key: that of the document when it
    was asked for, copied by a trigger, which refuses a document that does not exist: a foreign key would lock it.
    """

    document = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        related_name="servings",
        db_constraint=False,
        db_index=False,
        verbose_name=_("document"),
    )
    requested_id = models.BigIntegerField(_("identifiant demandé"))
    user = models.ForeignKey(
        "accounts.User",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("personne"),
    )
    user_email = models.EmailField(_("adresse email"), max_length=254)
    establishment = models.ForeignKey(
        Establishment,
        models.DO_NOTHING,
        null=True,
        editable=False,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("établissement"),
    )
    at = models.DateTimeField(_("le"), default=timezone.now)
    outcome = models.CharField(_("résultat"), max_length=10, choices=ServingOutcome.choices)
    ip_address = models.GenericIPAddressField(_("adresse IP"), null=True)
    user_agent = models.CharField(_("navigateur"), max_length=300, blank=True)

    objects = ServingQuerySet.as_manager()

    class Meta:
        verbose_name = _("ligne du journal des téléchargements")
        verbose_name_plural = _("journal des téléchargements")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["document", "-at"], name="serving_by_document"),
            models.Index(fields=["user", "-at"], name="serving_by_user"),
            models.Index(fields=["-at"], name="serving_by_time"),
            models.Index(fields=["establishment", "-at", "-id"], name="serving_by_establishment"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=ServingOutcome.values), name="serving_outcome_known")
        ]

    def __str__(self) -> str:
        return f"{self.user_email} · {self.requested_id} · {self.get_outcome_display()}"
