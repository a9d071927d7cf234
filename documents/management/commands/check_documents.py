"""`manage.py check_documents`: every stored file is read and compared with its hash; exits with 1 when one is wrong."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from documents.checking import check_files
from documents.models import Document, FileFlaw


class Command(BaseCommand):
    help = "Relit chaque fichier émis, le compare à son empreinte, et nomme ceux qui sont absents ou modifiés."

    def handle(self, *args: Any, **options: Any) -> None:
        check = check_files()
        for flaw, pks in ((FileFlaw.MISSING, check.missing), (FileFlaw.ALTERED, check.altered)):
            for document in Document.objects.filter(pk__in=pks).order_by("pk"):
                self.stdout.write(f"{flaw.label} : {document.number} ({document.file.name})")
        if not check.sound:
            raise CommandError(f"{len(check.missing)} absent(s), {len(check.altered)} modifié(s) sur {check.checked}.")
        self.stdout.write(f"{check.checked} documents contrôlés : tous les fichiers sont là, inchangés.")
