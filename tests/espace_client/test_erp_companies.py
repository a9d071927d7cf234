"""entreprises.csv and etablissements.csv."""

from __future__ import annotations

import pytest

from accounts.models import Company, Establishment
from tests.espace_client.drops import ARMOREL, LILLE, RENNES, VALDOISE, Drop, counted, establishment, reasons, refused

WRONG_SIREN = ARMOREL[:-1] + str((int(ARMOREL[-1]) + 1) % 10)


@pytest.fixture(autouse=True)
def companies_only(drop: Drop) -> None:
    drop.only("entreprises", "etablissements")


def test_what_is_kept_of_a_company(drop: Drop) -> None:
    drop.rows["entreprises"][0].update(
        siren=f" {ARMOREL[:3]} {ARMOREL[3:]}", domaines_email="Armorel.Example, @a.example"
    )
    drop.run()
    company = Company.objects.get(siren=ARMOREL)
    assert (company.name, company.email_domains) == ("Groupe Armorel", ["armorel.example", "a.example"])


def test_a_later_drop_updates_a_company(drop: Drop) -> None:
    drop.run()
    drop.rows["entreprises"][0].update(raison_sociale="Armorel SA", domaines_email="b.example")
    run = drop.run()
    assert counted(run, "entreprises") == (0, 1, 1, 0)
    assert Company.objects.get(siren=ARMOREL).email_domains == ["b.example"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("siren", WRONG_SIREN), ("siren", ""), ("raison_sociale", ""), ("domaines_email", "pas un domaine")],
)
def test_companies_that_can_not_be_taken(drop: Drop, column: str, value: str) -> None:
    drop.rows["entreprises"][0][column] = value
    run = drop.run()
    assert refused(run)[0] == ("entreprises.csv", 2, column, value)
    assert not Company.objects.filter(siren=ARMOREL).exists()


def test_what_is_kept_of_an_establishment(drop: Drop) -> None:
    drop.run()
    lille = establishment(LILLE)
    assert (lille.company.siren, lille.name, lille.postal_code) == (ARMOREL, "Armorel Lille", "06560")
    assert (lille.address, lille.city) == ("8 rue de la République", "Ville")
    assert (lille.vat_number, lille.billing_email) == (f"FR95{ARMOREL}", "compta@armorel.example")


def test_a_later_drop_updates_an_establishment(drop: Drop) -> None:
    drop.run()
    drop.rows["etablissements"][0].update(nom="Lille Europe", adresse="")
    run = drop.only("etablissements").run()
    assert counted(run, "etablissements") == (0, 1, 2, 0)
    assert (establishment(LILLE).name, establishment(LILLE).address) == ("Lille Europe", "8 rue de la République")


def test_the_siret_begins_with_the_siren(drop: Drop) -> None:
    drop.rows["etablissements"][0]["siren"] = VALDOISE
    run = drop.run()
    assert refused(run) == [("etablissements.csv", 2, "siret", LILLE)]
    assert "ne commence pas par le SIREN" in reasons(run)


def test_a_siret_whose_key_is_wrong(drop: Drop) -> None:
    wrong = LILLE[:-1] + str((int(LILLE[-1]) + 1) % 10)
    drop.rows["etablissements"][0]["siret"] = wrong
    run = drop.run()
    assert refused(run) == [("etablissements.csv", 2, "siret", wrong)]


def test_an_establishment_of_an_unknown_company(drop: Drop) -> None:
    drop.rows["entreprises"].pop()
    run = drop.run()
    assert refused(run) == [("etablissements.csv", 4, "siren", VALDOISE)]
    assert "est inconnu" in reasons(run)


def test_an_establishment_of_a_company_that_was_refused(drop: Drop) -> None:
    drop.rows["entreprises"][1]["raison_sociale"] = ""
    run = drop.run()
    assert [line[:3] for line in refused(run)] == [
        ("entreprises.csv", 3, "raison_sociale"),
        ("etablissements.csv", 4, "siren"),
    ]
    assert not Establishment.objects.filter(siret=RENNES).exists()
