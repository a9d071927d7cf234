"""Staff and accords-cadres: bad input told at its field, what overlaps, lines in use, and the checker of prices."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.typography import short_date
from catalogue.models import AccordCadre, AccordLine, Course, Domain, LineKind
from catalogue.overlaps import overlaps_of
from enrolments.accord_lines import replace_line
from enrolments.models import Enrolment
from enrolments.prices import prices_shown_to
from tests.accords import days_away, make_accord, make_course, make_line
from tests.admin_rows import change, unchanged
from tests.conftest import ClientFor
from tests.constraints import at_the_same_time
from tests.worlds import World, make_world, number

TODAY = days_away(0)
CHECK = "admin:catalogue_accordcadre_check"


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


@pytest.fixture
def accord(world: World) -> AccordCadre:
    return make_accord(world.armor.company, reference="AC-ARMOR")


@pytest.fixture
def course(world: World) -> Course:
    return world.sessions[0].course


def use(line: AccordLine, world: World, placed_on: date = TODAY) -> None:
    """An order of that day had its price from the line."""
    enrolment = Enrolment.objects.filter(order__establishment=world.lille).earliest("pk")
    enrolment.order.placed_on = placed_on
    enrolment.order.save()
    Enrolment.objects.filter(pk=enrolment.pk).update(accord=line.accord, accord_line=line)


def day(value: date | None) -> str:
    return "" if value is None else value.strftime("%d/%m/%Y")


def posted(accord: AccordCadre, *rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What the page of an accord posts, with these lines."""
    data: dict[str, Any] = {
        "starts_on": day(accord.starts_on),
        "ends_on": day(accord.ends_on),
        "covers_all": "on",
        **unchanged("lines", "coverage"),
        "lines-TOTAL_FORMS": len(rows),
        "lines-INITIAL_FORMS": sum("id" in row for row in rows),
        **fields,
    }
    for rank, row in enumerate(rows):
        values = {"accord": accord.pk, "scope": "everything", "kind": "discount", "from_seats": 0, **row}
        data |= {f"lines-{rank}-{name}": value for name, value in values.items()}
    return data


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"scope": "course", "kind": "price", "fixed_price": "-1"}, "fixed_price", "Un prix n’est pas négatif."),
        ({"discount_rate": "100.5"}, "discount_rate", "Une remise va de 0 à 100 %."),
        ({"discount_rate": "-5"}, "discount_rate", "Une remise va de 0 à 100 %."),
        ({}, "discount_rate", "Quelle remise\u202f?"),
        ({"scope": "course", "kind": "price"}, "fixed_price", "Quel prix\u202f?"),
        ({"kind": "price", "fixed_price": "100"}, "kind", "Un prix fixe n’est possible que pour une formation."),
        ({"discount_rate": "5", "fixed_price": "9"}, "fixed_price", "Une ligne de remise n’a pas de prix fixe."),
        (
            {"scope": "course", "kind": "price", "fixed_price": "9", "discount_rate": "5"},
            "discount_rate",
            "Une ligne à prix fixe n’a pas de remise.",
        ),
        ({"scope": "course", "discount_rate": "5", "course": ""}, "course", "Quelle formation\u202f?"),
        ({"scope": "domain", "discount_rate": "5"}, "domain", "Quel domaine\u202f?"),
        (
            {"discount_rate": "5", "starts_on": "05/01/2026", "ends_on": "04/01/2026"},
            "ends_on",
            "Une ligne finit le jour où elle commence, ou après.",
        ),
        ({"discount_rate": "5", "from_seats": "1000001"}, "from_seats", "Un million de places au plus."),
        ({"discount_rate": "beaucoup"}, "discount_rate", "Saisissez un nombre."),
        ({"kind": "", "discount_rate": "5"}, "kind", "Ce champ est obligatoire."),
    ],
)
def test_a_bad_line_is_told_at_its_field(
    accord: AccordCadre, staff: Client, course: Course, row: dict[str, Any], field: str, message: str
) -> None:
    given = {"course": course.pk, **row} if row.get("scope") == "course" else row
    answer = staff.post(change(accord), posted(accord, given))
    assert answer.status_code == 200
    (form,) = answer.context["inline_admin_formsets"][0].formset.forms
    assert form.errors == {field: [message]}
    assert not accord.lines.exists()


