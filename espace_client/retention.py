"""How long the journals are kept: JOURNAL_DAYS, then a daily chore takes their oldest lines away."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from accounts.journal import purge
from accounts.models import AccessEvent
from documents.models import Serving

logger = logging.getLogger(__name__)
JOURNALS = (AccessEvent, Serving)


def purge_journals() -> dict[str, int]:
    """Delete what is older than JOURNAL_DAYS from both journals; how many lines of each, by its name."""
    before = timezone.now() - timedelta(days=settings.JOURNAL_DAYS)
    purged = {str(journal._meta.verbose_name_plural): purge(journal, before=before) for journal in JOURNALS}
    logger.info("Journals purged of what is older than %s: %s", before, purged)
    return purged


@task()
def purge_old_lines() -> None:
    """The daily chore; running it twice purges nothing more."""
    purge_journals()
