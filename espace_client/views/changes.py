"""Changing an enrolment: choose, read what it costs and why, confirm. All is GET until the last button."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.filters import search_condition
from accounts.models import User
from accounts.requests import person
from catalogue.models import Session
from enrolments.changing import cancel, move, obstacle, sessions_to_move_to, substitute
from enrolments.models import Enrolment, Participant
from enrolments.participants import Home
from enrolments.quoting import Change, Quote, percent, quote
from enrolments.seats import Seats, seats_by_session
from espace_client.change_forms import AgreedForm, MoveForm, SubstituteForm
from espace_client.formatting import date_range, money
from espace_client.views.enrolment import own_enrolment

COLLEAGUES_SHOWN = 12
SESSIONS_SHOWN = 20
pages = require_http_methods(["GET", "HEAD", "POST"])


@pages
def enrolment_substitute(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody else on the seat, or somebody at last."""
    user, enrolment, refused = _begin(request, pk, Change.SUBSTITUTE)
    if refused:
        return refused
    colleagues = _colleagues(user, enrolment)
    asked = request.POST if request.method == "POST" else request.GET
    form = SubstituteForm(asked if "suite" in asked else None, colleagues=colleagues)
    if form.is_valid():
        chosen, name = form.chosen, str(form.chosen)
        if request.method == "POST":
            done = _try(request, lambda agreed: substitute(
                actor=user, enrolment=enrolment, person=chosen, agreed=agreed,
            ), _("%s a maintenant cette place.") % name)  # fmt: skip
            if done:
                return redirect("enrolment_detail", pk)
        return _confirm(request, user, enrolment, Change.SUBSTITUTE, _substitution(enrolment, name), form)
    query = request.GET.get("q", "").strip()[:100]
    found = colleagues.filter(search_condition(query, ("last_name", "first_name", "email")))
    context = {
        "enrolment": enrolment,
        "form": form,
        "query": query,
        "colleagues": _others(found, enrolment)[:COLLEAGUES_SHOWN],
        "chosen": asked.get("personne", ""),
        "reason": quote(enrolment, Change.SUBSTITUTE, timezone.localdate()).reason,
    }
    return render(request, "enrolments/change_person.html", context)


@pages
def enrolment_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Another session of the same course."""
    user, enrolment, refused = _begin(request, pk, Change.MOVE)
    if refused:
        return refused
    sessions = sessions_to_move_to(enrolment, timezone.localdate())
    asked = request.POST if request.method == "POST" else request.GET
    form = MoveForm(asked if "suite" in asked else None, sessions=sessions)
    if form.is_valid():
        chosen: Session = form.cleaned_data["session"]
        if request.method == "POST":
            done = _try(request, lambda agreed: move(
                actor=user, enrolment=enrolment, session=chosen, agreed=agreed,
            ), _("L’inscription est déplacée au %s.") % date_range(chosen.starts_on, chosen.ends_on))  # fmt: skip
            if done:
                return redirect("enrolment_detail", pk)
        return _confirm(request, user, enrolment, Change.MOVE, _move(enrolment, chosen), form)
    context = {
        "enrolment": enrolment,
        "form": form,
        "choices": _with_seats(sessions),
        "reason": quote(enrolment, Change.MOVE, timezone.localdate()).reason,
    }
    return render(request, "enrolments/change_session.html", context)


@pages
def enrolment_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Nobody on the seat any more."""
    user, enrolment, refused = _begin(request, pk, Change.CANCEL)
    if refused:
        return refused
    if request.method == "POST":
        done = _try(
            request,
            lambda agreed: cancel(actor=user, enrolment=enrolment, agreed=agreed),
            _("L’inscription est annulée."),
        )
        if done:
            return redirect("enrolment_detail", pk)
    who = enrolment.participant or _("La personne à désigner")
    sentences = [
        _("%(who)s n’ira pas à « %(title)s », %(dates)s.")
        % {"who": who, "title": enrolment.session.course.title, "dates": _dates(enrolment.session)},
        _("La place est rendue : elle peut être vendue à une autre entreprise aussitôt."),
    ]
    return _confirm(request, user, enrolment, Change.CANCEL, sentences, None)