@pytest.mark.parametrize(("scope", "named"), [("domain", "course"), ("everything", "domain"), ("course", "domain")])
def test_a_line_that_names_too_much_is_told_at_its_field(
    accord: AccordCadre, staff: Client, course: Course, scope: str, named: str
) -> None:
    objects = {"domain": {"domain": course.domain_id}, "course": {"course": course.pk}, "everything": {}}[scope]
    more = {"course": course.pk} if named == "course" else {"domain": course.domain_id}
    row = {"scope": scope, "discount_rate": "5", **objects, **more}
    answer = staff.post(change(accord), posted(accord, row))
    assert list(answer.context["inline_admin_formsets"][0].formset.forms[0].errors) == [named]


def test_inverted_dates_of_an_accord_are_told_at_the_field(accord: AccordCadre, staff: Client) -> None:
    answer = staff.post(change(accord), posted(accord, starts_on="02/01/2026", ends_on="01/01/2026"))
    errors = answer.context["adminform"].form.errors
    assert errors == {"ends_on": ["Un accord-cadre finit le jour où il commence, ou après."]}


def test_a_line_and_its_successor_may_not_share_a_day(accord: AccordCadre, staff: Client) -> None:
    line = make_line(accord, None, "5")
    first = {"id": line.pk, "discount_rate": "5", "ends_on": day(TODAY)}
    second = {"discount_rate": "6", "starts_on": day(TODAY)}
    answer = staff.post(change(accord), posted(accord, first, second))
    assert "Cet accord a déjà une ligne pour cette portée et ce seuil." in answer.text
    second["starts_on"] = day(days_away(1))
    assert staff.post(change(accord), posted(accord, first, second)).status_code == 302
    assert accord.lines.count() == 2


def test_a_line_in_use_keeps_what_it_says_whatever_is_posted(world: World, accord: AccordCadre, staff: Client) -> None:
    line = make_line(accord, None, "5")
    use(line, world)
    page = staff.get(change(accord)).text
    assert reverse("admin:catalogue_accordline_replace", args=[line.pk]) in page
    row = {"id": line.pk, "discount_rate": "50", "from_seats": 9, "DELETE": "on"}
    assert staff.post(change(accord), posted(accord, row)).status_code == 302
    line.refresh_from_db()
    assert (line.discount_rate, line.from_seats) == (Decimal(5), 0)
    answer = staff.post(change(accord), posted(accord, {"id": line.pk, "ends_on": day(days_away(-1))}))
    assert "Une commande a eu ce prix le" in answer.text
    assert staff.post(change(accord), posted(accord, {"id": line.pk, "ends_on": day(TODAY)})).status_code == 302
    line.refresh_from_db()
    assert line.ends_on == TODAY
    assert "utilisée, finie" in staff.get(change(accord)).text


def test_a_line_in_use_is_not_deleted_on_its_own_page_either(world: World, accord: AccordCadre, staff: Client) -> None:
    line = make_line(accord, None, "5")
    url = reverse("admin:catalogue_accordline_delete", args=[line.pk])
    assert staff.get(url).status_code == 200
    use(line, world)
    assert staff.get(url).status_code == 403
    values = {"scope": "everything", "kind": "discount", "discount_rate": "40", "from_seats": 0}
    assert staff.post(change(line), values).status_code == 302
    line.refresh_from_db()
    assert line.discount_rate == Decimal(5)


def test_the_list_of_lines_says_whose_they_are_and_which_are_to_be_replaced(
    world: World, accord: AccordCadre, staff: Client
) -> None:
    line, free = make_line(accord, None, "5"), make_line(accord, None, "6", from_seats=10)
    use(line, world)
    listed = staff.get(reverse("admin:catalogue_accordline_changelist")).text
    assert accord.company.name in listed
    assert reverse("admin:catalogue_accordline_replace", args=[line.pk]) in listed
    assert reverse("admin:catalogue_accordline_replace", args=[free.pk]) not in listed


def test_the_way_to_replace_comes_first_and_nothing_else_is_removed_from_here(
    world: World, accord: AccordCadre, staff: Client, course: Course
) -> None:
    """Beyond the first columns a screen shows nothing of so wide a table."""
    line = make_line(accord, course, "5")
    use(line, world)
    page = staff.get(change(accord)).text
    row = page[page.index('id="lines-0"') :]
    assert row.index(reverse("admin:catalogue_accordline_replace", args=[line.pk])) < row.index("lines-0-scope")
    assert "delete_id_lines-0-course" not in page


