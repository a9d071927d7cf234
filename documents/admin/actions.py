"""What staff have issued: for orders, sessions, enrolments and documents chosen on a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.admin.base import staff
from catalogue.models import Session
from documents.issuing import due
from documents.issuing.asking import Subject, ask, correct
from documents.issuing.errors import NotIssuableError
from documents.issuing.fees import fees_of_sessions, fees_owed
from documents.models import Document, IssueBatch, PaperKind
from enrolments.models import Enrolment, EnrolmentEvent, Order, OrderState

Subjects = Callable[[list[Enrolment]], list[Subject]]


def follow(modeladmin: Any, request: HttpRequest, batch: IssueBatch | None) -> HttpResponse | None:
    """Go to the progress of what was asked for; say so when there was nothing to ask for."""
    if batch is None:
        text = _("Rien à émettre : ces pièces le sont déjà, ou rien ne les appelle encore.")
        modeladmin.message_user(request, text, messages.WARNING)
        return None
    return redirect("admin:documents_issuebatch_change", batch.pk)


def seats_of(rows: models.QuerySet[Any]) -> list[Enrolment]:
    """The enrolments, kept and of validated orders, of the chosen orders, sessions or enrolments."""
    about = {Order: "order__in", Session: "session__in", Enrolment: "pk__in"}[rows.model]
    seats = Enrolment.objects.active().filter(order__state=OrderState.VALIDATED, **{about: rows.values("pk")})
    return list(seats.select_related("order__establishment", "session").order_by("session__starts_on", "pk"))


def _issuing(kind: PaperKind, subjects: Subjects, label: str) -> Any:
    """An action that has one kind of paper issued for the seats of what is chosen."""

    def action(modeladmin: Any, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        batch = ask(subjects=subjects(seats_of(queryset)), reason=str(kind.label), actor=staff(request))
        return follow(modeladmin, request, batch)

    action.__name__ = f"issue_{kind.value}"
    return admin.action(description=label, permissions=["change"])(action)


def _of_orders(kind: PaperKind) -> Subjects:
    def subjects(seats: Iterable[Enrolment]) -> list[Subject]:
        return [Subject.of_order(kind, order) for order in {one.order_id: one.order for one in seats}.values()]

    return subjects


@admin.action(description=_("Émettre les bons pour accord"), permissions=["change"])
def issue_quotes(modeladmin: Any, request: HttpRequest, queryset: models.QuerySet[Order]) -> HttpResponse | None:
    """For the orders chosen that still wait, too."""
    open_orders = queryset.exclude(state__in=[OrderState.REFUSED, OrderState.CANCELLED])
    subjects = [Subject.of_order(PaperKind.BON_POUR_ACCORD, order) for order in open_orders]
    return follow(modeladmin, request, ask(subjects=subjects, reason=_("Bons pour accord"), actor=staff(request)))


CONVENTIONS = _issuing(PaperKind.CONVENTION, _of_orders(PaperKind.CONVENTION), _("Émettre les conventions"))
CONVOCATIONS = _issuing(PaperKind.CONVOCATION, due.convocations, _("Émettre les convocations"))
SHEETS = _issuing(PaperKind.EMARGEMENT, due.sheets, _("Émettre les feuilles d’émargement"))
EVALUATIONS = _issuing(PaperKind.EVALUATION, due.evaluations, _("Émettre les évaluations"))
ATTESTATIONS = _issuing(PaperKind.ATTESTATION, due.attestations, _("Émettre les attestations"))


@admin.action(description=_("Émettre les factures"), permissions=["change"])
def issue_facture(modeladmin: Any, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
    """For the orders or sessions chosen: the seats, and the fees of those who cancelled late."""
    if queryset.model is Order:
        fees = fees_owed(EnrolmentEvent.objects.filter(enrolment__order__in=queryset.values("pk")))
    else:
        fees = fees_of_sessions(queryset)
    subjects = due.bills(seats_of(queryset), fees)
    return follow(modeladmin, request, ask(subjects=subjects, reason=_("Factures"), actor=staff(request)))


FOR_ORDERS = [issue_quotes, CONVENTIONS, CONVOCATIONS, ATTESTATIONS, issue_facture]
FOR_SESSIONS = [CONVOCATIONS, SHEETS, EVALUATIONS, ATTESTATIONS, issue_facture]
FOR_ENROLMENTS = [CONVOCATIONS, EVALUATIONS, ATTESTATIONS]


@admin.action(description=_("Corriger : émettre une nouvelle version"), permissions=["add"])
def correct_documents(
    modeladmin: Any, request: HttpRequest, queryset: models.QuerySet[Document]
) -> HttpResponse | None:
    """All of the chosen ones, or none when one of them cannot be."""
    try:
        batch = correct(documents=list(queryset), reason=_("Correction"), actor=staff(request))
    except NotIssuableError as error:
        modeladmin.message_user(request, " ".join(error.messages), messages.ERROR)
        return None
    return follow(modeladmin, request, batch)
