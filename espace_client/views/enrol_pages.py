"""What the pages of an enrolment show: the context of each template, worked out from the draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accounts.filters import search_condition
from accounts.models import User
from catalogue.models import Session
from enrolments.drafts import (
    default_establishment,
    known_colleagues,
    quote,
    seats_in,
)
from enrolments.filters import ParticipantFilters
from enrolments.forms import OTHER, ParticipantsForm
from enrolments.models import OrderDraft, Participant
from enrolments.participants import Home
from enrolments.prices import prices_shown_to
from enrolments.seats import seats_of

COLLEAGUES_SHOWN = 30
SEATS_SHOWN = 100
BAD_LINES_SHOWN = 500


def _fresh(user: User, session: Session) -> OrderDraft:
    """What a draft would be, for a page on which nothing was kept yet."""
    return OrderDraft(owner=user, session=session, order_email=user.email, establishment=default_establishment(user))


def _costs(user: User, draft: OrderDraft, count: int) -> dict[str, Any]:
    """The price, and in words why it is a public one."""
    course = draft.session.course
    costs = quote(user.rights, draft.establishment, course, count)
    reason = ""
    if not costs.price.is_negotiated:
        shown = prices_shown_to(user, [course], draft_day())
        reason = shown.reason
    return {"costs": costs, "price_reason": reason}


def participants_page(
    user: User, session: Session, draft: OrderDraft | None, query: str, form: ParticipantsForm | None = None
) -> dict[str, Any]:
    """Step 1. `form`: as it was sent, when something in it is to be corrected."""
    kept = draft or _fresh(user, session)
    kept.session = session
    chosen = list(draft.seats.select_related("participant").order_by("pk")[: SEATS_SHOWN + 1]) if draft else []
    count = seats_in(draft) if draft else 0
    if form is None:
        form = ParticipantsForm(user, Participant.objects.none(), initial=_initial(kept))
    seats = seats_of(session)
    return {
        "session": session,
        "draft": draft,
        "form": form,
        "query": query,
        "chosen": chosen[:SEATS_SHOWN],
        "more_chosen": max(draft.seats.count() - SEATS_SHOWN, 0) if draft and len(chosen) > SEATS_SHOWN else 0,
        "pasted_left": _pasted_left(form),
        "bad_lines": form.bad_lines[:BAD_LINES_SHOWN],
        "more_bad_lines": max(len(form.bad_lines) - BAD_LINES_SHOWN, 0),
        "seats": seats,
        "count": count,
        "step": 1,
        **colleague_list(user, kept if kept.pk else None, query, [], kept),
        **_costs(user, kept, count),
    }


def _initial(draft: OrderDraft) -> dict[str, Any]:
    """What the form says of a draft that nobody is correcting."""
    chosen = draft.establishment_id or (OTHER if draft.declared_siret else "")
    return {
        "establishment": str(chosen),
        "siret": draft.declared_siret,
        "unnamed_seats": draft.unnamed_seats or None,
    }


def _pasted_left(form: ParticipantsForm) -> str:
    """The lines to correct: the others are in the draft already."""
    return "\n".join(line.text for line in form.bad_lines[:BAD_LINES_SHOWN] if line.text)


def colleague_list(
    user: User, draft: OrderDraft | None, query: str, ticked: Sequence[str], shown_for: OrderDraft | None = None
) -> dict[str, Any]:
    """Colleagues to tick: those ticked already, then those who match, save those who have a seat in the draft."""
    about = draft or shown_for
    establishment = about.establishment if about else default_establishment(user)
    home = Home.of(establishment, about.order_email if about else user.email)
    rows = known_colleagues(user, home).order_by("last_name", "first_name", "pk")
    if draft is not None:
        rows = rows.exclude(pk__in=draft.seats.filter(participant__isnull=False).values("participant"))
    picked = {int(one) for one in ticked if one.isascii() and one.isdigit() and len(one) < 19}
    first = list(rows.filter(pk__in=picked)) if picked else []
    words = " ".join(query.replace("\x00", "").split())[:100]
    found = rows.exclude(pk__in=picked).filter(search_condition(words, ParticipantFilters.search_paths))
    page = list(found[: COLLEAGUES_SHOWN + 1])
    return {
        "ticked": first,
        "colleagues": page[:COLLEAGUES_SHOWN],
        "more_colleagues": len(page) > COLLEAGUES_SHOWN,
        "query": words,
    }
