"""A person's accords-cadres: what each covers and gives, how far its thresholds are, its saving, when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.days import day_after
from accounts.models import User
from accounts.rights import Rights
from catalogue.models import AccordCadre, AccordCoverage, AccordLine
from catalogue.prices import read_lines
from catalogue.pricing import Line

from .accord_seats import ORDERED, seats_of_accord
from .buyers import entitled
from .models import Enrolment

ENDING_DAYS = 60


def agreements_open_to(rights: Rights) -> QuerySet[AccordCadre]:
    """The accords that cover an establishment whose negotiated prices the person may see (rule 7), of any period."""
    opened = entitled(rights)
    listed = AccordCoverage.objects.filter(establishment__in=opened).values("accord")
    return AccordCadre.objects.filter(Q(covers_all=True, company__in=opened.values("company")) | Q(pk__in=listed))


@dataclass(frozen=True)
class Tier:
    """The nearest threshold that is not reached."""

    threshold: int
    missing: int


@dataclass(frozen=True)
class LineInWords:
    """A line as its table shows it. `missing`: seats still to order before it counts, 0 when it does."""

    line: Line
    starts_on: date | None
    own_end: date | None
    missing: int
    public_price: Decimal | None


@dataclass(frozen=True)
class Agreement:
    """An accord as a person sees it. `saving` (EUR HT) is what it took off the enrolments whose amounts they may see.

    `covered`: names of the establishments covered that the person knows of; () when all of the company's are.
    `seats`: ordered in its period by all the establishments that it covers. `successor`: reference, or "".
    """

    accord: AccordCadre
    covered: tuple[str, ...]
    seats: int
    saving: Decimal
    next_tier: Tier | None
    successor: str
    today: date

    @property
    def is_in_force(self) -> bool:
        return self.accord.starts_on <= self.today <= self.accord.ends_on

    @property
    def is_over(self) -> bool:
        return self.accord.ends_on < self.today

    @property
    def days_left(self) -> int:
        return (self.accord.ends_on - self.today).days

    @property
    def ends_soon(self) -> bool:
        """Whether its end, within 60 days, is to be announced: nothing follows it."""
        return self.is_in_force and self.days_left <= ENDING_DAYS and not self.successor

    @property
    def state(self) -> str:
        if self.is_over:
            return _("Terminé")
        return _("En vigueur") if self.is_in_force else _("À venir")

    @property
    def tone(self) -> str:
        if self.is_over:
            return "muted"
        return "good" if self.is_in_force else "brand"


def agreements_of(user: User, today: date) -> list[Agreement]:
    """The accords that a person may know of, the one that ends last first; four queries however many there are."""
    accords = with_coverage(
        agreements_open_to(user.rights)
        .select_related("company")
        .annotate(seats=seats_of_accord(today), saving=Coalesce(Subquery(_saving(user)), Decimal(0)))
        .order_by("-ends_on", "-starts_on", "reference")
    )
    known = set(entitled(user.rights).values_list("pk", flat=True)) if accords else set()
    tiers = _thresholds(accords, today)
    return [
        Agreement(
            accord=accord,
            covered=tuple(
                row.establishment.name
                for row in accord.coverage.all()
                if not accord.covers_all and row.establishment_id in known
            ),
            seats=accord.seats,  # type: ignore[attr-defined]  # annotated above
            saving=accord.saving,  # type: ignore[attr-defined]  # annotated above
            next_tier=_next_tier(tiers.get(accord.pk, ()), accord.seats),  # type: ignore[attr-defined]
            successor=successor_of(accord, accords),
            today=today,
        )
        for accord in accords
    ]


def with_coverage(accords: QuerySet[AccordCadre]) -> list[AccordCadre]:
    """These accords with the establishments that each lists, in two queries."""
    coverage = AccordCoverage.objects.select_related("establishment").order_by("establishment__name", "pk")
    return list(accords.prefetch_related(Prefetch("coverage", coverage)))


def _saving(user: User) -> QuerySet[Enrolment, Any]:
    """What the outer accord took off the enrolments that the person sees with their amounts."""
    rights = user.rights
    priced = Q(establishment__in=sorted(rights.priced_establishments))
    if rights.email is not None:
        priced |= Q(order_email=rights.email)
    seen = Enrolment.objects.visible_to(user).active().filter(priced, accord=OuterRef("pk"), order__state__in=ORDERED)
    return seen.order_by().values("accord").annotate(saved=Sum(F("public_price") - F("price"))).values("saved")


def _thresholds(accords: Sequence[AccordCadre], today: date) -> dict[int, list[int]]:
    """For each accord (id) the thresholds of the lines that hold, or will, in ascending order."""
    rows = AccordLine.objects.filter(accord__in=[accord.pk for accord in accords], from_seats__gt=0)
    going_on = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
    found: dict[int, list[int]] = {}
    for accord_id, threshold in going_on.order_by("from_seats").values_list("accord_id", "from_seats").distinct():
        found.setdefault(accord_id, []).append(threshold)
    return found


def _next_tier(thresholds: Iterable[int], seats: int) -> Tier | None:
    ahead = next((threshold for threshold in thresholds if threshold > seats), None)
    return None if ahead is None else Tier(ahead, ahead - seats)


def successor_of(accord: AccordCadre, accords: Iterable[AccordCadre]) -> str:
    """The reference of an accord of the same company that carries on without a gap for all that this one covers."""
    covered = {row.establishment_id for row in accord.coverage.all()}
    for other in accords:
        follows = other.starts_on <= day_after(accord.ends_on) and other.ends_on > accord.ends_on
        if other.company_id == accord.company_id and follows:
            listed = {row.establishment_id for row in other.coverage.all()}
            if other.covers_all or (not accord.covers_all and covered <= listed):
                return other.reference
    return ""


def lines_in_words(agreement: Agreement) -> list[LineInWords]:
    """The lines that hold or will, the most specific first, in two queries; what has ended is left out."""
    rows = AccordLine.objects.filter(accord=agreement.accord)
    shown = rows if agreement.is_over else rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=agreement.today))
    own = {row.pk: row for row in shown.select_related("course")}
    lines = sorted(read_lines(shown), key=lambda line: (line.rank, line.target.casefold(), line.from_seats, line.id))
    return [
        LineInWords(
            line=line,
            starts_on=_if_ahead(own[line.id].starts_on, agreement.today),
            own_end=own[line.id].ends_on,
            missing=max(line.from_seats - agreement.seats, 0),
            public_price=course.public_price if (course := own[line.id].course) is not None else None,
        )
        for line in lines
    ]


def _if_ahead(day: date | None, today: date) -> date | None:
    return day if day is not None and day > today else None


def ending_soon(user: User, today: date) -> list[AccordCadre]:
    """The person's accords whose end within 60 days is to be announced: nothing carries them on."""
    known = with_coverage(agreements_open_to(user.rights).filter(ends_on__gte=today))
    last = today + timedelta(days=ENDING_DAYS)
    return [
        accord
        for accord in known
        if accord.starts_on <= today and accord.ends_on <= last and not successor_of(accord, known)
    ]


def in_their_last_days(user: User, today: date, until: date) -> QuerySet[AccordCadre]:
    """The person's accords in force that end by `until`, carried on or not."""
    return agreements_open_to(user.rights).filter(starts_on__lte=today, ends_on__range=(today, until))
