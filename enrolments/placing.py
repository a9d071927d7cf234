"""Making an order of a draft: once, whole, with seats that are there and prices that hold.

Locks are taken in this order: the draft, the establishment, the accords, the session. Inside them everything that the
pages showed is looked at again, because it may have changed meanwhile; what does not hold any more raises.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Establishment, User
from accounts.siren import clean_siret
from catalogue.models import Session
from enrolments.models import (
    DraftSeat,
    Enrolment,
    Order,
    OrderChannel,
    OrderDraft,
    OrderEvent,
    OrderEventKind,
    OrderState,
    Participant,
)

from . import order_mails
from .approving import approvers_of, needs_approval
from .drafts import Quote, clashes_of, home_of, known_colleagues, own_establishments, quote
from .participants import Home, matching_participants
from .prices import lock_accords
from .rosters import Named
from .seats import lock_sessions, seats_of, sells_online
from .signals import order_placed


class PlacingError(ValidationError):
    """The draft can't become an order as it stands; the message says why, and the draft is as it was."""


class UnverifiedError(PlacingError):
    """The login address is not verified, so an order would be nobody's (rule 1)."""


class SessionClosedError(PlacingError):
    """The session began, was cancelled, or sells no seats on the site."""


class SessionFullError(PlacingError):
    """Fewer seats are left than the draft asks for."""


class PriceChangedError(PlacingError):
    """The total is not the one that was shown and agreed to."""


@transaction.atomic
def place_order(*, draft: OrderDraft, actor: User, total: Decimal) -> Order:
    """Make the order of a draft, at the `total` (EUR HT) that its owner was shown; the same order whenever asked again.

    The order waits for approval if the establishment asks for it, else for staff. Raises a PlacingError when the draft
    does not hold any more, OrderDraft.DoesNotExist when it is not the actor's.
    """
    held = OrderDraft.objects.select_for_update(of=["self"]).get(pk=draft.pk, owner=actor)
    if held.order_id is not None:
        return Order.objects.get(pk=held.order_id)
    if held.establishment_id is not None:  # accesses are given and taken under this lock
        Establishment.objects.select_for_update(no_key=True).get(pk=held.establishment_id)
    person = User.objects.with_rights(actor.pk)
    if person is None or person.rights.email is None:
        raise UnverifiedError(_("Confirmez d’abord votre adresse de connexion : une commande y est attachée."))
    establishment = _establishment(held, person)
    session = lock_sessions([held.session_id])[held.session_id]
    seats = list(held.seats.select_related("participant").order_by("pk"))
    count = len(seats) + held.unnamed_seats
    _check_seats(session, count)
    _check_people(held, person, seats)
    costs = quote(person.rights, establishment, session.course, count)
    if costs.total != total:
        raise PriceChangedError(_("Le prix a changé depuis l’affichage du récapitulatif : vérifiez-le de nouveau."))
    order = _order(held, person, establishment, costs)
    _enrol(order, session, _seated(seats, home_of(held)) + [None] * held.unnamed_seats, costs)
    held.order = order
    held.save(update_fields=["order", "updated_at"])
    OrderEvent.objects.create(order=order, kind=OrderEventKind.PLACED, by=person)
    quote_asked = any(answer for _receiver, answer in order_placed.send(Order, order=order))
    order_mails.acknowledge(order, person, quote_asked=quote_asked)
    if order.state == OrderState.TO_APPROVE:
        order_mails.ask_approval(order, approvers_of(order), costs)
    return order


def _establishment(held: OrderDraft, person: User) -> Establishment | None:
    """The establishment of the draft, if it still is one of the person's, its accords locked; None without one."""
    if held.establishment_id is None:
        clean_siret(held.declared_siret)
        return None
    found = own_establishments(person.rights).filter(pk=held.establishment_id).first()
    if found is None:
        raise PlacingError(_("Cet établissement n’est plus parmi les vôtres : choisissez-en un autre."))
    lock_accords(found, timezone.localdate())
    return found


