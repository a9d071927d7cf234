"""A file that somebody gave: reading it with care, and what may be wrong with it.

Apart from `documents.inspection`, so that the processes of the portal never load the parser of PDFs.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Flaw(StrEnum):
    """Why a file is refused."""

    MISSING = "missing"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NOT_A_PDF = "not_a_pdf"
    DAMAGED = "damaged"
    EXHAUSTING = "exhausting"
    ENCRYPTED = "encrypted"
    SCRIPT = "script"
    LAUNCH = "launch"
    REACHES_OUT = "reaches_out"
    ACTIVE = "active"
    EMBEDDED_FILE = "embedded_file"
    XFA = "xfa"
    POLYGLOT = "polyglot"
    NOT_TAKEN = "not_taken"
    BAD_PICTURE = "bad_picture"
    HUGE_PICTURE = "huge_picture"
    MALWARE = "malware"


FLAW_REASONS = {
    Flaw.MISSING: _("Le fichier est absent ou illisible."),
    Flaw.EMPTY: _("Le fichier est vide."),
    Flaw.TOO_LARGE: _("Le fichier est trop gros."),
    Flaw.NOT_A_PDF: _("Le fichier n’est pas un PDF."),
    Flaw.DAMAGED: _("Le PDF est endommagé : il ne peut pas être lu."),
    Flaw.EXHAUSTING: _("Le PDF ne peut pas être lu sans épuiser la mémoire ou le temps accordés."),
    Flaw.ENCRYPTED: _("Le PDF est chiffré ou protégé par un mot de passe."),
    Flaw.SCRIPT: _("Le PDF contient un script."),
    Flaw.LAUNCH: _("Le PDF contient une action qui lance un programme."),
    Flaw.REACHES_OUT: _(
        "Le PDF contient une action qui ouvre un autre fichier ou une page, ou qui envoie des données."
    ),
    Flaw.ACTIVE: _("Le PDF contient un contenu actif : 3D, son ou vidéo."),
    Flaw.EMBEDDED_FILE: _("Le PDF contient un fichier joint."),
    Flaw.XFA: _("Le PDF contient un formulaire dynamique (XFA)."),
    Flaw.POLYGLOT: _("Le fichier est à la fois un PDF et autre chose."),
    Flaw.NOT_TAKEN: _("Seuls les fichiers PDF, JPEG et PNG sont acceptés."),
    Flaw.BAD_PICTURE: _("L’image est endommagée : elle ne peut pas être lue."),
    Flaw.HUGE_PICTURE: _("L’image a trop de pixels : réduisez-la, ou enregistrez-la en PDF."),
    Flaw.MALWARE: _("L’antivirus a reconnu un programme malveillant dans ce fichier."),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file is: its hash in hex and its size in bytes (as far as it could be read), and why it is refused."""

    sha256: str = ""
    size: int = 0
    flaw: Flaw | None = None


def read_file(path: str, max_bytes: int | None = None) -> bytes | Flaw:
    """The bytes of a regular file; never waits on a pipe or a device, never reads more than `max_bytes`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (OSError, ValueError):
        return Flaw.MISSING
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Flaw.MISSING
        if max_bytes is not None and status.st_size > max_bytes:
            return Flaw.TOO_LARGE
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            content = file.read(status.st_size + 1) or b""
    except OSError:
        return Flaw.MISSING
    finally:
        os.close(descriptor)
    return content if len(content) == status.st_size else Flaw.MISSING  # it is being written
