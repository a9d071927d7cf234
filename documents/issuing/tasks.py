"""The background tasks of issuing. Named, not imported: only a worker loads what prints."""

from __future__ import annotations

from django.utils.module_loading import import_string
from django_tasks import task


@task()
def issue_paper(issue_id: int) -> None:
    """Issue one paper; doing it twice issues it once."""
    import_string("documents.issuing.making.make")(issue_id)


@task()
def check_stored_files() -> None:
    """The daily chore (settings.CHORES): read every stored file again."""
    import_string("documents.checking.check_files")()
