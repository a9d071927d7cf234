from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EspaceClientConfig(AppConfig):
    name = "espace_client"
    verbose_name = _("Espace client")
