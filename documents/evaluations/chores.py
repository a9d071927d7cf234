"""What workers do about evaluations: invite once a session is over, remind those who have not answered."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django_tasks import task

from catalogue.models import Session
from documents.evaluations.services import ended_lately, invite, remind, to_invite, to_remind
from enrolments import signals


@receiver(signals.session_closed)
def on_session_closed(session: Session, *, by_erp: bool = False, **kwargs: Any) -> None:
    if not by_erp:  # an ERP may close what was over long ago: the chore below asks about what ended lately
        invite_session.enqueue(session.pk)


@task()
def invite_session(session_id: int) -> int:
    """Ask everyone who was in the session; returns how many. Each in a transaction: it may be run again."""
    seats = to_invite().filter(session_id=session_id).order_by("pk").values_list("pk", flat=True)
    return sum(invite(pk) is not None for pk in list(seats))


@task()
def invite_after_sessions() -> int:
    """A chore: the same for sessions that ended lately and that nobody has closed."""
    seats = ended_lately().order_by("pk").values_list("pk", flat=True)
    return sum(invite(pk) is not None for pk in list(seats))


@task()
def remind_participants() -> int:
    """A chore: remind, some days after each mail, twice at most."""
    waiting = to_remind().order_by("pk").values_list("pk", flat=True)
    return sum(remind(pk) for pk in list(waiting))
