"""Staff and accords-cadres: bad input is told at its field."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.models import AccordCadre, Course
from tests.accords import days_away, make_accord, make_line, today
from tests.admin_rows import change
from tests.conftest import ClientFor
from tests.constraints import at_the_same_time
from tests.enrolments.accord_pages import accord, course, day, posted, staff
from tests.worlds import World, make_world

__all__ = ["accord", "course", "staff"]
LINE, ACCORD = "/gestion/catalogue/accordline/add/", "/gestion/catalogue/accordcadre/add/"
TWICE = "Cet accord a déjà une ligne pour cette portée et ce seuil."


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
        (
            {"discount_rate": "5", "ends_on": "31/12/9999"},
            "ends_on",
            "L’année doit être entre 1970 et 2100.",
        ),
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
    first = {"id": line.pk, "discount_rate": "5", "ends_on": day(today())}
    second = {"discount_rate": "6", "starts_on": day(today())}
    answer = staff.post(change(accord), posted(accord, first, second))
    assert "Cet accord a déjà une ligne pour cette portée et ce seuil." in answer.text
    second["starts_on"] = day(days_away(1))
    assert staff.post(change(accord), posted(accord, first, second)).status_code == 302
    assert accord.lines.count() == 2


def test_a_line_that_is_posted_twice_is_told_the_second_time(accord: AccordCadre, staff: Client) -> None:
    row = {"discount_rate": "5", "from_seats": 10}
    assert staff.post(change(accord), posted(accord, row)).status_code == 302
    again = staff.post(change(accord), posted(accord, row))
    (form,) = again.context["inline_admin_formsets"][0].formset.forms
    assert form.errors == {"scope": [TWICE]}
    assert form["discount_rate"].value() == "5", "what was typed stays"
    alone = {"accord": accord.pk, "scope": "everything", "kind": "discount", **row}
    answer = staff.post(reverse("admin:catalogue_accordline_add"), alone)
    assert set(answer.context["adminform"].form.errors["__all__"]) == {TWICE}
    line = accord.lines.get()
    assert staff.post(change(line), alone | {"discount_rate": "6"}).status_code == 302
    line.refresh_from_db()
    assert line.discount_rate == Decimal(6), "a line is not in its own way"


def test_a_line_may_not_take_what_another_leaves_in_the_same_breath(accord: AccordCadre, staff: Client) -> None:
    """Rows are saved from the first to the last: to the database the other one is still there."""
    first, second = make_line(accord, None, "5", from_seats=10), make_line(accord, None, "6", from_seats=20)
    rows: list[dict[str, Any]] = [
        {"id": first.pk, "discount_rate": "5", "from_seats": 20},
        {"id": second.pk, "discount_rate": "6", "from_seats": 20, "DELETE": "on"},
    ]
    answer = staff.post(change(accord), posted(accord, *rows))
    assert answer.context["inline_admin_formsets"][0].formset.forms[0].errors == {"scope": [TWICE]}
    assert staff.post(change(accord), posted(accord, *reversed(rows))).status_code == 302
    assert accord.lines.get().from_seats == 20


@pytest.mark.django_db(transaction=True)
def test_two_who_save_the_same_line_or_accord_at_once_both_get_an_answer(
    client_for: ClientFor,
) -> None:
    world = make_world()
    accord = make_accord(world.armor.company, reference="AC-ARMOR")
    clients = [client_for(world.personas["staff"]) for _ in range(2)]
    alone = {"accord": accord.pk, "scope": "everything", "kind": "discount", "discount_rate": "5", "from_seats": 0}
    new = posted(accord) | {"reference": "AC-NEUF", "company": world.armor.company.pk}
    saved: list[tuple[str, int]] = []

    def save(client: Client, url: str, data: dict[str, Any]) -> None:
        saved.append((url, client.post(url, data).status_code))

    page = posted(accord, {"discount_rate": "5", "from_seats": 9})
    for url, data in ((change(accord), page), (LINE, alone), (ACCORD, new)):
        first, second = (partial(save, client, url, data) for client in clients)
        assert at_the_same_time(first, second) == []
        assert sorted(saved[-2:]) == [(url, 200), (url, 302)]
    assert accord.lines.count() == 2
    assert AccordCadre.objects.filter(reference="AC-NEUF").count() == 1


def test_an_accord_of_years_that_nobody_means_is_told_at_its_field(accord: AccordCadre, staff: Client) -> None:
    far = {"starts_on": "01/01/0001", "ends_on": "31/12/9999"}
    answer = staff.post(change(accord), posted(accord, **far))
    told = ["L’année doit être entre 1970 et 2100."]
    assert answer.context["adminform"].form.errors == {"starts_on": told, "ends_on": told}


def test_an_accord_that_covers_nobody_is_told(world: World, accord: AccordCadre, staff: Client) -> None:
    nobody = posted(accord)
    del nobody["covers_all"]
    one = {"coverage-TOTAL_FORMS": 1, "coverage-0-accord": accord.pk, "coverage-0-establishment": world.lille.pk}
    answer = staff.post(change(accord), nobody)
    assert "ne couvre aucun établissement" in str(answer.context["inline_admin_formsets"][1].formset.non_form_errors())
    assert staff.post(change(accord), nobody | one).status_code == 302
    kept = one | {"coverage-INITIAL_FORMS": 1, "coverage-0-id": accord.coverage.get().pk}
    assert staff.post(change(accord), nobody | kept).status_code == 302
    answer = staff.post(change(accord), nobody | kept | {"coverage-0-DELETE": "on"})
    assert answer.status_code == 200
    assert accord.coverage.count() == 1
