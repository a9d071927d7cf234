"""Read a drop of the ERP: ERP-EXPORT.md says what is in it and what importing means."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from espace_client.erp.breaking import FORESEEN, broken
from espace_client.erp.run import AlreadyRunningError, NoDropError, import_drop
from espace_client.models import ImportRun

SHOWN = 50  # refusals written on the terminal; all are in the report
REFUSED, UNUSABLE = 1, 2  # exit statuses


class Command(BaseCommand):
    """Exits 0 when everything was taken, 1 when something was refused, 2 when it could not begin or not end."""

    help = "Lit un dépôt de l’ERP : les fichiers CSV du dossier et leurs PDF."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DOSSIER", help="Le dossier du dépôt.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Dit ce qui serait fait ou refusé, et ne garde que ce compte rendu."
        )

    def handle(self, *args: Any, folder: Path, dry_run: bool, verbosity: int, **options: Any) -> None:
        quiet = verbosity == 0 or not sys.stderr.isatty()
        with tqdm(file=sys.stderr, unit="o", unit_scale=True, unit_divisor=1000, disable=quiet, leave=False) as bar:
            try:
                run = import_drop(folder, dry_run=dry_run, progress=lambda *said: _show(bar, *said))
            except (NoDropError, AlreadyRunningError) as error:
                raise CommandError(str(error), returncode=UNUSABLE) from error
            except FORESEEN as error:
                raise CommandError(broken(error, dry_run=dry_run), returncode=UNUSABLE) from error
        if verbosity:
            self._tell(run)
        refused = sum(counts["refused"] for counts in run.counts.values())
        if refused:
            reason = _("%(refused)s lignes refusées ; tout est dans la gestion, imports de l’ERP, n° %(number)s.")
            raise CommandError(reason % {"refused": refused, "number": run.pk}, returncode=REFUSED)

    def _tell(self, run: ImportRun) -> None:
        """The counts of each file, then what is wrong with the first lines refused."""
        heads = [_("créées"), _("changées"), _("inchangées"), _("refusées")]
        width = max(map(len, run.counts), default=0)
        self.stdout.write(" " * width + "".join(f"{head:>12}" for head in heads))
        for file, counts in run.counts.items():
            numbers = [counts[name] for name in ("created", "changed", "unchanged", "refused")]
            self.stdout.write(f"{file:<{width}}" + "".join(f"{number:>12}" for number in numbers))
            for warning in counts["warnings"]:
                self.stdout.write(f"  {warning}")
        for refusal in run.refusals.all()[:SHOWN]:
            where = ":".join(part for part in (refusal.file, str(refusal.line), refusal.column) if part)
            self.stdout.write(f"{where} « {refusal.value[:80]} » {refusal.reason}")
        if run.dry_run:
            self.stdout.write(_("À blanc : rien n’a été gardé que ce compte rendu."))


def _show(bar: tqdm[Any], file: str, read: int, size: int) -> None:
    """One bar for each file in turn, in bytes."""
    if bar.disable:
        return
    if bar.desc != f"{file}: ":
        bar.reset(total=size)
        bar.set_description_str(file)
    bar.update(read - bar.n)
