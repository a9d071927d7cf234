"""The demonstration's accords-cadres, and the price that they gave when an order was placed."""

from datetime import date, timedelta
from decimal import Decimal

from accounts.models import Establishment
from catalogue import pricing
from catalogue.models import AccordCadre, AccordCoverage, AccordLine, Course, Domain, LineKind, LineScope
from catalogue.prices import read_lines, subjects_of
from catalogue.pricing import Price

from .story import Story

# Per accord: code of a domain, sub-domain or course ("" for everything), kind, value, seats from which it applies.
SOLVANE_LINES = (
    ("", LineKind.DISCOUNT, "6", 0),
    ("", LineKind.DISCOUNT, "9", 40),
    ("", LineKind.DISCOUNT, "11", 150),
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
    """One of the group that has ended, its successor, and one of two places of the public body that ends soon."""
    today, renewed = story.today, story.today - timedelta(days=330)
    solvane, breval = story.places["siege"].company, story.places["eau"].company
    for reference, company, start, end, lines in (
        ("001", solvane, renewed - timedelta(days=730), renewed - timedelta(days=1), FORMER_LINES),
        ("014", solvane, renewed, renewed + timedelta(days=1094), SOLVANE_LINES),
        ("027", breval, today - timedelta(days=500), today + timedelta(days=45), BREVAL_LINES),
    ):
        accord = AccordCadre.objects.create(
            reference=f"AC-{start.year}-{reference}",
            company=company,
            starts_on=start,
            ends_on=end,
            covers_all=lines is not BREVAL_LINES,
        )
        story.accords.append(accord)
        AccordLine.objects.bulk_create(_line(accord, *line) for line in lines)
        story.accord_lines[accord.pk] = read_lines(AccordLine.objects.filter(accord=accord))
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


def price_of(story: Story, course: Course, place: str, day: date, seats: dict[int, int]) -> Price:
    """What a seat costs an establishment on the day of the order; `seats`: of each accord, ordered so far."""
    lines = [line for accord in in_force(story, place, day) for line in story.accord_lines[accord.pk]]
    (subject,) = subjects_of([course])
    return pricing.price_of(subject, lines, seats)


def in_force(story: Story, place: str, day: date) -> list[AccordCadre]:
    """The accords that cover a place on a day."""
    return [
        accord
        for accord in story.accords
        if accord.starts_on <= day <= accord.ends_on and _covers(accord, story.places[place], place)
    ]


def _covers(accord: AccordCadre, establishment: Establishment, place: str) -> bool:
    same = accord.company_id == establishment.company_id
    return same and (accord.covers_all or place in BREVAL_PLACES)
