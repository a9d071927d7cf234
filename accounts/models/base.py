"""What several models of the portal share."""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class DecidedInPortal(models.Model):
    """A row that the ERP also describes: no drop overwrites the fields that the portal's own users decided."""

    decided_in_portal = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        verbose_name=_("décidé dans le portail"),
        help_text=_("Champs que l’import de l’ERP ne touche plus."),
    )

    class Meta:
        abstract = True

    def decide(self, fields: Iterable[str]) -> None:
        """Record that the portal decided `fields`; the caller saves."""
        self.decided_in_portal = sorted({*self.decided_in_portal, *fields})
