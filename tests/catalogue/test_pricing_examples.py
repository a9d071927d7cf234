"""The fifty prices of docs/pricing-examples.md, as a salesperson would check them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import Company, Establishment
from catalogue.models import AccordCadre, AccordLine, Course, Domain
from catalogue.prices import Tariff, lines_in_force, subjects_of
from catalogue.pricing import Price
from tests.accords import make_accord, make_course, make_line
from tests.worlds import make_siren, make_siret

PAGE = Path(settings.BASE_DIR) / "docs" / "pricing-examples.md"
PLACES = {"Lille": "Armor", "Nice": "Armor", "Lyon": "Brume"}
Row = dict[str, str]


def table(heading: str, first_column: str) -> list[Row]:
    """The rows of the table that begins with this column, under this heading."""
    text = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.splitlines() if "|" in line]
    start = next(index for index, row in enumerate(rows) if row[0] == first_column)
    header, found = rows[start], []
    for row in rows[start + 2 :]:
        if len(row) != len(header):
            break
        found.append(dict(zip(header, row, strict=True)))
    return found


def day(text: str) -> date | None:
    return datetime.strptime(text, "%d/%m/%Y").date() if text else None  # noqa: DTZ007  # a day has no zone


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[^0-9,]", "", text).replace(",", "."))


def by_hand(calculation: str) -> Decimal:
    """What a calculator gives for the column `calcul`, in fractions, then cut to cents with the half upwards."""
    factors = re.findall(r"[0-9][0-9 ]*(?:,[0-9]+)?", calculation)
    values = [Fraction(number(factor)) for factor in factors]
    if calculation.startswith("le plus petit"):
        exact = min(values)
    else:
        exact = values[0] * values[1] / values[2] if "×" in calculation else values[0]
    return Decimal(floor(exact * 100 + Fraction(1, 2))) / 100


@dataclass
class Market:
    """Everything that the page describes before its examples."""

    places: dict[str, Establishment]
    courses: dict[str, Course]
    accords: dict[str, AccordCadre]
    lines: dict[str, AccordLine]

    def price(self, row: Row) -> Price:
        (subject,) = subjects_of([self.courses[row["formation"]]])
        ordered_on = day(row["date"])
        assert ordered_on is not None
        seats = dict(self._seats(row["places déjà commandées"]))
        return Tariff(lines_in_force(self.places[row["établissement"]], ordered_on), seats).price_of(subject)

    def _seats(self, text: str) -> Iterator[tuple[int, int]]:
        for accord, seats in re.findall(r"(A\d) : (\d+)", text):
            yield self.accords[accord].pk, int(seats)


@pytest.fixture
def market(db: None) -> Market:
    companies = {
        name: Company.objects.create(name=name, siren=make_siren(rank)) for rank, name in enumerate(("Armor", "Brume"))
    }
    places = {
        name: Establishment.objects.create(
            company=companies[owner], name=name, siret=make_siret(companies[owner].siren, rank)
        )
        for rank, (name, owner) in enumerate(PLACES.items())
    }
    domains: dict[str, Domain] = {}
    for row in table("Domaines", "code"):
        domains[row["code"]] = Domain.objects.create(
            code=row["code"], label=row["domaine"], parent=domains.get(row["dans"])
        )
    courses = {
        row["formation"]: make_course(
            domains[row["rangée dans"]],
            str(number(row["prix public HT"])),
            reference=row["formation"],
            title=row["titre"],
            vat_rate=Decimal(0) if row["TVA"] == "exonérée" else number(row["TVA"]),
        )
        for row in table("Formations", "formation")
    }
    accords, lines = {}, {}
    for row in table("Accords-cadres", "accord"):
        covered = [] if row["établissements couverts"] == "tous" else [places[row["établissements couverts"]]]
        accords[row["accord"]] = make_accord(
            companies[row["entreprise"]],
            *covered,
            reference=row["accord"],
            starts_on=day(row["du"]),
            ends_on=day(row["au"]),
        )
    for row in table("Accords-cadres", "ligne"):
        about, given = row["porte sur"], row["donne"]
        lines[row["ligne"]] = make_line(
            accords[row["accord"]],
            courses.get(about) or domains.get(about),
            str(number(given)),
            fixed="€" in given,
            from_seats=int(row["à partir de (places)"] or 0),
            starts_on=day(row["du"]),
            ends_on=day(row["au"]),
        )
    return Market(places, courses, accords, lines)


def test_the_fifty_examples(market: Market) -> None:
    examples, wrong, used = table("Exemples", "n°"), [], set()
    assert [row["n°"] for row in examples] == [str(rank) for rank in range(1, 51)]
    names = {line.pk: name for name, line in market.lines.items()}
    for row in examples:
        found = market.price(row)
        line = names[found.line.id] if found.line else "aucune"
        used.add(line)
        expected = [row["ligne"], number(row["prix HT"]), number(row["économie"]), number(row["TTC"])]
        if [line, found.amount, found.saving, found.with_vat] != expected:
            wrong.append(f"{row['n°']}: {line} {found.amount} {found.saving} {found.with_vat}, not {expected}")
        if by_hand(row["calcul"]) != number(row["prix HT"]):
            wrong.append(f"{row['n°']}: {row['calcul']} makes {by_hand(row['calcul'])}")
        if f"{found.amount:.2f}".replace(".", ",") not in found.explanation.replace("\u202f", ""):
            wrong.append(f"{row['n°']}: {found.explanation}")
    assert wrong == []
    assert len(used) >= 20, "the examples are about few lines"
