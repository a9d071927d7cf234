"""Where the files of a drop are: under its `documents/` folder, and nowhere else."""

from __future__ import annotations

import os
import unicodedata

DOCUMENTS = "documents"


class OutsideError(Exception):
    """The path leads out of the folder."""


class Folder:
    """The `documents/` folder of a drop. Directories are resolved once each: a drop has few, and many files in them."""

    def __init__(self, drop: str) -> None:
        self._root = os.path.realpath(os.path.join(drop, DOCUMENTS))
        self._resolved: dict[str, str] = {}

    def locate(self, written: str) -> str:
        """The real path of a `fichier`; backslashes are slashes. Raises OutsideError when a link or `..` leads out."""
        directory, name = os.path.split(os.path.join(self._root, written.replace("\\", "/")))
        path = os.path.join(self._resolve(directory), name)
        if not path.isascii() and not os.path.lexists(path):
            path = self._as_a_mac_names_it(path)
        if name in ("", ".", "..") or os.path.islink(path):
            path = os.path.realpath(path)
        if os.path.commonpath([self._root, path]) != self._root:
            raise OutsideError
        return path

    def _as_a_mac_names_it(self, path: str) -> str:
        """Accents apart from their letters (NFD), where the records that were read have them together."""
        below = path.removeprefix(self._root)
        return self._root + unicodedata.normalize("NFD", below) if below != path else path

    def _resolve(self, directory: str) -> str:
        if directory not in self._resolved:
            if len(self._resolved) > 1000:
                self._resolved.clear()
            self._resolved[directory] = os.path.realpath(directory)
        return self._resolved[directory]
