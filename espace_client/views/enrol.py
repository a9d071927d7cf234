"""Enrolling colleagues in a session: who, on which terms, the summary, and the order that comes of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.requests import person
from catalogue.models import Session
from enrolments.drafts import People, clashes_of, keep_people, keep_terms, seats_in, transfer
from enrolments.forms import ParticipantsForm, TermsForm, TotalForm
from enrolments.models import OrderDraft, Participant
from enrolments.placing import PlacingError, place_order
from enrolments.seats import public_session, sells_online
from espace_client.views.enrol_pages import (
    colleague_list,
    participants_page,
    price_panel,
    summary_page,
    terms_page,
    unavailable_page,
)


def _session(pk: int) -> Session:
    session = public_session(pk)
    if session is None:
        raise Http404
    return session


def _draft(user: User, token: UUID) -> OrderDraft:
    rows = OrderDraft.objects.visible_to(user).select_related("session__course__domain", "establishment", "order")
    return get_object_or_404(rows, token=token)


def _open_draft(user: User, session: Session) -> OrderDraft | None:
    return OrderDraft.objects.visible_to(user).open().select_related("establishment").filter(session=session).first()


@require_http_methods(["GET", "HEAD", "POST"])
def enrol_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Step 1, from the page of a session: who takes part. A draft that was begun is taken up where it was left."""
    user, session = person(request), _session(pk)
    draft = _open_draft(user, session)
    if not sells_online(session):
        return render(request, "enrolments/enrol/unavailable.html", unavailable_page(session, draft))
    if request.method != "POST":
        context = participants_page(user, session, draft, request.GET.get("q", ""))
        return render(request, "enrolments/enrol/participants.html", context)
    form = ParticipantsForm(user, Participant.objects.visible_to(user), request.POST, request.FILES)
    is_valid = form.is_valid()
    draft = keep_people(user=user, session=session, people=_people(request, form))
    if not is_valid or form.bad_lines:
        context = participants_page(user, session, draft, request.POST.get("q", ""), form)
        return render(request, "enrolments/enrol/participants.html", context, status=422)
    if request.POST.get("action") == "next":
        if not seats_in(draft):
            form.add_error(None, _("Nommez au moins une personne, ou réservez une place à désigner."))
            context = participants_page(user, session, draft, "", form)
            return render(request, "enrolments/enrol/participants.html", context, status=422)
        return redirect("enrol_terms", draft.token)
    query = urlencode({"q": request.POST["q"]}) if request.POST.get("q") else ""
    return redirect(f"{reverse('enrol_start', args=[pk])}?{query}#collegues" if query else request.path)


def _people(request: HttpRequest, form: ParticipantsForm) -> People:
    """What can be kept of a form, be the rest of it right or wrong."""
    shown = {int(one) for one in request.POST.getlist("shown") if one.isascii() and one.isdigit()}
    kept = {int(one) for one in request.POST.getlist("seat") if one.isascii() and one.isdigit()}
    establishment, siret = form.chosen
    return People(
        unticked=shown - kept,
        known=list(form.cleaned_data.get("known", ())),
        named=form.named,
        unnamed_seats=form.cleaned_data.get("unnamed_seats"),
        establishment=establishment,
        declared_siret=siret,
    )


@require_safe
def enrol_colleagues(request: HttpRequest, pk: int) -> HttpResponse:
    """The colleagues that match what is being typed, for the page of participants."""
    user, session = person(request), _session(pk)
    context = colleague_list(user, _open_draft(user, session), request.GET.get("q", ""), request.GET.getlist("known"))
    return render(request, "enrolments/enrol/colleagues.html", context)


@require_safe
def enrol_price(request: HttpRequest, pk: int) -> HttpResponse:
    """What the seats ticked so far would cost, for the page of participants."""
    user, session = person(request), _session(pk)
    return render(request, "enrolments/enrol/price.html", price_panel(user, session, request.GET))


@require_http_methods(["GET", "HEAD", "POST"])
def enrol_terms(request: HttpRequest, token: UUID) -> HttpResponse:
    """Step 2: the order number or the OPCO, and the address that the order is attached to."""
    user = person(request)
    draft = _draft(user, token)
    if draft.order_id is not None:
        return redirect("order_detail", draft.order_id)
    clashes = clashes_of(draft, user)
    form = TermsForm(request.POST or None, instance=draft, word_wanted=bool(clashes))
    if request.method == "POST" and form.is_valid():
        keep_terms(draft=draft, terms=form.cleaned_data)
        return redirect("enrol_summary", draft.token)
    context = terms_page(user, draft, form, clashes)
    return render(request, "enrolments/enrol/terms.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def enrol_summary(request: HttpRequest, token: UUID) -> HttpResponse:
    """Step 3: everything once more, then the order. Confirming twice leads twice to the same order."""
    user = person(request)
    draft = _draft(user, token)
    problem: PlacingError | None = None
    form = TotalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            order = place_order(draft=draft, actor=user, total=form.cleaned_data["total"])
        except PlacingError as error:
            problem = error
        else:
            return _done(request, user, order.pk, draft)
    if draft.order_id is not None:
        return redirect("order_detail", draft.order_id)
    context = summary_page(user, draft, problem)
    return render(request, "enrolments/enrol/summary.html", context, status=409 if problem else 200)


def _done(request: HttpRequest, user: User, order_id: int, draft: OrderDraft) -> HttpResponse:
    if draft.order_email == user.email or draft.establishment_id in user.rights.establishments:
        messages.success(request, _("C’est noté : un accusé de réception vous parvient par mail."))
        return redirect("order_detail", order_id)
    text = _("C’est noté. Comme annoncé, la commande n’apparaît pas dans votre historique : elle est à %(email)s.")
    messages.success(request, text % {"email": draft.order_email})
    return redirect("order_list")


@require_POST
def enrol_transfer(request: HttpRequest, token: UUID, pk: int) -> HttpResponse:
    """Take what was prepared over to another session of the same course."""
    draft = _draft(person(request), token)
    session = _session(pk)
    if draft.order_id is not None:
        return redirect("order_detail", draft.order_id)
    if session.course_id != draft.session.course_id:
        raise Http404
    return redirect("enrol_summary", transfer(draft=draft, session=session).token)


@require_http_methods(["GET", "HEAD", "POST"])
def enrol_discard(request: HttpRequest, token: UUID) -> HttpResponse:
    """Throw a draft away, once it was asked whether one means it."""
    draft = _draft(person(request), token)
    if draft.order_id is not None:
        return redirect("order_detail", draft.order_id)
    if request.method == "POST":
        draft.delete()
        messages.success(request, _("L’inscription en préparation est abandonnée."))
        return redirect("dashboard")
    return render(request, "enrolments/enrol/discard.html", _about(draft))


def _about(draft: OrderDraft) -> dict[str, Any]:
    return {"draft": draft, "session": draft.session, "seats": seats_in(draft)}
