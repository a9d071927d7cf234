"""Who: people, companies, establishments, and the accesses that join them."""

from .access import Access, EstablishmentGrant, Invitation, RemovedAccess
from .company import Company, Establishment
from .journal import AccessEvent, AccessEventType
from .notification import NotificationChoices, NotificationKind
from .review import AccessReview
from .user import Civility, User

__all__ = [
    "Access",
    "AccessEvent",
    "AccessEventType",
    "AccessReview",
    "Civility",
    "Company",
    "Establishment",
    "EstablishmentGrant",
    "Invitation",
    "NotificationChoices",
    "NotificationKind",
    "RemovedAccess",
    "User",
]
