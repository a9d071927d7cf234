"""documents.csv: what a paper is about belongs together, and a paper never changes."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.models import User
from documents.models import Document, documents_storage
from tests.espace_client.drops import LEA, LILLE, PAUL, RENNES, STRASBOURG, Drop, counted, reasons, refused
from tests.worlds import pdf


def document(number: str) -> Document:
    return Document.objects.select_related("order", "enrolment", "session", "establishment").get(number=number)


def about(number: str) -> tuple[str | None, ...]:
    one = document(number)
    return (
        one.order.number if one.order else None,
        one.enrolment.number if one.enrolment else None,
        one.session.code if one.session else None,
        one.establishment.siret if one.establishment else None,
    )


def add(drop: Drop, number: str, **values: str) -> None:
    """A facture of CMD1 with its own file."""
    about_it = {"type": "facture", "commande": "CMD1", "inscription": "", "session": "", "siret": ""}
    drop.add("documents", **{**about_it, "numero": number, "fichier": f"facture/{number}.pdf", **values})


class TestTaking:
    def test_what_is_kept(self, drop: Drop) -> None:
        drop.run()
        one = document("ATT1")
        assert (one.type, one.issued_on, one.amount, one.replaces) == ("attestation", date(2026, 5, 7), None, None)
        content = pdf("attestation/ATT1.pdf")
        with documents_storage().open(str(one.file.name)) as file:
            assert file.read() == content
        assert one.size == len(content)

    def test_what_each_is_about(self, drop: Drop) -> None:
        drop.run()
        assert about("ATT1") == ("CMD1", "INS1", "S1", LILLE)
        assert about("FAC1") == ("CMD1", None, None, LILLE)
        assert about("EMA1") == (None, None, "S1", LILLE)

    def test_an_enrolment_gives_its_order_and_session(self, drop: Drop) -> None:
        drop.row("documents", "ATT1").update(commande="", session="", siret="")
        assert refused(drop.run()) == []
        assert about("ATT1") == ("CMD1", "INS1", "S1", LILLE)

    def test_who_sees_what(self, drop: Drop) -> None:
        drop.run()
        lea, paul = User.objects.get(email=LEA), User.objects.get(email=PAUL)
        assert set(Document.objects.visible_to(lea).values_list("number", flat=True)) == {"ATT1", "FAC1", "EMA1"}
        assert set(Document.objects.visible_to(paul).values_list("number", flat=True)) == {"FAC2"}

    def test_an_order_without_establishment(self, drop: Drop) -> None:
        add(drop, "FAC3", commande="CMD3")
        assert refused(drop.run()) == []
        assert (document("FAC3").establishment, document("FAC3").order_email) == (None, LEA)

    @pytest.mark.parametrize(
        "kind", ["bon_pour_accord", "bon_de_commande", "convention", "prise_en_charge", "convocation", "evaluation"]
    )
    def test_types(self, drop: Drop, kind: str) -> None:
        drop.row("documents", "ATT1")["type"] = kind.upper()
        drop.run()
        assert document("ATT1").type == kind


class TestBelonging:
    """Each of these could show a paper to the wrong people."""

    @pytest.mark.parametrize(
        ("number", "changes", "column"),
        [
            ("ATT1", {"commande": "CMD2", "siret": ""}, "inscription"),
            ("ATT1", {"inscription": "INS3"}, "inscription"),
            ("ATT1", {"session": "S2"}, "session"),
            ("ATT1", {"siret": RENNES}, "siret"),
            ("ATT1", {"siret": STRASBOURG}, "siret"),
            ("ATT1", {"commande": "", "siret": RENNES}, "siret"),
            ("FAC1", {"siret": RENNES}, "siret"),
            ("FAC1", {"session": "S2"}, "session"),
            ("FAC1", {"commande": "CMD3", "siret": LILLE}, "siret"),
            ("FAC1", {"commande": ""}, "commande"),
            ("FAC1", {"commande": "", "session": "S1", "siret": LILLE}, "commande"),
            ("EMA1", {"siret": STRASBOURG}, "siret"),
            ("EMA1", {"session": "S2"}, "siret"),
            ("EMA1", {"session": ""}, "session"),
            ("EMA1", {"siret": ""}, "siret"),
            ("EMA1", {"commande": "CMD2", "siret": ""}, None),  # CMD2 is in S1: a good line, for contrast
            ("EMA1", {"commande": "CMD2"}, "siret"),
            ("ATT1", {"commande": "NONE"}, "commande"),
            ("ATT1", {"inscription": "NONE"}, "inscription"),
            ("ATT1", {"session": "NONE"}, "session"),
            ("ATT1", {"siret": LILLE[:9] + "00000"}, "siret"),
            ("ATT1", {"type": "devis"}, "type"),
            ("ATT1", {"date": "30/02/2026"}, "date"),
            ("ATT1", {"fichier": ""}, "fichier"),
        ],
    )
    def test_what_does_not_belong_together(
        self, drop: Drop, number: str, changes: dict[str, str], column: str | None
    ) -> None:
        drop.row("documents", number).update(changes)
        run = drop.run()
        assert [line[2] for line in refused(run)] == ([column] if column else [])
        assert Document.objects.filter(number=number).exists() == (column is None)

    def test_an_enrolment_whose_order_was_refused_in_this_drop(self, drop: Drop) -> None:
        drop.run()
        drop.only("commandes", "documents")
        drop.row("commandes", "CMD1")["date"] = "hier"
        add(drop, "ATT9", type="attestation", commande="", inscription="INS2")
        run = drop.run()
        assert ("documents.csv", 6, "inscription", "INS2") in refused(run)

    def test_a_file_that_two_clients_claim(self, drop: Drop) -> None:
        drop.row("documents", "FAC2")["fichier"] = "./facture/FAC1.pdf"
        run = drop.run()
        assert refused(run) == [("documents.csv", 5, "fichier", "./facture/FAC1.pdf")]
        assert "celui de « FAC1 »" in reasons(run)
        assert refused(drop.run()) == refused(run)

    def test_a_file_for_two_papers_of_one_client(self, drop: Drop) -> None:
        add(drop, "FAC9", fichier="facture/FAC1.pdf")
        assert refused(drop.run()) == []

    @pytest.mark.parametrize("lines", [1, 2000])
    def test_a_copy_under_another_name_is_the_same_file(
        self, drop: Drop, lines: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("espace_client.erp.engine.LINES", lines)
        drop.put("facture/FAC2.pdf", pdf("facture/FAC1.pdf"))
        run = drop.run()
        assert refused(run) == [("documents.csv", 5, "fichier", "facture/FAC2.pdf")]
        assert "celui de « FAC1 »" in reasons(run)

    def test_a_file_of_an_earlier_drop_stays_its_clients(self, drop: Drop) -> None:
        drop.rows["documents"] = [drop.row("documents", "FAC1")]
        drop.run()
        drop.rows["documents"] = []
        add(drop, "FAC9", commande="CMD2", fichier="facture/FAC1.pdf")
        add(drop, "FAC8", fichier="facture/FAC1.pdf")
        run = drop.only("documents").run()
        assert refused(run) == [("documents.csv", 2, "fichier", "facture/FAC1.pdf")]
        assert "celui de « FAC1 »" in reasons(run)
        assert set(Document.objects.values_list("number", flat=True)) == {"FAC1", "FAC8"}

    @pytest.mark.parametrize(("email", "lines"), [(PAUL, [6]), (LEA, [])])
    def test_who_ordered_counts_within_an_establishment(self, drop: Drop, email: str, lines: list[int]) -> None:
        """Somebody there by their address only would see what a colleague ordered."""
        drop.add("commandes", numero="CMD4", email=email)
        add(drop, "FAC9", commande="CMD4", fichier="facture/FAC1.pdf")
        assert [line[1] for line in refused(drop.run())] == lines

    @pytest.mark.parametrize(
        ("changes", "lines"),
        [
            ({"session": "S1", "siret": LILLE}, []),
            ({"session": "S1", "siret": LILLE, "commande": "CMD1"}, [6]),
            ({"session": "S2", "siret": LILLE}, [6]),
        ],
    )
    def test_a_sheet_is_that_of_its_session_and_establishment(
        self, drop: Drop, changes: dict[str, str], lines: list[int]
    ) -> None:
        drop.row("inscriptions", "INS2")["session"] = "S2"
        add(drop, "EMA9", **{"type": "emargement", "commande": "", "fichier": "emargement/EMA1.pdf", **changes})
        assert [line[1] for line in refused(drop.run())] == lines

    def test_papers_that_share_a_file_and_part_are_not_judged_again(self, drop: Drop) -> None:
        drop.add("commandes", numero="CMD4")
        add(drop, "FAC9", commande="CMD4", fichier="facture/FAC1.pdf")
        drop.run()
        drop.row("commandes", "CMD4")["siret"] = STRASBOURG
        run = drop.run()
        assert (refused(run), counted(run, "documents")) == ([], (0, 0, 5, 0))

    def test_a_line_that_says_what_is_held_is_not_judged_again(self, drop: Drop) -> None:
        drop.run()
        drop.row("inscriptions", "INS1")["session"] = "S2"
        run = drop.run()
        assert refused(run) == []
        assert counted(run, "documents") == (0, 0, 4, 0)


class TestLater:
    def test_date_and_what_was_left_blank(self, drop: Drop) -> None:
        drop.run()
        drop.row("documents", "FAC1").update(date="08/05/2026", session="S1", siret=LILLE)
        assert counted(drop.run(), "documents") == (0, 1, 3, 0)
        assert (document("FAC1").issued_on, about("FAC1")) == (date(2026, 5, 8), ("CMD1", None, "S1", LILLE))
        assert counted(drop.run(), "documents") == (0, 0, 4, 0)

    def test_an_attendance_sheet_may_get_its_order(self, drop: Drop) -> None:
        drop.run()
        drop.row("documents", "EMA1")["commande"] = "CMD1"
        assert refused(drop.run()) == []
        assert about("EMA1") == ("CMD1", None, "S1", LILLE)

    def test_what_was_left_blank_must_belong(self, drop: Drop) -> None:
        drop.run()
        drop.row("documents", "FAC1")["session"] = "S2"
        assert refused(drop.run()) == [("documents.csv", 3, "session", "S2")]

    @pytest.mark.parametrize(
        ("changes", "column"),
        [
            ({"type": "evaluation"}, "type"),
            ({"commande": "CMD3", "inscription": "INS4", "session": "S2", "siret": ""}, "commande"),
            ({"inscription": "INS2"}, "inscription"),
            ({"siret": STRASBOURG}, "siret"),
        ],
    )
    def test_a_paper_does_not_change(self, drop: Drop, changes: dict[str, str], column: str) -> None:
        drop.run()
        drop.row("documents", "ATT1").update(changes)
        run = drop.run()
        assert [line[:3] for line in refused(run)] == [("documents.csv", 2, column)]
        assert "document émis ne change pas" in reasons(run)
        assert about("ATT1") == ("CMD1", "INS1", "S1", LILLE)

    def test_nor_does_its_content(self, drop: Drop) -> None:
        drop.run()
        drop.put("facture/FAC1.pdf", pdf("another amount"))
        run = drop.run()
        assert refused(run) == [("documents.csv", 3, "fichier", "facture/FAC1.pdf")]
        assert "le fichier a changé" in reasons(run).lower()
        with documents_storage().open(str(document("FAC1").file.name)) as file:
            assert file.read() == pdf("facture/FAC1.pdf")

    def test_its_place_in_the_drop_may(self, drop: Drop) -> None:
        drop.run()
        drop.put("archive/FAC1.pdf", pdf("facture/FAC1.pdf"))
        drop.row("documents", "FAC1")["fichier"] = "archive/FAC1.pdf"
        assert counted(drop.run(), "documents") == (0, 0, 4, 0)


class TestReplacing:
    @pytest.mark.parametrize("lines", [1, 2000])
    def test_wherever_the_lines_are(self, drop: Drop, lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("espace_client.erp.engine.LINES", lines)
        add(drop, "FAC1-C", remplace="FAC1-B")
        add(drop, "FAC1-B", remplace="fac1")
        drop.rows["documents"].reverse()
        assert refused(drop.run()) == []
        newest = Document.objects.get(number="FAC1-C")
        assert newest.replaces is not None
        assert newest.replaces.replaces == document("FAC1")
        assert counted(drop.run(), "documents") == (0, 0, 6, 0)

    def test_in_a_later_drop(self, drop: Drop) -> None:
        drop.run()
        add(drop, "FAC1-B")
        drop.run()
        drop.rows["documents"][-1]["remplace"] = "FAC1"
        assert counted(drop.run(), "documents") == (0, 1, 4, 0)
        assert document("FAC1-B").replaces == document("FAC1")
        drop.rows["documents"][-1]["remplace"] = ""
        assert counted(drop.run(), "documents") == (0, 0, 5, 0)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"remplace": "NONE"}, "inconnu"),
            ({"remplace": "FAC2"}, "au sujet de la même chose"),
            ({"remplace": "ATT1"}, "même type"),
            ({"remplace": "EMA1"}, "même type"),
            ({"remplace": "FAC1-B"}, "se renvoient"),
        ],
    )
    def test_what_can_not_be_replaced(self, drop: Drop, changes: dict[str, str], reason: str) -> None:
        add(drop, "FAC1-B", **changes)
        run = drop.run()
        assert [line[1] for line in refused(run)] == [6]
        assert reason in reasons(run)
        assert not Document.objects.filter(number="FAC1-B").exists()

    def test_a_paper_is_replaced_once(self, drop: Drop) -> None:
        add(drop, "FAC1-B", remplace="FAC1")
        add(drop, "FAC1-C", remplace="FAC1")
        run = drop.run()
        assert refused(run) == [("documents.csv", 7, "remplace", "FAC1")]
        assert refused(drop.run()) == refused(run)

    def test_a_circle(self, drop: Drop) -> None:
        add(drop, "FAC8", remplace="FAC9")
        add(drop, "FAC9", remplace="FAC8")
        assert [line[1] for line in refused(drop.run())] == [6, 7]

    def test_what_a_refused_one_replaces_and_what_replaces_it(self, drop: Drop) -> None:
        add(drop, "FAC1-B", remplace="FAC1", date="hier")
        add(drop, "FAC1-C", remplace="FAC1-B")
        assert [line[:3] for line in refused(drop.run())] == [
            ("documents.csv", 6, "date"),
            ("documents.csv", 7, "remplace"),
        ]
