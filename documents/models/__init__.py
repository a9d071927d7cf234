from .acceptance import Acceptance, AcceptanceMethod
from .archive import Archive, ArchiveState
from .checking import FileCheck, FileFlaw
from .deposit import Deposit, Scan
from .document import (
    Document,
    DocumentGrant,
    DocumentQuerySet,
    Serving,
    ServingOutcome,
    disjoint,
    documents_storage,
    hide_amounts,
    reach_of_documents,
    versions_of,
)
from .evaluation import Evaluation, EvaluationLink
from .funding import FundingAgreement
from .invoicing import Invoice, InvoicedSeat, PlatformStatus
from .issuing import Issue, IssueBatch, IssueState, NumberSeries, PaperKind, Progress
from .visit import LibraryVisit

__all__ = [
    "Acceptance",
    "AcceptanceMethod",
    "Archive",
    "ArchiveState",
    "Deposit",
    "Document",
    "DocumentGrant",
    "DocumentQuerySet",
    "Evaluation",
    "EvaluationLink",
    "FileCheck",
    "FileFlaw",
    "FundingAgreement",
    "Invoice",
    "InvoicedSeat",
    "Issue",
    "IssueBatch",
    "IssueState",
    "LibraryVisit",
    "NumberSeries",
    "PaperKind",
    "PlatformStatus",
    "Progress",
    "Scan",
    "Serving",
    "ServingOutcome",
    "disjoint",
    "documents_storage",
    "hide_amounts",
    "reach_of_documents",
    "versions_of",
]
