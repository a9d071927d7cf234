"""commandes.csv: what links an order to those who see it, and its moving with all that hangs on it."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.models import User
from documents.models import Document
from enrolments.models import (
    Enrolment,
    Order,
    OrderChannel,
    OrderEvent,
    OrderEventKind,
    OrderState,
    Participant,
)
from enrolments.services import attach_order
from enrolments.transitions import any_state
from tests.espace_client.drops import (
    LEA,
    LILLE,
    PAUL,
    RENNES,
    STRASBOURG,
    Drop,
    counted,
    establishment,
    reasons,
    refused,
)


def order(number: str) -> Order:
    return Order.objects.select_related("establishment").get(number=number)


def siret_of(number: str) -> str:
    held = order(number).establishment
    return held.siret if held else ""


def test_what_is_kept(drop: Drop) -> None:
    drop.row("commandes", "CMD1")["email"] = " LEA@Armorel.example "
    drop.run()
    one = order("CMD1")
    assert (one.order_email, siret_of("CMD1"), one.placed_on) == (LEA, LILLE, date(2026, 4, 1))
    assert (one.purchase_order_number, one.opco, one.state) == ("BC-1", "Atlas", OrderState.VALIDATED)
    assert (one.channel, one.ordered_by, siret_of("CMD3")) == (OrderChannel.SITE, None, "")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("en_attente", OrderState.PENDING),
        ("validee", OrderState.VALIDATED),
        ("refusee", OrderState.REFUSED),
        ("ANNULEE", OrderState.CANCELLED),
    ],
)
def test_states(drop: Drop, word: str, state: OrderState) -> None:
    drop.row("commandes", "CMD1")["etat"] = word
    drop.run()
    assert order("CMD1").state == state


@pytest.mark.parametrize(
    ("word", "channel"),
    [
        ("site", OrderChannel.SITE),
        ("telephone", OrderChannel.PHONE),
        ("mail", OrderChannel.MAIL),
        ("", OrderChannel.PHONE),
    ],
)
def test_channels_an_unknown_one_opens_no_negotiated_price(drop: Drop, word: str, channel: OrderChannel) -> None:
    drop.row("commandes", "CMD1")["canal"] = word
    drop.run()
    assert order("CMD1").channel == channel


def test_an_order_placed_in_the_portal_stays_one_of_the_site(drop: Drop) -> None:
    drop.run()
    OrderEvent.objects.create(order=order("CMD1"), kind=OrderEventKind.PLACED)
    drop.row("commandes", "CMD1").update(canal="telephone", opco="OPCO EP")
    drop.row("commandes", "CMD2")["canal"] = "mail"
    run = drop.only("commandes").run()
    assert (order("CMD1").channel, order("CMD1").opco) == (OrderChannel.SITE, "OPCO EP")
    assert order("CMD2").channel == OrderChannel.MAIL, "one that only the ERP knows follows it"
    assert [one.replace("\u00a0", " ") for one in run.counts["commandes.csv"]["warnings"]] == [
        "Ligne 2, canal « Téléphone » : une commande passée sur le portail garde son canal : Site."
    ]
    assert refused(run) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("email", ""),
        ("email", "lea"),
        ("date", ""),
        ("date", "31/11/2025"),
        ("siret", "123"),
        ("etat", "livrée"),
        ("etat", ""),
        ("canal", "fax"),
        ("bon_de_commande", "x" * 61),
    ],
)
def test_those_that_can_not_be_taken(drop: Drop, column: str, value: str) -> None:
    drop.row("commandes", "CMD1")[column] = value
    run = drop.only("entreprises", "etablissements", "commandes").run()
    assert refused(run) == [("commandes.csv", 2, column, value)]
    assert Order.objects.count() == 2


def test_an_establishment_that_is_not_there(drop: Drop) -> None:
    drop.rows["etablissements"].pop(0)
    assert ("commandes.csv", 2, "siret", LILLE) in refused(drop.run())
    assert not Order.objects.filter(number="CMD1").exists()


def test_an_order_held_for_approval_stays_so_while_the_erp_says_waiting(drop: Drop) -> None:
    drop.run()
    with any_state():
        Order.objects.update(state=OrderState.TO_APPROVE)
    for row in drop.rows["commandes"]:
        row["etat"] = "en_attente"
    drop.row("commandes", "CMD2")["etat"] = "validee"
    drop.run()
    assert (order("CMD1").state, order("CMD2").state) == (OrderState.TO_APPROVE, OrderState.VALIDATED)


def test_what_the_portal_decided_stays(drop: Drop) -> None:
    drop.run()
    one = order("CMD1")
    one.state, one.purchase_order_number = OrderState.CANCELLED, "BC-PORTAIL"
    one.decide(["state", "purchase_order_number", "order_email", "establishment"])
    one.save()
    drop.row("commandes", "CMD1").update(
        etat="validee", bon_de_commande="BC-2", opco="OPCO EP", email=PAUL, siret=STRASBOURG
    )
    run = drop.only("commandes").run()
    assert counted(run, "commandes") == (0, 1, 2, 0)
    one = order("CMD1")
    assert (one.state, one.purchase_order_number, one.opco) == (OrderState.CANCELLED, "BC-PORTAIL", "OPCO EP")
    assert (one.order_email, siret_of("CMD1")) == (LEA, LILLE)


class TestMoving:
    def test_the_siret_of_a_later_drop_attaches_the_order(self, drop: Drop) -> None:
        drop.run()
        before = Enrolment.objects.get(number="INS4")
        drop.row("commandes", "CMD3")["siret"] = STRASBOURG
        run = drop.run()
        assert refused(run) == []
        assert counted(run, "commandes") == (0, 1, 2, 0)
        seat = Enrolment.objects.select_related("participant__company").get(number="INS4")
        assert seat.establishment == establishment(STRASBOURG)
        assert seat.participant is not None
        assert seat.participant.pk == before.participant_id  # the same person, now known in the company
        assert (seat.participant.company, seat.participant.owner_email) == (establishment(STRASBOURG).company, "")
        assert counted(drop.run(), "commandes") == (0, 0, 3, 0)

    def test_a_participant_known_in_the_company_is_the_same_person(self, drop: Drop) -> None:
        drop.row("inscriptions", "INS4").update(nom="BONNET", email_participant="zoe.bonnet@armorel.example")
        drop.run()
        drop.row("commandes", "CMD3")["siret"] = LILLE
        assert refused(drop.run()) == []
        people = Enrolment.objects.filter(number__in=["INS1", "INS4"]).values_list("participant", flat=True)
        assert len(set(people)) == 1

    def test_a_participant_of_another_order_stays_there(self, drop: Drop) -> None:
        drop.add("commandes", numero="CMD4", siret="")
        drop.add("inscriptions", **{**drop.row("inscriptions", "INS4"), "numero": "INS5", "commande": "CMD4"})
        drop.run()
        assert Participant.objects.filter(owner_email=LEA).count() == 1
        drop.row("commandes", "CMD3")["siret"] = LILLE
        assert refused(drop.run()) == []
        one, other = Enrolment.objects.select_related("participant").filter(number__in=["INS4", "INS5"]).order_by("pk")
        assert one.participant is not None
        assert other.participant is not None
        assert (one.participant.owner_email, other.participant.owner_email) == ("", LEA)
        assert one.participant.erp_key == other.participant.erp_key

    def test_a_new_email_carries_enrolments_documents_and_participants(self, drop: Drop) -> None:
        drop.add("documents", numero="FAC3", type="facture", commande="CMD3", inscription="", session="", siret="")
        drop.rows["documents"][-1]["fichier"] = "facture/FAC3.pdf"
        drop.run()
        drop.row("commandes", "CMD3")["email"] = PAUL
        assert refused(drop.run()) == []
        assert Enrolment.objects.get(number="INS4").order_email == PAUL
        assert Document.objects.get(number="FAC3").order_email == PAUL
        assert Participant.objects.filter(owner_email=PAUL, last_name="Martin").exists()

    def test_another_company_takes_all_or_nothing(self, drop: Drop) -> None:
        drop.row("inscriptions", "INS3")["accord"] = ""
        drop.run()
        drop.row("commandes", "CMD2")["siret"] = LILLE
        drop.row("documents", "FAC2")["siret"] = LILLE
        assert refused(drop.run()) == []
        seat = Enrolment.objects.select_related("participant__company").get(number="INS3")
        assert seat.participant is not None
        assert seat.participant.company == establishment(LILLE).company
        assert Document.objects.get(number="FAC2").establishment == establishment(LILLE)

    def test_but_not_with_the_price_of_another_company(self, drop: Drop) -> None:
        drop.run()
        drop.row("commandes", "CMD2")["siret"] = LILLE
        run = drop.run()
        assert refused(run)[0] == ("commandes.csv", 3, "siret", LILLE)
        assert "accord-cadre d’une autre entreprise" in reasons(run)
        assert siret_of("CMD2") == RENNES

    def test_old_papers_follow_too(self, drop: Drop) -> None:
        drop.run()
        drop.row("inscriptions", "INS1")["session"] = "S2"  # its attestation stays about S1
        drop.row("commandes", "CMD1")["siret"] = STRASBOURG
        drop.only("commandes", "inscriptions")
        assert refused(drop.run()) == []
        assert Document.objects.get(number="ATT1").establishment == establishment(STRASBOURG)
        drop.row("commandes", "CMD1")["siret"] = LILLE
        assert refused(drop.run()) == []
        assert Document.objects.get(number="ATT1").establishment == establishment(LILLE)

    def test_who_sees_it_changes_with_it(self, drop: Drop) -> None:
        drop.run()
        lea = User.objects.get(email=LEA)
        drop.row("commandes", "CMD1")["siret"] = STRASBOURG
        drop.only("commandes").run()
        assert set(Document.objects.visible_to(lea).values_list("number", flat=True)) == {"ATT1", "FAC1", "EMA1"}
        drop.row("commandes", "CMD1")["email"] = PAUL
        drop.run()
        paul = User.objects.get(email=PAUL)
        assert set(Document.objects.visible_to(paul).values_list("number", flat=True)) == {"FAC2"}

    def test_an_order_that_staff_attached_is_left_where_it_is(self, drop: Drop) -> None:
        drop.run()
        attach_order(order=order("CMD3"), establishment=establishment(LILLE))
        drop.row("commandes", "CMD3")["siret"] = STRASBOURG
        run = drop.run()
        assert counted(run, "commandes") == (0, 0, 3, 0)
        assert siret_of("CMD3") == LILLE
