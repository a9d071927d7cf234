"""inscriptions.csv: seats, people and prices."""

from __future__ import annotations

from decimal import Decimal

import pytest

from catalogue.models import AccordLine
from enrolments.models import Enrolment, EnrolmentState, Order, OrderEvent, OrderEventKind, Participant
from enrolments.transitions import any_state
from espace_client.models import ImportRun, ImportStatus
from tests.espace_client.drops import STRASBOURG, Drop, counted, reasons, refused


def seat(number: str = "INS1") -> Enrolment:
    return Enrolment.objects.select_related("participant", "session", "order", "accord").get(number=number)


def person(number: str = "INS1") -> Participant:
    participant = seat(number).participant
    assert participant is not None
    return participant


def test_what_is_kept(drop: Drop) -> None:
    drop.run()
    one = seat()
    assert (one.order.number, one.session.code, one.state) == ("CMD1", "S1", EnrolmentState.PRESENT)
    assert (one.public_price, one.price) == (Decimal("2000.00"), Decimal("1900.00"))
    assert one.accord is not None
    assert (one.accord.reference, one.accord_line) == ("AC-A", None)
    assert (person().last_name, person().first_name) == ("Bonnet", "Zoé")
    assert (person().email, person().company) == ("zoe.bonnet@armorel.example", one.order.establishment.company)  # type: ignore[union-attr]
    assert (person("INS4").company, person("INS4").owner_email) == (None, "lea@armorel.example")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("en_attente", EnrolmentState.PENDING),
        ("confirmee", EnrolmentState.CONFIRMED),
        ("presente", EnrolmentState.PRESENT),
        ("partielle", EnrolmentState.PARTIAL),
        ("absente", EnrolmentState.ABSENT),
        ("annulee", EnrolmentState.CANCELLED),
    ],
)
def test_states(drop: Drop, word: str, state: EnrolmentState) -> None:
    drop.row("inscriptions", "INS1")["etat"] = word
    drop.run()
    assert seat().state == state


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("commande", "NONE"),
        ("commande", ""),
        ("session", "NONE"),
        ("accord", "NONE"),
        ("accord", "AC-V"),
        ("etat", ""),
        ("prix_ht", "-1"),
        ("prix_ht", ""),
        ("prix_public_ht", ""),
        ("prix_public_ht", "10000000000"),
        ("email_participant", "zoe"),
        ("nom", "x" * 101),
    ],
)
def test_those_that_can_not_be_taken(drop: Drop, column: str, value: str) -> None:
    drop.row("inscriptions", "INS1")[column] = value
    run = drop.run()
    assert refused(run) == [("inscriptions.csv", 2, column, value), ("documents.csv", 2, "inscription", "INS1")]


def test_a_price_above_the_public_one(drop: Drop) -> None:
    drop.row("inscriptions", "INS1")["prix_ht"] = "2000,01"
    run = drop.run()
    assert refused(run)[0] == ("inscriptions.csv", 2, "prix_ht", "2000.01")
    assert "dépasse le prix public" in reasons(run)


def test_an_accord_without_a_company_to_go_with_it(drop: Drop) -> None:
    drop.row("inscriptions", "INS4")["accord"] = "AC-A"
    assert refused(drop.run()) == [("inscriptions.csv", 5, "accord", "AC-A")]


def test_an_accord_out_of_date_or_of_other_establishments_is_history(drop: Drop) -> None:
    drop.row("accords", "AC-A").update(debut="01/01/2020", fin="31/12/2020", etablissements=STRASBOURG)
    assert refused(drop.run()) == []
    assert seat().accord is not None


def test_an_enrolment_never_passes_to_another_order(drop: Drop) -> None:
    drop.run()
    drop.row("inscriptions", "INS1").update(commande="CMD2", accord="")
    run = drop.only("inscriptions").run()
    assert refused(run) == [("inscriptions.csv", 2, "commande", "CMD2")]
    assert seat().order.number == "CMD1"


def test_a_later_drop(drop: Drop) -> None:
    drop.run()
    drop.row("inscriptions", "INS1").update(session="s2", etat="absente", prix_ht="1800", numero="ins1")
    run = drop.only("inscriptions").run()
    assert counted(run, "inscriptions") == (0, 1, 3, 0)
    assert (seat().session.code, seat().state, seat().price) == ("S2", EnrolmentState.ABSENT, Decimal(1800))


def told(run: ImportRun) -> list[str]:
    """The warnings about inscriptions.csv, with plain spaces."""
    return [one.replace("\u00a0", " ") for one in run.counts["inscriptions.csv"]["warnings"]]


