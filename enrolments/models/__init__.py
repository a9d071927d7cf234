"""The deal: orders, enrolments, participants, and what happens to them."""

from .approval import ApprovalPolicy
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
from .drafts import DraftSeat, OrderDraft
from .events import OrderEvent, OrderEventKind

__all__ = [
    "MOST_BRANCHES",
    "ApprovalPolicy",
    "Attendance",
    "DraftSeat",
    "Enrolment",
    "EnrolmentQuerySet",
    "EnrolmentState",
    "Order",
    "OrderChannel",
    "OrderDraft",
    "OrderEvent",
    "OrderEventKind",
    "OrderQuerySet",
    "OrderState",
    "Participant",
    "ParticipantQuerySet",
    "reach_by_branch",
    "within_reach",
]
