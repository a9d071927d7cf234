"""Preparing an order: what each page of the form keeps, and what is said of it before it is confirmed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_tasks import task

from accounts.models import Establishment, User
from accounts.rights import Rights
from catalogue.models import Course, Session
from catalogue.pricing import Price, to_the_cent
from enrolments.models import (
    DraftSeat,
    Enrolment,
    EnrolmentQuerySet,
    Order,
    OrderDraft,
    OrderState,
    Participant,
)
from enrolments.prices import prices_for_order

from .participants import Home, erp_key, matching_participants
from .rosters import Named

MOST_SEATS = 9_999
KEPT = timedelta(days=60)  # an open draft that nobody touches
KEPT_ONCE_PLACED = timedelta(days=30)  # long enough for any retried confirmation to find its order


def own_establishments(rights: Rights) -> QuerySet[Establishment]:
    """Those for which a person may order: where they have an access, and those of orders made with their address."""
    own = Q(pk__in=sorted(rights.establishments))
    if rights.email is not None:
        ordered = Order.objects.filter(order_email=rights.email, establishment__isnull=False)
        lasting = ordered.exclude(state__in=[OrderState.REFUSED, OrderState.CANCELLED])
        own |= Q(pk__in=lasting.values("establishment"))
    return Establishment.objects.filter(own)


def home_of(draft: OrderDraft) -> Home:
    """Where the people of the order to be are known."""
    return Home.of(draft.establishment, draft.order_email)


def known_colleagues(user: User, home: Home) -> QuerySet[Participant]:
    """The colleagues whom a person may tick in an order of this home: visible to them, and known there."""
    return Participant.objects.visible_to(user).filter(home.condition)


def default_establishment(user: User) -> Establishment | None:
    """The establishment of the person's last order if it is still theirs, else the first by name."""
    own = {one.pk: one for one in own_establishments(user.rights).order_by("name", "pk")}
    last = (
        Order.objects.visible_to(user)
        .filter(order_email=user.email, establishment__in=own)
        .order_by("-placed_on", "-pk")
    )
    return own.get(last.values_list("establishment_id", flat=True).first() or 0) or next(iter(own.values()), None)


@transaction.atomic
def take_up(*, user: User, session: Session) -> OrderDraft:
    """The person's open draft for a session, locked; a new one when there is none. Safe to ask twice at once."""
    OrderDraft.objects.bulk_create(
        [OrderDraft(owner=user, session=session, order_email=user.email, establishment=default_establishment(user))],
        ignore_conflicts=True,
    )
    return (
        OrderDraft.objects.select_for_update(of=["self"])
        .select_related("establishment")
        .get(owner=user, session=session, order__isnull=True)
    )


@dataclass(frozen=True)
class People:
    """What the page of participants says: `unticked` are seats of the draft to take out, `known` colleagues to add."""

    unticked: Collection[int] = ()
    known: Sequence[Participant] = ()
    named: Sequence[Named] = ()
    unnamed_seats: int | None = None
    establishment: Establishment | None = None
    declared_siret: str = ""


@transaction.atomic
def keep_people(*, user: User, session: Session, people: People) -> OrderDraft:
    """Write down who takes part, and for which establishment. Whoever is named twice sits once."""
    draft = take_up(user=user, session=session)
    draft.establishment, draft.declared_siret = people.establishment, people.declared_siret
    if people.unnamed_seats is not None:
        draft.unnamed_seats = people.unnamed_seats
    draft.save()
    draft.seats.filter(pk__in=people.unticked).delete()
    _rehome(draft)
    home = home_of(draft)
    seated = {_key(seat) for seat in draft.seats.select_related("participant")}
    linked = _linked(user, home, people.named)
    wanted = {one.pk: one for one in (*people.known, *linked.values()) if Home.of_participant(one) == home}
    already = set(draft.seats.filter(participant__in=wanted).values_list("participant_id", flat=True))
    seats = [DraftSeat(draft=draft, participant=one) for pk, one in wanted.items() if pk not in already]
    seated |= {erp_key(one.email, one.last_name, one.first_name) for one in wanted.values()}
    for named in people.named:
        if named.key not in seated and named.key not in linked:
            seated.add(named.key)
            seats.append(
                DraftSeat(draft=draft, last_name=named.last_name, first_name=named.first_name, email=named.email)
            )
    DraftSeat.objects.bulk_create(seats, batch_size=1000)
    return draft


@transaction.atomic
def keep_terms(*, draft: OrderDraft, terms: Mapping[str, str]) -> None:
    """Write down the rest: `order_email`, `purchase_order_number`, `opco` and `comment`, as the form cleaned them."""
    for name in ("order_email", "purchase_order_number", "opco", "comment"):
        setattr(draft, name, terms[name])
    draft.save()
    _rehome(draft)


