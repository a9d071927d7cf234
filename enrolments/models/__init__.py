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
from .events import EnrolmentEvent, EventKind, ProposalKind, SessionProposal
from .order_events import OrderEvent, OrderEventKind
from .people import CalendarFeed, ErasureRequest, ErasureState, ParticipantMerge
from .terms import CancellationBand, CancellationTerms, DayCount
from .waiting import WaitingEntry, WaitingState

__all__ = [
    "MOST_BRANCHES",
    "ApprovalPolicy",
    "Attendance",
    "CalendarFeed",
    "CancellationBand",
    "CancellationTerms",
    "DayCount",
    "DraftSeat",
    "Enrolment",
    "EnrolmentEvent",
    "EnrolmentQuerySet",
    "EnrolmentState",
    "ErasureRequest",
    "ErasureState",
    "EventKind",
    "Order",
    "OrderChannel",
    "OrderDraft",
    "OrderEvent",
    "OrderEventKind",
    "OrderQuerySet",
    "OrderState",
    "Participant",
    "ParticipantMerge",
    "ParticipantQuerySet",
    "ProposalKind",
    "SessionProposal",
    "WaitingEntry",
    "WaitingState",
    "reach_by_branch",
    "within_reach",
]
