"""Staff and the prices of an accord-cadre: what overlaps is told, and the checker says which line gives a price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.typography import short_date
from catalogue.models import AccordCadre, Course, Domain
from catalogue.overlaps import overlaps_of
from tests.accords import days_away, make_accord, make_course, make_line, today
from tests.admin_rows import change
from tests.conftest import ClientFor
from tests.enrolments.accord_pages import accord, course, day, posted, staff
from tests.worlds import World, number

__all__ = ["accord", "course", "staff"]
CHECK = "admin:catalogue_accordcadre_check"


def plain(sentences: list[str]) -> list[str]:
    return [one.replace("\u00a0", " ").replace("\u202f", " ") for one in sentences]


def test_accords_and_lines_that_overlap_are_told_and_which_wins(
    world: World, accord: AccordCadre, course: Course, staff: Client
) -> None:
    make_line(accord, None, "5")
    make_line(accord, None, "8", from_seats=20)
    make_line(accord, None, "6", from_seats=40)  # gives less than the tier below
    make_line(accord, course, "1200", fixed=True)
    assert plain(overlaps_of(accord)) == [
        "« AC-ARMOR : remise de 8 % sur tout le catalogue, à partir de 20 places commandées » l’emporte sur "
        "« AC-ARMOR : remise de 6 % sur tout le catalogue, à partir de 40 places commandées » "
        f"du {plain([short_date(accord.starts_on)])[0]} au {plain([short_date(accord.ends_on)])[0]}."
    ]
    other = make_accord(world.armor.company, world.nice, reference="AC-NICE", starts_on=today())
    make_line(other, course, "30")
    make_line(other, None, "5", ends_on=days_away(9))
    found = plain(overlaps_of(accord))
    assert found[0].startswith("L’accord-cadre AC-NICE couvre aussi un de ces établissements")
    assert any("AC-ARMOR : prix fixe de 1 200,00 € HT" in one and "l’emporte sur « AC-NICE" in one for one in found)
    assert any(f"au {plain([short_date(days_away(9))])[0]}." in one for one in found)
    page = plain([staff.get(change(accord)).text])[0]
    assert "AC-NICE couvre aussi" in page
    lines = [
        {"id": one.pk, "scope": one.scope, "kind": one.kind, "from_seats": one.from_seats}
        | (
            {"fixed_price": one.fixed_price, "course": course.pk}
            if one.course_id
            else {"discount_rate": one.discount_rate}
        )
        for one in accord.lines.all()
    ]
    saved = staff.post(change(accord), posted(accord, *lines), follow=True)
    assert any("AC-NICE" in str(message) for message in saved.context["messages"])


def test_what_shares_no_day_or_no_place_does_not_overlap(world: World, accord: AccordCadre) -> None:
    make_line(accord, None, "5")
    make_line(make_accord(world.armor.company, starts_on=days_away(300), ends_on=days_away(400)), None, "9")
    make_line(make_accord(world.brume.company), None, "9")
    assert overlaps_of(accord) == []
    of_lille, of_nice = (
        make_accord(world.armor.company, place, starts_on=days_away(500), ends_on=days_away(600))
        for place in world.armor.establishments
    )
    assert overlaps_of(of_lille) == overlaps_of(of_nice) == []
    nobody = make_accord(world.armor.company)
    AccordCadre.objects.filter(pk=nobody.pk).update(covers_all=False)
    assert overlaps_of(accord) == []


def test_the_checker_shows_the_price_of_every_course_and_the_line_that_gave_it(
    world: World, accord: AccordCadre, staff: Client, course: Course
) -> None:
    line = make_line(accord, course, "1200", fixed=True)
    make_line(accord, None, "10")
    make_line(accord, None, "20", from_seats=9)
    other = make_course(Domain.objects.create(code=number("DOM"), label="Réseaux"), title="Routage")
    asked: dict[str, Any] = {"etablissement": world.lille.pk}
    answer = staff.get(reverse(CHECK), asked)
    rows = answer.context["rows"]
    prices = {row.course: (row.price.amount, len(row.losers), len(row.waiting)) for row in rows}
    assert prices == {course: (Decimal(1200), 1, 1), other: (Decimal(900), 0, 1)}, "nine seats are not ordered yet"
    assert reverse("admin:catalogue_accordline_change", args=[line.pk]) in answer.text
    answer = staff.get(reverse(CHECK), {**asked, "places": 9, "q": "reseaux"})
    assert [(row.course, row.price.amount) for row in answer.context["rows"]] == [(other, Decimal(800))]
    answer = staff.get(reverse(CHECK), {**asked, "date": day(days_away(-200))})
    assert {row.price.line for row in answer.context["rows"]} == {None}
    assert "Aucun accord-cadre en vigueur" in answer.text


def test_the_checker_asks_which_establishment(world: World, accord: AccordCadre, staff: Client) -> None:
    answer = staff.get(reverse(CHECK), {"entreprise": world.armor.company.pk})
    assert answer.context["places"] == [world.lille, world.nice]
    assert staff.get(reverse(CHECK), {"entreprise": world.brume.company.pk}).context["place"].name == "Brume Lyon"
    assert "Choisissez une entreprise" in staff.get(reverse(CHECK)).text


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"etablissement": "999999999"}, "etablissement"),
        ({"entreprise": "x"}, "entreprise"),
        ({"etablissement": "9" * 30}, "etablissement"),
        ({"date": "31/02/2026"}, "date"),
        ({"places": "-1"}, "places"),
        ({"q": "x" * 101}, "q"),
    ],
)
def test_the_checker_tells_what_it_does_not_understand(staff: Client, asked: dict[str, str], field: str) -> None:
    answer = staff.get(reverse(CHECK), asked)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]


def test_the_checker_refuses_an_establishment_of_another_company(world: World, staff: Client) -> None:
    asked = {"entreprise": world.brume.company.pk, "etablissement": world.lille.pk}
    answer = staff.get(reverse(CHECK), asked)
    assert answer.context["form"].errors == {"etablissement": ["Cet établissement est d’une autre entreprise."]}


def test_the_checker_is_for_those_who_may_see_accords(world: World, client_for: ClientFor) -> None:
    person = world.personas["administrator"]
    User.objects.filter(pk=person.pk).update(is_staff=True)
    client = client_for(User.objects.get(pk=person.pk))
    assert client.get(reverse(CHECK)).status_code == 403
    line = make_line(make_accord(world.armor.company), None, "5")
    assert client.get(reverse("admin:catalogue_accordline_replace", args=[line.pk])).status_code == 403


def test_the_checker_pages_through_a_large_catalogue(world: World, accord: AccordCadre, staff: Client) -> None:
    for _ in range(101):
        make_course(world.sessions[0].course.domain)
    asked: dict[str, Any] = {"etablissement": world.lille.pk}
    assert len(staff.get(reverse(CHECK), asked).context["rows"]) == 100
    assert len(staff.get(reverse(CHECK), {**asked, "page": 2}).context["rows"]) == 2
    assert len(staff.get(reverse(CHECK), {**asked, "page": 99}).context["rows"]) == 2
