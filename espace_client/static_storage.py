"""Static files with hashed names, compressed, and the stylesheets put together in one."""

from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.functional import cached_property
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]

STYLESHEETS: Final = (
    "css/tokens.css",
    "css/base.css",
    "css/frame.css",
    "css/components.css",
    "css/lists.css",
    "css/accesses.css",
    "css/pages.css",
    "css/print.css",  # holds its own @media print
)
BUNDLE: Final = "css/app.css"


class BundlingStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """When static files are collected, the stylesheets also become one file: a single request for a first visit.

    It lies beside its parts, so that the addresses in them (fonts) stay right. `{% stylesheets %}` links to it; with
    any other storage (development, tests) that tag links to the parts.
    """

    @cached_property
    def _addresses(self) -> dict[str, str]:
        return {}

    def url(self, name: str, force: bool = False) -> str:
        """The address of a file, worked out once: the manifest does not change while a process runs."""
        if force or settings.DEBUG:
            return str(super().url(name, force))
        if name not in self._addresses:
            self._addresses[name] = str(super().url(name))
        return self._addresses[name]

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            self.delete(BUNDLE)
            self._save(BUNDLE, ContentFile(b"\n".join(self._read(name) for name in STYLESHEETS)))
            paths[BUNDLE] = (self, BUNDLE)
        yield from super().post_process(paths, dry_run, **options)

    def _read(self, name: str) -> bytes:
        with self.open(name) as file:
            return bytes(file.read())
