"""What a seat costs: pure arithmetic, without database, clock or request. Amounts are EUR HT unless said otherwise.

The most specific line wins: a fixed price for the course, then a discount on the course, on its sub-domain, on its
domain, on everything. Among equals the lowest price. A line counts only from its threshold of seats, ordered before
this one in its accord's period. Never above the public price; `Decimal`, rounded once, half up, to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from accounts.typography import MINUS, money, percent, short_date

from .models import LineKind, LineScope

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
NO_SEATS: Mapping[int, int] = {}

SCOPES_FROM_SPECIFIC = (LineScope.COURSE, LineScope.SUBDOMAIN, LineScope.DOMAIN, LineScope.EVERYTHING)
RANKS = {scope: rank for rank, scope in enumerate(SCOPES_FROM_SPECIFIC, 1)}


def to_the_cent(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Line:
    """A line in force of an accord-cadre: `value` is a fixed price (EUR HT, for one course) or a discount (percent).

    `target_id` is a course, a sub-domain or a domain according to `scope`, None for everything; `target` names it.
    `ends_on` is the last day on which the line holds: the accord's end, or the line's own if it comes first.
    """

    id: int
    accord_id: int
    accord_reference: str
    ends_on: date
    scope: LineScope
    target_id: int | None
    target: str
    kind: LineKind
    value: Decimal
    from_seats: int = 0
    rank: int = field(init=False, repr=False, compare=False)  # 0: a fixed price for the course; 1: a discount on it; …

    def __post_init__(self) -> None:
        """TypeError for a float, ValueError for a line that the database would not hold either."""
        object.__setattr__(self, "rank", 0 if self.kind == LineKind.PRICE else RANKS[self.scope])
        if not isinstance(self.value, Decimal):
            raise TypeError("a price or a rate is a Decimal")
        if self.value < 0 or (self.kind == LineKind.DISCOUNT and self.value > HUNDRED):
            raise ValueError("a price is not negative; a discount goes from 0 to 100 percent")
        if self.kind == LineKind.PRICE and self.scope != LineScope.COURSE:
            raise ValueError("a fixed price is for one course")

    def amount_for(self, public_price: Decimal) -> Decimal:
        """What the line makes of a public price, to the cent, never above it."""
        if self.kind == LineKind.PRICE:
            return to_the_cent(min(self.value, public_price))
        return (public_price * (HUNDRED - self.value) / HUNDRED).quantize(CENT, ROUND_HALF_UP)

    def words(self) -> str:
        """What the line gives: "remise de 12 % sur le domaine « Cloud », à partir de 15 places commandées"."""
        if self.kind == LineKind.PRICE:
            given = _("prix fixe de %(price)s HT pour cette formation") % {"price": money(self.value)}
        else:
            given = _discount_words(self)
        if self.from_seats < 2:
            return given if self.from_seats == 0 else _("%(line)s, à partir d’une place commandée") % {"line": given}
        return _("%(line)s, à partir de %(seats)s places commandées") % {"line": given, "seats": self.from_seats}


def _discount_words(line: Line) -> str:
    words = {
        LineScope.COURSE: _("remise de %(rate)s sur cette formation"),
        LineScope.SUBDOMAIN: _("remise de %(rate)s sur le sous-domaine « %(target)s »"),
        LineScope.DOMAIN: _("remise de %(rate)s sur le domaine « %(target)s »"),
        LineScope.EVERYTHING: _("remise de %(rate)s sur tout le catalogue"),
    }
    return words[line.scope] % {"rate": percent(line.value), "target": line.target}


@dataclass(frozen=True, slots=True)
class Subject:
    """The course that is priced. `domain_id`: where it is filed; `parent_domain_id`: set if that is a sub-domain."""

    course_id: int
    domain_id: int
    parent_domain_id: int | None
    public_price: Decimal
    vat_rate: Decimal

    def __post_init__(self) -> None:
        if not isinstance(self.public_price, Decimal) or not isinstance(self.vat_rate, Decimal):
            raise TypeError("a price and a rate are Decimal")

    def concerns(self, line: Line) -> bool:
        """Whether the line is about this course. A course filed right under a domain is in no sub-domain."""
        if line.scope == LineScope.EVERYTHING:
            return True
        if line.scope == LineScope.COURSE:
            return line.target_id == self.course_id
        if line.scope == LineScope.SUBDOMAIN:
            return self.parent_domain_id is not None and line.target_id == self.domain_id
        return line.target_id == (self.parent_domain_id or self.domain_id)


@dataclass(frozen=True, slots=True)
class Price:
    """A price found: EUR HT for one seat, with the line that gave it, None for the public price."""

    public: Decimal
    amount: Decimal
    vat_rate: Decimal
    line: Line | None = None

    @property
    def saving(self) -> Decimal:
        return self.public - self.amount

    @property
    def is_negotiated(self) -> bool:
        return self.line is not None

    @property
    def is_exempt(self) -> bool:
        """No VAT: professional training by a provider who holds the exemption (CGI, art. 261-4-4° a)."""
        return self.vat_rate == 0

    @property
    def vat(self) -> Decimal:
        """EUR, for one seat; a bill rounds the VAT of its total instead."""
        return to_the_cent(self.amount * self.vat_rate / HUNDRED)

    @property
    def with_vat(self) -> Decimal:
        """EUR TTC."""
        return self.amount + self.vat

    @property
    def explanation(self) -> str:
        """How the price came about, with every figure that is needed to find it again by hand."""
        if self.line is None:
            return _("Prix public : %(price)s HT.") % {"price": money(self.public)}
        return _("Accord-cadre %(accord)s, jusqu’au %(day)s : %(line)s. %(sum)s") % {
            "accord": self.line.accord_reference,
            "day": short_date(self.line.ends_on),
            "line": self.line.words(),
            "sum": self._sum(),
        }

    def _sum(self) -> str:
        figures = {"public": money(self.public), "saving": money(self.saving), "price": money(self.amount)}
        if not self.saving:
            return _("Le prix public de %(public)s HT n’est pas plus élevé : il s’applique.") % figures
        figures["minus"] = MINUS
        return _("%(public)s %(minus)s %(saving)s = %(price)s HT.") % figures

    @property
    def vat_words(self) -> str:
        if self.is_exempt:
            return _("Exonéré de TVA (CGI, art. 261-4-4° a).")
        return _("TVA à %(rate)s : %(vat)s, soit %(total)s TTC.") % {
            "rate": percent(self.vat_rate),
            "vat": money(self.vat),
            "total": money(self.with_vat),
        }


def price_of(subject: Subject, lines: Iterable[Line], seats: Mapping[int, int] = NO_SEATS) -> Price:
    """The price of one seat of a course.

    `lines`: those in force on the day of the order for the establishment, whatever they are about. `seats`: for each
    accord (id) the seats already ordered in its period; none for one that is not there.
    """
    return best_price(subject, [line for line in lines if subject.concerns(line)], seats)


def best_price(subject: Subject, lines: Iterable[Line], seats: Mapping[int, int] = NO_SEATS) -> Price:
    """`price_of`, of lines that all concern the course."""
    public = to_the_cent(subject.public_price)
    best: Line | None = None
    first = len(RANKS) + 1, public
    for line in lines:
        if line.rank > first[0] or (line.from_seats and seats.get(line.accord_id, 0) < line.from_seats):
            continue
        found = line.rank, line.amount_for(public)
        if best is None or found < first or (found == first and _tie(line) < _tie(best)):
            best, first = line, found
    return Price(public, first[1], subject.vat_rate, best)


def _tie(line: Line) -> tuple[int, int]:
    """Which of two lines that give the same price is named, the least: the one that ends later, then the older one."""
    return -line.ends_on.toordinal(), line.id


@dataclass(frozen=True, slots=True)
class NextTier:
    """What more orders would give: from `missing` more seats on, `line` makes a seat cost `amount` (EUR HT)."""

    line: Line
    missing: int
    amount: Decimal


def next_tier(subject: Subject, lines: Iterable[Line], seats: Mapping[int, int] = NO_SEATS) -> NextTier | None:
    """The nearest threshold that would lower the price of a course, all else being as it is; None without one."""
    lines = [line for line in lines if subject.concerns(line)]
    now = price_of(subject, lines, seats).amount
    found = []
    for accord_id, threshold in {(line.accord_id, line.from_seats) for line in lines}:
        missing = threshold - seats.get(accord_id, 0)
        if missing > 0:
            then = price_of(subject, lines, {**seats, accord_id: threshold})
            if then.line is not None and then.amount < now:
                found.append(NextTier(then.line, missing, then.amount))
    return min(found, key=lambda tier: (tier.missing, tier.amount, tier.line.id), default=None)
