"""domaines.csv, formations.csv and sessions.csv."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from catalogue.models import Course, CourseKind, CourseMode, Domain, Session, SessionState
from tests.espace_client.drops import Drop, counted, reasons, refused


@pytest.fixture(autouse=True)
def catalogue_only(drop: Drop) -> None:
    drop.only("domaines", "formations", "sessions")


def tree() -> dict[str, str | None]:
    return dict(Domain.objects.values_list("code", "parent__code"))


class TestDomains:
    def test_a_parent_may_come_after_its_child(self, drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("espace_client.erp.engine.LINES", 1)
        run = drop.run()
        assert counted(run, "domaines") == (2, 0, 0, 0)
        assert tree() == {"DEV": None, "DEV-PY": "DEV"}

    def test_codes_match_in_any_case_and_keep_theirs(self, drop: Drop) -> None:
        drop.run()
        drop.rows["domaines"] = [{"code": "dev-py", "libelle": "Python 3", "parent": "Dev"}]
        run = drop.only("domaines").run()
        assert counted(run, "domaines") == (0, 1, 0, 0)
        assert Domain.objects.get(code="DEV-PY").label == "Python 3"

    def test_a_tree_turned_over(self, drop: Drop) -> None:
        drop.run()
        drop.rows["domaines"] = [
            {"code": "DEV", "libelle": "Développement", "parent": "DEV-PY"},
            {"code": "DEV-PY", "libelle": "Python", "parent": ""},
        ]
        assert counted(drop.only("domaines").run(), "domaines") == (0, 2, 0, 0)
        assert tree() == {"DEV": "DEV-PY", "DEV-PY": None}

    def test_children_that_change_parents(self, drop: Drop) -> None:
        drop.add("domaines", code="OPS", libelle="Ops", parent="")
        drop.add("domaines", code="OPS-K8S", libelle="Kubernetes", parent="OPS")
        drop.run()
        drop.row("domaines", "DEV-PY")["parent"] = "OPS"
        drop.row("domaines", "OPS-K8S")["parent"] = "DEV"
        assert counted(drop.run(), "domaines") == (0, 2, 2, 0)
        assert tree() == {"DEV": None, "OPS": None, "DEV-PY": "OPS", "OPS-K8S": "DEV"}

    def test_three_levels(self, drop: Drop) -> None:
        drop.add("domaines", code="DEV-PY-3", libelle="Python 3", parent="DEV-PY")
        assert refused(drop.run()) == [("domaines.csv", 4, "parent", "DEV-PY")]

    def test_a_domain_with_children_gets_no_parent(self, drop: Drop) -> None:
        drop.run()
        drop.rows["domaines"] = [
            {"code": "TOP", "libelle": "Tout", "parent": ""},
            {"code": "DEV", "libelle": "Développement", "parent": "TOP"},
        ]
        run = drop.only("domaines").run()
        assert [line[:2] for line in refused(run)] == [("domaines.csv", 3)]
        assert "deux niveaux" in reasons(run)
        assert tree() == {"DEV": None, "DEV-PY": "DEV", "TOP": None}

    @pytest.mark.parametrize("parent", ["DEV-PY", "dev-py"])
    def test_its_own_parent(self, drop: Drop, parent: str) -> None:
        drop.row("domaines", "DEV-PY")["parent"] = parent
        assert refused(drop.run())[0][:2] == ("domaines.csv", 2)

    def test_parents_in_a_circle(self, drop: Drop) -> None:
        drop.row("domaines", "DEV")["parent"] = "DEV-PY"
        run = drop.run()
        assert counted(run, "domaines") == (0, 0, 0, 2)
        assert "se renvoient" in reasons(run)
        assert [line[:3] for line in refused(run)[2:]] == [
            ("formations.csv", 2, "domaine"),
            ("sessions.csv", 2, "formation"),
            ("sessions.csv", 3, "formation"),
        ]

    def test_an_unknown_or_refused_parent(self, drop: Drop) -> None:
        drop.row("domaines", "DEV")["libelle"] = ""
        drop.add("domaines", code="X-Y", libelle="X", parent="NONE")
        assert [line[:3] for line in refused(drop.run())[:3]] == [
            ("domaines.csv", 3, "libelle"),
            ("domaines.csv", 2, "parent"),
            ("domaines.csv", 4, "parent"),
        ]


class TestCourses:
    def test_what_is_kept(self, drop: Drop) -> None:
        drop.run()
        course = Course.objects.select_related("domain").get(reference="PYB")
        assert (course.title, course.domain.code) == ("Python, les bases", "DEV-PY")
        assert (course.days, course.hours) == (Decimal(3), Decimal(21))
        assert (course.mode, course.kind) == (CourseMode.ON_SITE, CourseKind.INTER)
        assert (course.public_price, course.vat_rate) == (Decimal(2000), Decimal(20))
        assert course.programme == "1. Le début ; suite\n2. La fin"
        assert (course.objectives, course.prerequisites) == ("Savoir faire.\nSavoir dire.", "Aucun")
        assert (course.audience, course.certification) == ("Tous", "RS6220")

    @pytest.mark.parametrize(
        ("word", "mode"), [("distanciel", "remote"), ("Mixte", "blended"), ("elearning", "elearning"), ("", "on_site")]
    )
    def test_modes(self, drop: Drop, word: str, mode: str) -> None:
        drop.rows["formations"][0]["modalite"] = word
        drop.run()
        assert Course.objects.get().mode == mode

    @pytest.mark.parametrize(("word", "kind"), [("intra", "intra"), ("sur_mesure", "bespoke"), ("", "inter")])
    def test_kinds(self, drop: Drop, word: str, kind: str) -> None:
        drop.rows["formations"][0]["type"] = word
        drop.run()
        assert Course.objects.get().kind == kind

    @pytest.mark.parametrize(
        ("days", "hours", "expected"),
        [("2", "", ("2", "14")), ("", "10,5", ("1.5", "10.5")), ("", "", ("0", "0")), ("0,5", "4", ("0.5", "4"))],
    )
    def test_a_day_is_seven_hours(self, drop: Drop, days: str, hours: str, expected: tuple[str, str]) -> None:
        drop.rows["formations"][0].update(duree_jours=days, duree_heures=hours)
        drop.run()
        course = Course.objects.get()
        assert (course.days, course.hours) == tuple(map(Decimal, expected))
        assert counted(drop.run(), "formations") == (0, 0, 1, 0)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("prix_ht", "-1"),
            ("prix_ht", ""),
            ("prix_ht", "cher"),
            ("duree_jours", "-2"),
            ("taux_tva", "120"),
            ("modalite", "pigeon"),
            ("type", "devis"),
            ("domaine", "NONE"),
            ("titre", ""),
        ],
    )
    def test_those_that_can_not_be_taken(self, drop: Drop, column: str, value: str) -> None:
        drop.rows["formations"][0][column] = value
        assert refused(drop.run())[0] == ("formations.csv", 2, column, value)
        assert not Course.objects.exists()

    def test_days_that_hours_are_too_many_for(self, drop: Drop) -> None:
        drop.rows["formations"][0].update(duree_jours="", duree_heures="9999,99")
        run = drop.run()
        assert refused(run)[0] == ("formations.csv", 2, "duree_heures", "9999,99")
        assert reasons(run).startswith("Ces heures font 1428,57 jours : 999,99 au plus.")
        drop.rows["formations"][0]["duree_jours"] = "999,99"
        assert refused(drop.run()) == []

    def test_what_the_database_alone_refuses_is_said_in_french(
        self, drop: Drop, caplog: pytest.LogCaptureFixture
    ) -> None:
        drop.add("formations", reference="PYC")
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE catalogue_course ADD CONSTRAINT unforeseen CHECK (reference <> 'PYC')")
        run = drop.run()
        assert (counted(run, "formations"), refused(run)[0][:3]) == ((1, 0, 0, 1), ("formations.csv", 5, ""))
        assert reasons(run) == "La base de données refuse cette ligne ; le détail est dans le journal du serveur."
        assert "formations.csv, line 5" in caplog.text
        assert "unforeseen" in caplog.text

    def test_a_later_drop(self, drop: Drop) -> None:
        drop.run()
        drop.rows["formations"][0].update(prix_ht="2100", reference="pyb", objectifs="")
        assert counted(drop.run(), "formations") == (0, 1, 0, 0)
        course = Course.objects.get()
        assert (course.reference, course.public_price, course.objectives) == (
            "PYB",
            Decimal(2100),
            "Savoir faire.\nSavoir dire.",
        )


class TestSessions:
    def test_what_is_kept(self, drop: Drop) -> None:
        drop.run()
        session = Session.objects.get(code="S1")
        assert (session.starts_on, session.ends_on) == (date(2026, 5, 4), date(2026, 5, 6))
        assert (session.city, session.venue, session.trainer) == ("Lille", "Centre de formation", "Claire Rousseau")
        assert (session.seats, session.minimum, session.course.reference) == (8, 3, "PYB")

    @pytest.mark.parametrize(
        ("word", "state"),
        [
            ("ouverte", SessionState.OPEN),
            ("confirmee", SessionState.CONFIRMED),
            ("garantie", SessionState.GUARANTEED),
            ("complete", SessionState.FULL),
            ("annulee", SessionState.CANCELLED),
            ("realisee", SessionState.DONE),
        ],
    )
    def test_states(self, drop: Drop, word: str, state: SessionState) -> None:
        drop.rows["sessions"][0]["etat"] = word
        drop.run()
        assert Session.objects.get(code="S1").state == state

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("debut", "31/06/2026"),
            ("debut", ""),
            ("places", "-1"),
            ("places", "40000"),
            ("minimum", "2,5"),
            ("etat", ""),
            ("etat", "peut-être"),
            ("formation", "NONE"),
        ],
    )
    def test_those_that_can_not_be_taken(self, drop: Drop, column: str, value: str) -> None:
        drop.rows["sessions"][0][column] = value
        run = drop.run()
        assert refused(run) == [("sessions.csv", 2, column, value)]
        assert Session.objects.count() == 1

    def test_an_end_before_its_start(self, drop: Drop) -> None:
        drop.rows["sessions"][0]["fin"] = "03/05/2026"
        run = drop.run()
        assert refused(run) == [("sessions.csv", 2, "fin", "03/05/2026")]
        assert "avant le début" in reasons(run)

    def test_unknown_seats(self, drop: Drop) -> None:
        drop.rows["sessions"][0].update(places="", minimum="", ville="", formateur="")
        drop.run()
        assert Session.objects.get(code="S1").seats == 0
