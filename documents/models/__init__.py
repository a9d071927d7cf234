from .acceptance import Acceptance, AcceptanceMethod
from .archive import Archive, ArchiveState
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
    "LibraryVisit",
    "Scan",
    "Serving",
    "ServingOutcome",
    "disjoint",
    "documents_storage",
    "hide_amounts",
    "reach_of_documents",
    "versions_of",
]
