"""What breaks an import off, said to whoever ran it: what failed, that nothing is lost, and what to do."""

from __future__ import annotations

import errno

import psycopg
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from documents.store import UnwritableStoreError

LOST = (OperationalError, InterfaceError)  # of the database: it is gone, or has no room
FORESEEN = (OSError, *LOST)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def broken(error: BaseException, *, dry_run: bool) -> str:
    """The whole message. The system's own words stay in the server's log; its code is for whoever looks there."""
    again = (
        _("Rien n’a été changé. Une fois la cause levée, relancez l’essai.")
        if dry_run
        else _(
            "Rien n’est perdu : ce qui a été pris jusque-là est enregistré en entier. Une fois la cause levée, "
            "relancez le même dépôt : il reprendra où il s’est arrêté."
        )
    )
    return _("Import interrompu : %(what)s %(again)s") % {"what": _what(error), "again": again}


def _what(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return _("on l’a arrêté au clavier.")
    if isinstance(error, LOST):
        return _of_database(error)
    if not isinstance(error, OSError):
        return _("une erreur imprévue (%s) ; le détail est dans le journal du serveur.") % type(error).__name__
    where = ", ".join(str(part) for part in (errno.errorcode.get(error.errno or 0), error.filename) if part)
    return _of_system(error) % {"where": f" ({where})" if where else ""}


def _of_system(error: OSError) -> str:
    stored = isinstance(error, UnwritableStoreError)
    if error.errno in NO_ROOM:
        return (
            _("le disque des documents est plein%(where)s. Faites-y de la place.")
            if stored
            else _("un disque du serveur est plein%(where)s. Faites-y de la place.")
        )
    if stored:
        return _("le magasin des documents ne peut pas être écrit%(where)s. Vérifiez qu’il répond et ses droits.")
    return _("un fichier du serveur ne peut pas être lu ou écrit%(where)s.")


def _of_database(error: Exception) -> str:
    cause = error.__cause__
    if isinstance(cause, psycopg.errors.DiskFull):
        return _("le disque de la base de données est plein. Faites-y de la place.")
    state = (cause.sqlstate if isinstance(cause, psycopg.Error) else None) or ""
    if not state or state.startswith("57P"):  # the connection broke, or the server is being stopped
        return _("la base de données ne répond plus.")
    return _("la base de données a refusé une opération (%s) ; le détail est dans son journal.") % state
