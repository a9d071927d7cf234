"""The names inside an archive, and the text file at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from documents.models import Archive

README = "A-LIRE.txt"


class Names:
    """Gives each file a name that no other has, whatever the case: disks of Windows and macOS ignore it."""

    def __init__(self) -> None:
        self._given: set[str] = {README.casefold()}
        self._seen: Counter[str] = Counter()

    def unique(self, name: str) -> str:
        """The name, or with a number before its ending: `… (2).pdf`."""
        key, free = name.casefold(), name
        while free.casefold() in self._given:
            self._seen[key] += 1
            stem, dot, ending = name.rpartition(".")
            free = f"{stem} ({self._seen[key] + 1}){dot}{ending}"
        self._given.add(free.casefold())
        return free


def readme(archive: Archive, done: int, refused: int, problems: Sequence[str], void: Sequence[str] = ()) -> bytes:
    """What the person must know of an archive that does not hold all that it should, or holds papers that are void.

    Empty when there is nothing to say.

    With a byte order mark and the line ends of Windows, where such a file is usually opened.
    """
    said = list(problems)
    if refused:
        said.append(
            ngettext(
                "%d document n’a pas été joint : votre droit de l’ouvrir a pris fin avant qu’il soit écrit.",
                "%d documents n’ont pas été joints : votre droit de les ouvrir a pris fin avant qu’ils soient écrits.",
                refused,
            )
            % refused
        )
    if not said and not void and not archive.notes:
        return b""
    made_at = timezone.localtime()
    head = _("%(title)s, téléchargement du %(day)s à %(hour)s. Documents joints : %(done)d sur %(total)d.") % {
        "title": archive.title,
        "day": f"{made_at:%d/%m/%Y}",
        "hour": f"{made_at:%H:%M}",
        "done": done,
        "total": archive.total,
    }
    parts = [head]
    if said:
        parts += ["", _("Ce qui n’est pas joint, ou ne l’est pas comme il faut :"), *(f"- {line}" for line in said)]
    if void:
        parts += ["", _("Ce qui est joint et ne vaut plus :"), *(f"- {line}" for line in void)]
    if archive.notes:
        parts += ["", *archive.notes]
    return "\r\n".join([*parts, ""]).encode("utf-8-sig")
