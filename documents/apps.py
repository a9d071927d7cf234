from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "documents"
    verbose_name = _("Documents")

    def ready(self) -> None:
        import_string("documents.issuing.receivers.on_order_placed")  # its module listens from now on
        import_string("documents.evaluations.chores.on_session_closed")
