"""The orders that the demonstration will place: who, for which establishment, when, for which session."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from catalogue.models import Session, SessionState
from enrolments.models import OrderChannel, OrderState

from .cast import FIRMS, Place
from .story import Story
from .working_days import last_office_day

SEATS = (1, 1, 1, 2, 2, 2, 3, 3, 4, 5)
CHANNELS = (OrderChannel.SITE,) * 7 + (OrderChannel.PHONE, OrderChannel.MAIL, OrderChannel.MAIL)
COMING_STATES = (OrderState.VALIDATED,) * 2 + (OrderState.PENDING,) * 2 + (OrderState.TO_APPROVE,)

WIDER, WIDENINGS = 10, 120  # days on each side when a window has no session left, and how often before giving up


@dataclass
class Draft:
    """An order to be. `place` None: not attached yet, `declared` is then the key of the place whose SIRET was given.

    `nameless`: how many of its seats are "à désigner". None in `purchase_order` and `opco` leaves it to chance.
    `story`: what else is to happen to it (papers.py): "credit" (an avoir) or "correct" (a paper issued again).
    """

    email: str
    place: str | None
    placed_on: date
    sessions: tuple[Session, ...]
    seats: int
    state: OrderState = OrderState.VALIDATED
    channel: OrderChannel = OrderChannel.SITE
    nameless: int = 0
    declared: str = ""
    purchase_order: bool | None = None
    opco: bool | None = None
    story: str = ""


class Seating:
    """Which sessions still have room, while orders are drafted; nothing is drafted beyond a session's seats."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.left = {session.pk: session.seats for session in story.sessions}

    def pick(self, seats: int, first_day: int, last_day: int, *, largest: bool = False) -> Session:
        """A session that begins so many days from today (negative: ago) and has room; the seats are taken.

        Widens the window, on its side of today, until there is one; ValueError if no session has room. `largest`
        prefers the longest course, whose papers show the most.
        """
        fitting = [one for one in self.story.sessions if self._fits(one, seats, first_day, last_day)]
        for _attempt in range(WIDENINGS):
            if fitting:
                break
            past = last_day < 0
            first_day = first_day - WIDER if past else max(1, first_day - WIDER)
            last_day = min(-1, last_day + WIDER) if past else last_day + WIDER
            fitting = [one for one in self.story.sessions if self._fits(one, seats, first_day, last_day)]
        longest = max(one.course.days for one in fitting)
        choice = self.story.rng.choice([one for one in fitting if one.course.days == longest] if largest else fitting)
        self.left[choice.pk] -= seats
        return choice

    def _fits(self, session: Session, seats: int, first_day: int, last_day: int) -> bool:
        distance = (session.starts_on - self.story.today).days
        # What is running today is neither past nor to come: only the scenes that ask for it may use it.
        settled = session.state == SessionState.DONE or distance > 0
        return settled and first_day <= distance <= last_day and self.left[session.pk] >= seats


def all_drafts(story: Story) -> list[Draft]:
    """The scenes first, so that they find room, then chance; in the order in which they were placed."""
    seating = Seating(story)
    drafts = [*_scenes(story, seating)]
    for firm in FIRMS:
        for place in firm.places:
            drafts += _history(story, seating, place)
            drafts += _coming(story, seating, place)
    for draft in drafts:
        draft.placed_on = last_office_day(draft.placed_on)
    return sorted(drafts, key=lambda draft: draft.placed_on)


