"""`manage.py purge_journals`: what the daily chore does, at once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from espace_client.retention import purge_journals


class Command(BaseCommand):
    help = "Supprime des deux journaux les lignes plus anciennes que JOURNAL_DAYS jours."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, lines in purge_journals().items():
            self.stdout.write(f"{name} : {lines} ligne(s) de plus de {settings.JOURNAL_DAYS} jours supprimée(s)")
