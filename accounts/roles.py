"""The two levels of access to an establishment."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrateur")
    STANDARD = "standard", _("Standard")
