"""accords.csv and accords_lignes.csv."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Establishment
from catalogue.models import AccordCadre, AccordLine, LineKind, LineScope
from tests.espace_client.drops import ARMOREL, LILLE, RENNES, STRASBOURG, VALDOISE, Drop, counted, reasons, refused
from tests.worlds import make_order, make_sessions


@pytest.fixture(autouse=True)
def accords_only(drop: Drop) -> None:
    drop.only("entreprises", "etablissements", "domaines", "formations", "accords", "accords_lignes")


def covered(reference: str) -> set[str]:
    return set(AccordCadre.objects.get(reference=reference).establishments.values_list("siret", flat=True))


class TestAccords:
    def test_what_is_kept(self, drop: Drop) -> None:
        drop.run()
        whole, listed = AccordCadre.objects.get(reference="AC-A"), AccordCadre.objects.get(reference="AC-V")
        assert (whole.company.siren, whole.covers_all, covered("AC-A")) == (ARMOREL, True, set())
        assert (whole.starts_on, whole.ends_on) == (date(2025, 1, 1), date(2027, 12, 31))
        assert (listed.covers_all, covered("AC-V")) == (False, {RENNES})

    def test_the_list_of_a_later_drop_is_the_list(self, drop: Drop) -> None:
        drop.rows["accords"][0]["etablissements"] = f"{LILLE}|{STRASBOURG}"
        drop.run()
        assert covered("AC-A") == {LILLE, STRASBOURG}
        drop.rows["accords"][0]["etablissements"] = STRASBOURG
        assert counted(drop.run(), "accords") == (0, 1, 1, 0)
        assert covered("AC-A") == {STRASBOURG}
        drop.rows["accords"][0]["etablissements"] = "*"
        assert counted(drop.run(), "accords") == (0, 1, 1, 0)
        assert covered("AC-A") == set()
        assert counted(drop.run(), "accords") == (0, 0, 2, 0)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("siren", "123456789"),
            ("debut", ""),
            ("etablissements", ""),
            ("etablissements", "*|" + LILLE),
            ("etablissements", "|"),
            ("etablissements", LILLE + "0"),
        ],
    )
    def test_those_that_can_not_be_taken(self, drop: Drop, column: str, value: str) -> None:
        drop.rows["accords"][0][column] = value
        run = drop.run()
        assert refused(run)[0] == ("accords.csv", 2, column, value)
        assert [line[:3] for line in refused(run)[1:]] == [
            ("accords_lignes.csv", 2, "accord"),
            ("accords_lignes.csv", 3, "accord"),
        ]

    def test_an_end_before_its_start(self, drop: Drop) -> None:
        drop.rows["accords"][0]["fin"] = "31/12/2024"
        assert refused(drop.run())[0] == ("accords.csv", 2, "fin", "31/12/2024")

    def test_an_establishment_of_another_company(self, drop: Drop) -> None:
        drop.rows["accords"][0]["etablissements"] = f"{LILLE}|{RENNES}"
        run = drop.run()
        assert refused(run)[0] == ("accords.csv", 2, "etablissements", RENNES)
        assert "autre entreprise" in reasons(run)

    def test_an_establishment_that_is_not_there(self, drop: Drop) -> None:
        drop.rows["etablissements"] = drop.rows["etablissements"][:2]
        assert refused(drop.run()) == [("accords.csv", 3, "etablissements", RENNES)]

    def test_an_accord_does_not_change_company(self, drop: Drop) -> None:
        drop.run()
        drop.rows["accords"][0]["siren"] = VALDOISE
        assert refused(drop.run())[0] == ("accords.csv", 2, "siren", VALDOISE)
        assert AccordCadre.objects.get(reference="AC-A").company.siren == ARMOREL


class TestLines:
    def test_what_is_kept(self, drop: Drop) -> None:
        drop.add("accords_lignes", portee="domaine", code="dev", valeur="12,5")
        drop.add("accords_lignes", portee="sous_domaine", code="DEV-PY", valeur="15")
        drop.run()
        lines = {
            (line.scope, line.kind, line.fixed_price, line.discount_rate, line.from_seats): line
            for line in AccordLine.objects.select_related("course", "domain")
        }
        assert set(lines) == {
            (LineScope.EVERYTHING, LineKind.DISCOUNT, None, Decimal(5), 0),
            (LineScope.COURSE, LineKind.PRICE, Decimal(1490), None, 3),
            (LineScope.DOMAIN, LineKind.DISCOUNT, None, Decimal("12.5"), 0),
            (LineScope.SUBDOMAIN, LineKind.DISCOUNT, None, Decimal(15), 0),
        }
        assert {line.course.reference for line in lines.values() if line.course} == {"PYB"}
        assert {line.domain.code for line in lines.values() if line.domain} == {"DEV", "DEV-PY"}

    def test_a_later_drop_updates_the_line_of_the_same_key(self, drop: Drop) -> None:
        drop.run()
        drop.rows["accords_lignes"][0]["valeur"] = "7"
        drop.rows["accords_lignes"][1].update(type="remise", valeur="20", code="pyb")
        assert counted(drop.run(), "accords_lignes") == (0, 2, 0, 0)
        changed = AccordLine.objects.get(scope=LineScope.COURSE)
        assert (changed.kind, changed.fixed_price, changed.discount_rate) == (LineKind.DISCOUNT, None, Decimal(20))
        assert counted(drop.run(), "accords_lignes") == (0, 0, 2, 0)

    def test_another_threshold_is_another_line(self, drop: Drop) -> None:
        drop.add("accords_lignes", valeur="8", a_partir_de="20")
        drop.run()
        assert AccordLine.objects.filter(scope=LineScope.EVERYTHING).count() == 2

    @pytest.mark.parametrize(
        ("changes", "column"),
        [
            ({"accord": "NONE"}, "accord"),
            ({"portee": "formation", "code": "NONE"}, "code"),
            ({"portee": "domaine", "code": "PYB"}, "code"),
            ({"portee": "domaine", "code": "DEV-PY"}, "code"),
            ({"portee": "sous_domaine", "code": "DEV"}, "code"),
            ({"portee": "formation", "code": ""}, "code"),
            ({"portee": "tout", "code": "PYB"}, "code"),
            ({"portee": "domaine", "code": "DEV", "type": "prix"}, "type"),
            ({"type": "prix"}, "type"),
            ({"valeur": "100,01"}, "valeur"),
            ({"valeur": "-5"}, "valeur"),
            ({"valeur": ""}, "valeur"),
            ({"a_partir_de": "-1"}, "a_partir_de"),
            ({"a_partir_de": "1,5"}, "a_partir_de"),
            ({"portee": "continent"}, "portee"),
            ({"type": "cadeau"}, "type"),
        ],
    )
    def test_those_that_can_not_be_taken(self, drop: Drop, changes: dict[str, str], column: str) -> None:
        drop.rows["accords_lignes"][0].update(changes)
        run = drop.run()
        assert [line[:3] for line in refused(run)] == [("accords_lignes.csv", 2, column)]
        assert AccordLine.objects.count() == 1

    def test_lines_of_one_key_that_contradict(self, drop: Drop) -> None:
        drop.add("accords_lignes", valeur="9")
        drop.add("accords_lignes", a_partir_de="0")  # nothing is zero: the same line again
        run = drop.run()
        assert refused(run) == [("accords_lignes.csv", 4, "", "AC-A;tout;;remise;9;")]
        assert counted(run, "accords_lignes") == (2, 0, 1, 1)


class TestLinesInUse:
    """What gave an order its price on the site is followed, never rewritten, by what the ERP says later."""

    def use(self, placed_on: date) -> AccordLine:
        """An order of that day had its price from the line for everything."""
        line = AccordLine.objects.get(accord__reference="AC-A", scope=LineScope.EVERYTHING)
        place = Establishment.objects.get(siret=LILLE)
        order = make_order(place, "lea@armorel.example", make_sessions()[:1], papers=False, placed_on=placed_on)
        order.enrolments.update(accord=line.accord, accord_line=line)
        return line

    def test_another_value_makes_a_line_that_follows(self, drop: Drop) -> None:
        drop.run()
        today = timezone.localdate()
        line = self.use(today)
        drop.rows["accords_lignes"][0]["valeur"] = "8"
        assert counted(drop.run(), "accords_lignes")[:2] == (0, 1)
        line.refresh_from_db()
        assert (line.discount_rate, line.ends_on) == (Decimal(5), today)
        successor = AccordLine.objects.get(accord=line.accord, scope=LineScope.EVERYTHING, ends_on=None)
        assert (successor.discount_rate, successor.starts_on) == (Decimal(8), today + timedelta(days=1))
        assert counted(drop.run(), "accords_lignes")[:2] == (0, 0), "it says what the successor says"

    def test_the_same_value_changes_nothing(self, drop: Drop) -> None:
        drop.run()
        self.use(timezone.localdate())
        assert counted(drop.run(), "accords_lignes")[:2] == (0, 0)
        assert AccordLine.objects.filter(accord__reference="AC-A", scope=LineScope.EVERYTHING).count() == 1

    def test_what_staff_ended_stays_ended(self, drop: Drop) -> None:
        drop.run()
        lines = AccordLine.objects.filter(accord__reference="AC-A", scope=LineScope.EVERYTHING)
        lines.update(ends_on=timezone.localdate())
        drop.rows["accords_lignes"][0]["valeur"] = "8"
        assert counted(drop.run(), "accords_lignes")[:2] == (0, 0)
        assert lines.get().discount_rate == Decimal(5)

    def test_no_line_follows_in_an_accord_that_is_over(self, drop: Drop) -> None:
        drop.run()
        line = self.use(date(2025, 6, 1))
        AccordCadre.objects.filter(pk=line.accord_id).update(ends_on=date(2025, 12, 31))
        drop.rows["accords"][0]["fin"] = "2025-12-31"
        drop.rows["accords_lignes"][0]["valeur"] = "8"
        run = drop.run()
        assert [one[:3] for one in refused(run)] == [("accords_lignes.csv", 2, "valeur")]
        line.refresh_from_db()
        assert (line.discount_rate, line.ends_on) == (Decimal(5), None)
