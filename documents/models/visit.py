"""When each person last came to the library, so that it can say what is new."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class LibraryVisit(models.Model):
    """One row per person, whatever the number of documents: what was recorded after `since` is new to them.

    `last_at` is when the person was last seen in the library; `since` is when the visit before this one ended, None
    during a first visit, in which nothing is called new.
    """

    user = models.OneToOneField("accounts.User", models.CASCADE, related_name="+", verbose_name=_("personne"))
    since = models.DateTimeField(_("nouveau depuis"), null=True)
    last_at = models.DateTimeField(_("vu le"))

    class Meta:
        verbose_name = _("visite de la bibliothèque")
        constraints = [
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(since__lte=F("last_at")), name="library_visit_in_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} · {self.last_at}"
