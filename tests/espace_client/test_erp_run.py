"""The whole drop: everything taken, twice the same, dry, alone, reported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from accounts.models import Access
from documents.models import Document
from enrolments.models import Enrolment, Order
from espace_client.erp.run import AlreadyRunningError, NoDropError, import_drop
from espace_client.erp.telling import LOCK
from espace_client.models import ImportRefusal, ImportRun, ImportStatus
from tests.espace_client.drops import BASE, LILLE, Drop, counted, in_all, reasons, refused


def everything() -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables that a drop fills."""
    tables = [
        name
        for name in connection.introspection.table_names()
        if name.startswith(("accounts_", "catalogue_", "enrolments_", "documents_", "account_"))
    ]
    rows = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY 1")  # noqa: S608
            rows[table] = cursor.fetchall()
    return rows


def test_everything_good_is_taken(drop: Drop) -> None:
    run = drop.run()
    assert refused(run) == []
    assert in_all(run) == (sum(map(len, BASE.values())), 0, 0, 0)
    assert run.status == ImportStatus.DONE
    assert run.finished_at is not None
    assert run.folder == str(drop.folder)


def test_reading_the_same_drop_twice_changes_nothing(drop: Drop) -> None:
    drop.run()
    before = everything()
    run = drop.run()
    assert in_all(run) == (0, 0, sum(map(len, BASE.values())), 0)
    assert everything() == before


def test_an_absent_file_says_nothing_about_its_objects(drop: Drop) -> None:
    drop.run()
    before = everything()
    run = drop.only("commandes", "documents").run()
    assert in_all(run) == (0, 0, 7, 0)
    assert everything() == before


def test_a_later_drop_updates_what_changed_and_deletes_nothing(drop: Drop) -> None:
    drop.run()
    drop.only("commandes", "sessions")
    drop.rows["commandes"] = [{**drop.row("commandes", "CMD2"), "opco": "OPCO EP"}]
    drop.rows["sessions"] = drop.rows["sessions"][:1]
    run = drop.run()
    assert counted(run, "commandes") == (0, 1, 0, 0)
    assert Order.objects.get(number="CMD2").opco == "OPCO EP"
    assert Order.objects.count() == 3
    assert Enrolment.objects.count() == 4


def test_empty_means_unknown_and_erases_nothing(drop: Drop) -> None:
    drop.run()
    drop.row("commandes", "CMD1").update(opco="", bon_de_commande="", siret="", canal="")
    drop.row("inscriptions", "INS1").update(accord="", nom="", prenom="", email_participant="")
    drop.rows["responsables"][0].update(telephone="", fonction="", civilite="")
    run = drop.run()
    assert in_all(run)[1] == 0
    order = Order.objects.get(number="CMD1")
    assert (order.opco, order.purchase_order_number, order.establishment.siret) == ("Atlas", "BC-1", LILLE)  # type: ignore[union-attr]
    assert Enrolment.objects.get(number="INS1").accord is not None


def test_a_bad_line_is_refused_alone_and_told_exactly(drop: Drop) -> None:
    drop.row("commandes", "CMD2")["date"] = "31/02/2026"
    drop.only("entreprises", "etablissements", "commandes")
    run = drop.run()
    assert counted(run, "commandes") == (2, 0, 0, 1)
    assert refused(run) == [("commandes.csv", 3, "date", "31/02/2026")]
    assert reasons(run) == "Cette date n’existe pas."
    assert run.status == ImportStatus.REFUSALS


def test_every_bad_field_of_a_line_is_told_and_the_line_counts_once(drop: Drop) -> None:
    drop.row("commandes", "CMD2").update(date="hier", email="paul", etat="perdue")
    run = drop.only("entreprises", "etablissements", "commandes").run()
    assert {column for _file, _line, column, _value in refused(run)} == {"date", "email", "etat"}
    assert counted(run, "commandes") == (2, 0, 0, 1)


def test_a_line_that_refers_to_a_refused_one_is_refused_too(drop: Drop) -> None:
    drop.rows["etablissements"][2]["siret"] = LILLE[:-1] + "9"
    run = drop.run()
    assert [line for line in refused(run) if line[0] != "etablissements.csv"] == [
        ("acces.csv", 4, "siret", BASE["etablissements"][2]["siret"]),
        ("accords.csv", 3, "etablissements", BASE["etablissements"][2]["siret"]),
        ("commandes.csv", 3, "siret", BASE["etablissements"][2]["siret"]),
        ("inscriptions.csv", 4, "commande", "CMD2"),
        ("documents.csv", 5, "commande", "CMD2"),
    ]


def test_a_line_refused_in_this_drop_counts_as_refused_even_if_an_earlier_drop_brought_it(drop: Drop) -> None:
    drop.run()
    drop.row("commandes", "CMD2")["date"] = "demain"
    run = drop.run()
    assert [line[:3] for line in refused(run)] == [
        ("commandes.csv", 3, "date"),
        ("inscriptions.csv", 4, "commande"),
        ("documents.csv", 5, "commande"),
    ]
    assert "a été refusé dans commandes.csv" in reasons(run)


def test_the_same_line_twice_is_taken_once(drop: Drop) -> None:
    drop.rows["commandes"].append({**drop.row("commandes", "CMD1"), "numero": "cmd1"})
    with CaptureQueriesContext(connection) as queries:
        run = drop.run()
    assert counted(run, "commandes") == (3, 0, 1, 0)
    inserted = [one["sql"] for one in queries if 'INTO "enrolments_order"' in one["sql"]]
    assert len(inserted) == 1  # known before the database had to say so


