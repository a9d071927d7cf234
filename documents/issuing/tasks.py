"""The background tasks of issuing. Named, not imported: only a worker loads what prints."""

from __future__ import annotations

from django.utils.module_loading import import_string
from django_tasks import task


@task()
def issue_paper(issue_id: int) -> None:
    """Issue one paper; doing it twice issues it once."""
    import_string("documents.issuing.making.make")(issue_id)
