"""What staff keep about the catalogue and the accords."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import (
    Access,
    AccessEvent,
    AccessReview,
    Company,
    Establishment,
    Invitation,
    NotificationChoices,
    RemovedAccess,
    User,
)
from catalogue.models import (
    AccordCadre,
    AccordCoverage,
    AccordLine,
    CatalogueWord,
    Course,
    CourseIndex,
    Domain,
    HalfDay,
    Session,
    SessionState,
)
from tests.admin_rows import change, make_accord, unchanged
from tests.conftest import ClientFor
from tests.worlds import World, make_session


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


def accord_form(**fields: Any) -> dict[str, Any]:
    return {
        "starts_on": "01/01/2026",
        "ends_on": "31/12/2026",
        "covers_all": "on",
        **unchanged("lines", "coverage"),
        **fields,
    }


def new_line(**fields: Any) -> dict[str, Any]:
    values = {"from_seats": 0, "kind": "discount", "discount_rate": "10", **fields}
    return {"lines-TOTAL_FORMS": 1, **{f"lines-0-{name}": value for name, value in values.items()}}


def test_a_third_level_of_domains_is_refused_in_french(world: World, staff: Client) -> None:
    domain = world.sessions[0].course.domain
    child = Domain.objects.create(code="PY", label="Python", parent=domain)
    answer = staff.post(reverse("admin:catalogue_domain_add"), {"code": "DJ", "label": "Django", "parent": child.pk})
    assert "Deux niveaux seulement" in str(answer.context["errors"])
    assert not Domain.objects.filter(code="DJ").exists()
    assert staff.post(change(child), {"code": "AUTRE", "label": "Python 3", "parent": domain.pk}).status_code == 302
    child.refresh_from_db()
    assert (child.code, child.label) == ("PY", "Python 3")


def test_a_line_names_what_its_scope_says(world: World, staff: Client) -> None:
    accord, domain = make_accord(world), world.sessions[0].course.domain
    child = Domain.objects.create(code="PY", label="Python", parent=domain)
    for fields, told in [
        ({"scope": "subdomain", "domain": domain.pk}, "C’est un domaine, non un sous-domaine."),
        ({"scope": "domain", "domain": child.pk}, "C’est un sous-domaine."),
    ]:
        answer = staff.post(change(accord), accord_form(**new_line(**fields)))
        assert told in answer.text
    for fields in [{"scope": "domain", "domain": domain.pk}, {"scope": "subdomain", "domain": child.pk}]:
        assert staff.post(change(accord), accord_form(**new_line(**fields))).status_code == 302
    assert accord.lines.count() == 3


@pytest.mark.parametrize(
    "fields",
    [
        {"scope": "course"},
        {"scope": "everything", "kind": "price", "discount_rate": "", "fixed_price": "100"},
        {"scope": "everything", "discount_rate": "101", "from_seats": 5},
    ],
    ids=["course without course", "price for everything", "more than all"],
)
def test_a_line_that_means_nothing_is_refused(world: World, staff: Client, fields: dict[str, Any]) -> None:
    accord = make_accord(world)
    answer = staff.post(change(accord), accord_form(**new_line(**fields)))
    assert answer.status_code == 200
    assert "is violated" not in answer.text
    assert "«\xa0accord" not in answer.text, "the name of a constraint tells nobody anything"
    assert accord.lines.count() == 1


def test_two_lines_for_the_same_thing_are_refused(world: World, staff: Client) -> None:
    accord = make_accord(world)
    line = accord.lines.get()
    rows = [{"id": line.pk, "scope": "everything", "from_seats": 0}, {"scope": "everything", "from_seats": 0}]
    posted: dict[str, Any] = {"lines-TOTAL_FORMS": 2, "lines-INITIAL_FORMS": 1}
    for rank, row in enumerate(rows):
        values = {"accord": accord.pk, "kind": "discount", "discount_rate": "5", **row}
        posted |= {f"lines-{rank}-{name}": value for name, value in values.items()}
    answer = staff.post(change(accord), accord_form(**posted))
    assert "Cet accord a déjà une ligne pour cette portée et ce seuil." in answer.text
    posted["lines-1-from_seats"] = 10
    assert staff.post(change(accord), accord_form(**posted)).status_code == 302
    assert accord.lines.count() == 2


def test_an_accord_covers_its_own_company_only(world: World, staff: Client) -> None:
    accord = make_accord(world)
    add = {"coverage-TOTAL_FORMS": 1, "coverage-0-establishment": world.brume.establishments[0].pk}
    answer = staff.post(change(accord), accord_form(**add))
    assert "Cet établissement est d’une autre entreprise que l’accord." in answer.text
    add["coverage-0-establishment"] = world.nice.pk
    assert staff.post(change(accord), accord_form(**add)).status_code == 302
    assert AccordCoverage.objects.filter(accord=accord).count() == 2


def test_a_new_accord_is_entered_with_its_lines_and_establishments(world: World, staff: Client) -> None:
    company = world.armor.company.pk
    posted = accord_form(reference="AC-1", company=company, **new_line(scope="everything"))
    posted |= {"coverage-TOTAL_FORMS": 1, "coverage-0-establishment": world.lille.pk}
    assert staff.post(reverse("admin:catalogue_accordcadre_add"), posted).status_code == 302
    accord = AccordCadre.objects.get(reference="AC-1")
    assert accord.lines.get().discount_rate == Decimal(10)
    posted = accord_form(reference="AC-2", company=world.brume.company.pk)
    staff.post(change(accord), posted)
    accord.refresh_from_db()
    assert (accord.reference, accord.company) == ("AC-1", world.armor.company)


def test_a_line_stays_in_its_accord(world: World, staff: Client) -> None:
    accord, other = make_accord(world), make_accord(world)
    line = accord.lines.get()
    posted = {"accord": other.pk, "scope": "everything", "kind": "discount", "discount_rate": "15", "from_seats": 0}
    assert staff.post(change(line), posted).status_code == 302
    line.refresh_from_db()
    assert (line.accord, line.discount_rate) == (accord, Decimal(15))


def test_references_of_courses_and_codes_of_sessions_stay(world: World, staff: Client) -> None:
    session = world.sessions[0]
    code, course = session.code, session.course
    other = Course.objects.create(
        reference="AUTRE", title="Autre", domain=course.domain, days=1, hours=7, public_price=Decimal(1)
    )
    posted = {"code": "X", "course": other.pk, "starts_on": "05/01/2026", "ends_on": "06/01/2026", "state": "done"}
    posted |= {"seats": 8, "minimum": 4, "city": "Brest", **unchanged("half_days", "enrolments")}
    assert staff.post(change(session), posted).status_code == 302
    session.refresh_from_db()
    assert (session.code, session.course, session.city) == (code, course, "Brest")


def test_the_questions_about_sessions(world: World, staff: Client) -> None:
    course, today = world.sessions[0].course, timezone.localdate()
    empty = make_session(course, today + timedelta(days=20))
    Session.objects.filter(pk=empty.pk).update(minimum=2)
    Session.objects.filter(pk__in=[s.pk for s in world.sessions]).update(minimum=1, seats=5)
    listing = reverse("admin:catalogue_session_changelist")

    def found(**query: str) -> set[int]:
        return {session.pk for session in staff.get(listing, query).context["cl"].result_list}

    past, coming = world.sessions
    assert found(remplissage="sous-minimum") == {empty.pk}
    assert found(remplissage="complete") == {past.pk, coming.pk}
    assert found(quand="passees") == {past.pk}
    assert found(quand="a-venir") == {coming.pk, empty.pk}
    assert found(q=past.code.lower()) == {past.pk}


def test_whoever_is_not_logged_in_sees_no_accord(world: World) -> None:
    make_accord(world)
    assert AccordCadre.objects.exists()
    assert not AccordCadre.objects.visible_to(AnonymousUser()).exists()


def test_the_questions_about_accords(world: World, staff: Client) -> None:
    accord, today = make_accord(world), timezone.localdate()
    listing = reverse("admin:catalogue_accordcadre_changelist")
    assert list(staff.get(listing, {"validite": "en-cours"}).context["cl"].result_list) == [accord]
    assert list(staff.get(listing, {"validite": "bientot"}).context["cl"].result_list) == []
    AccordCadre.objects.filter(pk=accord.pk).update(ends_on=today + timedelta(days=90))
    assert list(staff.get(listing, {"validite": "bientot"}).context["cl"].result_list) == [accord]
    assert AccordLine.objects.count() == 1


def test_what_can_not_be_meant_of_a_session_is_told_at_its_field(world: World, staff: Client) -> None:
    known = world.sessions[1]  # with people in it: its dates are not changed here
    session = make_session(known.course, timezone.localdate() + timedelta(days=20), SessionState.CONFIRMED)
    posted: dict[str, Any] = {"starts_on": "05/01/2027", "ends_on": "06/01/2027", "state": session.state}
    posted |= {"seats": 8, "minimum": 4, **unchanged("half_days", "enrolments")}
    refused: list[tuple[dict[str, Any], str, str]] = [
        ({"minimum": 9}, "minimum", "Le minimum dépasse le nombre de places."),
        ({"ends_on": "04/01/2027"}, "ends_on", "Une session finit le jour où elle commence, ou après."),
        ({"ends_on": "31/12/9999"}, "ends_on", "L’année doit être entre 1970 et 2100."),
        ({"state": "done"}, "", ""),
    ]
    for wrong, field, told in refused:
        answer = staff.post(change(session), posted | wrong)
        if field:
            assert answer.context["adminform"].form.errors[field] == [told]
        else:
            assert answer.status_code == 302
    answer = staff.post(change(session), posted | {"state": "open"})
    assert "state" in answer.context["adminform"].form.errors
    half = {"half_days-TOTAL_FORMS": 1, "half_days-0-date": "09/01/2027", "half_days-0-starts_at": "09:00"}
    answer = staff.post(change(session), posted | {"state": "done"} | half | {"half_days-0-ends_at": "12:00"})
    assert "Cette date n’est pas entre le début et la fin de la session." in answer.text


def test_half_days_within_the_session_are_kept_and_those_outside_told_one_by_one(world: World, staff: Client) -> None:
    known = world.sessions[1]  # with people in it: its dates are not changed here
    session = make_session(known.course, timezone.localdate() + timedelta(days=20), SessionState.CONFIRMED)
    posted: dict[str, Any] = {"starts_on": "05/01/2027", "ends_on": "06/01/2027", "state": session.state}
    posted |= {"seats": 8, "minimum": 4, **unchanged("half_days", "enrolments"), "half_days-TOTAL_FORMS": 3}
    for rank, day in enumerate(("05/01/2027", "07/01/2027", "06/01/2027")):
        half = {"date": day, "starts_at": "09:00", "ends_at": "12:00"}
        posted |= {f"half_days-{rank}-{name}": value for name, value in half.items()}
    answer = staff.post(change(session), posted)
    told = ["Cette date n’est pas entre le début et la fin de la session."]
    assert answer.context["inline_admin_formsets"][0].formset.errors == [{}, {"date": told}, {}]
    assert not session.half_days.exists()
    assert (
        staff.post(
            change(session),
            posted
            | {"half_days-1-date": "06/01/2027", "half_days-1-starts_at": "13:00", "half_days-1-ends_at": "17:00"},
        ).status_code
        == 302
    )
    assert [str(one) for one in session.half_days.all()] == ["2027-01-05 09:00", "2027-01-06 09:00", "2027-01-06 13:00"]


def test_courses_leave_the_catalogue_and_come_back(world: World, staff: Client) -> None:
    course, listing = world.sessions[0].course, reverse("admin:catalogue_course_changelist")

    def found(**query: str) -> list[Course]:
        return list(staff.get(listing, query).context["cl"].result_list)

    assert found(offre="aucune") == found(offre="retirees") == []
    staff.post(listing, {"action": "withdraw", "_selected_action": [course.pk]})
    course.refresh_from_db()
    assert not course.in_catalogue
    assert found(offre="retirees") == [course]
    assert f"/catalogue/{course.pk}/" not in staff.get(change(course)).text
    staff.post(listing, {"action": "put_back", "_selected_action": [course.pk]})
    assert f"/catalogue/{course.pk}/" in staff.get(change(course)).text
    Session.objects.filter(pk=world.sessions[1].pk).update(state="cancelled")
    assert found(offre="aucune") == [course]


def test_a_duration_that_can_not_be_is_told_at_its_field(world: World, staff: Client) -> None:
    course = world.sessions[0].course
    posted: dict[str, Any] = {"title": "x", "domain": course.domain_id, "mode": "remote", "kind": "inter"}
    for days, hours, field in [("1", "70", "hours"), ("0", "0", "days")]:
        answer = staff.post(change(course), posted | {"days": days, "hours": hours, "public_price": "1"})
        assert field in answer.context["adminform"].form.errors


def test_an_impossible_rate_is_refused_in_french(world: World, staff: Client) -> None:
    course = world.sessions[0].course
    posted = {"title": "x", "domain": course.domain_id, "days": 1, "hours": 7, "mode": "remote", "kind": "inter"}
    answer = staff.post(change(course), posted | {"public_price": "-1", "vat_rate": "99.99"})
    assert "Un prix n’est pas négatif." in answer.text
    answer = staff.post(change(course), posted | {"public_price": "1", "vat_rate": "-1"})
    assert "Un taux de TVA va de 0 à 100 %." in answer.text


# --- What rows are called ------------------------------------------------------------------------------------------

LEA, PLACE = User(email="lea@armor.example", first_name="Léa", last_name="Noël"), Establishment(name="Armor Lille")
COURSE, ACCORD = Course(reference="PYT-01", title="Python"), AccordCadre(reference="AC-2026")
DAY = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CALLED: list[tuple[Model, str]] = [
    (Company(name="Armor"), "Armor"),
    (PLACE, "Armor Lille"),
    (LEA, "Léa Noël <lea@armor.example>"),
    (User(email="lea@armor.example"), "lea@armor.example"),
    (Access(user=LEA, establishment=PLACE, role="standard"), "Léa Noël <lea@armor.example> · Armor Lille · Standard"),
    (RemovedAccess(user=LEA, establishment=PLACE), "Léa Noël <lea@armor.example> · Armor Lille"),
    (Invitation(email="zoe@armor.example", establishment=PLACE), "zoe@armor.example · Armor Lille"),
    (AccessEvent(event="invited", subject_email="zoe@armor.example"), "Invitation envoyée · zoe@armor.example"),
    (AccessReview(establishment=PLACE, finished_at=DAY), "Armor Lille · 2026-11-23"),
    (NotificationChoices(user=LEA), "Léa Noël <lea@armor.example>"),
    (Domain(label="Développement"), "Développement"),
    (COURSE, "Python (PYT-01)"),
    (Session(code="SES-7"), "SES-7"),
    (HalfDay(date=DAY.date(), starts_at=time(9)), "2026-11-23 09:00"),
    (ACCORD, "AC-2026"),
    (AccordCoverage(establishment=PLACE), "Armor Lille"),
    (AccordLine(accord=ACCORD, scope="everything"), "AC-2026 · Tout le catalogue"),
    (CourseIndex(title="python"), "python"),
    (CatalogueWord(word="python"), "python"),
]


@pytest.mark.parametrize(("row", "name"), CALLED, ids=[type(row).__name__ for row, _name in CALLED])
def test_a_row_is_called_by_what_people_know_of_it(row: Model, name: str) -> None:
    assert str(row) == name


def test_every_model_that_says_its_name_is_asked_for_it() -> None:
    models = [one for app in ("accounts", "catalogue") for one in apps.get_app_config(app).get_models()]
    assert {one for one in models if "__str__" in vars(one)} == {type(row) for row, _name in CALLED}
