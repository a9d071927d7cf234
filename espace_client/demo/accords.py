"""The demonstration's accords-cadres, and the price that they gave when an order was placed."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from accounts.models import Establishment
from catalogue.models import AccordCadre, AccordCoverage, AccordLine, Course, Domain, LineKind, LineScope

from .story import Story

# From the most general to the most specific: the last that applies wins (PRODUCT.md, "Accord-cadre").
SPECIFICITY = (LineScope.EVERYTHING, LineScope.DOMAIN, LineScope.SUBDOMAIN, LineScope.COURSE)
CENT = Decimal("0.01")

# Per accord: code of a domain, sub-domain or course ("" for everything), kind, value, seats from which it applies.
SOLVANE_LINES = (
    ("", LineKind.DISCOUNT, "6", 0),
    ("", LineKind.DISCOUNT, "9", 40),
    ("CLD", LineKind.DISCOUNT, "12", 0),
    ("DEV-PY", LineKind.DISCOUNT, "15", 0),
    ("DEV-PY", LineKind.DISCOUNT, "18", 15),
    ("K8S-04", LineKind.PRICE, "2190", 0),
    ("XLI-02", LineKind.PRICE, "645.50", 0),
)
FORMER_LINES = (("", LineKind.DISCOUNT, "4", 0), ("DEV", LineKind.DISCOUNT, "8", 0))
BREVAL_PLACES = ("numerique", "eau")
BREVAL_LINES = (
    ("", LineKind.DISCOUNT, "4", 0),
    ("SEC", LineKind.DISCOUNT, "17.5", 0),
    ("RGP-02", LineKind.PRICE, "1090", 0),
)


def make_accords(story: Story) -> None:
    """One of the group that has ended, its successor, and one of the public body for two of its three places."""
    today, renewed = story.today, story.today - timedelta(days=330)
    solvane, breval = story.places["siege"].company, story.places["eau"].company
    for reference, company, start, end, lines in (
        ("001", solvane, renewed - timedelta(days=730), renewed - timedelta(days=1), FORMER_LINES),
        ("014", solvane, renewed, renewed + timedelta(days=1094), SOLVANE_LINES),
        ("027", breval, today - timedelta(days=500), today + timedelta(days=230), BREVAL_LINES),
    ):
        accord = AccordCadre.objects.create(
            reference=f"AC-{start.year}-{reference}",
            company=company,
            starts_on=start,
            ends_on=end,
            covers_all=lines is not BREVAL_LINES,
        )
        story.accords.append(accord)
        story.accord_lines[accord.pk] = AccordLine.objects.bulk_create(_line(accord, *line) for line in lines)
    AccordCoverage.objects.bulk_create(
        AccordCoverage(accord=story.accords[-1], establishment=story.places[key]) for key in BREVAL_PLACES
    )


def _line(accord: AccordCadre, code: str, kind: LineKind, value: str, from_seats: int) -> AccordLine:
    course = Course.objects.filter(reference=code).first()
    domain = Domain.objects.get(code=code) if code and course is None else None
    if course is not None:
        scope = LineScope.COURSE
    elif domain is not None:
        scope = LineScope.SUBDOMAIN if domain.parent_id else LineScope.DOMAIN
    else:
        scope = LineScope.EVERYTHING
    return AccordLine(
        accord=accord,
        scope=scope,
        course=course,
        domain=domain,
        kind=kind,
        fixed_price=Decimal(value) if kind == LineKind.PRICE else None,
        discount_rate=Decimal(value) if kind == LineKind.DISCOUNT else None,
        from_seats=from_seats,
    )


@dataclass(frozen=True)
class Price:
    """EUR HT for one seat, with the accord and line that gave it, if any."""

    amount: Decimal
    accord: AccordCadre | None = None
    line: AccordLine | None = None


def price_of(story: Story, course: Course, place: str, day: date, seats: dict[int, int]) -> Price:
    """What a seat costs an establishment on the day of the order; `seats`: accord → seats ordered under it so far."""
    for accord in story.accords:
        if accord.starts_on <= day <= accord.ends_on and _covers(accord, story.places[place], place):
            ordered = seats.get(accord.pk, 0)
            fitting = [line for line in story.accord_lines[accord.pk] if _applies(line, course, ordered)]
            if fitting:
                best = max(fitting, key=lambda line: (_rank(line), -_amount(line, course)))
                return Price(min(_amount(best, course), course.public_price), accord, best)
    return Price(course.public_price)


def _covers(accord: AccordCadre, establishment: Establishment, place: str) -> bool:
    same = accord.company_id == establishment.company_id
    return same and (accord.covers_all or place in BREVAL_PLACES)


def _applies(line: AccordLine, course: Course, seats: int) -> bool:
    about = {
        LineScope.EVERYTHING: True,
        LineScope.DOMAIN: line.domain_id == course.domain.parent_id,
        LineScope.SUBDOMAIN: line.domain_id == course.domain_id,
        LineScope.COURSE: line.course_id == course.pk,
    }
    return seats >= line.from_seats and about[LineScope(line.scope)]


def _rank(line: AccordLine) -> int:
    return SPECIFICITY.index(LineScope(line.scope))


def _amount(line: AccordLine, course: Course) -> Decimal:
    if line.fixed_price is not None:
        return line.fixed_price
    rate = line.discount_rate or Decimal(0)
    return (course.public_price * (100 - rate) / 100).quantize(CENT, rounding=ROUND_HALF_UP)
