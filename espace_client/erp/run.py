"""A whole drop, from its folder to its report: one import at a time, whatever ends it."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from documents.inspectors import MAX_BYTES, Inspectors
from documents.services import follow_sole_orderers
from espace_client.models import ImportRun, ImportStatus

from .breaking import broken
from .columns import BadHeaderError, Problem
from .encoding import UnknownEncodingError
from .engine import Engine
from .files import DOCUMENTS
from .importer import Importer, Setting
from .importers import IMPORTERS
from .ledger import Ledger
from .reading import Reader
from .report import FileReport, Report
from .telling import LOCK

logger = logging.getLogger(__name__)
Progress = Callable[[str, int, int], None]  # file, bytes read, bytes in all


class NoDropError(Exception):
    """The folder is not a drop: it is not there, or has none of the files."""


class AlreadyRunningError(Exception):
    """Another import is at work."""


def import_drop(
    folder: Path, *, dry_run: bool = False, progress: Progress = lambda _file, _read, _size: None
) -> ImportRun:
    """Read a drop and return its report. A dry run finds and refuses the same, and leaves the report only.

    Raises NoDropError and AlreadyRunningError before anything is read. Whatever else it raises (a full disk, a lost
    database, Ctrl-C) is written on the report first; what was taken until then is whole, and the next run goes on.
    """
    files = _files(folder)
    with _alone():
        _end_killed_runs()
        report = Report(str(folder.resolve()), dry_run=dry_run)
        try:
            _warn_of_unknown_files(folder, report)
            with _work(folder, dry_run=dry_run) as setting:
                for importer, path in files:
                    _read(importer(setting), path, report.file(path.name), progress)
                follow_sole_orderers()
        except BaseException as error:
            logger.error("The import of %s broke off: %s: %s", folder, type(error).__name__, error)
            report.fail(broken(error, dry_run=dry_run))
            raise
        report.finish()
    return report.run


def _files(folder: Path) -> list[tuple[type[Importer], Path]]:
    if not folder.is_dir():
        raise NoDropError(_("« %(folder)s » n’est pas un dossier.") % {"folder": folder})
    files = [(importer, folder / importer.file) for importer in IMPORTERS if (folder / importer.file).exists()]
    if not files:
        raise NoDropError(_("« %(folder)s » n’a aucun des fichiers de l’ERP.") % {"folder": folder})
    return files


def _warn_of_unknown_files(folder: Path, report: Report) -> None:
    """A misspelt name would otherwise pass for an absent file."""
    known = {DOCUMENTS, *(importer.file for importer in IMPORTERS)}
    for name in sorted(entry.name for entry in os.scandir(folder)):
        if name not in known and not name.startswith("."):
            report.file(name).warn(_("Fichier inconnu, ignoré."))


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock that the database lets go of by itself when this process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        row = cursor.fetchone()
    if not row or not row[0]:
        raise AlreadyRunningError(_("Un import est déjà en cours."))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _end_killed_runs() -> None:
    """Nobody else is importing, so a run that says it goes on was killed."""
    ImportRun.objects.filter(status=ImportStatus.RUNNING).update(
        status=ImportStatus.FAILED, error=_("Interrompu avant la fin."), finished_at=timezone.now()
    )


@contextmanager
def _work(folder: Path, *, dry_run: bool) -> Iterator[Setting]:
    """What importers work with. A dry run is one transaction, undone at the end."""
    max_bytes: int = getattr(settings, "DOCUMENTS_MAX_SIZE", MAX_BYTES)
    ledger = Ledger()
    try:
        with Inspectors(max_bytes=max_bytes) as inspectors:
            setting = Setting(str(folder), ledger, inspectors, dry_run)
            if not dry_run:
                yield setting
                return
            with transaction.atomic():
                yield setting
                transaction.set_rollback(True)
    finally:
        ledger.close()


def _read(importer: Importer, path: Path, report: FileReport, progress: Progress) -> None:
    """One file; what makes it unreadable is one refusal, and everything that refers to it is refused too."""
    try:
        reader = Reader(path)
    except UnknownEncodingError:
        _refuse(importer, report, Problem("", "", _("Fichier refusé en entier : il est en UTF-16.")))
        return
    except OSError as error:
        logger.warning("%s can't be read", path, exc_info=True)
        _refuse(importer, report, Problem("", "", _unreadable(error)))
        return
    try:
        Engine(importer, report, lambda reading: progress(path.name, reading.position(), reading.size)).read(reader)
    except BadHeaderError as error:
        _refuse(importer, report, error.problem)
    finally:
        reader.close()


def _unreadable(error: OSError) -> str:
    if error.errno == errno.EISDIR:
        return _("Fichier illisible : c’est un dossier.")
    if error.errno == errno.EACCES:
        return _("Fichier illisible : le serveur n’a pas le droit de le lire.")
    return _("Fichier illisible : il ne s’ouvre pas ; le détail est dans le journal du serveur.")


def _refuse(importer: Importer, report: FileReport, problem: Problem) -> None:
    report.refuse_whole(problem)
    importer.setting.ledger.refuse_whole(importer.file)
