"""What waits for the team, counted: the first thing on the home page of the management site.

Each count leads to the list of the very rows that were counted, and is shown to whoever may open that list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from accounts.admin.base import count_of
from accounts.models import User
from catalogue.models import Session
from documents.admin.issuing import FailuresFilter
from documents.board.papers import board_of_all
from documents.models import Deposit, FileCheck, Issue, IssueBatch, IssueState
from enrolments.admin.sessions import SeatsFilter
from enrolments.models import Enrolment, ErasureRequest, ErasureState, Order, OrderState
from espace_client.models import ImportRefusal, ImportRun, ImportStatus, OutgoingMail

MOST_COUNTED = 999
SOON = timedelta(days=30)  # a session that starts sooner and is not full enough wants a decision
LATE = timedelta(minutes=15)  # a mail leaves within seconds
COUNTED_FOR = timedelta(minutes=1)
REMEMBERED = timedelta(days=30)  # a mail that is older is a matter of its own


@dataclass(frozen=True)
class Waiting:
    """One line: how many, of what, and where they are listed. `quiet`: nothing to be done.

    How many is "plus de 999" at most, and "au moins 12" when not all rows were looked at.
    """

    count: str
    label: str
    url: str
    quiet: bool = False


@dataclass(frozen=True)
class Queue:
    """What may wait. `rows` are counted; the list at `address`, with `query`, shows the same ones."""

    permission: str
    label: Callable[[int], str]
    rows: Callable[[], QuerySet[Any]]
    address: str
    query: Callable[[], dict[str, Any]] = dict
    quiet: bool = False

    def waiting(self) -> Waiting | None:
        query = self.query()
        url = reverse(f"admin:{self.address}") + (f"?{urlencode(query)}" if query else "")
        return _counted(self.rows().order_by()[: MOST_COUNTED + 1].count(), self.label, url, quiet=self.quiet)


def _counted(
    count: int, label: Callable[[int], str], url: str, *, quiet: bool = False, at_least: bool = False
) -> Waiting | None:
    if not count:
        return None
    said = _("au moins %d") % count if at_least else str(count)
    if count > MOST_COUNTED:
        said = _("plus de %d") % MOST_COUNTED
    return Waiting(said, label(count), url, quiet)


def _unattached() -> dict[str, Any]:
    return {"state__in": f"{OrderState.PENDING},{OrderState.VALIDATED}", "rattachement": "sans"}


def _short_sessions() -> QuerySet[Session]:
    enrolled = Session.objects.annotate(enrolled=count_of(Enrolment.objects.active(), "session"))
    return enrolled.filter(SeatsFilter.answers["sous-minimum"][1](), starts_on__lt=timezone.localdate() + SOON)


def _late() -> dict[str, Any]:
    now = timezone.now()
    return {"written_at__gt": (now - REMEMBERED).isoformat(), "written_at__lt": (now - LATE).isoformat()}


QUEUES = (
    Queue(
        "enrolments.change_order",
        lambda count: ngettext("commande à valider", "commandes à valider", count),
        lambda: Order.objects.filter(state=OrderState.PENDING),
        "enrolments_order_queue",
    ),
    Queue(
        "enrolments.view_order",
        lambda count: ngettext("commande à rattacher", "commandes à rattacher", count),
        lambda: Order.objects.filter(state__in=[OrderState.PENDING, OrderState.VALIDATED], establishment__isnull=True),
        "enrolments_order_changelist",
        _unattached,
    ),
    Queue(
        "catalogue.view_session",
        lambda count: ngettext(
            "session sous son minimum dans les 30 jours", "sessions sous leur minimum dans les 30 jours", count
        ),
        _short_sessions,
        "catalogue_session_changelist",
        lambda: {"remplissage": "sous-minimum", "starts_on__lt": (timezone.localdate() + SOON).isoformat()},
    ),
    Queue(
        "documents.view_deposit",
        lambda count: ngettext("document reçu à regarder", "documents reçus à regarder", count),
        lambda: Deposit.objects.filter(handled_at__isnull=True),
        "documents_deposit_changelist",
        lambda: {"suivi": "a-traiter"},
    ),
    Queue(
        "enrolments.view_erasurerequest",
        lambda count: ngettext("demande d’effacement", "demandes d’effacement", count),
        lambda: ErasureRequest.objects.filter(state=ErasureState.OPEN),
        "enrolments_erasurerequest_changelist",
        lambda: {"state__exact": ErasureState.OPEN.value},
    ),
    Queue(
        "documents.view_issue",
        lambda count: ngettext("pièce qui n’a pas pu être émise", "pièces qui n’ont pas pu être émises", count),
        lambda: Issue.objects.filter(FailuresFilter.answers["a-reprendre"][1]()),
        "documents_issue_changelist",
        lambda: {"echecs": "a-reprendre"},
    ),
    Queue(
        "espace_client.view_outgoingmail",
        lambda count: ngettext("mail qui ne part pas", "mails qui ne partent pas", count),
        lambda: OutgoingMail.objects.filter(sent_at__isnull=True, **_late()),
        "espace_client_outgoingmail_changelist",
        lambda: {"sent_at__isempty": "1", **_late()},
    ),
    Queue(
        "django_tasks_database.view_dbtaskresult",
        lambda count: ngettext("tâche de fond abandonnée", "tâches de fond abandonnées", count),
        lambda: DBTaskResult.objects.filter(status=TaskResultStatus.FAILED),
        "django_tasks_database_dbtaskresult_changelist",
        lambda: {"status__exact": TaskResultStatus.FAILED.value},
    ),
    Queue(
        "documents.view_issuebatch",
        lambda count: ngettext("émission en cours", "émissions en cours", count),
        lambda: IssueBatch.objects.filter(pk__in=Issue.objects.filter(state=IssueState.ASKED).values("batch")),
        "documents_issuebatch_changelist",
        lambda: {"avancement": "en-cours"},
        quiet=True,
    ),
)


def _missing_papers() -> Waiting | None:
    """Counted anew every minute: it takes longer than all the rest."""
    url = reverse("admin:documents_missing")
    count, cut = cache.get_or_set("missing-papers-counted", _lacking, COUNTED_FOR.total_seconds()) or (0, False)
    return _counted(
        count,
        lambda count: ngettext(
            "commande à laquelle des pièces manquent", "commandes auxquelles des pièces manquent", count
        ),
        url,
        at_least=cut,
    )


def _lacking() -> tuple[int, bool]:
    """How many orders lack something, and whether there are others that were not looked at."""
    board = board_of_all()
    return len(board.folders), board.left_out is not None


def _last_import() -> Waiting | None:
    """What the last drop of the ERP left to be looked at; a trial changed nothing, and one that runs is not over."""
    over = ImportRun.objects.filter(dry_run=False).exclude(status=ImportStatus.RUNNING)
    last = over.order_by("-started_at", "-pk").first()
    if last is None or last.status == ImportStatus.DONE:
        return None
    if last.status == ImportStatus.FAILED:
        url = reverse("admin:espace_client_importrun_change", args=[last.pk])
        return _counted(1, lambda _count: _("import de l’ERP interrompu"), url)
    query = urlencode({"run__id__exact": last.pk})
    return _counted(
        ImportRefusal.objects.filter(run=last)[: MOST_COUNTED + 1].count(),
        lambda count: ngettext(
            "ligne refusée au dernier import de l’ERP", "lignes refusées au dernier import de l’ERP", count
        ),
        f"{reverse('admin:espace_client_importrefusal_changelist')}?{query}",
    )


def _unsound_files() -> Waiting | None:
    last = FileCheck.objects.order_by("-begun_at", "-pk").first()
    if last is None:
        return None
    return _counted(
        len(last.missing) + len(last.altered),
        lambda count: ngettext("fichier absent ou modifié", "fichiers absents ou modifiés", count),
        reverse("admin:documents_filecheck_change", args=[last.pk]),
    )


OTHERS = (
    ("documents.view_document", _missing_papers),
    ("espace_client.view_importrefusal", _last_import),
    ("documents.view_filecheck", _unsound_files),
)


def waiting_for(user: User) -> list[Waiting] | None:
    """What waits, in a number of queries that does not depend on how much; None for whom may see none of it."""
    answers = [one.waiting for one in QUEUES if user.has_perm(one.permission)]
    answers += [answer for permission, answer in OTHERS if user.has_perm(permission)]
    if not answers:
        return None
    return sorted(_there(answers), key=lambda one: one.quiet)


def _there(answers: list[Callable[[], Waiting | None]]) -> Iterator[Waiting]:
    for answer in answers:
        if (found := answer()) is not None:
            yield found