def _begin(request: HttpRequest, pk: int, change: Change) -> tuple[User, Enrolment, HttpResponse | None]:
    """The person, the enrolment, and the way back when the change can't be made, with a word."""
    user = person(request)
    enrolment = own_enrolment(user, pk)
    if reason := obstacle(enrolment, change, timezone.localdate()):
        messages.error(request, reason)
        return user, enrolment, redirect("enrolment_detail", pk)
    return user, enrolment, None


def _try(request: HttpRequest, act: Callable[[Decimal], Enrolment], said: str) -> bool:
    """Whether the change was made; what is wrong is said on the page otherwise. 404 when the right has gone."""
    agreed = AgreedForm(request.POST)
    if not agreed.is_valid():
        messages.error(request, _("Relisez les conditions, puis confirmez."))
        return False
    try:
        act(agreed.cleaned_data["convenu"])
    except Enrolment.DoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    messages.success(request, said)
    return True


def _confirm(
    request: HttpRequest, user: User, enrolment: Enrolment, change: Change, sentences: list[str], form: Any
) -> HttpResponse:
    price = quote(enrolment, change, timezone.localdate())
    context = {
        "enrolment": enrolment,
        "change": {
            Change.SUBSTITUTE: _("Remplacer la personne") if enrolment.participant else _("Désigner la personne"),
            Change.MOVE: _("Changer de session"),
            Change.CANCEL: _("Annuler l’inscription"),
        }[change],
        "sentences": [*sentences, price.reason, fee_sentence(price, enrolment, user)],
        "submit": {
            Change.SUBSTITUTE: _("Confirmer le remplacement"),
            Change.MOVE: _("Confirmer le report"),
            Change.CANCEL: _("Annuler l’inscription"),
        }[change],
        "kept": form.data.items() if form else (),
        "agreed": price.fee.rate,
        "cancel_url": reverse("enrolment_detail", args=[enrolment.pk]),
    }
    return render(request, "enrolments/change_confirm.html", context)


def fee_sentence(price: Quote, enrolment: Enrolment, user: User) -> str:
    """What it costs; without any amount for whoever may see none (rule 6)."""
    if price.fee.free:
        return _("Aucuns frais.")
    if enrolment.order.shows_amounts_to(user):
        values = {"fee": money(price.fee.amount), "rate": percent(price.fee.rate), "price": money(enrolment.price)}
        return _("Frais : %(fee)s HT (%(rate)s de %(price)s).") % values
    return _("Frais : %s du prix de l’inscription.") % percent(price.fee.rate)


def _substitution(enrolment: Enrolment, name: str) -> list[str]:
    values = {"name": name, "title": enrolment.session.course.title, "dates": _dates(enrolment.session)}
    sentences = [_("%(name)s ira à « %(title)s », %(dates)s.") % values]
    if enrolment.participant is not None:
        sentences.append(_("%s n’ira plus : sa convocation ne vaut plus rien.") % enrolment.participant)
    return sentences


def _move(enrolment: Enrolment, session: Session) -> list[str]:
    who = enrolment.participant or _("La personne à désigner")
    values = {"who": who, "title": session.course.title, "dates": _dates(session), "was": _dates(enrolment.session)}
    return [
        _("%(who)s ira à « %(title)s » %(dates)s, et non %(was)s.") % values,
        _("Le prix reste celui de la commande."),
    ]


def _dates(session: Session) -> str:
    place = f", {session.city}" if session.city else ""
    return date_range(session.starts_on, session.ends_on) + place


def _colleagues(user: User, enrolment: Enrolment) -> QuerySet[Participant]:
    """Those whom the person sees, known where the order is."""
    home = Home.of(enrolment.order.establishment, enrolment.order_email)
    seen = Participant.objects.visible_to(user).filter(company=home.company_id, owner_email=home.owner_email)
    return seen.filter(merged_into__isnull=True)


def _others(colleagues: QuerySet[Participant], enrolment: Enrolment) -> QuerySet[Participant]:
    """All but who has the seat."""
    return colleagues if enrolment.participant is None else colleagues.exclude(pk=enrolment.participant.pk)


def _with_seats(sessions: QuerySet[Session]) -> list[tuple[Session, Seats]]:
    """The next sessions in which a seat is left, each with its seats."""
    shown = list(sessions[: 3 * SESSIONS_SHOWN])
    seats = seats_by_session(shown)
    return [(one, seats[one.pk]) for one in shown if seats[one.pk].left][:SESSIONS_SHOWN]
