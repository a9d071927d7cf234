"""Which papers an event calls for. Each function says so for one event, and is called in its transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Establishment, User
from catalogue.models import Session, SessionState
from documents.issuing.asking import Subject, ask, reissue, summon
from documents.issuing.drawing import WILL_RUN
from documents.issuing.fees import fees_of_sessions
from documents.models import Document, Issue, IssueBatch, PaperKind
from enrolments.attendance import with_hours_attended
from enrolments.models import Enrolment, EnrolmentEvent, EnrolmentState, Order, OrderState
from enrolments.models.deal import EnrolmentQuerySet


def when_placed(order: Order) -> IssueBatch | None:
    """The quote to sign, as soon as the order waits for the team."""
    if order.state != OrderState.PENDING:
        return None
    return ask(subjects=[Subject.of_order(PaperKind.BON_POUR_ACCORD, order)], reason=_("Commande %s") % order)


def when_validated(order: Order) -> IssueBatch | None:
    """The convention; and what its sessions, if they are confirmed already, would have given its trainees."""
    subjects = [Subject.of_order(PaperKind.CONVENTION, order)]
    seats = [one for one in _seats(order.enrolments.all()) if one.session.state in WILL_RUN]
    subjects += convocations(seats) + sheets(seats)
    reason = _("Validation de la commande %s") % order
    reissue(subjects=sheets(seats), reason=reason)  # a sheet that was printed before now lacks these trainees
    return ask(subjects=subjects, reason=reason)


def when_confirmed(session: Session, *, by_erp: bool = False) -> IssueBatch | None:
    """A convocation for each trainee, an attendance sheet for each establishment.

    `by_erp`: only for the orders whose papers are ours, here and at the closing.
    """
    seats = _ours(session) if by_erp else list(_seats(session.enrolments.all()))
    return ask(subjects=convocations(seats) + sheets(seats), reason=_("Confirmation de la session %s") % session)


def when_closed(session: Session, *, by_erp: bool = False) -> IssueBatch | None:
    """An attestation for each trainee who was there, an invoice for each order."""
    seats = _ours(session) if by_erp else list(_seats(session.enrolments.all()))
    subjects = attestations(seats) + bills(seats, fees_of_sessions([session]))
    return ask(subjects=subjects, reason=_("Clôture de la session %s") % session)


def when_attendance_corrected(session: Session, enrolments: Sequence[int]) -> IssueBatch | None:
    """An attestation with the hours as they are, in the place of the one that said others, or the first."""
    subjects = attestations(_seats(session.enrolments.filter(pk__in=enrolments)))
    reason = _("Présences corrigées, session %s") % session
    again = reissue(subjects=subjects, reason=reason)
    return ask(subjects=subjects, reason=reason) or again


def when_session_moved(session: Session) -> IssueBatch | None:
    """What was issued here and says the dates, anew: whoever says nothing keeps the new ones."""
    seats = list(_seats(session.enrolments.all()))
    orders = {one.order_id: Subject.of_order(PaperKind.CONVENTION, one.order) for one in seats}
    subjects = [*orders.values(), *convocations(seats), *sheets(seats)]
    return reissue(subjects=subjects, reason=_("Session %s déplacée") % session)


def when_substituted(enrolment: Enrolment) -> IssueBatch | None:
    """A convocation for whoever comes instead; and the papers that named the other, anew."""
    reason = _("Participant remplacé : inscription %s") % enrolment
    _reissue_lists(enrolment, reason)
    seat = _seats(Enrolment.objects.filter(pk=enrolment.pk)).first()
    if seat is None or seat.session.state not in WILL_RUN or seat.session.state == SessionState.DONE:
        return None
    convocation = convocations([seat])
    return reissue(subjects=convocation, reason=reason) or ask(subjects=convocation, reason=reason)


def when_moved(enrolment: Enrolment, previous: Session) -> IssueBatch | None:
    """A convocation to the session that the trainee goes to, in the place of the other one; and the lists, anew."""
    reason = _("Inscription %s déplacée") % enrolment
    _reissue_lists(enrolment, reason)
    _reissue_sheet(enrolment.order, previous, reason)
    seat = _seats(Enrolment.objects.filter(pk=enrolment.pk)).first()
    if seat is None or seat.participant_id is None or seat.session.state not in WILL_RUN:
        return None
    return summon(seat=seat, reason=reason)


def when_cancelled(enrolment: Enrolment) -> IssueBatch | None:
    """The lists that still name the trainee, anew, when somebody is left on them."""
    return _reissue_lists(enrolment, _("Inscription %s annulée") % enrolment)


def _reissue_lists(enrolment: Enrolment, reason: str) -> IssueBatch | None:
    order, session = enrolment.order, enrolment.session
    subjects = []
    if order.state == OrderState.VALIDATED and order.enrolments.active().exists():
        subjects.append(Subject.of_order(PaperKind.CONVENTION, order))
    return reissue(subjects=[*subjects, *_sheet(order, session)], reason=reason)


def _reissue_sheet(order: Order, session: Session, reason: str) -> None:
    reissue(subjects=_sheet(order, session), reason=reason)


def _sheet(order: Order, session: Session) -> list[Subject]:
    """The attendance sheet of the order's establishment, while the session is to come and somebody of it is left."""
    others = _seats(session.enrolments.filter(order__establishment=order.establishment))
    if order.establishment is None or session.state == SessionState.DONE or not others.exists():
        return []
    return [Subject.of_sheet(session, order.establishment)]


