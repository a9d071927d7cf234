"""Who: people, companies, establishments, and the accesses that join them."""

from .access import Access, EstablishmentGrant, Invitation, RemovedAccess
from .company import Company, Establishment
from .review import AccessReview
from .user import Civility, User

__all__ = [
    "Access",
    "AccessReview",
    "Civility",
    "Company",
    "Establishment",
    "EstablishmentGrant",
    "Invitation",
    "RemovedAccess",
    "User",
]
