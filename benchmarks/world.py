"""Two worlds that differ in size only: 1,000 and 1,000,000 documents, the same people, the same pages to show.

Eight documents an order, 2.67 enrolments an order, as a training company's history has. In both worlds each persona's
lists have more than one full page, and as many departures come in the next six weeks, so that what is compared is the
cost of finding the rows among many, not the cost of drawing more of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

DOCUMENTS_PER_ORDER = 8
BIG, AVERAGE = 1, 2  # ids of the establishment with the most documents, and of one like most others
SIX = range(2, 8)  # ids of the establishments of the person who has several
COMPANIES = 300


@dataclass(frozen=True)
class World:
    """How much there is. `average_orders`: in establishment AVERAGE; `few_orders`: in each of the other five of SIX.

    `responsable_every`: one order in so many has the responsable's email, in whatever establishment.
    """

    name: str
    establishments: int
    orders: int
    big_orders: int
    average_orders: int
    few_orders: int
    responsable_every: int
    sessions_a_day: int
    people: int

    @property
    def documents(self) -> int:
        return self.orders * DOCUMENTS_PER_ORDER


SMALL = World("espace_small", 900, 125, 62, 28, 5, 4, 1, 1800)
LARGE = World("espace_large", 900, 125_000, 2500, 136, 136, 125, 13, 1800)
QUICK = World("espace_quick", 900, 12_500, 1250, 136, 27, 25, 3, 1800)  # `--quick`: a tenth of LARGE


@dataclass(frozen=True)
class Share:
    """What one establishment has: `orders`, of which the first `coming` are for sessions of the next six weeks."""

    establishment: int
    company: int
    orders: int
    coming: int
    first_participant: int
    participants: int


def company_of(establishment: int) -> int:
    """Three establishments a company, on average."""
    return (establishment - 1) % COMPANIES + 1


def shares(world: World) -> list[Share]:
    """Who has how much: the establishments that personas know, then the others, the later the smaller."""
    fixed = [world.big_orders, world.average_orders, *[world.few_orders] * (len(SIX) - 1)]
    weights = [(rank + 1) ** -0.5 for rank in range(world.establishments - len(fixed))]
    left = world.orders - sum(fixed)
    ends = [round(left * reached / sum(weights)) for reached in accumulate(weights)]
    orders = [*fixed, *(end - start for start, end in zip([0, *ends], ends, strict=False))]
    participants = [max(1, one * 2 // 3) for one in orders]
    firsts = accumulate(participants, initial=1)
    return [
        Share(rank, company_of(rank), count, min(_coming(rank), count), first, people)
        for rank, (count, first, people) in enumerate(zip(orders, firsts, participants, strict=False), 1)
    ]


def _coming(establishment: int) -> int:
    """Orders for the next six weeks: two dozen (some sixty people) at the big one, two elsewhere."""
    return 24 if establishment == BIG else 2