def _seats(enrolments: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
    """Those of validated orders that were not cancelled, with what subjects are made of."""
    kept = enrolments.filter(order__state=OrderState.VALIDATED).exclude(state=EnrolmentState.CANCELLED)
    return kept.select_related("order__establishment", "session").order_by("pk")


def _ours(session: Session) -> list[Enrolment]:
    """The seats of a session less those of orders whose papers come from elsewhere.

    Whoever has issued papers for an order goes on: an order with papers of which the portal made none, and no client
    handed any in, is the ERP's, and its convocations, attestations and invoices will come in a drop.
    """
    not_handed_in = Q(deposit__isnull=True) | Q(deposit__handled_at=F("deposit__at"))  # the latter: Deposit.by_team
    filed = Document.objects.filter(not_handed_in, order__enrolments__session=session, issue__isnull=True)
    made_here = Issue.objects.filter(order__isnull=False).values("order")
    theirs = set(filed.exclude(order__in=made_here).values_list("order", flat=True))
    return [one for one in _seats(session.enrolments.all()) if one.order_id not in theirs]


def convocations(seats: Iterable[Enrolment]) -> list[Subject]:
    """For the seats that have a name."""
    return [Subject.of_seat(PaperKind.CONVOCATION, one) for one in seats if one.participant_id is not None]


def sheets(seats: Iterable[Enrolment]) -> list[Subject]:
    """One per session and establishment; an order that is attached to none has none yet."""
    pairs: dict[tuple[int, int], tuple[Session, Establishment]] = {}
    for one in seats:
        if one.order.establishment is not None:
            pairs[one.session_id, one.order.establishment.pk] = (one.session, one.order.establishment)
    return [Subject.of_sheet(session, establishment) for session, establishment in pairs.values()]


def attestations(seats: Iterable[Enrolment]) -> list[Subject]:
    """For the named trainees who followed some of it."""
    rows = with_hours_attended(_seats(_named(seats)))
    return [Subject.of_seat(PaperKind.ATTESTATION, one) for one in rows if getattr(one, "hours_attended", 0) > 0]


def bills(seats: Iterable[Enrolment], fees: Iterable[EnrolmentEvent] = ()) -> list[Subject]:
    """One per order and session, for seats and fees; those of orders attached to no establishment wait for that."""
    about = [(one.order, one.session) for one in seats]
    about += [(one.enrolment.order, one.session_before or one.enrolment.session) for one in fees]
    pairs = {(order.pk, session.pk): (order, session) for order, session in about if order.establishment_id is not None}
    return [Subject.of_bill(order, session) for order, session in pairs.values()]


def evaluations(seats: Iterable[Enrolment]) -> list[Subject]:
    """For the trainees whose answers are in."""
    answered = _seats(_named(seats).filter(evaluation__submitted_at__isnull=False))
    return [Subject.of_seat(PaperKind.EVALUATION, one) for one in answered]


def _named(seats: Iterable[Enrolment]) -> EnrolmentQuerySet:
    return Enrolment.objects.filter(pk__in=[one.pk for one in seats], participant__isnull=False)


def when_answered(enrolment: Enrolment, actor: User | None = None) -> IssueBatch | None:
    """The évaluation of a trainee who has sent their answers."""
    seats = evaluations([enrolment])
    return ask(subjects=seats, reason=_("Évaluation de l’inscription %s") % enrolment, actor=actor)
