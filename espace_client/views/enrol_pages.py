"""What the pages of an enrolment show: the context of each template, worked out from the draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from accounts.filters import search_condition, words_in
from accounts.models import User
from catalogue.models import Session
from enrolments.approving import needs_approval
from enrolments.drafts import (
    Clash,
    Quote,
    clashes_of,
    default_establishment,
    known_colleagues,
    own_establishments,
    quote,
    seats_in,
)
from enrolments.filters import ParticipantFilters
from enrolments.forms import OTHER, ParticipantsForm, TermsForm
from enrolments.models import OrderDraft, Participant
from enrolments.participants import Home
from enrolments.placing import PlacingError
from enrolments.prices import prices_shown_to
from enrolments.seats import alternatives, seats_of, sells_online
from enrolments.waiting import may_wait

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
        shown = prices_shown_to(user, [course], timezone.localdate())
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
        form = ParticipantsForm(user, Participant.objects.visible_to(user), initial=_initial(kept))
    seats = seats_of(session)
    return {
        "session": session,
        "draft": draft,
        "form": form,
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
    words = words_in(query)
    found = rows.exclude(pk__in=picked).filter(search_condition(words, ParticipantFilters.search_paths))
    page = list(found[: COLLEAGUES_SHOWN + 1])
    return {
        "ticked": first,
        "colleagues": page[:COLLEAGUES_SHOWN],
        "more_colleagues": len(page) > COLLEAGUES_SHOWN,
        "colleague_query": words,
    }


def price_panel(user: User, session: Session, typed: QueryDict) -> dict[str, Any]:
    """The price of what is ticked at this moment; what makes no sense counts for nothing."""
    draft = OrderDraft.objects.visible_to(user).open().filter(session=session).first()
    kept = draft or _fresh(user, session)
    kept.session = session
    chosen = typed.get("establishment", "")
    if chosen:
        own = own_establishments(user.rights)
        kept.establishment = own.filter(pk=int(chosen)).first() if _is_number(chosen) else None
    ticked = {one for name in ("known", "seat") for one in typed.getlist(name) if _is_number(one)}
    unnamed = typed.get("unnamed_seats", "")
    hidden = max(draft.seats.count() - len(typed.getlist("shown")), 0) if draft else 0
    count = len(ticked) + hidden + (int(unnamed) if _is_number(unnamed) and len(unnamed) < 5 else 0)
    return {"session": session, "count": count, "seats": seats_of(session), **_costs(user, kept, count)}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def terms_page(user: User, draft: OrderDraft, form: TermsForm, clashes: Sequence[Clash]) -> dict[str, Any]:
    """Step 2."""
    count = seats_in(draft)
    return {
        "session": draft.session,
        "draft": draft,
        "form": form,
        "clashes": clashes,
        "seats": seats_of(draft.session),
        "count": count,
        "own_email": user.email,
        "step": 2,
        **_costs(user, draft, count),
    }


def summary_page(user: User, draft: OrderDraft, problem: PlacingError | None) -> dict[str, Any]:
    """Step 3. `problem`: why the order could not be made; the draft stays, and what else one may choose is shown."""
    count, seats = seats_in(draft), seats_of(draft.session)
    costs = _costs(user, draft, count)
    quoted: Quote = costs["costs"]
    stuck = seats.left < count or not sells_online(draft.session)
    establishment = draft.establishment
    return {
        "session": draft.session,
        "draft": draft,
        "chosen": list(draft.seats.select_related("participant").order_by("pk")[:SEATS_SHOWN]),
        "more_chosen": max(count - draft.unnamed_seats - SEATS_SHOWN, 0),
        "seats": seats,
        "count": count,
        "total": f"{quoted.total:f}",
        "problem": " ".join(problem.messages) if problem else "",
        "stuck": stuck,
        "other_sessions": alternatives(draft.session, count) if stuck else [],
        "waiting_list": stuck and may_wait(draft.session),
        "clashes": clashes_of(draft, user),
        "elsewhere": draft.order_email != user.email,
        "waits": establishment is not None and needs_approval(establishment, user, quoted.total),
        "step": 3,
        **costs,
    }


def unavailable_page(session: Session, draft: OrderDraft | None) -> dict[str, Any]:
    """Instead of step 1, for a session in which nobody can enrol: why, and what there is instead."""
    count = seats_in(draft) if draft else 1
    return {
        "session": session,
        "draft": draft,
        "seats": seats_of(session),
        "count": count,
        "past": session.starts_on <= timezone.localdate(),
        "other_sessions": alternatives(session, count),
        "waiting_list": may_wait(session),
    }
