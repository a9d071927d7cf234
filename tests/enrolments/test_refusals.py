"""What the services of following and changing refuse, each with its sentence, and the rare roads they take."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import NotificationKind, User
from accounts.models.notification import NotificationChoices
from accounts.roles import Role
from catalogue.models import CourseKind, Session, SessionState
from enrolments.accepting import accept, cost_of
from enrolments.changing import NewPerson, cancel, hold, move, obstacle, sessions_to_move_to, substitute
from enrolments.erasure import ask_erasure, erase, kept_because, refuse, to_do_first
from enrolments.merging import merge
from enrolments.models import (
    ApprovalPolicy,
    CancellationTerms,
    DayCount,
    Enrolment,
    EnrolmentState,
    OrderState,
    Participant,
    WaitingEntry,
)
from enrolments.proposals import cancel_session, move_session
from enrolments.quoting import Change, quote
from enrolments.services import attach_order
from enrolments.transitions import any_state
from enrolments.waiting import join, session_of
from tests.enrolments.changes import MINE, coming, enrolled, make_terms
from tests.worlds import World, give_access, make_order, make_user

FREE, PRICE = Decimal(0), Decimal(1500)
TODAY = timezone.localdate


@pytest.fixture
def actor(world: World) -> User:
    return world.personas["responsable"]


# --- Changes -------------------------------------------------------------------------------------------------------


def test_what_is_over_says_why_it_can_not_change(world: World) -> None:
    enrolment = enrolled(world, coming(world, 5))
    assert obstacle(enrolment, Change.CANCEL, TODAY()) == ""
    enrolment.session.starts_on = TODAY() - timedelta(days=1)
    assert "a commencé" in obstacle(enrolment, Change.MOVE, TODAY())
    enrolment.session.state = SessionState.CANCELLED
    assert "choisissez d’abord une autre session" in obstacle(enrolment, Change.SUBSTITUTE, TODAY())
    assert obstacle(enrolment, Change.MOVE, TODAY()) == ""
    enrolment.session.state = SessionState.DONE
    assert "a eu lieu" in obstacle(enrolment, Change.MOVE, TODAY())
    enrolment.order.state = OrderState.REFUSED
    assert "est annulée" in obstacle(enrolment, Change.CANCEL, TODAY())


def test_the_sessions_one_may_move_to_are_to_come_on_sale_and_others(world: World) -> None:
    enrolment = enrolled(world, coming(world, 20))
    later, sooner = coming(world, 40), coming(world, 30)
    coming(world, -3)
    coming(world, 50, state=SessionState.CANCELLED)
    found = list(sessions_to_move_to(enrolment, TODAY()).filter(pk__gte=enrolment.session_id))
    assert found == [sooner, later]


def test_the_same_person_does_not_take_their_own_seat(world: World, actor: User) -> None:
    enrolment = enrolled(world, coming(world, 20))
    assert enrolment.participant is not None
    with pytest.raises(ValidationError, match="a déjà cette place"):
        substitute(actor=actor, enrolment=enrolment, person=enrolment.participant, agreed=FREE)
    assert str(NewPerson("Roy", "Ana")) == "Ana Roy"


def test_a_seat_without_a_name_moves_too(world: World, actor: User) -> None:
    enrolment, other = enrolled(world, coming(world, 20)), coming(world, 30)
    Enrolment.objects.filter(pk=enrolment.pk).update(participant=None)
    moved = move(actor=actor, enrolment=enrolment, session=other, agreed=FREE)
    assert (moved.session, moved.participant) == (other, None)
    assert "place à désigner" in str(mail.outbox[-1].subject)


def test_an_enrolment_that_changed_session_meanwhile_is_looked_at_again(
    world: World, actor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody moves it after its session was read, and before its order is locked."""
    enrolment, other = enrolled(world, coming(world, 20)), coming(world, 30)

    def moved_meanwhile(ids: set[int]) -> dict[int, Session]:
        Enrolment.objects.filter(pk=enrolment.pk).update(session=other)
        return Session.objects.in_bulk(ids)

    monkeypatch.setattr("enrolments.changing.lock_sessions", moved_meanwhile)
    with pytest.raises(ValidationError, match="vient de changer de session"):
        hold(actor, enrolment)


