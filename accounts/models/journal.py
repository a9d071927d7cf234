"""What happened to accesses and accounts, kept whatever becomes of the people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.events import sentence
from accounts.labels import label_of

from .company import Establishment

if TYPE_CHECKING:
    from .user import User


class AccessEventType(models.TextChoices):
    """What a line tells. The first ones are about an access, the last ones about the account itself."""

    GIVEN = "given", _("Accès donné")
    CHANGED = "changed", _("Accès modifié")
    TYPES_CHANGED = "types_changed", _("Types de document modifiés")
    REMOVED = "removed", _("Accès retiré")
    DELEGATED = "delegated", _("Délégation donnée")
    DELEGATION_ENDED = "delegation_ended", _("Délégation terminée")
    CONFIRMED = "confirmed", _("Accès confirmé à la revue")
    REVIEWED = "reviewed", _("Revue des accès terminée")
    INVITED = "invited", _("Invitation envoyée")
    INVITATION_RESENT = "invitation_resent", _("Invitation renvoyée")
    INVITATION_REVOKED = "invitation_revoked", _("Invitation révoquée")
    INVITATION_ACCEPTED = "invitation_accepted", _("Invitation acceptée")
    INVITATION_REFUSED = "invitation_refused", _("Invitation refusée")
    DOCUMENT_SHARED = "document_shared", _("Document partagé")
    DOCUMENT_WITHHELD = "document_withheld", _("Document retiré")
    EXCEPTION_LIFTED = "exception_lifted", _("Exception sur un document levée")
    ACCOUNT_OPENED = "account_opened", _("Compte ouvert par l’équipe")
    ACCOUNT_DEACTIVATED = "account_deactivated", _("Compte désactivé par l’équipe")
    ACCOUNT_REACTIVATED = "account_reactivated", _("Compte réactivé par l’équipe")
    ACCOUNT_CLOSED = "account_closed", _("Compte fermé par son titulaire")
    LOGIN_EMAIL_CHANGED = "login_email_changed", _("Adresse de connexion changée")
    SECOND_FACTOR_RESET = "second_factor_reset", _("Double authentification réinitialisée par l’équipe")
    VISITED = "visited", _("Espace consulté par l’équipe")
    DATA_EXPORTED = "data_exported", _("Données personnelles exportées")


class AccessEventQuerySet(models.QuerySet["AccessEvent"]):
    def visible_to(self, user: User | AnonymousUser) -> AccessEventQuerySet:
        """What happened in the establishments of which the person is an administrator, whatever they look at."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(establishment_id__in=user.whole_rights.administered)


class AccessEvent(models.Model):
    """A line of the journal of accesses: who did what to whom, in which establishment, and when.

    Append-only (kept by a trigger, which lets the purge of accounts.journal alone through). Nothing here is a foreign
    key of the database: addresses and the name of the establishment are written down, so that a line outlives what it
    is about. `actor` is None, and its address empty, when the portal or an ERP drop did it. `establishment` is None for
    what concerns an account alone; only staff read such a line.
    `details`: codes and addresses only, by the names that accounts.events knows.
    """

    at = models.DateTimeField(_("le"), default=timezone.now)
    event = models.CharField(_("événement"), max_length=30, choices=AccessEventType.choices)
    actor = models.ForeignKey(
        "accounts.User",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("par"),
    )
    actor_email = models.EmailField(_("par (adresse)"), max_length=254, blank=True)
    subject_email = models.EmailField(_("personne concernée"), max_length=254)
    establishment = models.ForeignKey(
        Establishment,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("établissement"),
    )
    establishment_name = models.CharField(_("nom de l’établissement"), max_length=200, blank=True)
    details = models.JSONField(_("détails"), default=dict, blank=True, encoder=DjangoJSONEncoder)

    objects = AccessEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("ligne du journal des accès")
        verbose_name_plural = _("journal des accès")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["establishment", "-at", "-id"], name="event_by_establishment"),
            models.Index(fields=["subject_email", "-at"], name="event_by_subject"),
            models.Index(fields=["actor_email", "-at"], name="event_by_actor"),
            models.Index(fields=["at"], name="event_by_time"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(event__in=AccessEventType.values), name="access_event_known")
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()} · {self.subject_email}"

    def get_event_display(self) -> str:  # type: ignore[no-redef]  # Django's, found once
        return label_of(AccessEventType, self.event)

    @property
    def sentence(self) -> str:
        """The details, in words."""
        return sentence(self.details)
