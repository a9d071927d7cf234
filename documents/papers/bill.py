"""The priced part of a paper: lines, discounts, VAT by rate, totals. Decimal, rounded half up to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from enrolments.models import Enrolment, EnrolmentEvent, EnrolmentState, EventKind

from .mentions import EXEMPTION
from .training import person_name, trainee_name

CENT = Decimal("0.01")
LONGEST_TITLE = 250  # what an invoice keeps of a line


def percent(rate: Decimal) -> str:
    """Decimal("5.50") → "5,5 %", without the zeros that say nothing."""
    return f"{rate.normalize():f}".replace(".", ",") + "\u00a0%"


@dataclass(frozen=True)
class BillLine:
    """Seats of one session at one price. Prices are EUR HT per trainee; `accord` is what gave the price."""

    title: str
    reference: str
    session_code: str
    trainees: tuple[str, ...]
    quantity: int
    public_price: Decimal
    price: Decimal
    accord: str
    vat_rate: Decimal

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity

    @property
    def saving(self) -> Decimal:
        """What the accord takes off this line, EUR HT."""
        return (self.public_price - self.price) * self.quantity

    @property
    def vat_label(self) -> str:
        return percent(self.vat_rate)


@dataclass(frozen=True)
class VatRow:
    """The VAT of one rate (percent): rounded once, on the sum of its lines."""

    rate: Decimal
    base: Decimal

    @property
    def amount(self) -> Decimal:
        return (self.base * self.rate / 100).quantize(CENT, rounding=ROUND_HALF_UP)

    @property
    def label(self) -> str:
        return percent(self.rate)


@dataclass(frozen=True)
class Bill:
    """Amounts EUR. A credit note has negative quantities, hence negative totals."""

    lines: tuple[BillLine, ...]

    @property
    def gross(self) -> Decimal:
        """Total HT before discounts."""
        return sum((line.public_price * line.quantity for line in self.lines), Decimal(0))

    @property
    def discount(self) -> Decimal:
        """The accord's reduction as it stands in the column of amounts: negative."""
        return self.net - self.gross

    @property
    def negotiated(self) -> bool:
        """Whether an accord gave a price."""
        return any(line.accord for line in self.lines)

    @property
    def saving(self) -> Decimal:
        return sum((line.saving for line in self.lines), Decimal(0))

    @property
    def net(self) -> Decimal:
        """Total HT to pay."""
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def vat(self) -> tuple[VatRow, ...]:
        bases: dict[Decimal, Decimal] = {}
        for line in self.lines:
            bases[line.vat_rate] = bases.get(line.vat_rate, Decimal(0)) + line.total
        return tuple(VatRow(rate, base) for rate, base in sorted(bases.items(), reverse=True))

    @property
    def total(self) -> Decimal:
        """Total TTC."""
        return self.net + sum((row.amount for row in self.vat), Decimal(0))

    @property
    def exemption(self) -> str:
        """Why a line bears no VAT, when one does not (CGI annexe II art. 242 nonies A I-12°)."""
        return EXEMPTION if any(line.vat_rate == 0 for line in self.lines) else ""

    def reversed(self) -> Bill:
        """The same seats, credited."""
        return Bill(tuple(replace(line, quantity=-line.quantity) for line in self.lines))


@dataclass(frozen=True)
class Funding:
    """What an OPCO pays directly, by subrogation: `part` of the total, EUR TTC; the client owes the rest."""

    opco: str
    file_number: str
    part: Decimal

    def remainder_of(self, total: Decimal) -> Decimal:
        return total - self.part


def bill_of(enrolments: Sequence[Enrolment], *, sign: int = 1) -> Bill:
    """Bill the enrolments that are not cancelled, at their frozen prices; `sign` -1 for a credit note on all."""
    return Bill(tuple(line_of(group, sign) for group in groups_of(enrolments, cancelled=sign < 0)))


def groups_of(enrolments: Sequence[Enrolment], *, cancelled: bool = False) -> list[list[Enrolment]]:
    """The enrolments by line: a session at a price; the cancelled ones only if `cancelled`."""
    groups: dict[tuple[date, int, Decimal, Decimal, int], list[Enrolment]] = {}
    for enrolment in enrolments:
        if cancelled or enrolment.state != EnrolmentState.CANCELLED:
            session = enrolment.session
            key = (session.starts_on, session.pk, enrolment.public_price, enrolment.price, enrolment.accord_id or 0)
            groups.setdefault(key, []).append(enrolment)
    return [groups[key] for key in sorted(groups)]


def line_of(group: Sequence[Enrolment], sign: int = 1) -> BillLine:
    """The line of a group of `groups_of`."""
    first, course = group[0], group[0].session.course
    return BillLine(
        title=course.title,
        reference=course.reference,
        session_code=first.session.code,
        trainees=tuple(sorted(trainee_name(enrolment) for enrolment in group)),
        quantity=sign * len(group),
        public_price=first.public_price,
        price=first.price,
        accord=first.accord.reference if first.accord is not None else "",
        vat_rate=course.vat_rate,
    )


def fee_line(event: EnrolmentEvent) -> BillLine:
    """The line of a fee: a late change, at the % of the price that the terms say. Needs the event's sessions.

    It pays for a seat that was held, at a rate agreed beforehand: VAT is that of the course (CJEU C-295/17, MEO, and
    C-43/19, Vodafone Portugal). It is no training: an OPCO pays none of it.
    """
    session = event.session_before or event.enrolment.session
    what = {EventKind.MOVED: _("report tardif"), EventKind.SUBSTITUTED: _("remplacement tardif")}
    title = _("Dédit, %(what)s (%(rate)s du prix HT) : %(course)s") % {
        "what": what.get(EventKind(event.kind), _("annulation tardive")),
        "rate": percent(event.rate),
        "course": session.course.title,
    }
    before = event.participant_before
    return BillLine(
        title=title[:LONGEST_TITLE],
        reference=session.course.reference,
        session_code=session.code,
        trainees=(person_name(before) if before is not None else trainee_name(event.enrolment),),
        quantity=1,
        public_price=event.fee,
        price=event.fee,
        accord="",
        vat_rate=session.course.vat_rate,
    )
