"""What is proposed when the company cancels or moves a session: one page, one choice for each person."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import person
from catalogue.models import Session
from enrolments.answering import Choice, answer_proposal
from enrolments.changing import sessions_to_move_to
from enrolments.models import Enrolment, SessionProposal
from enrolments.models.events import ProposalKind
from enrolments.proposals import unanswered
from enrolments.seats import seats_by_session
from espace_client.formatting import date_range

KEEP, CANCEL, MOST_SESSIONS = "garder", "annuler", 30


@dataclass(frozen=True)
class Question:
    """One person, and the answer typed so far."""

    enrolment: Enrolment
    name: str
    answer: str


@require_http_methods(["GET", "HEAD", "POST"])
def proposal_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose for each person, or leave some for later."""
    user = person(request)
    rows = SessionProposal.objects.visible_to(user).select_related("order", "session__course")
    proposal = get_object_or_404(rows, pk=pk)
    waiting = list(unanswered(proposal).select_related("participant", "session")) if not proposal.answered_at else []
    sessions = _sessions(waiting)
    if request.method == "POST" and waiting and _answer(request, proposal, waiting, sessions):
        return redirect("proposal_detail", pk)
    options = [(KEEP, _("Garder ces nouvelles dates"))] if proposal.kind == ProposalKind.MOVED else []
    options += [(f"session-{one.pk}", _label(one, left)) for one, left in sessions]
    options.append((CANCEL, _("Annuler sans frais")))
    questions = [Question(one, f"choix-{one.pk}", request.POST.get(f"choix-{one.pk}", "")) for one in waiting]
    context = {"proposal": proposal, "questions": questions, "options": options}
    return render(request, "enrolments/proposal_detail.html", context)


def _sessions(waiting: list[Enrolment]) -> list[tuple[Session, int]]:
    """The other sessions in which a seat is left, with how many."""
    if not waiting:
        return []
    others = list(sessions_to_move_to(waiting[0], timezone.localdate())[:MOST_SESSIONS])
    seats = seats_by_session(others)
    return [(one, seats[one.pk].left) for one in others if seats[one.pk].left]


def _label(session: Session, left: int) -> str:
    place = f", {session.city}" if session.city else ""
    values = {"dates": date_range(session.starts_on, session.ends_on), "place": place, "left": left}
    return _("%(dates)s%(place)s (places : %(left)d)") % values


def _answer(
    request: HttpRequest, proposal: SessionProposal, waiting: list[Enrolment], sessions: list[tuple[Session, int]]
) -> bool:
    """Whether the choices were applied; what is wrong is said on the page, where they stay as they were made."""
    possible = {f"session-{one.pk}": Choice(session=one) for one, _left in sessions}
    possible |= {CANCEL: Choice(), KEEP: Choice(keep=True)}
    given = {one.pk: request.POST.get(f"choix-{one.pk}", "") for one in waiting}
    chosen = {pk: value for pk, value in given.items() if value}
    if not chosen:
        messages.error(request, _("Choisissez pour une personne au moins."))
        return False
    if not set(chosen.values()) <= possible.keys():
        messages.error(request, _("Une des sessions choisies n’a plus de place : choisissez-en une autre."))
        return False
    try:
        choices = {pk: possible[value] for pk, value in chosen.items()}
        answer_proposal(actor=person(request), proposal=proposal, choices=choices)
    except Enrolment.DoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    messages.success(request, _("Vos choix sont enregistrés, sans frais."))
    return True
