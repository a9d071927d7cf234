"""What staff decide about orders, enrolments and participants; what they can't change any more."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from documents.models import Document
from enrolments.models import Enrolment, Order, Participant
from tests.admin_rows import change, make_accord, unchanged
from tests.conftest import ClientFor
from tests.worlds import World, make_order, make_user

ORDERS = reverse("admin:enrolments_order_changelist")


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


@pytest.fixture
def order(world: World) -> Order:
    return world.armor.orders[world.lille.pk][0]


def order_form(order: Order, **fields: Any) -> dict[str, Any]:
    inlines = unchanged("enrolments", "documents", "events")
    return {"order_email": order.order_email, **inlines, **fields}


def enrolment_form(enrolment: Enrolment, **fields: Any) -> dict[str, Any]:
    values = {"session": enrolment.session_id, "participant": enrolment.participant_id, "state": enrolment.state}
    return {**values, **unchanged("documents"), **fields}


def test_what_staff_change_on_an_order_no_drop_changes_back(order: Order, staff: Client) -> None:
    posted = order_form(order, state="cancelled", opco="OPCO EP")
    assert staff.post(change(order), posted).status_code == 302
    order.refresh_from_db()
    assert (order.state, order.opco) == ("validated", "OPCO EP"), "a state is changed by an action, which says why"
    assert order.decided_in_portal == ["opco"]


def test_the_email_of_an_order_is_corrected_in_its_normal_form(order: Order, staff: Client) -> None:
    staff.post(change(order), order_form(order, order_email=" Bonne.Adresse@Armor.Example"))
    order.refresh_from_db()
    assert order.order_email == "bonne.adresse@armor.example"
    assert order.decided_in_portal == ["order_email"]
    carried = set(order.enrolments.values_list("order_email", flat=True)) | set(
        Document.objects.filter(order=order).values_list("order_email", flat=True)
    )
    assert carried == {order.order_email}


def test_number_date_channel_and_establishment_stay(world: World, order: Order, staff: Client) -> None:
    before = (order.number, order.placed_on, order.channel, order.establishment)
    posted = order_form(order, number="X", placed_on="01/01/2020", channel="phone", establishment=world.nice.pk)
    staff.post(change(order), posted | {"attach_to": world.nice.pk})
    order.refresh_from_db()
    assert (order.number, order.placed_on, order.channel, order.establishment) == before


def test_orders_and_enrolments_are_never_deleted(order: Order, staff: Client) -> None:
    enrolment = order.enrolments.earliest("pk")
    for row in (order, enrolment):
        delete = reverse(f"admin:enrolments_{row._meta.model_name}_delete", args=[row.pk])
        assert staff.post(delete, {"post": "yes"}).status_code == 403
        listing = reverse(f"admin:enrolments_{row._meta.model_name}_changelist")
        staff.post(listing, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
        assert type(row).objects.filter(pk=row.pk).exists()


def test_an_order_taken_by_telephone_says_who_took_it(world: World, staff: Client) -> None:
    posted = {
        "number": "CMD-TEL-1",
        "placed_on": "05/01/2026",
        "channel": "phone",
        "state": "pending",
        "order_email": "Responsable@Armor.example",
        "establishment": world.lille.pk,
    }
    assert staff.post(reverse("admin:enrolments_order_add"), posted).status_code == 302
    order = Order.objects.get(number="CMD-TEL-1")
    assert (order.ordered_by, order.order_email) == (world.personas["staff"], "responsable@armor.example")


def test_an_order_is_attached_with_all_that_hangs_on_it(world: World, staff: Client) -> None:
    order = make_order(None, "orphelin@armor.example", world.sessions, declared_siret=world.nice.siret)
    page = staff.get(change(order))
    assert page.context["adminform"].form["attach_to"].value() == world.nice.pk, "proposed from the declared SIRET"
    assert "order_email" not in page.context["adminform"].form.fields
    assert staff.post(change(order), order_form(order, attach_to=world.nice.pk)).status_code == 302
    order.refresh_from_db()
    assert order.establishment == world.nice
    assert order.decided_in_portal == ["establishment"]
    assert {row.participant.company for row in order.enrolments.all() if row.participant} == {world.armor.company}
    assert set(Document.objects.filter(order=order).values_list("establishment", flat=True)) == {world.nice.pk}


def test_whoever_may_only_look_at_an_order_is_not_offered_to_attach_it(world: World, client_for: ClientFor) -> None:
    order = make_order(None, "orphelin@armor.example", world.sessions, declared_siret=world.nice.siret)
    reader = make_user("stagiaire@ib.example", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_order"))
    client = client_for(reader)
    page = client.get(change(order))
    assert order.number in page.text
    assert 'name="attach_to"' not in page.text
    assert client.post(change(order), order_form(order, attach_to=world.nice.pk)).status_code == 403
    order.refresh_from_db()
    assert order.establishment is None


def test_the_questions_about_orders(world: World, staff: Client) -> None:
    orphan = make_order(None, "orphelin@armor.example", world.sessions, papers=False)

    def found(**query: str) -> set[Order]:
        return set(staff.get(ORDERS, query).context["cl"].result_list)

    assert found(rattachement="sans") == {orphan}
    assert found(compte="sans") == {orphan}
    assert found(q="ORPHELIN@armor.example") == {orphan}
    assert len(found(q="Brume")) == 1
    assert User.objects.filter(email="orphelin@armor.example").count() == 0


def test_the_price_of_an_enrolment_is_frozen(world: World, order: Order, staff: Client) -> None:
    enrolment, accord = order.enrolments.earliest("pk"), make_accord(world)
    frozen = {"number": "X", "price": "1", "public_price": "2", "accord": accord.pk, "accord_line": "", "order": 1}
    assert staff.post(change(enrolment), enrolment_form(enrolment, state="absent", **frozen)).status_code == 302
    after = Enrolment.objects.get(pk=enrolment.pk)
    assert after.state == "absent"
    assert after.decided_in_portal == ["state"]
    for name in ("number", "order_id", "price", "public_price", "accord_id", "accord_line_id"):
        assert getattr(after, name) == getattr(enrolment, name)


def test_a_participant_of_another_company_is_refused_in_french(world: World, order: Order, staff: Client) -> None:
    enrolment = order.enrolments.earliest("pk")
    stranger = Participant.objects.filter(company=world.brume.company).earliest("pk")
    answer = staff.post(change(enrolment), enrolment_form(enrolment, participant=stranger.pk))
    assert "Ce collaborateur n’est pas de l’entreprise de la commande." in str(answer.context["errors"])
    assert Enrolment.objects.get(pk=enrolment.pk).participant == enrolment.participant


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("accord", "Cet accord n’est pas de l’entreprise"), ("line", "Cette ligne n’est pas de cet accord.")],
)
def test_an_accord_that_is_not_theirs_is_refused_in_french(
    world: World, order: Order, staff: Client, wrong: str, told: str
) -> None:
    accord, other = make_accord(world), make_accord(world)
    target = order if wrong == "line" else world.brume.orders[world.brume.establishments[0].pk][0]
    posted = {
        "number": "INS-1",
        "order": target.pk,
        "session": world.sessions[0].pk,
        "state": "pending",
        "public_price": "100",
        "price": "90",
        "accord": accord.pk,
        "accord_line": other.lines.get().pk if wrong == "line" else "",
    }
    answer = staff.post(reverse("admin:enrolments_enrolment_add"), posted)
    assert told in str(answer.context["errors"])
    assert not Enrolment.objects.filter(number="INS-1").exists()


def test_an_enrolment_is_added_at_the_price_agreed(world: World, order: Order, staff: Client) -> None:
    accord = make_accord(world)
    posted = {
        "number": "INS-2",
        "order": order.pk,
        "session": world.sessions[0].pk,
        "state": "confirmed",
        "public_price": "1500",
        "price": "1312.50",
        "accord": accord.pk,
        "accord_line": accord.lines.get().pk,
    }
    assert staff.post(reverse("admin:enrolments_enrolment_add"), posted).status_code == 302
    enrolment = Enrolment.objects.get(number="INS-2")
    assert (enrolment.price, enrolment.establishment, enrolment.participant) == (Decimal("1312.50"), world.lille, None)


def test_a_name_corrected_by_staff_stays_corrected(world: World, staff: Client) -> None:
    participant = Participant.objects.filter(company=world.armor.company).earliest("pk")
    posted = {"last_name": "Lefèvre", "first_name": "Zoé", "email": "", "company": world.brume.company.pk}
    assert staff.post(change(participant), posted | unchanged("enrolments")).status_code == 302
    participant.refresh_from_db()
    assert (participant.last_name, participant.company) == ("Lefèvre", world.armor.company)
    assert participant.decided_in_portal == ["last_name"]
    found = staff.get(reverse("admin:enrolments_participant_changelist"), {"q": "lefevre zoe"}).context["cl"]
    assert list(found.result_list) == [participant]


def test_a_participant_added_by_hand_has_a_company(staff: Client) -> None:
    answer = staff.post(reverse("admin:enrolments_participant_add"), {"last_name": "Roy", "first_name": "Ana"})
    assert answer.context["adminform"].form.errors.keys() == {"company"}
