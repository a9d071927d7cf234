"""Exports: what is filtered, in stable columns, amounts where they may be seen, and never a formula."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.document_types import DocumentType
from accounts.models import Access
from accounts.services import set_document_types
from enrolments.changing import cancel
from enrolments.models import Participant
from espace_client.spreadsheets import as_text
from tests.conftest import ClientFor
from tests.enrolments.changes import coming, enrolled, make_terms
from tests.worlds import World, make_order

MONEY = ("Prix public HT", "Prix HT", "Frais HT", "Montant HT", "Dû HT")


def table(answer: Any) -> list[dict[str, str]]:
    """The rows of a CSV, by column."""
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text), delimiter=";"))


def test_the_columns_never_change(world: World, client_for: ClientFor) -> None:
    client = client_for(world.personas["administrator"])
    enrolments = b"".join(client.get(reverse("enrolment_export_csv")).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    orders = b"".join(client.get(reverse("order_export_csv")).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert enrolments.splitlines()[0] == (
        "N° d’inscription;Nom;Prénom;Adresse email;Formation;Référence;Session;Début;Fin;Ville;État;Durée (h);Commande;"
        "Commandée le;Email de commande;Établissement;SIRET;Prix public HT;Prix HT;Frais HT;Dû HT"
    )
    assert orders.splitlines()[0] == (
        "Commande;Passée le;État;Email de commande;Établissement;SIRET;Places;N° de bon de commande;OPCO;Canal;"
        "Montant HT;Frais HT;Dû HT"
    )


def test_an_export_is_what_is_filtered(world: World, client_for: ClientFor) -> None:
    enrolment = enrolled(world, coming(world, 40))
    client = client_for(world.personas["administrator"])
    everything = table(client.get(reverse("enrolment_export_csv")))
    assert len(everything) == 5
    [row] = table(client.get(reverse("enrolment_export_csv"), {"q": enrolment.order.number}))
    assert (row["N° d’inscription"], row["État"], row["Prix HT"], row["Frais HT"]) == (
        enrolment.number, "Confirmée", "1275,00", "0",
    )  # fmt: skip
    [order] = table(client.get(reverse("order_export_csv"), {"q": enrolment.order.number}))
    assert (order["Places"], order["Montant HT"], order["Canal"]) == ("1", "1275,00", "Site")
    assert len(table(client_for(world.personas["responsable"]).get(reverse("enrolment_export_csv")))) == 5
    assert table(client_for(world.personas["ex_member"]).get(reverse("enrolment_export_csv"))) == []


def test_amounts_are_blank_where_they_may_not_be_seen(world: World, client_for: ClientFor) -> None:
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    set_document_types(access=access, types=[DocumentType.CONVOCATION])
    client = client_for(world.personas["standard"])
    rows = table(client.get(reverse("enrolment_export_csv"))) + table(client.get(reverse("order_export_csv")))
    assert len(rows) > 4
    for row in rows:
        assert {row.get(name) for name in MONEY} <= {"", None}


def test_what_is_cancelled_owes_its_fees_only(world: World, client_for: ClientFor) -> None:
    make_terms()
    enrolment = enrolled(world, coming(world, 8))
    cancel(actor=world.personas["responsable"], enrolment=enrolment, agreed=Decimal(50))
    client = client_for(world.personas["administrator"])
    query = {"q": enrolment.order.number}
    [row] = table(client.get(reverse("enrolment_export_csv"), query))
    assert (row["Prix HT"], row["Frais HT"], row["Dû HT"]) == ("1275,00", "637,50", "637,50")
    [order] = table(client.get(reverse("order_export_csv"), query))
    assert (order["Frais HT"], order["Dû HT"]) == ("637,50", "637,50")


@pytest.mark.parametrize("text", ["=1+1", "+33 6", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(text: str, world: World, client_for: ClientFor) -> None:
    assert as_text(text) == f"'{text}"
    assert as_text(Decimal("-2.50")) == "-2,50"
    enrolment = enrolled(world, coming(world, 40))
    Participant.objects.filter(enrolments=enrolment).update(last_name=text)
    client, asked = client_for(world.personas["administrator"]), {"q": enrolment.order.number}
    [row] = table(client.get(reverse("enrolment_export_csv"), asked))
    assert row["Nom"].startswith("'")
    book = load_workbook(BytesIO(client.get(reverse("enrolment_export_xlsx"), asked).content))
    cell = book.worksheets[0]["B2"]
    assert cell.data_type == "s"
    assert str(cell.value).strip() == text.strip()
    assert book.worksheets[0]["S2"].value == 1275


@pytest.mark.parametrize("route", ["enrolment_export_csv", "order_export_xlsx"])
def test_more_rows_cost_no_more_queries(route: str, world: World, client_for: ClientFor) -> None:
    client, counts = client_for(world.personas["administrator"]), []
    for _round in range(2):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            answer = client.get(reverse(route))
            b"".join(getattr(answer, "streaming_content", [answer.content if not answer.streaming else b""]))
        counts.append(len(seen))
        make_order(world.lille, "autre@armor.example", world.sessions * 4, papers=False)
    assert counts[0] == counts[1]
    assert counts[0] <= 8