def test_whoever_declined_such_mails_gets_none(world: World, actor: User) -> None:
    NotificationChoices.objects.create(user=actor, declined=[NotificationKind.ORDERS])
    enrolment = enrolled(world, coming(world, 20))
    mail.outbox.clear()
    cancel(actor=actor, enrolment=enrolment, agreed=FREE)
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("change", "days", "said"),
    [
        (Change.SUBSTITUTE, 40, "gratuit jusqu’à 30 jours avant"),
        (Change.SUBSTITUTE, 9, "à moins de 30 jours, un remplacement coûte 12,5 % du prix HT."),
        (Change.MOVE, 9, "Il reste 9 jours avant le début : à moins de 10 jours, un report coûte 25 %"),
        (Change.CANCEL, 1, "Il reste 1 jour avant le début : à moins de 5 jours, une annulation coûte 100 %"),
        (Change.CANCEL, 0, "La session commence aujourd’hui : à moins de 5 jours"),
        (Change.CANCEL, 60, "c’est gratuit à cette date."),
    ],
)
def test_the_reason_of_a_fee_is_a_sentence(world: World, change: Change, days: int, said: str) -> None:
    make_terms()
    CancellationTerms.objects.update(free_substitution_days=30, substitution_rate=Decimal("12.5"))
    reason = quote(enrolled(world, coming(world, days)), change, TODAY()).reason
    assert said in reason.replace("\u00a0", " ")


def test_working_days_are_called_so(world: World) -> None:
    make_terms()
    CancellationTerms.objects.update(day_count=DayCount.WORKING)
    reason = quote(enrolled(world, coming(world, 3)), Change.CANCEL, TODAY()).reason
    assert "à moins de 5 jours ouvrés, une annulation coûte 100" in reason


def test_without_terms_nothing_is_due(world: World) -> None:
    costs = quote(enrolled(world, coming(world, 1)), Change.CANCEL, TODAY())
    assert costs.fee.free
    assert "aucune condition" in costs.reason


# --- Waiting lists -------------------------------------------------------------------------------------------------


@pytest.fixture
def full(world: World) -> Session:
    session = coming(world, 30, seats=1)
    enrolled(world, session)
    return session


def free_the_seat(actor: User, session: Session) -> None:
    cancel(actor=actor, enrolment=Enrolment.objects.active().get(session=session), agreed=FREE)


def test_only_a_session_of_all_has_a_list(world: World, full: Session) -> None:
    assert session_of(full.pk) == full
    type(full.course).objects.filter(pk=full.course_id).update(kind=CourseKind.INTRA)
    assert session_of(full.pk) is None


def test_somebody_of_elsewhere_does_not_wait_here(world: World, full: Session) -> None:
    stranger = world.brume.establishments[0].orders.earliest("pk").enrolments.earliest("pk").participant
    with pytest.raises(ValidationError, match="pas de cet établissement"):
        join(actor=world.personas["administrator"], session=full, establishment=world.lille, participant=stranger)


def test_nobody_waits_for_a_seat_they_have_or_twice(world: World, full: Session) -> None:
    administrator = world.personas["administrator"]
    there = Enrolment.objects.active().get(session=full).participant
    with pytest.raises(ValidationError, match="déjà inscrit à cette session"):
        join(actor=administrator, session=full, establishment=world.lille, participant=there)
    other = seated(world, 50)
    join(actor=administrator, session=full, establishment=world.lille, participant=other)
    with pytest.raises(ValidationError, match="déjà sur la liste d’attente"):
        join(actor=administrator, session=full, establishment=world.lille, participant=other)


def test_a_seat_of_the_list_without_an_establishment(world: World, actor: User, full: Session) -> None:
    """A responsable whom staff have attached nowhere: the order will be, when they validate it."""
    other = make_user("nouvelle@ailleurs.example")
    entry = join(actor=other, session=full, establishment=None)
    free_the_seat(actor, full)
    order = accept(actor=other, entry=entry, total=cost_of(entry, other).total)
    assert (order.establishment, order.order_email, order.state) == (None, other.email, OrderState.PENDING)


def test_a_seat_of_the_list_waits_for_internal_approval_too(world: World, actor: User, full: Session) -> None:
    ApprovalPolicy.objects.create(establishment=world.lille, active=True)
    member = make_user("assistante@armor.example")
    give_access(member, world.lille, Role.STANDARD)
    member = User.objects.get(pk=member.pk)
    entry = join(actor=member, session=full, establishment=world.lille)
    free_the_seat(actor, full)
    mail.outbox.clear()
    order = accept(actor=member, entry=entry, total=PRICE)
    assert order.state == OrderState.TO_APPROVE
    asked = [one.to[0] for one in mail.outbox if "à approuver" in one.subject]
    assert world.personas["administrator"].email in asked


