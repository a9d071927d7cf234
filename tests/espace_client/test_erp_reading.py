"""From bytes to records: encodings, line ends, quotes, and what can't be read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Company
from espace_client.erp import reading
from espace_client.erp.encoding import UTF_8, WINDOWS, UnknownEncodingError, encoding_of
from espace_client.erp.reading import BadRecord, Reader, Record
from espace_client.erp.run import import_drop
from tests.espace_client.drops import ARMOREL, VALDOISE, Drop, counted, reasons, refused


def records(path: Path, content: bytes) -> list[Record | BadRecord]:
    path.write_bytes(content)
    reader = Reader(path)
    try:
        return list(reader)
    finally:
        reader.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


class TestEncoding:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (b"", UTF_8),
            (b"plain", UTF_8),
            ("Noël".encode(), UTF_8),
            ("Noël".encode("utf-8-sig"), UTF_8),
            ("Noël Élodie".encode("cp1252"), WINDOWS),
            ("l’été « à Œuf » 5 €".encode("cp1252"), WINDOWS),
            ("Noël Élodie".encode() + b"\xff", UTF_8),  # a broken byte does not make it another encoding
            ("Noël Élodie".encode() + b"\xc3", UTF_8),  # nor does an end in the middle of a character
            (b"\xef\xbb\xbf" + "Noël".encode("cp1252") * 3, UTF_8),  # a byte order mark decides
            ("Caf\xe9 \xc9\x92".encode("latin-1"), UTF_8),  # a tie: always the same answer
        ],
    )
    def test_is_told_from_the_whole_file(self, path: Path, content: bytes, expected: str) -> None:
        path.write_bytes(content)
        assert encoding_of(path) == expected

    def test_accents_may_come_late_and_across_blocks(self, path: Path) -> None:
        for shift in range(3):
            path.write_bytes(b"x" * ((1 << 20) - shift) + "é".encode() * 10 + b"x" * (1 << 20) + "é".encode())
            assert encoding_of(path) == UTF_8
        path.write_bytes(b"x" * (3 << 20) + "é".encode("cp1252"))
        assert encoding_of(path) == WINDOWS

    def test_utf_16_is_refused(self, path: Path) -> None:
        path.write_bytes("siren;nom".encode("utf-16"))
        with pytest.raises(UnknownEncodingError):
            encoding_of(path)

    @given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1))
    def test_utf_8_is_never_mistaken(self, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
        path = tmp_path_factory.mktemp("utf8") / "file.csv"
        path.write_bytes(text.encode())
        if not text.encode().startswith((b"\xff\xfe", b"\xfe\xff")):
            assert encoding_of(path) == UTF_8

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_every_pair_reads_the_same(self, drop: Drop, encoding: str, end: str) -> None:
        drop.rows["entreprises"][0]["raison_sociale"] = "L’Œuvre « Été » à 5 €"
        drop.only("entreprises")
        drop.raw["entreprises"] = (drop.write(encoding, end).folder / "entreprises.csv").read_bytes()
        run = drop.run()
        assert counted(run, "entreprises") == (2, 0, 0, 0)
        assert Company.objects.get(siren=ARMOREL).name == "L’Œuvre « Été » à 5 €"

    def test_a_broken_byte_costs_its_line(self, drop: Drop) -> None:
        drop.rows["entreprises"][0]["raison_sociale"] = "Été"
        content = (drop.only("entreprises").write().folder / "entreprises.csv").read_bytes()
        drop.raw["entreprises"] = content.replace(b"Valdoise", b"Vald\xffoise")
        run = drop.run()
        assert refused(run) == [("entreprises.csv", 3, "raison_sociale", "Vald\\udcffoise Assurances")]
        assert Company.objects.get().name == "Été"


class TestRecords:
    def test_fields_and_physical_lines(self, path: Path) -> None:
        content = b'a;b;c\n1;"x;\n""y""\n";3\n\n4;;"6"\n'
        assert records(path, content) == [
            Record(1, ["a", "b", "c"]),
            Record(2, ["1", 'x;\n"y"\n', "3"]),
            Record(6, ["4", "", "6"]),
        ]

    def test_the_last_line_may_have_no_end(self, path: Path) -> None:
        assert records(path, b"a;b\r\n1;2") == [Record(1, ["a", "b"]), Record(2, ["1", "2"])]

    def test_a_quote_inside_a_field_is_a_quote(self, path: Path) -> None:
        assert records(path, b'5" pipe;b\n') == [Record(1, ['5" pipe', "b"])]

    def test_accents_are_one_character(self, path: Path) -> None:
        assert records(path, "Noe\u0308l;b".encode()) == [Record(1, ["Noël", "b"])]

    @pytest.mark.parametrize("bad", [b'1;"never closed', b'1;"a"b;2', b'"'])
    def test_bad_quoting_costs_one_line(self, path: Path, bad: bytes) -> None:
        read = records(path, b"a;b;c\n" + bad + b'\n4;5;6\n"7";8;9\n')
        assert [type(one) for one in read] == [Record, BadRecord, Record, Record]
        assert [one.line for one in read] == [1, 2, 3, 4]

    def test_an_unclosed_quote_eats_nothing_of_a_long_file(self, path: Path) -> None:
        rest = b"".join(b"%d;2;3\n" % number for number in range(5000))
        read = records(path, b'a;b;c\n1;"open;3\n' + rest)
        assert isinstance(read[1], BadRecord)
        assert read[1].too_long
        assert len(read) == 5002
        assert read[-1].line == 5002

    def test_an_endless_line_is_passed_over(self, path: Path) -> None:
        read = records(path, b"a;b\n" + b"x" * (3 * reading.MAX_CHARACTERS) + b"\n1;2\n")
        assert [one.line for one in read] == [1, 2, 3]
        assert isinstance(read[1], BadRecord)
        assert len(read[1].text) == 500
        assert read[2] == Record(3, ["1", "2"])

    def test_many_unclosed_quotes_take_no_time_to_speak_of(self, path: Path) -> None:
        read = records(path, b'1;"open\n' * 3000)
        assert len(read) == 3000


class TestHeader:
    def test_columns_in_any_order_and_unknown_ones(self, drop: Drop) -> None:
        drop.raw["entreprises"] = f"Note; RAISON_SOCIALE ;SIREN;x\na;Armorel;{ARMOREL};b\n".encode()
        run = drop.only("entreprises").run()
        assert counted(run, "entreprises") == (1, 0, 0, 0)
        assert run.counts["entreprises.csv"]["warnings"] == [
            "Colonne inconnue, ignorée\u00a0: note.",
            "Colonne inconnue, ignorée\u00a0: x.",
        ]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "Le fichier est vide"),
            (b"\n\n", "Le fichier est vide"),
            (b"siren;nom\n1;2\n", "il manque raison_sociale"),
            (b"siren;siren;raison_sociale\n1;2;3\n", "deux fois"),
            (b'siren;"raison_sociale\n', "illisible"),
            (b"siren;raison\x00_sociale\n", "illisible"),
            ("siren;raison_sociale\n".encode("utf-16"), "UTF-16"),
            (f"siren;raison_sociale\r{ARMOREL};A\r".encode(), "CR seul"),
            (f'siren;raison_sociale\r{ARMOREL};"A\nB"\r'.encode(), "CR seul"),
        ],
    )
    def test_a_bad_one_refuses_the_file_once(self, drop: Drop, content: bytes, reason: str) -> None:
        drop.raw["entreprises"] = content
        run = drop.only("entreprises").run()
        assert counted(run, "entreprises") == (0, 0, 0, 1)
        assert refused(run)[0][:2] == ("entreprises.csv", 1)
        assert reason in reasons(run)

    def test_what_refers_to_a_file_refused_whole_is_refused(self, drop: Drop) -> None:
        drop.run()
        drop.raw["entreprises"] = b"siren;nom\n"
        run = drop.only("etablissements").run()
        assert counted(run, "etablissements") == (0, 0, 0, 3)

    def test_a_file_that_can_not_be_opened(self, drop: Drop) -> None:
        drop.only("entreprises").write()
        (drop.folder / "acces.csv").mkdir()
        run = import_drop(drop.folder)
        assert counted(run, "acces") == (0, 0, 0, 1)
        assert reasons(run) == "Fichier illisible : c’est un dossier."

    @pytest.mark.parametrize(
        ("number", "reason"),
        [
            (errno.EACCES, "le serveur n’a pas le droit de le lire"),
            (errno.EIO, "il ne s’ouvre pas ; le détail est dans le journal du serveur"),
        ],
    )
    def test_why_is_said_in_french(
        self, drop: Drop, number: int, reason: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def failing(_path: Path) -> Reader:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr("espace_client.erp.run.Reader", failing)
        assert reasons(drop.only("entreprises").run()) == f"Fichier illisible : {reason}."
        assert os.strerror(number) in caplog.text


class TestLines:
    def test_blank_lines_and_rows_of_empty_cells(self, drop: Drop) -> None:
        drop.raw["entreprises"] = f"siren;raison_sociale\n\n;\n{ARMOREL};A\n   \n;;;\n{VALDOISE};B;;\n".encode()
        run = drop.only("entreprises").run()
        assert counted(run, "entreprises") == (2, 0, 0, 0)

    def test_too_few_or_too_many_fields(self, drop: Drop) -> None:
        drop.raw["entreprises"] = f"siren;raison_sociale\n{ARMOREL}\n{VALDOISE};B;C\n".encode()
        run = drop.only("entreprises").run()
        assert [line for _file, line, _column, _value in refused(run)] == [2, 3]
        assert "1 champs et l’en-tête 2" in reasons(run)

    def test_controls_and_nul(self, drop: Drop) -> None:
        drop.raw["entreprises"] = f"siren;raison_sociale\n{ARMOREL};A\x00\n{VALDOISE};B\x1b[0m\n".encode()
        run = drop.only("entreprises").run()
        assert [one[:3] for one in refused(run)] == [
            ("entreprises.csv", 2, "raison_sociale"),
            ("entreprises.csv", 3, "raison_sociale"),
        ]

    def test_a_field_longer_than_its_column(self, drop: Drop) -> None:
        drop.raw["entreprises"] = f"siren;raison_sociale\n{ARMOREL};{'x' * 300_000}\n{VALDOISE};B\n".encode()
        run = drop.only("entreprises").run()
        assert refused(run)[0][:3] == ("entreprises.csv", 2, "raison_sociale")
        assert counted(run, "entreprises") == (1, 0, 0, 1)