def _scenes(story: Story, seating: Seating) -> Iterator[Draft]:
    """What each documented account must find, whatever the dice say."""
    claire, nadia = "claire.fontaine@solvane.example", "nadia.benali@solvane.example"
    yves, karim = "yves.morvan@morvan-associes.example", "karim.haddad@breval.example"

    def ago(days: int) -> date:
        return story.today - timedelta(days=days)

    # One order with all nine types of document, in each establishment that has a documented account.
    for email, place, distance, scene in (
        (claire, "lyon", -45, "credit"), (nadia, "toulouse", -60, "correct"), (yves, "morvan", -50, "correct"),
        (karim, "numerique", -40, "credit"),
    ):  # fmt: skip
        session = seating.pick(3, distance - 20, distance + 20)
        yield Draft(email, place, session.starts_on - timedelta(days=40), (session,), 3,
                    purchase_order=True, opco=True, story=scene)  # fmt: skip
    # A first order on the site, long ago, so that negotiated prices are open; then two sessions in one order.
    first = seating.pick(1, -900, -700)
    yield Draft(claire, "lyon", first.starts_on - timedelta(days=30), (first,), 1)
    both = seating.pick(2, -150, -110), seating.pick(2, -105, -80)
    yield Draft(claire, "lyon", both[0].starts_on - timedelta(days=35), both, 2, purchase_order=True, opco=False)
    # Two orders for one session: their attendance sheet is one, and belongs to neither.
    common = seating.pick(3, -75, -55)
    for email, seats in ((claire, 2), (nadia, 1)):
        yield Draft(email, "lyon", common.starts_on - timedelta(days=28), (common,), seats)
    large = seating.pick(7, -260, -180, largest=True)
    yield Draft(nadia, "lyon", large.starts_on - timedelta(days=50), (large,), 7, purchase_order=True, opco=False)
    # What waits: a convocation to fetch, a seat without a name, an approval, a validation.
    soon = seating.pick(3, 4, 12)
    yield Draft(claire, "lyon", ago(20), (soon,), 3, nameless=1, purchase_order=True, opco=False)
    for email, place in ((yves, "morvan"), (karim, "numerique"), (nadia, "toulouse")):
        yield Draft(email, place, ago(24), (seating.pick(2, 5, 16),), 2, purchase_order=True, opco=False)
    yield Draft(claire, "lyon", ago(1), (seating.pick(2, 30, 70),), 2, OrderState.TO_APPROVE)
    yield Draft(claire, "lyon", ago(2), (seating.pick(1, 35, 80),), 1, OrderState.PENDING)
    yield Draft(yves, "morvan", ago(3), (seating.pick(1, 35, 80),), 1, OrderState.PENDING, nameless=1)
    # Orders that staff have not attached: their orderer alone sees them.
    yield Draft("thomas.lemoine@kermadec.example", None, ago(2), (seating.pick(1, 25, 60),), 1, OrderState.PENDING,
                declared="kermadec", purchase_order=False, opco=False)  # fmt: skip
    yield Draft(karim, None, ago(15), (seating.pick(1, 20, 50),), 1, declared="dgs", purchase_order=False, opco=False)


def _history(story: Story, seating: Seating, place: Place) -> Iterator[Draft]:
    """Three years of orders, most of them validated."""
    for _rank in range(story.scale.share(place.past)):
        seats = story.rng.choice(SEATS)
        session = seating.pick(seats, -1090, -4)
        yield Draft(
            email=story.rng.choice(place.orderers),
            place=place.key,
            placed_on=session.starts_on - timedelta(days=story.rng.randint(16, 70)),
            sessions=(session,),
            seats=seats,
            state=story.rng.choices(
                (OrderState.VALIDATED, OrderState.REFUSED, OrderState.CANCELLED), weights=(92, 4, 4)
            )[0],
            channel=story.rng.choice(CHANNELS),
        )


def _coming(story: Story, seating: Seating, place: Place) -> Iterator[Draft]:
    """Orders for sessions to come; what still waits was placed in the last days."""
    for rank in range(story.scale.share(place.coming)):
        state = OrderState.VALIDATED if rank == 0 else story.rng.choice(COMING_STATES)
        seats = story.rng.choice(SEATS)
        session = seating.pick(seats, 6, 28) if rank == 0 else seating.pick(seats, 20, 110)
        days = story.rng.randint(8, 40) if state == OrderState.VALIDATED else story.rng.randint(0, 5)
        yield Draft(
            email=story.rng.choice(place.orderers),
            place=place.key,
            placed_on=story.today - timedelta(days=days),
            sessions=(session,),
            seats=seats,
            state=state,
            channel=story.rng.choice(CHANNELS) if state == OrderState.VALIDATED else OrderChannel.SITE,
            nameless=1 if seats > 3 else 0,
        )