@transaction.atomic
def transfer(*, draft: OrderDraft, session: Session) -> OrderDraft:
    """Carry all that a draft says over to another session; whoever is named in its owner's draft there stays too."""
    other = take_up(user=draft.owner, session=session)
    for name in ("establishment", "declared_siret", "order_email", "purchase_order_number", "opco", "comment"):
        setattr(other, name, getattr(draft, name))
    other.unnamed_seats = max(draft.unnamed_seats, other.unnamed_seats)
    other.save()
    there = other.seats.select_related("participant")
    taken, keys = {seat.participant_id for seat in there}, {_key(seat) for seat in there}
    coming = draft.seats.select_related("participant")
    leaving = [seat.pk for seat in coming if seat.participant_id not in taken - {None} and _key(seat) not in keys]
    DraftSeat.objects.filter(pk__in=leaving).update(draft=other)
    draft.delete()
    _rehome(other)
    return other


def _key(seat: DraftSeat) -> str:
    who = seat.participant or seat
    return erp_key(who.email, who.last_name, who.first_name)


def _linked(user: User, home: Home, named: Sequence[Named]) -> dict[str, Participant]:
    """Those typed who are known colleagues, by the same names and address: seen by this person, so nothing is told."""
    found = matching_participants(home, [one.last_name for one in named]) if named else {}
    shared = {one.key: found[one.key] for one in named if one.key in found}
    seen = set(
        known_colleagues(user, home).filter(pk__in=[one.pk for one in shared.values()]).values_list("pk", flat=True)
    )
    return {key: one for key, one in shared.items() if one.pk in seen}


def _rehome(draft: OrderDraft) -> None:
    """When the draft passed to another company: colleagues of the former are kept by their names only."""
    strangers = [
        seat
        for seat in draft.seats.select_related("participant")
        if seat.participant is not None and Home.of_participant(seat.participant) != home_of(draft)
    ]
    for seat in strangers:
        who = seat.participant
        assert who is not None  # noqa: S101  # chosen above
        seat.last_name, seat.first_name, seat.email = who.last_name, who.first_name, who.email
        seat.participant = None
    DraftSeat.objects.bulk_update(strangers, ["participant", "last_name", "first_name", "email"])


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order of some seats would cost. EUR HT, VAT and TTC; the VAT is rounded once, on the total."""

    price: Price
    seats: int

    @property
    def total(self) -> Decimal:
        return self.price.amount * self.seats

    @property
    def public_total(self) -> Decimal:
        return self.price.public * self.seats

    @property
    def saving(self) -> Decimal:
        return self.price.saving * self.seats

    @property
    def vat(self) -> Decimal:
        return to_the_cent(self.total * self.price.vat_rate / 100)

    @property
    def with_vat(self) -> Decimal:
        return self.total + self.vat


def quote(rights: Rights, establishment: Establishment | None, course: Course, seats: int) -> Quote:
    """What these seats cost today, as whoever has these rights is charged (rule 7)."""
    return Quote(prices_for_order(rights, establishment, [course], timezone.localdate())[course.pk], seats)


@dataclass(frozen=True, slots=True)
class Clash:
    """Somebody of the draft who is enrolled already: in the same session, or in one of the same days."""

    name: str
    title: str
    session: Session
    same_session: bool


def clashes_of(draft: OrderDraft, user: User) -> list[Clash]:
    """The clashes that the person may know of: through the enrolments that they may see, and no others."""
    return [
        Clash(
            str(one.participant), one.session.course.title, one.session, same_session=one.session_id == draft.session_id
        )
        for one in enrolments_at_once(Enrolment.objects.visible_to(user), draft.session).filter(
            participant__in=draft.seats.filter(participant__isnull=False).values("participant")
        )
    ]


def enrolments_at_once(rows: EnrolmentQuerySet, session: Session) -> EnrolmentQuerySet:
    """Those, not cancelled, in this session or in another that has a day in common with it."""
    return (
        rows.active()
        .filter(session__starts_on__lte=session.ends_on, session__ends_on__gte=session.starts_on)
        .select_related("participant", "session__course")
        .order_by("participant__last_name", "participant__first_name", "pk")
    )


def seats_in(draft: OrderDraft) -> int:
    """How many seats the order will have: people named, and seats to be named."""
    return draft.seats.count() + draft.unnamed_seats


@task()
def forget_drafts() -> None:
    """Drafts name people: forget those that nobody touched, those of sessions that began, and those long placed."""
    now = timezone.now()
    stale = Q(order__isnull=True) & (
        Q(updated_at__lt=now - KEPT) | Q(session__starts_on__lte=timezone.localdate() - timedelta(days=1))
    )
    OrderDraft.objects.filter(stale | Q(order__isnull=False, updated_at__lt=now - KEPT_ONCE_PLACED)).delete()