def test_a_line_that_nobody_used_is_rewritten_and_removed(accord: AccordCadre, staff: Client) -> None:
    line = make_line(accord, None, "5")
    staff.post(change(accord), posted(accord, {"id": line.pk, "discount_rate": "7"}))
    line.refresh_from_db()
    assert line.discount_rate == Decimal(7)
    staff.post(change(accord), posted(accord, {"id": line.pk, "discount_rate": "7", "DELETE": "on"}))
    assert not accord.lines.exists()


def test_a_line_is_replaced_from_the_day_after_its_last_order(
    world: World, accord: AccordCadre, staff: Client, course: Course
) -> None:
    line = make_line(accord, course, "5", from_seats=0)
    use(line, world)
    url = reverse("admin:catalogue_accordline_replace", args=[line.pk])
    assert day(days_away(1)) in staff.get(url).text
    answer = staff.post(url, {"kind": "discount", "value": "8", "starts_on": day(TODAY)})
    assert answer.context["form"].errors == {"starts_on": [f"Au plus tôt le {short_date(days_away(1))}."]}
    answer = staff.post(url, {"kind": "discount", "value": "108", "starts_on": day(days_away(1))})
    assert answer.context["form"].errors == {"value": ["Une remise va de 0 à 100 %."]}
    answer = staff.post(url, {"kind": "discount", "value": "8", "starts_on": day(accord.ends_on + timedelta(days=1))})
    assert "starts_on" in answer.context["form"].errors
    assert AccordLine.objects.count() == 1
    answer = staff.post(url, {"kind": "price", "value": "1\u202f200,00 €", "starts_on": day(days_away(1))})
    assert answer.status_code == 302
    line.refresh_from_db()
    successor = accord.lines.exclude(pk=line.pk).get()
    assert (line.ends_on, line.discount_rate) == (TODAY, Decimal(5))
    assert (successor.starts_on, successor.fixed_price, successor.course) == (days_away(1), Decimal(1200), course)
    person = User.objects.get(pk=world.personas["administrator"].pk)
    prices = [prices_shown_to(person, [course], on)[course.pk].negotiated for on in (TODAY, days_away(1))]
    assert prices == [Decimal(1425), Decimal(1200)]
    answer = staff.post(url, {"kind": "discount", "value": "8", "starts_on": day(days_away(1))})
    assert answer.context["form"].errors == {"__all__": ["Cette ligne a déjà une fin."]}


def test_a_discount_on_a_domain_is_not_replaced_by_a_price(accord: AccordCadre, staff: Client, course: Course) -> None:
    line = make_line(accord, course.domain, "5")
    url = reverse("admin:catalogue_accordline_replace", args=[line.pk])
    answer = staff.post(url, {"kind": "price", "value": "8", "starts_on": day(days_away(1))})
    assert list(answer.context["form"].errors) == ["kind"]
    assert staff.get(reverse("admin:catalogue_accordline_replace", args=[10**9])).status_code == 404


def test_the_service_replaces_as_soon_as_it_may(world: World, accord: AccordCadre) -> None:
    line = make_line(accord, None, "5", from_seats=3)
    assert replace_line(line=line, kind=LineKind.DISCOUNT, value=Decimal(6)).starts_on == TODAY
    line = accord.lines.get(ends_on=None)
    use(line, world, days_away(3))
    successor = replace_line(line=line, kind=LineKind.DISCOUNT, value=Decimal(7))
    assert (successor.starts_on, successor.from_seats) == (days_away(4), 3)
    with pytest.raises(ValidationError):
        replace_line(line=successor, kind=LineKind.DISCOUNT, value=Decimal(101))
    successor.refresh_from_db()
    assert successor.ends_on is None, "nothing was written"


@pytest.mark.django_db(transaction=True)
def test_two_people_who_replace_a_line_at_once_leave_one_successor() -> None:
    world = make_world()
    line = make_line(make_accord(world.armor.company), None, "5")
    refused: list[str] = []

    def replace(value: int) -> None:
        try:
            replace_line(line=line, kind=LineKind.DISCOUNT, value=Decimal(value))
        except ValidationError as error:
            refused.extend(error.messages)

    assert at_the_same_time(lambda: replace(6), lambda: replace(7)) == []
    assert refused == ["Cette ligne a déjà une fin."]
    assert AccordLine.objects.filter(ends_on=None).count() == 1


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
    other = make_accord(world.armor.company, world.nice, reference="AC-NICE", starts_on=TODAY)
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
