"""What leaves in files, archives, exports and the journal of downloads, is what the matrix opens to each persona.

test_matrix says who sees what; test_matrix_enumerated ticks and unticks each type; here, that no road says more.
"""

from __future__ import annotations

import csv
import io
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from documents.archives.naming import README
from documents.models import Archive, Document
from enrolments.models import Enrolment, Order
from tests.conftest import ClientFor
from tests.documents.test_matrix import expected, fresh
from tests.persona_table import MEMBERS
from tests.worlds import World

ROUTES = ("document_detail", "document_view", "document_download")


def zipped(client: Client, **data: Any) -> set[str] | None:
    """The names of the files of the archive that the form makes; None when it makes none."""
    Archive.objects.all().delete()
    client.post(reverse("archive_create"), data)
    archive = Archive.objects.first()
    if archive is None:
        return None
    answer = client.get(reverse("archive_download", args=[archive.pk]))
    with ZipFile(io.BytesIO(answer.getvalue())) as file:
        return {name for name in file.namelist() if name != README}


def exported(client: Client, what: str) -> list[dict[str, Any]]:
    """The rows of an export, the same in CSV and XLSX."""
    text = client.get(reverse(f"{what}_export_csv")).getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    book = load_workbook(io.BytesIO(client.get(reverse(f"{what}_export_xlsx")).getvalue()), read_only=True)
    header, *lines = list(book.worksheets[0].iter_rows(values_only=True))
    assert [row[str(header[0])] for row in rows] == [line[0] for line in lines]
    return rows


@pytest.mark.parametrize("persona", MEMBERS)
def test_a_zip_holds_what_the_matrix_opens(persona: str, world: World, client_for: ClientFor) -> None:
    """Whatever is ticked in the form, everything of everybody here."""
    wanted = expected(world, persona)
    everything = [str(pk) for pk in Document.objects.values_list("pk", flat=True)]
    for data in ({"quoi": "selection", "document": everything}, {"quoi": "tout"}):
        names = zipped(client_for(world.personas[persona]), **data)
        if not wanted:
            assert names is None
            continue
        assert names is not None
        assert len(names) == len(wanted)
        for pk, number in Document.objects.values_list("pk", "number"):
            assert any(number in name for name in names) == (pk in wanted)


def history(world: World, persona: str) -> tuple[set[str], set[int]]:
    """Numbers of the orders that the persona sees, and ids of the establishments whose amounts they do."""
    lille, nice, lyon = world.lille.pk, world.nice.pk, world.brume.establishments[0].pk
    places = {
        "administrator": {lille},
        "standard": {lille},
        "neighbour": {lyon},
        "member_of_two": {lille, nice},
    }.get(persona, set())
    numbers = set(Order.objects.filter(establishment_id__in=places).values_list("number", flat=True))
    if persona == "responsable":
        numbers = set(Order.objects.filter(order_email="responsable@armor.example").values_list("number", flat=True))
        places = {lille, nice}
    return numbers, places - ({nice} if persona == "member_of_two" else set())


@pytest.mark.parametrize("persona", MEMBERS)
def test_an_export_holds_the_history_that_the_matrix_opens(persona: str, world: World, client_for: ClientFor) -> None:
    numbers, priced = history(world, persona)
    client = client_for(world.personas[persona])
    orders, enrolments = exported(client, "order"), exported(client, "enrolment")
    assert {row["Commande"] for row in orders} == numbers
    wanted = Enrolment.objects.filter(order__number__in=numbers)
    assert {row["N° d’inscription"] for row in enrolments} == set(wanted.values_list("number", flat=True))
    shown = set(Order.objects.filter(number__in=numbers, establishment_id__in=priced).values_list("number", flat=True))
    assert {row["Commande"] for row in orders if row["Montant HT"]} == shown
    assert {row["Commande"] for row in enrolments if row["Prix HT"]} == shown
    for what, rows in (("order_list", numbers), ("enrolment_list", set(wanted))):
        assert client.get(reverse(what)).context["page"].total == len(rows)


@pytest.mark.parametrize("persona", MEMBERS)
def test_the_journal_of_downloads_names_the_documents_of_one_s_establishments_only(
    persona: str, world: World, client_for: ClientFor
) -> None:
    for owner in ("administrator", "neighbour", "responsable"):
        client = client_for(world.personas[owner])
        for document in Document.objects.visible_to(fresh(world.personas[owner])):
            assert client.get(reverse("document_view", args=[document.pk])).getvalue()
    answer = client_for(world.personas[persona]).get(reverse("journal_documents_export"))
    lille, lyon = world.lille, world.brume.establishments[0]
    place = {"administrator": lille, "member_of_two": lille, "neighbour": lyon}.get(persona)
    assert answer.status_code == (404 if place is None else 200)
    text = "" if place is None else answer.getvalue().decode()
    for document in Document.objects.all():
        assert (document.number in text) == (place is not None and document.establishment_id == place.pk)
