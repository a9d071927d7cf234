"""What happened to orders and enrolments, and what comes next, as steps in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.models import SessionState
from enrolments.models import (
    Enrolment,
    EnrolmentEvent,
    EnrolmentState,
    EventKind,
    Order,
    OrderEvent,
    OrderEventKind,
    OrderState,
)
from enrolments.notices import sentence_of
from espace_client.formatting import money

REFUSALS = (OrderEventKind.DECLINED, OrderEventKind.WITHDRAWN, OrderEventKind.REFUSED)
ONE_BY_ONE = (EventKind.MOVED, EventKind.CANCELLED, EventKind.KEPT)  # decided for each person, who is not named
BAD = (EventKind.CANCELLED, EventKind.SESSION_CANCELLED)


@dataclass(frozen=True)
class Step:
    """One step of the life of an order or an enrolment. `state`: done, now, next or bad."""

    label: str
    state: str
    on: date | None = None
    note: str = ""


def happened(events: Iterable[EnrolmentEvent], *, amounts_visible: bool) -> list[Step]:
    """The changes, as they were made; what they cost only where amounts may be seen."""
    steps = []
    for event in events:
        notes = [sentence_of(event)]
        if event.fee and amounts_visible:
            notes.append(_("Frais : %s HT.") % money(event.fee))
        elif event.rate:
            notes.append(_("Avec frais."))
        if event.actor is not None and event.actor.is_staff:
            notes.append(_("Par nos équipes."))
        elif event.actor_email:
            notes.append(_("Par %s.") % event.actor_email)
        state = "bad" if event.kind in BAD else "done"
        note = " ".join(note for note in notes if note)
        steps.append(Step(str(event.get_kind_display()), state, timezone.localdate(event.at), note))
    return steps


def happened_to(
    decisions: Iterable[OrderEvent], changes: Iterable[EnrolmentEvent], *, amounts_visible: bool
) -> list[Step]:
    """What was decided about an order, and what changed in it, in the order of time; its placing apart.

    What happened alike to several people is said once, with their names where the sentence has none. Needs the
    participants of the changes' enrolments.
    """
    found = [(one.at, _decision(one), "") for one in decisions if one.kind != OrderEventKind.PLACED] + [
        (one.at, step, _whose(one)) for one in changes for step in happened([one], amounts_visible=amounts_visible)
    ]
    people: dict[Step, list[str]] = {}
    for _at, step, who in sorted(found, key=lambda one: one[0]):
        people.setdefault(step, []).extend([who] if who else [])
    return [replace(step, note=_named(step.note, names)) for step, names in people.items()]


def _whose(event: EnrolmentEvent) -> str:
    return str(event.enrolment.participant or _("Place à désigner")) if event.kind in ONE_BY_ONE else ""


def _named(note: str, names: Sequence[str]) -> str:
    return f"{', '.join(names)}. {note}" if names else note


def _decision(event: OrderEvent) -> Step:
    who = _("Par %s.") % (event.by.get_full_name() or event.by.email) if event.by and not event.by.is_staff else ""
    note = " ".join(part for part in (event.word, who) if part)
    state = "bad" if event.kind in REFUSALS else "done"
    return Step(str(event.get_kind_display()), state, timezone.localdate(event.at), note)


def steps_of(order: Order, active: Sequence[Enrolment], happened: Sequence[Step] = ()) -> list[Step]:
    """What happened to the order and what comes next, from its state and its sessions."""
    steps = [Step(_("Commande passée"), "done", order.placed_on, order.get_channel_display()), *happened]
    said = {step.label for step in happened}
    if order.state in (OrderState.REFUSED, OrderState.CANCELLED):
        ended = any(step.state == "bad" for step in happened)
        return steps if ended else [*steps, Step(order.get_state_display(), "bad")]
    if order.state == OrderState.TO_APPROVE:
        steps.append(Step(_("À approuver par un administrateur"), "now"))
    if order.state != OrderState.VALIDATED:
        steps.append(Step(_("Validation par nos équipes"), "now" if order.state == OrderState.PENDING else "next"))
    elif str(OrderEventKind.VALIDATED.label) not in said:
        steps.insert(1, Step(_("Validée par nos équipes"), "done"))
    return steps + _sessions(active)


def _sessions(active: Sequence[Enrolment]) -> list[Step]:
    """One step per session of the order, in the order of their dates."""
    today, steps = timezone.localdate(), []
    for session in dict.fromkeys(enrolment.session for enrolment in active):
        if session.state == SessionState.CANCELLED:
            continue
        state = "done" if session.ends_on < today else "now" if session.starts_on <= today else "next"
        steps.append(Step(_("Formation"), state, session.starts_on, session.course.title))
    return steps


def steps_of_enrolment(enrolment: Enrolment, events: Iterable[EnrolmentEvent], *, amounts_visible: bool) -> list[Step]:
    """The life of one enrolment. Needs its order and its session."""
    order, session, today = enrolment.order, enrolment.session, timezone.localdate()
    steps = [Step(_("Inscription demandée"), "done", order.placed_on, order.get_channel_display())]
    if order.state == OrderState.VALIDATED:
        steps.append(Step(_("Commande validée par nos équipes"), "done"))
    steps += happened(events, amounts_visible=amounts_visible)
    if order.state in (OrderState.REFUSED, OrderState.CANCELLED):
        return [*steps, Step(_("Commande : %s") % order.get_state_display().lower(), "bad")]
    if enrolment.state == EnrolmentState.CANCELLED:
        return steps
    if order.state == OrderState.TO_APPROVE:
        steps.append(Step(_("À approuver par un administrateur"), "now"))
    if order.state != OrderState.VALIDATED:
        steps.append(Step(_("Validation par nos équipes"), "now" if order.state == OrderState.PENDING else "next"))
    if session.state == SessionState.CANCELLED:
        return steps
    state = "done" if session.ends_on < today else "now" if session.starts_on <= today else "next"
    steps.append(Step(_("Formation"), state, session.starts_on, session.city or session.course.get_mode_display()))
    if enrolment.state in (EnrolmentState.PRESENT, EnrolmentState.PARTIAL, EnrolmentState.ABSENT):
        steps.append(Step(enrolment.get_state_display(), "bad" if enrolment.state == EnrolmentState.ABSENT else "done"))
    else:
        steps.append(Step(_("Attestation de fin de formation"), "next"))
    return steps