def test_a_line_that_contradicts_an_earlier_one_is_refused_and_the_first_stays(drop: Drop) -> None:
    drop.rows["commandes"].append({**drop.row("commandes", "CMD1"), "opco": "OPCO EP"})
    run = drop.run()
    assert refused(run)[0][:2] == ("commandes.csv", 5)
    assert "Contredit la ligne 2" in reasons(run)
    assert Order.objects.get(number="CMD1").opco == "Atlas"
    assert len(refused(run)) == 1  # what refers to the number refers to the line that was taken


@pytest.mark.parametrize("bad_first", [True, False])
def test_a_line_that_can_not_be_read_gives_way_to_a_good_one_of_its_key(drop: Drop, bad_first: bool) -> None:
    good = drop.row("commandes", "CMD1")
    drop.rows["commandes"].insert(0 if bad_first else 1, {**good, "date": "hier"})
    run = drop.run()
    assert [line[:3] for line in refused(run)] == [("commandes.csv", 2 if bad_first else 3, "date")]
    assert Order.objects.filter(number="CMD1").exists()


def test_a_dry_run_tells_the_same_and_leaves_nothing(drop: Drop, private_store: Path) -> None:
    drop.row("commandes", "CMD2")["date"] = "31/02/2026"
    before = everything()
    dry = drop.run(dry_run=True)
    assert everything() == before
    assert not any(path.is_file() for path in private_store.rglob("*"))
    assert dry.dry_run
    assert ImportRun.objects.get().refusals.count() == 3
    run = drop.run()
    assert (run.counts, refused(run)) == (dry.counts, refused(dry))
    assert run.status == dry.status == ImportStatus.REFUSALS
    again = drop.run(dry_run=True)
    assert in_all(again)[:2] == (0, 0)


def test_a_folder_that_is_not_there_or_has_no_file(db: None, tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(NoDropError):
            import_drop(folder)
    assert not ImportRun.objects.exists()


def test_an_unknown_file_is_told(drop: Drop) -> None:
    drop.raw["comandes"] = b"numero\n"
    run = drop.run()
    assert run.counts["comandes.csv"]["warnings"] == ["Fichier inconnu, ignoré."]


def test_progress_is_told_file_by_file(drop: Drop) -> None:
    told: list[tuple[str, int, int]] = []
    drop.write()
    import_drop(drop.folder, progress=lambda *said: told.append(said))
    assert [file for file, _read, _size in told] == [f"{file}.csv" for file in BASE]
    assert all(0 < read <= size for _file, read, size in told)


def test_a_run_that_was_killed_is_ended_by_the_next(drop: Drop) -> None:
    killed = ImportRun.objects.create(folder="/drop")
    drop.run()
    killed.refresh_from_db()
    assert killed.status == ImportStatus.FAILED
    assert killed.error.startswith("Interrompu")
    assert killed.finished_at is not None


def test_what_stops_an_import_is_written_on_its_report(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("espace_client.erp.importers.documents.store_files", full)
    with pytest.raises(OSError, match="No space left"):
        drop.run()
    run = ImportRun.objects.get()
    assert run.status == ImportStatus.FAILED
    assert run.error.startswith("Import interrompu : un disque du serveur est plein (ENOSPC).")
    assert "relancez le même dépôt" in run.error
    assert Enrolment.objects.count() == 4
    assert not Document.objects.exists()


def test_names_are_data(drop: Drop) -> None:
    drop.rows["entreprises"][0]["raison_sociale"] = "=HYPERLINK(1)"
    drop.row("inscriptions", "INS1")["nom"] = "=cmd|' /C calc'!A0"
    drop.run()
    assert Access.objects.filter(establishment__company__name="=HYPERLINK(1)").count() == 2
    participant = Enrolment.objects.select_related("participant").get(number="INS1").participant
    assert participant is not None
    assert participant.last_name == "=cmd|' /C calc'!A0"


def test_the_report_holds_what_can_not_be_shown(drop: Drop) -> None:
    drop.write()
    drop.raw["entreprises"] = b"siren;raison_sociale\n" + b"\x00\x01;" + b"x" * 5000 + b"\n"
    drop.run()
    refusal = ImportRefusal.objects.filter(file="entreprises.csv", column="siren").get()
    assert refusal.value == "\\x00\\x01"
    assert len(ImportRefusal.objects.get(file="entreprises.csv", column="raison_sociale").value) == 500


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once(tmp_path: Path) -> None:
    drop = Drop.base(tmp_path / "drop").only("entreprises").write()
    script = (
        "import psycopg, sys, time\n"
        f"c = psycopg.connect(sys.argv[1]); c.execute('SELECT pg_advisory_lock({LOCK})')\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    settings = connection.get_connection_params()
    wanted = ("dbname", "user", "password", "host", "port")
    conninfo = make_conninfo(**{name: settings[name] for name in wanted if name in settings})
    with subprocess.Popen(
        [sys.executable, "-c", script, conninfo], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunningError):
            import_drop(drop.folder)
        assert not ImportRun.objects.exists()
        other.communicate("")
    started = timezone.now()
    assert import_drop(drop.folder).started_at >= started