def _check_seats(session: Session, count: int) -> None:
    if not count:
        raise PlacingError(_("Nommez au moins une personne, ou réservez une place à désigner."))
    if not sells_online(session):
        raise SessionClosedError(_("Cette session n’est plus ouverte aux inscriptions."))
    left = seats_of(session).left
    if left < count:
        none = _("La session vient de se remplir : il ne reste aucune place.")
        some = ngettext(
            "Il ne reste que %(left)d place dans cette session.",
            "Il ne reste que %(left)d places dans cette session.",
            left,
        )
        raise SessionFullError(some % {"left": left} if left else none)


def _check_people(held: OrderDraft, person: User, seats: Sequence[DraftSeat]) -> None:
    """Colleagues that the person may still see, and a word for whoever is enrolled already."""
    ticked = {seat.participant_id for seat in seats if seat.participant_id is not None}
    seen = set(known_colleagues(person, home_of(held)).filter(pk__in=ticked).values_list("pk", flat=True))
    if ticked - seen:
        raise PlacingError(_("Une des personnes choisies n’est plus parmi vos collaborateurs : nommez-la de nouveau."))
    if not held.comment and clashes_of(held, person):
        raise PlacingError(_("Une des personnes est déjà inscrite aux mêmes dates : dites-nous en un mot pourquoi."))


def next_order_number() -> str:
    """A number for an order made on the site. Numbers may have gaps: only those of invoices may not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('enrolments_order_number')")
        return f"EC-{timezone.localdate().year}-{cursor.fetchone()[0]:06d}"


def placed_on_site(orders: Collection[int]) -> set[int]:
    """Which of these orders, by id, were placed in the portal, which priced them; the others came from the ERP."""
    placed = OrderEvent.objects.filter(order__in=orders, kind=OrderEventKind.PLACED)
    return set(placed.values_list("order_id", flat=True))


def _order(held: OrderDraft, person: User, establishment: Establishment | None, costs: Quote) -> Order:
    waits = establishment is not None and needs_approval(establishment, person, costs.total)
    return Order.objects.create(
        number=next_order_number(),
        order_email=held.order_email,
        ordered_by=person,
        establishment=establishment,
        declared_siret=held.declared_siret if establishment is None else "",
        state=OrderState.TO_APPROVE if waits else OrderState.PENDING,
        purchase_order_number=held.purchase_order_number,
        opco=held.opco,
        channel=OrderChannel.SITE,
        comment=held.comment,
        draft_token=held.token,
    )


def _seated(seats: Sequence[DraftSeat], home: Home) -> list[Participant | None]:
    """The participants of these seats, in their order; those that nobody knew yet are made known."""
    named = {seat.pk: Named(seat.last_name, seat.first_name, seat.email) for seat in seats if seat.participant is None}
    known = matching_participants(home, [one.last_name for one in named.values()]) if named else {}
    made = {
        one.key: Participant(
            company_id=home.company_id,
            owner_email=home.owner_email,
            last_name=one.last_name,
            first_name=one.first_name,
            email=one.email,
        )
        for one in named.values()
        if one.key not in known
    }
    Participant.objects.bulk_create(made.values())
    known |= made
    return [seat.participant or known[named[seat.pk].key] for seat in seats]


def _enrol(order: Order, session: Session, participants: Sequence[Participant | None], costs: Quote) -> None:
    """One enrolment per seat, at the price found, with the accord and the line that gave it."""
    line = costs.price.line
    Enrolment.objects.bulk_create(
        Enrolment(
            number=f"{order.number}-{rank:02d}",
            order=order,
            session=session,
            participant=participant,
            public_price=costs.price.public,
            price=costs.price.amount,
            accord_id=line.accord_id if line else None,
            accord_line_id=line.id if line else None,
        )
        for rank, participant in enumerate(participants, 1)
    )
