"""That a quote or a convention was signed: in the portal, by a click, or elsewhere, on a file that was handed in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.document_types import DocumentType

from .document import Document

SIGNED_TYPES = frozenset({DocumentType.BON_POUR_ACCORD, DocumentType.CONVENTION})


class AcceptanceMethod(models.TextChoices):
    PORTAL = "portal", _("Accord donné dans le portail")
    UPLOAD = "upload", _("Exemplaire signé déposé")


class Acceptance(models.Model):
    """Who agreed to which bytes, when and from where. Append-only, at most one per document (kept by triggers).

    In the portal it is a simple electronic signature: Code civil art. 1366 and 1367, and regulation (EU) 910/2014 art.
    3(10) and 25(1): admissible, its reliability to be shown by these facts; neither advanced nor qualified. `sha256` is
    that of the document, which a trigger compares: nobody can be said to have agreed to other bytes.
    """

    document = models.OneToOneField(Document, models.PROTECT, related_name="acceptance", verbose_name=_("document"))
    method = models.CharField(_("manière"), max_length=6, choices=AcceptanceMethod.choices)
    name = models.CharField(_("nom du signataire"), max_length=200)
    job_title = models.CharField(_("fonction"), max_length=150, blank=True)
    statement = models.CharField(_("mention"), max_length=500, blank=True)
    sha256 = models.CharField(_("empreinte du document"), max_length=64)
    at = models.DateTimeField(_("le"), default=timezone.now)
    user = models.ForeignKey(
        "accounts.User", models.DO_NOTHING, null=True, related_name="+", db_constraint=False, verbose_name=_("compte")
    )
    user_email = models.EmailField(_("adresse email"), max_length=254)
    ip_address = models.GenericIPAddressField(_("adresse IP"), null=True)
    user_agent = models.CharField(_("navigateur"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("accord signé")
        verbose_name_plural = _("accords signés")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(method__in=AcceptanceMethod.values), name="acceptance_method_known"),
            models.CheckConstraint(condition=~Q(name=""), name="acceptance_names_somebody"),
            models.CheckConstraint(
                condition=Q(method=AcceptanceMethod.UPLOAD) | (~Q(job_title="") & ~Q(statement="")),
                name="acceptance_in_the_portal_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} · {self.name}"
