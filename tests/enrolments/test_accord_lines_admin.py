"""Staff and the lines of an accord-cadre: a line in use keeps what it says, and is ended or replaced."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.typography import short_date
from catalogue.models import AccordCadre, AccordLine, Course, LineKind
from enrolments.accord_lines import replace_line
from enrolments.prices import prices_shown_to
from tests.accords import days_away, make_accord, make_line, today
from tests.admin_rows import change
from tests.constraints import at_the_same_time
from tests.enrolments.accord_pages import accord, course, day, posted, staff, use
from tests.worlds import World, make_world

__all__ = ["accord", "course", "staff"]


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
    assert staff.post(change(accord), posted(accord, {"id": line.pk, "ends_on": day(today())})).status_code == 302
    line.refresh_from_db()
    assert line.ends_on == today()
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
    answer = staff.post(url, {"kind": "discount", "value": "8", "starts_on": day(today())})
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
    assert (line.ends_on, line.discount_rate) == (today(), Decimal(5))
    assert (successor.starts_on, successor.fixed_price, successor.course) == (days_away(1), Decimal(1200), course)
    person = User.objects.get(pk=world.personas["administrator"].pk)
    prices = [prices_shown_to(person, [course], on)[course.pk].negotiated for on in (today(), days_away(1))]
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
    assert replace_line(line=line, kind=LineKind.DISCOUNT, value=Decimal(6)).starts_on == today()
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
