from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from .plurals import use_french_plurals


class EspaceClientConfig(AppConfig):
    name = "espace_client"
    verbose_name = _("Espace client")

    def ready(self) -> None:
        """Let what runs in the background be tried again, and put French plurals behind the catalogues."""
        from . import tasks  # noqa: F401  # its receiver needs the models, which are not loaded before

        use_french_plurals()
