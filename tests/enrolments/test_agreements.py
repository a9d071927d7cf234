""" "Mon accord-cadre": what it covers, its lines in words, seats and thresholds, saving, and its end that nears."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.notifications import NotificationKind, choose
from accounts.roles import Role
from catalogue.models import AccordCadre, Course
from enrolments.accord_reminders import announce_ending_accords
from enrolments.agreements import agreements_of, ending_soon, lines_in_words
from enrolments.models import Enrolment, EnrolmentState, OrderState
from tests.accords import days_away, make_accord, make_course, make_line, today
from tests.conftest import ClientFor, RunTasks
from tests.worlds import World, give_access, make_order, make_user


@pytest.fixture
def accord(world: World) -> AccordCadre:
    return make_accord(world.armor.company, reference="AC-ARMOR")


def of(world: World, persona: str) -> list[AccordCadre]:
    return [one.accord for one in agreements_of(world.personas[persona], today())]


def spaces(text: str) -> str:
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def test_who_knows_of_which_accord(world: World) -> None:
    of_all = make_accord(world.armor.company)
    of_nice = make_accord(world.armor.company, world.nice, ends_on=days_away(400))
    of_brume = make_accord(world.brume.company)
    expected = {
        "administrator": [of_all],
        "standard": [of_all],
        "member_of_two": [of_all],  # at Nice, no priced type is open to them
        "responsable": [of_nice, of_all],
        "neighbour": [of_brume],
    }
    for persona in world.personas:
        assert of(world, persona) == expected.get(persona, []), persona


def test_the_page_of_an_accord(world: World, accord: AccordCadre, client_for: ClientFor) -> None:
    course = world.sessions[0].course
    make_line(accord, course, "1200", fixed=True)
    make_line(accord, course.domain, "12.5", from_seats=10, ends_on=days_away(30))
    make_line(accord, None, "5", from_seats=3, starts_on=days_away(20))
    make_line(accord, None, "4", ends_on=days_away(-1))
    text = spaces(client_for(world.personas["administrator"]).get(reverse("accord_list")).text)
    assert "Accord-cadre AC-ARMOR" in text
    assert "tous ceux de Armor" in text
    assert "prix fixe de 1 200,00 € HT, au lieu de 1 500,00 €" in text
    assert "remise de 12,5 % sur le prix public" in text
    assert "remise de 4 %" not in text, "ended"
    assert text.index("prix fixe") < text.index("12,5 %") < text.index("remise de 5 %")
    assert "Encore 2 places pour atteindre le palier de 10" in text, "eight seats were ordered"
    assert "palier atteint" in text
    assert "encore 2 places" in text


def test_only_known_establishments_are_named(world: World, client_for: ClientFor) -> None:
    accord = make_accord(world.armor.company, world.lille, world.nice)
    answer = client_for(world.personas["administrator"]).get(reverse("accord_detail", args=[accord.pk]))
    assert "Armor Lille" in answer.text
    assert "Armor Nice" not in answer.text
    assert "Armor Nice" in client_for(world.personas["responsable"]).get(answer.request["PATH_INFO"]).text


def test_the_saving_is_that_of_the_enrolments_whose_amounts_one_sees(world: World, accord: AccordCadre) -> None:
    def saving(persona: str) -> Decimal:
        (found,) = agreements_of(User.objects.get(pk=world.personas[persona].pk), today())
        return found.saving

    assert saving("administrator") == 0
    Enrolment.objects.filter(order__establishment__company=world.armor.company).update(accord=accord)
    assert saving("administrator") == 4 * 225, "two orders of two seats at Lille"
    assert saving("responsable") == 4 * 225, "two seats at Lille, two at Nice"
    cancelled = Enrolment.objects.filter(order__establishment=world.lille).earliest("pk")
    Enrolment.objects.filter(pk=cancelled.pk).update(state=EnrolmentState.CANCELLED)
    assert saving("administrator") == 3 * 225


def test_seats_count_for_all_that_the_accord_covers(world: World, accord: AccordCadre) -> None:
    (found,) = agreements_of(world.personas["administrator"], today())
    assert (found.seats, found.next_tier) == (8, None)
    make_line(accord, None, "5", from_seats=8)
    make_line(accord, None, "6", from_seats=40)
    make_line(accord, None, "7", from_seats=20, ends_on=days_away(-1))
    (found,) = agreements_of(world.personas["administrator"], today())
    assert found.next_tier is not None
    assert (found.next_tier.threshold, found.next_tier.missing) == (40, 32)


@pytest.mark.parametrize(
    ("start", "end", "state"), [(-9, -1, "Terminé"), (-9, 0, "En vigueur"), (0, 9, "En vigueur"), (1, 9, "À venir")]
)
def test_the_state_of_an_accord(world: World, client_for: ClientFor, start: int, end: int, state: str) -> None:
    accord = make_accord(world.armor.company, starts_on=days_away(start), ends_on=days_away(end))
    make_line(accord, None, "5")
    client = client_for(world.personas["administrator"])
    (found,) = agreements_of(world.personas["administrator"], today())
    assert found.state == state
    assert state in client.get(reverse("accord_list")).text
    assert "remise de 5" in client.get(reverse("accord_detail", args=[accord.pk])).text


def test_several_accords_in_force_are_listed(world: World, accord: AccordCadre, client_for: ClientFor) -> None:
    second = make_accord(world.armor.company, world.lille)
    client = client_for(world.personas["administrator"])
    text = client.get(reverse("accord_list")).text
    assert accord.reference in text
    assert reverse("accord_detail", args=[second.pk]) in text
    assert accord.reference in client.get(reverse("accord_detail", args=[second.pk])).text


@pytest.mark.parametrize(
    ("persona", "reason"),
    [
        ("staff", "dès que notre équipe aura validé"),
        ("unverified", "Confirmez votre adresse email"),
        ("neighbour", "Aucun accord-cadre n’est en vigueur pour Brume Lyon"),
    ],
)
def test_without_an_accord_the_page_says_why(
    world: World, accord: AccordCadre, client_for: ClientFor, persona: str, reason: str
) -> None:
    answer = client_for(world.personas[persona]).get(reverse("accord_list"))
    assert reason in answer.text
    assert accord.reference not in answer.text


@pytest.mark.parametrize(("days", "soon"), [(61, False), (60, True), (0, True)])
def test_an_end_within_sixty_days_is_announced(world: World, client_for: ClientFor, days: int, soon: bool) -> None:
    accord = make_accord(world.armor.company, reference="AC-FIN", ends_on=days_away(days))
    client = client_for(world.personas["administrator"])
    dashboard, page = client.get(reverse("dashboard")).text, client.get(reverse("accord_list")).text
    assert ("À renouveler" in dashboard) is soon
    assert (reverse("accord_detail", args=[accord.pk]) in dashboard) is soon
    assert ("Cet accord-cadre prend fin le" in page) is soon
    assert "À renouveler" not in client_for(world.personas["neighbour"]).get(reverse("dashboard")).text


def test_an_accord_that_was_meant_for_ever_has_a_page(world: World, client_for: ClientFor) -> None:
    """Forms and drops refuse such an end; a row that has it is shown all the same."""
    accord = make_accord(world.armor.company, ends_on=date.max)
    make_line(accord, None, "5", starts_on=date.max)
    client = client_for(world.personas["administrator"])
    assert client.get(reverse("accord_list")).status_code == 200
    staff = client_for(world.personas["staff"])
    replace = reverse("admin:catalogue_accordline_replace", args=[accord.lines.get().pk])
    assert staff.get(replace).status_code == 200


def test_an_accord_that_is_followed_without_a_gap_asks_for_nothing(world: World, client_for: ClientFor) -> None:
    person = world.personas["administrator"]
    ending = make_accord(world.armor.company, ends_on=days_away(10))
    late = make_accord(world.armor.company, starts_on=days_away(12), ends_on=days_away(90))
    assert ending_soon(person, today()) == [ending], "a day without an accord lies between"
    AccordCadre.objects.filter(pk=late.pk).update(starts_on=days_away(11), covers_all=False)
    assert ending_soon(person, today()) == [ending], "it covers nobody"
    AccordCadre.objects.filter(pk=late.pk).update(covers_all=True)
    assert ending_soon(person, today()) == []
    text = client_for(person).get(reverse("accord_list")).text
    assert f"L’accord-cadre {late.reference} prend la suite" in text
    partial = make_accord(world.armor.company, world.lille, ends_on=days_away(20))
    AccordCadre.objects.filter(pk=late.pk).update(ends_on=days_away(15))
    assert ending_soon(person, today()) == [partial]
    make_accord(world.armor.company, world.lille, world.nice, starts_on=days_away(5), ends_on=days_away(300))
    assert ending_soon(person, today()) == []


def announce(run_tasks: RunTasks) -> list[str]:
    before = len(mail.outbox)
    announce_ending_accords.enqueue()
    run_tasks()
    return sorted(message.to[0] for message in mail.outbox[before:])


def test_whoever_declined_this_kind_is_not_mailed(world: World, run_tasks: RunTasks) -> None:
    make_accord(world.armor.company, world.lille, reference="AC-FIN", ends_on=days_away(60))
    person = User.objects.get(email="administratrice@armor.example")
    choose(user=person, wanted=set(NotificationKind) - {NotificationKind.AGREEMENTS})
    assert announce(run_tasks) == ["deux@armor.example", "responsable@armor.example"]


def test_the_end_is_mailed_once_to_administrators_and_orderers(world: World, run_tasks: RunTasks) -> None:
    accord = make_accord(world.armor.company, world.lille, reference="AC-FIN", ends_on=days_away(60))
    make_user("jamais@armor.example")
    make_order(world.lille, "jamais@armor.example", [world.sessions[0]], state=OrderState.PENDING, papers=False)
    assert announce(run_tasks) == [
        "administratrice@armor.example",
        "deux@armor.example",
        "responsable@armor.example",
    ]
    message = mail.outbox[0]
    assert "AC-FIN" in message.subject
    assert reverse("accord_detail", args=[accord.pk]) in message.body
    assert announce(run_tasks) == []
    AccordCadre.objects.filter(pk=accord.pk).update(ends_on=days_away(50))
    assert len(announce(run_tasks)) == 3, "another end is another piece of news"


def test_nothing_is_mailed_of_an_accord_that_lasts_or_is_followed(world: World, run_tasks: RunTasks) -> None:
    make_accord(world.armor.company, ends_on=days_away(61))
    make_accord(world.brume.company, ends_on=days_away(30))
    next_one = make_accord(world.brume.company, starts_on=days_away(31), ends_on=days_away(400))
    assert announce(run_tasks) == []
    next_one.delete()
    assert announce(run_tasks) == ["voisin@brume.example"], "it was not said while nobody had to know"


def test_a_person_hears_of_what_they_chose_not_to_look_at(world: World, run_tasks: RunTasks) -> None:
    person = make_user("deux-sites@armor.example")
    for place in (world.lille, world.nice):
        give_access(person, place, Role.ADMINISTRATOR)
    User.objects.filter(pk=person.pk).update(shown_establishments=[world.lille.pk])
    make_accord(world.armor.company, world.nice, ends_on=days_away(10))
    assert "deux-sites@armor.example" in announce(run_tasks)


def test_the_page_costs_the_same_with_many_lines(
    world: World, accord: AccordCadre, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    courses: list[Course] = [make_course(world.sessions[0].course.domain) for _ in range(30)]
    for rank, course in enumerate(courses):
        make_line(accord, course, "5", from_seats=rank)
    for _ in range(5):
        make_accord(world.armor.company, world.lille, ends_on=days_away(-1), starts_on=days_away(-200))
    person = User.objects.get(pk=world.personas["administrator"].pk)
    assert person.rights
    with django_assert_max_num_queries(6):
        found = agreements_of(person, today())
        lines = lines_in_words(found[0])
    assert len(found) == 6
    assert len(lines) == 30
