"""Orders and enrolments of the demonstration, at the prices of the day; then the state of the sessions to come."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from accounts.roles import Role
from catalogue.models import Session, SessionState
from catalogue.pricing import Price
from enrolments.accord_seats import ORDERED
from enrolments.models import Enrolment, EnrolmentState, Order, OrderChannel, OrderState, Participant
from enrolments.transitions import any_state

from .accords import in_force, price_of
from .cast import OPCOS, PEOPLE, PUBLIC_FUND, STAFF_EMAIL
from .drafts import Draft
from .story import Story

CONFIRMED_DAYS = 35  # a session this near that has enrolments is confirmed
ATTENDANCE = (EnrolmentState.PRESENT,) * 17 + (EnrolmentState.PARTIAL, EnrolmentState.PARTIAL, EnrolmentState.ABSENT)
ADMINISTERED = {(entry.place, one.email) for one in PEOPLE for entry in one.entries if entry.role == Role.ADMINISTRATOR}
ADMINISTRATORS = {email for _place, email in ADMINISTERED}
APPROVING_PLACE, APPROVING_FROM = "lyon", Decimal(1000)  # where internal approval is switched on, and from how much


def waits_for_approval(place: str | None, email: str, enrolments: Iterable[Enrolment]) -> bool:
    """Whether the rule of enrolments.approving makes an order of these wait, as it does on the site."""
    total = sum((one.price for one in enrolments), Decimal(0))
    return place == APPROVING_PLACE and (place, email) not in ADMINISTERED and total >= APPROVING_FROM


class Counterparts:
    """What placing an order depends on: the orders before it."""

    def __init__(self) -> None:
        self.seats_by_accord: Counter[int] = Counter()
        self.validated_on_site: set[str] = set()
        self.in_session: dict[int, set[int]] = {}


def make_orders(story: Story, drafts: list[Draft]) -> None:
    """Place the drafts, oldest first, so that thresholds in seats count what came before."""
    before, rank_of_year = Counterparts(), Counter[int]()
    enrolments: list[Enrolment] = []
    for draft in drafts:
        rank_of_year[draft.placed_on.year] += 1
        order = _order(story, draft, rank_of_year[draft.placed_on.year])
        story.orders.append(order)
        lines = list(_enrolments(story, draft, order, before))
        enrolments += lines
        if order.state == OrderState.TO_APPROVE and not waits_for_approval(draft.place, draft.email, lines):
            order.state = OrderState.PENDING
        if draft.state == OrderState.VALIDATED and draft.channel == OrderChannel.SITE:
            before.validated_on_site.add(draft.email)
    Order.objects.bulk_create(story.orders)
    for rank, enrolment in enumerate(enrolments, 1):
        enrolment.number = f"INS-{enrolment.order.placed_on.year}-{rank:05d}"
    Enrolment.objects.bulk_create(enrolments)
    for enrolment in enrolments:
        story.enrolments.setdefault(enrolment.order_id, []).append(enrolment)


def _order(story: Story, draft: Draft, rank: int) -> Order:
    chance, dice = story.rng, story.rng.random()
    buys = chance.random() < 0.6 if draft.purchase_order is None else draft.purchase_order
    public = draft.place in ("dgs", "numerique", "eau")
    funded = (dice < 0.25 and not public) if draft.opco is None else draft.opco
    return Order(
        number=f"CMD-{draft.placed_on.year}-{rank:04d}",
        placed_on=draft.placed_on,
        order_email=draft.email,
        ordered_by=story.people[draft.email if draft.channel == OrderChannel.SITE else STAFF_EMAIL],
        establishment=story.places[draft.place] if draft.place else None,
        declared_siret=story.places[draft.declared].siret if draft.declared else "",
        state=draft.state,
        purchase_order_number=f"{'ENG' if public else 'BC'}-{chance.randint(1000, 9999)}" if buys else "",
        opco=(PUBLIC_FUND if public else chance.choice(OPCOS)) if funded else "",
        channel=draft.channel,
    )


def _enrolments(story: Story, draft: Draft, order: Order, before: Counterparts) -> Iterator[Enrolment]:
    for session in draft.sessions:
        price = _price(story, draft, session, before)
        for rank, participant in enumerate(_trainees(story, draft, session, before)):
            named = rank < draft.seats - draft.nameless
            yield Enrolment(
                order=order,
                session=session,
                participant=participant if named else None,
                state=_state(story, draft, session, rank),
                public_price=session.course.public_price,
                price=price.amount,
                accord_id=None if price.line is None else price.line.accord_id,
                accord_line_id=None if price.line is None else price.line.id,
            )
    if draft.place and draft.state in ORDERED:
        for accord in in_force(story, draft.place, draft.placed_on):
            before.seats_by_accord[accord.pk] += draft.seats * len(draft.sessions)


def _price(story: Story, draft: Draft, session: Session, before: Counterparts) -> Price:
    """Rule 7: on the site, a responsable has the negotiated price once a first order of theirs was validated."""
    known = draft.email in ADMINISTRATORS or draft.email in before.validated_on_site
    if draft.place is None or (draft.channel == OrderChannel.SITE and not known):
        public = session.course.public_price
        return Price(public, public, session.course.vat_rate)
    return price_of(story, session.course, draft.place, draft.placed_on, before.seats_by_accord)


def _trainees(story: Story, draft: Draft, session: Session, before: Counterparts) -> list[Participant]:
    """Colleagues who are not in that session already; of an order not attached, one known by its email only."""
    if draft.place is None:
        person = story.people[draft.email]
        return [
            Participant.objects.create(
                owner_email=draft.email, first_name=person.first_name, last_name=person.last_name, email=draft.email
            )
        ]
    there = before.in_session.setdefault(session.pk, set())
    chosen = story.rng.sample([one for one in story.staff_pool[draft.place] if one.pk not in there], draft.seats)
    there.update(one.pk for one in chosen)
    return chosen


def _state(story: Story, draft: Draft, session: Session, rank: int) -> EnrolmentState:
    if draft.state in (OrderState.REFUSED, OrderState.CANCELLED):
        return EnrolmentState.CANCELLED
    if draft.state != OrderState.VALIDATED:
        return EnrolmentState.PENDING
    if session.state != SessionState.DONE:
        return EnrolmentState.CONFIRMED
    if draft.story == "credit" and rank == draft.seats - 1:
        return EnrolmentState.ABSENT  # the one whose seat is credited
    return EnrolmentState.PRESENT if draft.story or rank == 0 else story.rng.choice(ATTENDANCE)


def settle_sessions(story: Story) -> None:
    """Give each session to come the state that its enrolments make; every state is there at least once."""
    counts = Counter(
        enrolment.session_id
        for group in story.enrolments.values()
        for enrolment in group
        if enrolment.state != EnrolmentState.CANCELLED
    )
    coming = sorted((one for one in story.sessions if one.starts_on > story.today), key=lambda one: one.starts_on)
    for session in coming:
        near = (session.starts_on - story.today).days <= CONFIRMED_DAYS
        if counts[session.pk] and near:
            session.minimum = min(session.minimum, counts[session.pk])
            session.state = story.rng.choice((SessionState.CONFIRMED, SessionState.CONFIRMED, SessionState.GUARANTEED))
    busy = [one for one in coming if counts[one.pk]]
    for session, state in zip(busy[:2], (SessionState.GUARANTEED, SessionState.CONFIRMED), strict=False):
        session.state = state
    for session in busy[2:12:4]:
        session.seats, session.minimum, session.state = counts[session.pk], 1, SessionState.FULL
    for session in [one for one in coming if not counts[one.pk]][3:40:18]:
        session.state = SessionState.CANCELLED
    never_held = [one for one in story.sessions if one.state == SessionState.DONE and not counts[one.pk]][::40]
    for session in never_held:
        session.state = SessionState.CANCELLED
    settled = never_held + [one for one in coming if one.state != SessionState.OPEN]
    with any_state():
        Session.objects.bulk_update(settled, ["state", "seats", "minimum"])
