"""What each paper says, read from the database as it is now; what is missing is said in French."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Establishment
from catalogue.models import HalfDay, Session, SessionState
from documents.issuing import evaluating, fees, invoicing, verifying
from documents.issuing.errors import NotIssuableError
from documents.models import Issue, PaperKind
from documents.papers import Paper, Provider, attendance, commercial
from enrolments.attendance import hours_attended
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState

Draw = Callable[[Provider, Issue, str, date], Paper]
WILL_RUN = (SessionState.CONFIRMED, SessionState.GUARANTEED, SessionState.FULL, SessionState.DONE)


def draw(issue: Issue, number: str, issued_on: date) -> Paper:
    """The paper that `issue` asks for. NotIssuableError, in French, when something is missing or in the way."""
    return _DRAW[issue.paper_kind](provider(), issue, number, issued_on)


def provider() -> Provider:
    """Who issues; NotIssuableError without the numbers that the law wants."""
    try:
        return Provider.from_settings()
    except ImproperlyConfigured as error:
        raise NotIssuableError(str(error)) from error


def detailed(enrolments: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """With all that papers read, in a steady order."""
    related = ("order__establishment__company", "session__course", "participant", "accord")
    return enrolments.select_related(*related).order_by("session__starts_on", "pk")


def half_days_of(session: Session) -> list[HalfDay]:
    """Its half-days in order; NotIssuableError without any: no paper about a session leaves without its times."""
    half_days = list(session.half_days.order_by("date", "starts_at"))
    if not half_days:
        raise NotIssuableError(_("La session %s n’a pas d’horaires : saisissez ses demi-journées.") % session.code)
    return half_days


def _order(issue: Issue) -> Order:
    return Order.objects.select_related("establishment__company").get(issues=issue)


def _seats_of_order(order: Order) -> list[Enrolment]:
    seats = list(detailed(order.enrolments.active()))
    if not seats:
        raise NotIssuableError(_("La commande %s n’a plus d’inscription.") % order.number)
    return seats


def _bon_pour_accord(provider: Provider, issue: Issue, number: str, issued_on: date) -> Paper:
    order = _order(issue)
    if order.state in (OrderState.REFUSED, OrderState.CANCELLED):
        raise NotIssuableError(_("La commande %s est refusée ou annulée.") % order.number)
    return commercial.bon_pour_accord(
        provider=provider, order=order, enrolments=_seats_of_order(order), number=number, issued_on=issued_on
    )


def _validated(issue: Issue) -> Order:
    order = _order(issue)
    if order.state != OrderState.VALIDATED:
        raise NotIssuableError(_("La commande %s n’est pas validée.") % order.number)
    return order


def _convention(provider: Provider, issue: Issue, number: str, issued_on: date) -> Paper:
    order = _validated(issue)
    return commercial.convention(
        provider=provider, order=order, enrolments=_seats_of_order(order), number=number, issued_on=issued_on
    )


def _seat(issue: Issue) -> Enrolment:
    """The enrolment that the paper is about: one of a validated order, kept, with a name."""
    _validated(issue)
    seat = detailed(Enrolment.objects.filter(issues=issue)).get()
    if seat.state == EnrolmentState.CANCELLED:
        raise NotIssuableError(_("L’inscription %s est annulée.") % seat.number)
    if seat.session_id != issue.session_id:
        raise NotIssuableError(_("L’inscription %s a changé de session.") % seat.number)
    if seat.participant is None:
        raise NotIssuableError(_("L’inscription %s n’a pas encore de participant.") % seat.number)
    return seat


def _convocation(provider: Provider, issue: Issue, number: str, issued_on: date) -> Paper:
    seat = _seat(issue)
    if seat.session.state not in WILL_RUN:
        raise NotIssuableError(_("La session %s n’est pas confirmée.") % seat.session.code)
    return attendance.convocation(
        provider=provider,
        enrolment=seat,
        half_days=half_days_of(seat.session),
        number=number,
        issued_on=issued_on,
    )


def _emargement(provider: Provider, issue: Issue, number: str, issued_on: date) -> Paper:
    session = Session.objects.select_related("course").get(issues=issue)
    establishment = Establishment.objects.select_related("company").get(issues=issue)
    seats = Enrolment.objects.active().filter(
        session=session, order__establishment=establishment, order__state=OrderState.VALIDATED
    )
    ordered = detailed(seats).order_by("participant__last_name", "participant__first_name", "pk")
    enrolments = list(ordered)
    if not enrolments:
        raise NotIssuableError(_("%s n’a plus d’inscrit à cette session.") % establishment.name)
    return attendance.emargement(
        provider=provider,
        establishment=establishment,
        session=session,
        enrolments=enrolments,
        half_days=half_days_of(session),
        number=number,
        issued_on=issued_on,
    )


def _attestation(provider: Provider, issue: Issue, number: str, issued_on: date) -> Paper:
    seat = _seat(issue)
    hours = hours_attended(seat)
    if seat.session.state != SessionState.DONE:
        raise NotIssuableError(_("La session %s n’est pas close.") % seat.session.code)
    if not hours:
        raise NotIssuableError(_("Aucune présence n’est établie pour l’inscription %s.") % seat.number)
    return attendance.attestation(
        provider=provider,
        enrolment=seat,
        hours_attended=hours,
        achievements=evaluating.achievements_of(seat),
        number=number,
        issued_on=issued_on,
        check=verifying.printed_check(issue),
    )


def _evaluation(provider: Provider, issue: Issue, number: str, issued_on: date) -> Paper:
    seat = _seat(issue)
    answers = evaluating.answers_of(seat)
    if answers is None:
        raise NotIssuableError(_("L’évaluation de l’inscription %s n’a pas encore de réponses.") % seat.number)
    return attendance.evaluation(
        provider=provider,
        enrolment=seat,
        ratings=answers.ratings,
        achievements=answers.achievements,
        comment=answers.comment,
        score=answers.score,
        number=number,
        issued_on=issued_on,
    )


def _facture(provider: Provider, issue: Issue, number: str, issued_on: date) -> Paper:
    order = _validated(issue)
    enrolments = list(detailed(invoicing.billable(order, issue.session_id)))
    owed = list(fees.fees_of_order(order, issue.session_id))
    invoicing.require_billable(order, enrolments, owed)
    return commercial.facture(
        provider=provider,
        order=order,
        enrolments=enrolments,
        number=number,
        issued_on=issued_on,
        funding=invoicing.funding_of(order, enrolments),
        fees=owed,
    )


def _avoir(provider: Provider, issue: Issue, number: str, issued_on: date) -> Paper:
    order = _order(issue)
    seats = list(issue.seats.order_by("line", "pk"))
    invoice = invoicing.invoice_credited(issue)
    return commercial.avoir(
        provider=provider,
        order=order,
        enrolments=list(detailed(Enrolment.objects.filter(pk__in=[seat.enrolment_id for seat in seats]))),
        number=number,
        issued_on=issued_on,
        invoice_number=invoice.number,
        invoice_date=invoice.issued_on,
        reason=issue.reason,
        bill=invoicing.bill_of_seats(seats),
    )


_DRAW: Mapping[PaperKind, Draw] = {
    PaperKind.BON_POUR_ACCORD: _bon_pour_accord,
    PaperKind.CONVENTION: _convention,
    PaperKind.CONVOCATION: _convocation,
    PaperKind.EMARGEMENT: _emargement,
    PaperKind.EVALUATION: _evaluation,
    PaperKind.ATTESTATION: _attestation,
    PaperKind.FACTURE: _facture,
    PaperKind.AVOIR: _avoir,
}
