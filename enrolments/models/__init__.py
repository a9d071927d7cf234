"""The deal: orders, enrolments, participants, and what happens to them."""

from .attendance import Attendance
from .deal import (
    MOST_BRANCHES,
    Enrolment,
    EnrolmentQuerySet,
    EnrolmentState,
    Order,
    OrderChannel,
    OrderQuerySet,
    OrderState,
    Participant,
    ParticipantQuerySet,
    reach_by_branch,
    within_reach,
)

__all__ = [
    "MOST_BRANCHES",
    "Attendance",
    "Enrolment",
    "EnrolmentQuerySet",
    "EnrolmentState",
    "Order",
    "OrderChannel",
    "OrderQuerySet",
    "OrderState",
    "Participant",
    "ParticipantQuerySet",
    "reach_by_branch",
    "within_reach",
]
