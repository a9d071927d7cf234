"""What happens to orders, sessions and enrolments is answered here, inside the transaction of the event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from catalogue.models import Session
from documents.issuing import due
from documents.models import IssueBatch
from enrolments import signals
from enrolments.models import Enrolment, Order


@receiver(signals.order_placed)
@receiver(signals.order_approved)
def on_order_placed(order: Order, **kwargs: Any) -> bool:
    """Whether its quote is being made."""
    return due.when_placed(order) is not None


@receiver(signals.order_validated)
def on_order_validated(order: Order, **kwargs: Any) -> None:
    due.when_validated(order)


@receiver(signals.session_confirmed)
def on_session_confirmed(session: Session, *, by_erp: bool = False, **kwargs: Any) -> IssueBatch | None:
    """The batch goes back to who confirmed the session, to be followed."""
    return due.when_confirmed(session, by_erp=by_erp)


@receiver(signals.session_closed)
def on_session_closed(session: Session, *, by_erp: bool = False, **kwargs: Any) -> None:
    due.when_closed(session, by_erp=by_erp)


@receiver(signals.attendance_corrected)
def on_attendance_corrected(session: Session, enrolments: Sequence[int], **kwargs: Any) -> None:
    due.when_attendance_corrected(session, enrolments)


@receiver(signals.session_moved)
def on_session_moved(session: Session, **kwargs: Any) -> None:
    due.when_session_moved(session)


@receiver(signals.enrolment_substituted)
def on_enrolment_substituted(enrolment: Enrolment, **kwargs: Any) -> None:
    due.when_substituted(enrolment)


@receiver(signals.enrolment_cancelled)
def on_enrolment_cancelled(enrolment: Enrolment, **kwargs: Any) -> None:
    due.when_cancelled(enrolment)


@receiver(signals.enrolment_moved)
def on_enrolment_moved(enrolment: Enrolment, previous: Session, **kwargs: Any) -> None:
    due.when_moved(enrolment, previous)