class TestFrozenPrices:
    """Rule 7: what the portal priced keeps its price, its accord and its line, whatever a drop says."""

    @pytest.fixture(autouse=True)
    def otherwise(self, drop: Drop) -> None:
        drop.add("accords", reference="AC-B")
        drop.run()
        drop.row("inscriptions", "INS1").update(
            prix_public_ht="2500", prix_ht="1800", accord="AC-B", etat="absente", session="S2"
        )
        drop.only("inscriptions")

    def check_kept(self, run: ImportRun) -> None:
        one = seat()
        assert one.accord is not None
        assert (one.public_price, one.price, one.accord.reference) == (Decimal(2000), Decimal(1900), "AC-A")
        assert (one.state, one.session.code) == (EnrolmentState.ABSENT, "S2"), "the rest of the line is taken"
        assert refused(run) == []
        assert run.status == ImportStatus.DONE
        assert told(run) == [
            "Ligne 2, prix_public_ht « 2500,00 » : le prix figé à la commande est gardé : 2000,00.",
            "Ligne 2, prix_ht « 1800,00 » : le prix figé à la commande est gardé : 1900,00.",
            "Ligne 2, accord « AC-B » : l’accord-cadre figé à la commande est gardé : AC-A.",
        ]

    @pytest.mark.parametrize("dry", [True, False])
    def test_by_a_line_of_an_accord(self, drop: Drop, dry: bool) -> None:
        line = AccordLine.objects.filter(accord__reference="AC-A").earliest("pk")
        Enrolment.objects.filter(number="INS1").update(accord_line=line)
        if dry:
            assert len(told(drop.run(dry_run=True))) == 3
        self.check_kept(drop.run())
        assert seat().accord_line == line
        again = drop.run()
        assert (counted(again, "inscriptions"), len(told(again))) == ((0, 0, 4, 0), 3)

    def test_of_an_order_placed_in_the_portal(self, drop: Drop) -> None:
        OrderEvent.objects.create(order=Order.objects.get(number="CMD1"), kind=OrderEventKind.PLACED)
        self.check_kept(drop.run())

    def test_at_the_public_price(self, drop: Drop) -> None:
        OrderEvent.objects.create(order=Order.objects.get(number="CMD1"), kind=OrderEventKind.PLACED)
        drop.row("inscriptions", "INS2").update(accord="AC-A")
        assert told(drop.run())[3:] == [
            "Ligne 3, accord « AC-A » : l’accord-cadre figé à la commande est gardé : aucun."
        ]
        assert seat("INS2").accord is None

    def test_but_what_only_the_erp_knows_follows_it(self, drop: Drop) -> None:
        run = drop.run()
        one = seat()
        assert one.accord is not None
        assert (one.public_price, one.price, one.accord.reference) == (Decimal(2500), Decimal(1800), "AC-B")
        assert told(run) == []

    def test_the_report_does_not_grow_with_the_drop(self, drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("espace_client.erp.report.MOST_LINES", 2)
        monkeypatch.setattr("espace_client.erp.engine.LINES", 1)
        OrderEvent.objects.create(order=Order.objects.get(number="CMD1"), kind=OrderEventKind.PLACED)
        drop.row("inscriptions", "INS2").update(prix_ht="1850")
        assert [one[:8] for one in told(drop.run())] == ["Ligne 2,", "Ligne 2,", "2 autres"]


def test_what_the_portal_decided_stays(drop: Drop) -> None:
    drop.run()
    enrolment = seat()
    enrolment.state = EnrolmentState.CANCELLED
    enrolment.decide(["state", "session"])
    with any_state():
        enrolment.save()
    drop.row("inscriptions", "INS1").update(session="S2", prix_ht="1700")
    run = drop.only("inscriptions").run()
    assert counted(run, "inscriptions") == (0, 1, 3, 0)
    assert (seat().state, seat().session.code, seat().price) == (EnrolmentState.CANCELLED, "S1", Decimal(1700))


def test_an_enrolment_validated_in_the_portal_does_not_wait_again(drop: Drop) -> None:
    drop.run()
    row = drop.row("inscriptions", "INS1")
    with any_state():
        Enrolment.objects.update(state=EnrolmentState.CONFIRMED)
    row["etat"] = "en_attente"
    drop.only("inscriptions").run()
    assert seat().state == EnrolmentState.PENDING, "the ERP decides as long as the portal did not"
    with any_state():
        Enrolment.objects.update(state=EnrolmentState.CONFIRMED)
    Order.objects.update(decided_in_portal=["state"])
    drop.only("inscriptions").run()
    assert seat().state == EnrolmentState.CONFIRMED
    row["etat"] = "presente"
    drop.only("inscriptions").run()
    assert seat().state == EnrolmentState.PRESENT, "attendance is the ERP's to say"


class TestParticipants:
    def test_the_same_person_twice_in_a_session_is_history(self, drop: Drop) -> None:
        drop.add("inscriptions", numero="INS9", etat="annulee")
        assert refused(drop.run()) == []
        assert person("INS9") == person("INS1")

    def test_identity_ignores_case_and_spaces_but_not_accents(self, drop: Drop) -> None:
        drop.add(
            "inscriptions", numero="INS8", nom="BONNET ", prenom="zoé", email_participant="ZOE.BONNET@armorel.example"
        )
        drop.add("inscriptions", numero="INS9", prenom="Zoe")
        drop.run()
        assert person("INS8") == person("INS1")
        assert person("INS9") != person("INS1")
        assert person("INS1").last_name == "Bonnet"

    def test_a_company_never_shares_its_people(self, drop: Drop) -> None:
        drop.row("inscriptions", "INS3").update(nom="Bonnet", email_participant="zoe.bonnet@armorel.example")
        drop.run()
        assert person("INS3").erp_key == person("INS1").erp_key
        assert person("INS3").company != person("INS1").company

    def test_a_seat_without_a_name_yet(self, drop: Drop) -> None:
        drop.row("inscriptions", "INS2").update(nom="", prenom="", email_participant="")
        drop.run()
        assert seat("INS2").participant is None
        drop.row("inscriptions", "INS2").update(nom="Dupuis")
        assert counted(drop.run(), "inscriptions") == (0, 1, 3, 0)
        assert person("INS2").last_name == "Dupuis"

    def test_an_address_alone_is_shown_as_a_name(self, drop: Drop) -> None:
        drop.row("inscriptions", "INS1").update(nom="", prenom="")
        drop.run()
        assert str(person()) == "zoe.bonnet@armorel.example"

    def test_a_name_corrected_by_the_erp(self, drop: Drop) -> None:
        drop.run()
        drop.row("inscriptions", "INS1")["nom"] = "Bonnet-Petit"
        assert counted(drop.run(), "inscriptions") == (0, 1, 3, 0)
        assert person().last_name == "Bonnet-Petit"
        assert counted(drop.run(), "inscriptions") == (0, 0, 4, 0)

    @pytest.mark.parametrize("name", ["Bonnet", "BONET", "Bonnet-Petit"])
    def test_a_name_corrected_in_the_portal_stays(self, drop: Drop, name: str) -> None:
        drop.run()
        corrected = person()
        corrected.last_name = "Bonnet-Durand"
        corrected.decide(["last_name"])
        corrected.save()
        drop.row("inscriptions", "INS1")["nom"] = name
        assert counted(drop.run(), "inscriptions") == (0, 0, 4, 0)
        assert person() == corrected
        assert person().last_name == "Bonnet-Durand"

    def test_an_enrolment_to_come_finds_the_corrected_person(self, drop: Drop) -> None:
        drop.run()
        corrected = person()
        corrected.last_name = "Bonnet-Durand"
        corrected.decide(["last_name"])
        corrected.save()
        drop.add("inscriptions", numero="INS9", session="S2")
        drop.run()
        assert person("INS9") == corrected

    def test_a_participant_substituted_in_the_portal_stays(self, drop: Drop) -> None:
        drop.run()
        enrolment = seat()
        enrolment.participant = person("INS2")
        enrolment.decide(["participant"])
        enrolment.save()
        people = Participant.objects.count()
        drop.row("inscriptions", "INS1")["nom"] = "Nouveau"
        assert counted(drop.run(), "inscriptions") == (0, 0, 4, 0)
        assert person() == person("INS2")
        assert Participant.objects.count() == people

    def test_someone_named_in_the_portal_is_recognised(self, drop: Drop) -> None:
        drop.row("inscriptions", "INS1").update(nom="", prenom="", email_participant="")
        drop.run()
        enrolment = seat()
        mine = Participant.objects.create(
            company=person("INS2").company, last_name="Bonnet", first_name="Zoé", email="zoe.bonnet@armorel.example"
        )
        enrolment.participant = mine
        enrolment.save()
        drop.row("inscriptions", "INS1").update(nom="BONNET", prenom="Zoé", email_participant=mine.email)
        assert counted(drop.run(), "inscriptions") == (0, 1, 3, 0)
        assert person() == mine
        assert person().last_name == "Bonnet"
        assert counted(drop.run(), "inscriptions") == (0, 0, 4, 0)
