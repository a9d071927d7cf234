"""Rule 7: who sees negotiated prices, for which establishment, and what the page says when they don't."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from accounts.choice import choose_establishments, look_everywhere
from accounts.document_types import DocumentType
from accounts.models import User
from accounts.roles import Role
from accounts.services import set_document_types
from catalogue.models import AccordCadre, Course, Domain
from enrolments.accord_seats import seats_ordered
from enrolments.models import Enrolment, EnrolmentState, OrderChannel, OrderState
from enrolments.prices import PricesShown, lock_accords, prices_for_order, prices_shown_to
from enrolments.validating import cancel_order, validate_order
from tests.accords import days_away, make_accord, make_course, make_line, today
from tests.worlds import World, give_access, make_order, make_user, number


@pytest.fixture
def course(world: World) -> Course:
    return world.sessions[0].course  # 1 500,00 EUR HT


@pytest.fixture
def accord(world: World) -> AccordCadre:
    """Ten percent off everything, for all of Armor."""
    made = make_accord(world.armor.company, reference="AC-ARMOR")
    make_line(made, None, "10")
    return made


def shown(user: User | AnonymousUser, course: Course) -> PricesShown:
    """As the next request sees it."""
    fresh = User.objects.get(pk=user.pk) if isinstance(user, User) else user
    return prices_shown_to(fresh, [Course.objects.get(pk=course.pk)], today())


@pytest.mark.parametrize("persona", ["administrator", "standard", "member_of_two", "responsable"])
def test_who_sees_the_prices_of_the_accord(world: World, accord: AccordCadre, course: Course, persona: str) -> None:
    page = shown(world.personas[persona], course)
    price = page[course.pk]
    assert (price.public, price.negotiated, price.saving) == (Decimal(1500), Decimal(1350), Decimal(150))
    assert (price.accord_reference, price.until, price.establishment_name) == (
        "AC-ARMOR",
        accord.ends_on,
        "Armor Nice" if persona == "responsable" else "Armor Lille",  # where the last order was placed
    )
    assert "remise de 10" in price.explanation
    assert page.reason == ""


@pytest.mark.parametrize(
    ("persona", "reason"),
    [
        ("neighbour", "Aucun accord-cadre n’est en vigueur pour Brume Lyon"),
        ("ex_member", "dès que notre équipe aura validé"),
        ("delegate_ended", "dès que notre équipe aura validé"),
        ("staff", "dès que notre équipe aura validé"),
        ("unverified", "Confirmez votre adresse email"),
    ],
)
def test_who_does_not_and_what_the_page_says(
    world: World, accord: AccordCadre, course: Course, persona: str, reason: str
) -> None:
    page = shown(world.personas[persona], course)
    assert (page[course.pk].public, page[course.pk].negotiated) == (Decimal(1500), None)
    assert page[course.pk].accord_reference == ""
    assert page[course.pk].until is None
    assert reason in page.reason
    assert "AC-ARMOR" not in page.reason


def test_a_visitor_sees_public_prices(world: World, accord: AccordCadre, course: Course) -> None:
    page = shown(AnonymousUser(), course)
    assert page[course.pk].negotiated is None
    assert page.reason == "Connectez-vous pour voir les prix de votre accord-cadre."


def test_a_standard_access_without_amounts_sees_public_prices_until_a_priced_type_is_ticked(
    world: World, accord: AccordCadre, course: Course
) -> None:
    person = make_user("convocations@armor.example")
    access = give_access(person, world.lille, Role.STANDARD, [DocumentType.CONVOCATION])
    page = shown(person, course)
    assert page[course.pk].negotiated is None
    assert "ne comprend pas les montants" in page.reason
    set_document_types(access=access, types=[DocumentType.CONVOCATION, DocumentType.BON_DE_COMMANDE])
    assert shown(person, course)[course.pk].negotiated == Decimal(1350)


@pytest.mark.parametrize(
    ("state", "channel", "opens"),
    [
        (OrderState.TO_APPROVE, OrderChannel.SITE, False),
        (OrderState.PENDING, OrderChannel.SITE, False),
        (OrderState.REFUSED, OrderChannel.SITE, False),
        (OrderState.CANCELLED, OrderChannel.SITE, False),
        (OrderState.VALIDATED, OrderChannel.PHONE, False),
        (OrderState.VALIDATED, OrderChannel.MAIL, False),
        (OrderState.VALIDATED, OrderChannel.SITE, True),
    ],
)
def test_a_responsable_needs_one_validated_enrolment_made_on_the_site(
    world: World, accord: AccordCadre, course: Course, state: OrderState, channel: OrderChannel, opens: bool
) -> None:
    person = make_user("nouvelle@armor.example")
    make_order(world.nice, person.email, [world.sessions[0]], state=state, channel=channel, papers=False)
    page = shown(person, course)
    assert (page[course.pk].negotiated == Decimal(1350)) is opens
    assert (page.reason == "") is opens


def test_prices_once_opened_stay_open_when_the_validated_order_is_cancelled(
    world: World, accord: AccordCadre, course: Course
) -> None:
    person = make_user("nouvelle@armor.example")
    order = make_order(world.nice, person.email, [world.sessions[1]], state=OrderState.PENDING, papers=False)
    validate_order(order=order, actor=world.personas["staff"])
    cancel_order(order=order, actor=world.personas["staff"], reason="Erreur de session")
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED
    assert shown(person, course)[course.pk].negotiated == Decimal(1350)


def test_an_order_that_nobody_attached_to_an_establishment_opens_nothing(
    world: World, accord: AccordCadre, course: Course
) -> None:
    person = make_user("nouvelle@armor.example")
    make_order(None, person.email, [world.sessions[0]], papers=False)
    assert shown(person, course)[course.pk].negotiated is None


def test_an_accord_for_some_establishments_opens_nothing_at_the_others(world: World, course: Course) -> None:
    make_line(make_accord(world.armor.company, world.nice), None, "10")
    page = shown(world.personas["administrator"], course)
    assert page[course.pk].negotiated is None
    assert "Armor Lille" in page.reason


@pytest.mark.parametrize(("start", "end"), [(-100, -1), (1, 100)])
def test_an_accord_that_ended_or_has_not_begun_opens_nothing(
    world: World, course: Course, start: int, end: int
) -> None:
    make_line(make_accord(world.armor.company, starts_on=days_away(start), ends_on=days_away(end)), None, "10")
    assert shown(world.personas["administrator"], course)[course.pk].negotiated is None


def test_a_course_that_no_line_is_about_keeps_its_public_price(world: World, course: Course) -> None:
    other = make_course(Domain.objects.create(code=number("DOM"), label="Réseaux"))
    make_line(make_accord(world.armor.company), other, "10")
    page = shown(world.personas["administrator"], course)
    assert (page[course.pk].negotiated, page.reason) == (None, "")
    assert "Prix public" in page[course.pk].explanation


def test_with_several_establishments_the_covered_one_of_the_last_order_decides(world: World, course: Course) -> None:
    person = make_user("deux-sites@armor.example")
    for place in (world.lille, world.nice, world.brume.establishments[0]):
        give_access(person, place, Role.ADMINISTRATOR)
    assert shown(person, course).establishment == world.lille, "none is covered: the first by name"
    of_nice = make_accord(world.armor.company, world.nice)
    make_line(of_nice, None, "20")
    page = shown(person, course)
    assert (page[course.pk].establishment_name, page[course.pk].negotiated) == ("Armor Nice", Decimal(1200))
    make_line(make_accord(world.armor.company, world.lille), None, "5")
    assert shown(person, course)[course.pk].negotiated == Decimal(1425), "both are covered: the first by name"
    make_order(world.nice, person.email, [world.sessions[0]], papers=False)
    assert shown(person, course)[course.pk].negotiated == Decimal(1200), "both are covered: the last order's"
    make_order(world.brume.establishments[0], person.email, [world.sessions[0]], papers=False)
    assert shown(person, course)[course.pk].negotiated == Decimal(1425), "no accord there: among the covered ones"


def test_the_establishment_in_the_switcher_decides(world: World, course: Course) -> None:
    """Of those to which one has an access; of those known by an order only, none is left out of sight."""
    person = make_user("deux-sites@armor.example")
    for place in (world.lille, world.nice):
        give_access(person, place, Role.ADMINISTRATOR)
        make_line(make_accord(world.armor.company, place), None, "5" if place == world.lille else "20")
    make_order(world.brume.establishments[0], person.email, [world.sessions[0]], papers=False)
    make_line(make_accord(world.brume.company), None, "50")
    amounts = {}
    for place in (world.lille, world.nice):
        assert choose_establishments(user=person, chosen=[place.pk])
        looking = User.objects.with_rights(person.pk)
        assert looking is not None
        found = prices_shown_to(looking, [course], today())
        assert found.establishment == place
        amounts[place.name] = found[course.pk].negotiated
    assert amounts == {"Armor Lille": Decimal(1425), "Armor Nice": Decimal(1200)}
    look_everywhere(user=person)
    assert shown(person, course)[course.pk].negotiated == Decimal(750), "the last order's, among all"


def test_what_counts_as_ordered(world: World, accord: AccordCadre) -> None:
    assert seats_ordered([accord.pk], today()) == {accord.pk: 8}, "two orders of two seats in each of two places"
    outside = {"before": accord.starts_on - timedelta(days=1), "after": accord.ends_on + timedelta(days=1)}
    for day in outside.values():
        make_order(world.lille, "a@armor.example", world.sessions, papers=False, placed_on=day)
    for state in (OrderState.TO_APPROVE, OrderState.REFUSED, OrderState.CANCELLED):
        make_order(world.lille, "a@armor.example", world.sessions, papers=False, state=state)
    make_order(None, "a@armor.example", world.sessions, papers=False)
    assert seats_ordered([accord.pk], accord.ends_on)[accord.pk] == 8
    pending = make_order(world.lille, "b@armor.example", world.sessions, papers=False, state=OrderState.PENDING)
    assert seats_ordered([accord.pk], today())[accord.pk] == 10
    Enrolment.objects.filter(order=pending).update(state=EnrolmentState.CANCELLED)
    assert seats_ordered([accord.pk], today())[accord.pk] == 8
    old = make_order(world.lille, "b@armor.example", world.sessions, papers=False, placed_on=days_away(-50))
    Enrolment.objects.filter(order=old).update(state=EnrolmentState.ABSENT)
    assert seats_ordered([accord.pk], days_away(-51))[accord.pk] == 0
    assert seats_ordered([accord.pk], days_away(-50))[accord.pk] == 2
    assert seats_ordered([], today()) == {}


def test_only_the_seats_of_covered_establishments_count(world: World) -> None:
    of_nice, of_nobody = make_accord(world.armor.company, world.nice), make_accord(world.armor.company)
    of_nobody.covers_all = False
    of_nobody.save()
    assert seats_ordered([of_nice.pk, of_nobody.pk], today()) == {of_nice.pk: 4, of_nobody.pk: 0}


def test_the_price_falls_when_the_threshold_is_reached(world: World, accord: AccordCadre, course: Course) -> None:
    make_line(accord, None, "20", from_seats=9)
    person = world.personas["administrator"]
    price = shown(person, course)[course.pk]
    assert price.negotiated == Decimal(1350)
    assert price.next_tier_words.replace("\u00a0", " ").replace("\u202f", " ") == (
        "Encore une place commandée, et la suivante est à 1 200,00 € HT."
    )
    make_order(world.nice, "a@armor.example", world.sessions[:1], papers=False)
    price = shown(person, course)[course.pk]
    assert (price.negotiated, price.next_tier_words) == (Decimal(1200), "")
    make_line(accord, None, "25", from_seats=20)
    assert "Encore 11 places" in shown(person, course)[course.pk].next_tier_words


def test_an_order_is_charged_what_its_orderer_may_see(world: World, accord: AccordCadre, course: Course) -> None:
    def amount(email: str, *, at_lille: bool = True) -> Decimal:
        rights = User.objects.get(email=email).rights
        return prices_for_order(rights, world.lille if at_lille else None, [course], today())[course.pk].amount

    assert amount("administratrice@armor.example") == Decimal(1350)
    assert amount("responsable@armor.example") == Decimal(1350)
    assert amount("voisin@brume.example") == Decimal(1500)
    assert amount("ancien@armor.example") == Decimal(1500)
    assert amount("administratrice@armor.example", at_lille=False) == Decimal(1500)


@pytest.mark.parametrize("read_domains", [True, False])
def test_a_page_costs_the_same_however_many_courses_lines_and_establishments(
    world: World,
    accord: AccordCadre,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    read_domains: bool,
) -> None:
    domains = [Domain.objects.create(code=number("DOM"), label=f"Domaine {rank}") for rank in range(5)]
    made = [make_course(domains[rank % 5]) for rank in range(25)]
    for rank, course in enumerate(made):
        make_line(accord, course, "12", from_seats=rank)
    courses = Course.objects.filter(pk__in=[course.pk for course in made])
    page = list(courses.select_related("domain") if read_domains else courses)
    person = User.objects.get(pk=world.personas["member_of_two"].pk)
    assert person.rights.establishments
    with django_assert_max_num_queries(3 if read_domains else 4):
        found = prices_shown_to(person, page, today())
    assert {price.negotiated for price in found.by_course.values()} == {Decimal(880), Decimal(900)}


def test_whoever_orders_holds_the_accords_in_force_and_no_other(world: World, accord: AccordCadre) -> None:
    make_accord(world.armor.company, world.nice)
    make_accord(world.armor.company, starts_on=days_away(-9), ends_on=days_away(-1))
    with CaptureQueriesContext(connection) as queries:
        lock_accords(world.lille, today())
    (query,) = queries.captured_queries
    assert query["sql"].endswith('FOR NO KEY UPDATE OF "catalogue_accordcadre"')
    locked = AccordCadre.objects.covering(world.lille).in_force(today())
    assert list(locked) == [accord]