def test_a_closed_account_takes_no_seat(world: World, full: Session) -> None:
    user = make_user("partie@armor.example")
    entry = join(actor=user, session=full, establishment=None)
    User.objects.filter(pk=user.pk).update(is_active=False)
    for actor in (user, User(pk=user.pk + 1000)):
        with pytest.raises(WaitingEntry.DoesNotExist):
            accept(actor=actor, entry=entry, total=PRICE)


# --- Sessions that change, orders that are attached ----------------------------------------------------------------


def test_a_session_that_is_over_is_neither_cancelled_nor_moved(world: World) -> None:
    staff, session = world.personas["staff"], coming(world, 20)
    cancel_session(session=session, actor=staff, reason="")
    with pytest.raises(ValidationError, match="déjà annulée"):
        cancel_session(session=session, actor=staff, reason="")
    day = TODAY() + timedelta(days=60)
    with pytest.raises(ValidationError, match="n’a pas lieu"):
        move_session(session=session, actor=staff, starts_on=day, ends_on=day, reason="")


def test_a_session_is_not_moved_to_its_own_dates_nor_backwards(world: World) -> None:
    staff, session = world.personas["staff"], coming(world, 20)
    same = {"starts_on": session.starts_on, "ends_on": session.ends_on}
    with pytest.raises(ValidationError, match="déjà les dates"):
        move_session(session=session, actor=staff, reason="", **same)
    with pytest.raises(ValidationError, match="finir après avoir commencé"):
        move_session(
            session=session, actor=staff, reason="", starts_on=same["starts_on"], ends_on=TODAY() + timedelta(days=1)
        )


def test_an_order_is_attached_once(world: World) -> None:
    order = make_order(None, "zoe@armor.example", [coming(world, 20)], papers=False)
    attach_order(order=order, establishment=world.lille)
    with pytest.raises(ValidationError, match="déjà rattachée"):
        attach_order(order=order, establishment=world.nice)


# --- Colleagues ----------------------------------------------------------------------------------------------------


def seated(world: World, days: int = 20, email: str = MINE) -> Participant:
    participant = enrolled(world, coming(world, days), email).participant
    assert participant is not None
    return participant


def test_two_of_different_companies_are_not_one(world: World) -> None:
    user = make_user("double@armor.example")
    for place in (world.lille, world.brume.establishments[0]):
        give_access(user, place, Role.ADMINISTRATOR)
    theirs = world.brume.establishments[0].orders.earliest("pk").enrolments.earliest("pk").participant
    assert theirs is not None
    with pytest.raises(ValidationError, match="pas de la même entreprise"):
        merge(actor=user, kept=seated(world), merged=theirs)


def test_somebody_merged_is_not_merged_again(world: World) -> None:
    administrator = world.personas["administrator"]
    kept, merged, third = seated(world, 20), seated(world, 30), seated(world, 40)
    merge(actor=administrator, kept=kept, merged=merged)
    Enrolment.objects.filter(participant=third).update(participant=merged)  # an enrolment that came in since
    with pytest.raises(ValidationError, match="déjà fusionnée"):
        merge(actor=administrator, kept=kept, merged=merged)
    with pytest.raises(ValidationError, match="deux personnes différentes"):
        merge(actor=administrator, kept=kept, merged=kept)


def test_an_erasure_says_what_stays(world: World) -> None:
    nobody = Participant.objects.create(company=world.armor.company, last_name="Sans")
    assert kept_because(nobody) == []
    past, coming_soon = seated(world, -9), seated(world, 9)
    assert len(kept_because(past)) == 2
    assert "encore inscrite à une session à venir" in to_do_first(coming_soon)[0]
    assert to_do_first(past) == []


def test_a_request_is_answered_once(world: World) -> None:
    asked = ask_erasure(participant=seated(world, -9), actor=world.personas["administrator"], reason="")
    refuse(request=asked, actor=world.personas["staff"], answer="Contrat en cours.")
    for again in (refuse, erase):
        with pytest.raises(ValidationError, match="déjà sa réponse"):
            again(request=asked, actor=world.personas["staff"], answer="Non.")


def test_an_enrolment_that_was_attended_is_cancelled_by_nobody(world: World, actor: User) -> None:
    enrolment = enrolled(world, coming(world, 3))
    with any_state():
        Enrolment.objects.filter(pk=enrolment.pk).update(state=EnrolmentState.PRESENT)
    with pytest.raises(ValidationError, match="a eu lieu"):
        cancel(actor=actor, enrolment=enrolment, agreed=FREE)
