"""Making a paper: numbered, printed, checked, stored and recorded, in a worker that may be killed at any step.

- Series without gap (invoices): one transaction from the number to the document. Killed before its commit, nothing was
  taken; what may be left is a whole file that no row names, which the next attempt finds and keeps.
- Other series: the number and the date are kept first, with what asked for them, so that two processes can print at
  once; an attempt that was killed is made again under the same number, with the same bytes.
"""

from __future__ import annotations

import errno
import logging

from django.db import connection, transaction
from django.utils.translation import gettext as _

from documents.facturx import checking
from documents.facturx.checking import InvoiceRefusedError
from documents.facturx.embedding import embedded_xml
from documents.issuing import drawing, fees, invoicing, verifying
from documents.issuing.errors import NotIssuableError
from documents.issuing.mailing import mail_quote
from documents.issuing.numbering import next_number
from documents.models import Document, InvoicedSeat, Issue, IssueState, PaperKind
from documents.papers import Paper
from documents.rendering import RenderingError, render
from documents.store import StoredFile, store
from enrolments.models import Enrolment, Order

logger = logging.getLogger(__name__)
ORDERS = Order._meta.db_table
FOR_PEOPLE = (NotIssuableError, InvoiceRefusedError, RenderingError)


def make(issue_id: int) -> Document | None:
    """Issue the paper, unless it was; return its document, or None when only people can mend what is in the way.

    Then the reason is on the row, in French. What may pass by itself (a full disk, a database that went away) is on the
    row too, and raised, so that the task is tried again.
    """
    try:
        if Issue.objects.values_list("kind", flat=True).get(pk=issue_id) not in _GAPLESS:
            _hold_number(issue_id)
        return _make(issue_id)
    except FOR_PEOPLE as error:
        _fail(issue_id, reason_of(error))
        logger.warning("Issue %d is refused: %s", issue_id, error)
        return None
    except Exception as error:
        _fail(issue_id, reason_of(error))
        raise


_GAPLESS = frozenset(kind for kind in PaperKind if kind.gapless)


def reason_of(error: Exception) -> str:
    """What to say to the team."""
    if isinstance(error, NotIssuableError):
        return " ".join(error.messages)
    if isinstance(error, InvoiceRefusedError):
        return _("La facture n’est pas conforme, rien n’est émis : %s") % error
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _("Le disque des documents est plein : la pièce sera émise quand il y aura de la place.")
    if isinstance(error, OSError):
        return _("Le fichier ne peut pas être écrit (%s) : nouvel essai plus tard.") % error
    return _("La pièce n’a pas pu être faite (%(kind)s) : %(error)s") % {"kind": type(error).__name__, "error": error}


@transaction.atomic
def _hold_number(issue_id: int) -> None:
    issue = Issue.objects.select_for_update().get(pk=issue_id)
    if not issue.number:
        issue.number, issue.issued_on = next_number(issue.paper_kind)
        issue.save(update_fields=["number", "issued_on"])


@transaction.atomic
def _make(issue_id: int) -> Document:
    """The whole of it. Locked in this order: the order, the issue, the series of numbers.

    The order first, whatever the paper: whoever changes an enrolment holds it when they ask for papers to be made anew.
    """
    issue = Issue.objects.get(pk=issue_id)
    _lock_orders(issue)
    issue = Issue.objects.select_for_update().get(pk=issue_id)
    if issue.document_id is not None:
        return Document.objects.get(pk=issue.document_id)
    if issue.issued_on is None:
        issue.number, issue.issued_on = next_number(issue.paper_kind)
    return _finish(issue, drawing.draw(issue, issue.number, issue.issued_on))


def _lock_orders(issue: Issue) -> None:
    """The order of the paper, whose seats stay what they are meanwhile; for a sheet, those with somebody on it.

    Shared with whoever prints another paper of it, or two processes could not print one order's; alone where the order
    is billed, or is written to: its acknowledgement leaves with its quote.
    """
    strength = "SHARE"
    if issue.paper_kind.gapless:
        strength = "UPDATE"
    elif issue.kind == PaperKind.BON_POUR_ACCORD:
        strength = "NO KEY UPDATE"
    ids = [issue.order_id]
    if issue.order_id is None:
        on_it = Enrolment.objects.filter(session=issue.session_id, order__establishment=issue.establishment_id)
        ids = list(on_it.values_list("order_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {ORDERS} WHERE id = ANY(%s) ORDER BY id FOR {strength}", [ids])  # noqa: S608  # our own words


def _finish(issue: Issue, paper: Paper) -> Document:
    content = _checked(paper)
    document = _record(issue, paper, store(content))
    issue.state, issue.document, issue.error = IssueState.DONE, document, ""
    issue.printed = verifying.printed_facts(paper) if issue.check_code else {}
    issue.save(update_fields=["state", "document", "error", "number", "issued_on", "printed"])
    if issue.kind == PaperKind.BON_POUR_ACCORD:
        mail_quote(document, content)
    return document


def _checked(paper: Paper) -> bytes:
    """The PDF; that of an invoice only if its XML is one that the official rules take."""
    content = render(paper)
    if paper.structured:
        checking.check(embedded_xml(content))
    return content


def _record(issue: Issue, paper: Paper, stored: StoredFile) -> Document:
    """A new version is about the same session as the one that it replaces, which may have named the order's."""
    before = issue.replaces
    document = Document.objects.create(
        type=paper.type,
        number=paper.number,
        issued_on=paper.issued_on,
        order_id=issue.order_id,
        enrolment_id=issue.enrolment_id,
        session_id=issue.session_id or (before.session_id if before is not None else None),
        establishment_id=issue.establishment_id if issue.order_id is None else None,
        file=stored.name,
        sha256=stored.sha256,
        size=stored.size,
        amount=paper.amount,
        replaces_id=issue.replaces_id,
    )
    if issue.paper_kind.gapless:
        invoicing.invoice_of(issue.credits, document, paper).save()
    if issue.kind == PaperKind.FACTURE:
        order = Order.objects.get(issues=issue)
        billed = list(drawing.detailed(invoicing.billable(order, issue.session_id)))
        owed = list(fees.fees_of_order(order, issue.session_id))
        InvoicedSeat.objects.bulk_create(invoicing.seats_of(document, billed, owed, paper.facts["bill"]))
    return document


def _fail(issue_id: int, reason: str) -> None:
    Issue.objects.filter(pk=issue_id).exclude(state=IssueState.DONE).update(state=IssueState.FAILED, error=reason)
