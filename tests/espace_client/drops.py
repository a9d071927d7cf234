"""Small drops of the ERP: everything in `Drop.base` is good, and each test spoils or adds what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from accounts.models import Establishment
from espace_client.erp.run import import_drop
from espace_client.models import ImportRun
from tests.worlds import make_siren, make_siret, pdf

ARMOREL, VALDOISE = make_siren(8228186), make_siren(4034801)
LILLE, STRASBOURG = make_siret(ARMOREL, 1), make_siret(ARMOREL, 2)
RENNES = make_siret(VALDOISE, 1)
LEA, PAUL = "lea@armorel.example", "paul@valdoise.example"

Row = dict[str, str]

BASE: dict[str, list[Row]] = {
    "entreprises": [
        {"siren": ARMOREL, "raison_sociale": "Groupe Armorel", "domaines_email": "armorel.example"},
        {"siren": VALDOISE, "raison_sociale": "Valdoise Assurances", "domaines_email": ""},
    ],
    "etablissements": [
        {
            "siret": siret,
            "siren": siren,
            "nom": name,
            "adresse": "8 rue de la République",
            "code_postal": "06560",
            "ville": "Ville",
            "tva_intracom": f"FR95{siren}",
            "email_facturation": "compta@armorel.example",
        }
        for siret, siren, name in (
            (LILLE, ARMOREL, "Armorel Lille"),
            (STRASBOURG, ARMOREL, "Armorel Strasbourg"),
            (RENNES, VALDOISE, "Valdoise Rennes"),
        )
    ],
    "responsables": [
        {
            "email": email,
            "civilite": "Mme",
            "nom": "Noël",
            "prenom": "Léa",
            "fonction": "Responsable formation",
            "telephone": "03 53 69 94 51",
        }
        for email in (LEA, PAUL)
    ],
    "acces": [
        {"email": LEA, "siret": LILLE, "niveau": "administrateur", "documents": ""},
        {"email": LEA, "siret": STRASBOURG, "niveau": "standard", "documents": "facture|attestation"},
        {"email": PAUL, "siret": RENNES, "niveau": "administrateur", "documents": ""},
    ],
    "domaines": [
        {"code": "DEV-PY", "libelle": "Python", "parent": "DEV"},
        {"code": "DEV", "libelle": "Développement", "parent": ""},
    ],
    "formations": [
        {
            "reference": "PYB",
            "titre": "Python, les bases",
            "domaine": "DEV-PY",
            "duree_jours": "3",
            "duree_heures": "21",
            "modalite": "presentiel",
            "type": "inter",
            "prix_ht": "2 000,00",
            "taux_tva": "20",
            "objectifs": "Savoir faire.\nSavoir dire.",
            "programme": "1. Le début ; suite\n2. La fin",
            "prerequis": "Aucun",
            "public": "Tous",
            "certification": "RS6220",
        }
    ],
    "sessions": [
        {
            "code": code,
            "formation": "PYB",
            "debut": "04/05/2026",
            "fin": "06/05/2026",
            "ville": "Lille",
            "lieu": "Centre de formation",
            "places": "8",
            "minimum": "3",
            "formateur": "Claire Rousseau",
            "etat": "realisee",
        }
        for code in ("S1", "S2")
    ],
    "accords": [
        {"reference": "AC-A", "siren": ARMOREL, "debut": "01/01/2025", "fin": "31/12/2027", "etablissements": "*"},
        {"reference": "AC-V", "siren": VALDOISE, "debut": "2025-01-01", "fin": "2027-12-31", "etablissements": RENNES},
    ],
    "accords_lignes": [
        {"accord": "AC-A", "portee": "tout", "code": "", "type": "remise", "valeur": "5", "a_partir_de": ""},
        {"accord": "AC-A", "portee": "formation", "code": "PYB", "type": "prix", "valeur": "1490", "a_partir_de": "3"},
    ],
    "commandes": [
        {
            "numero": number,
            "date": "01/04/2026",
            "email": email,
            "siret": siret,
            "etat": "validee",
            "bon_de_commande": "BC-1",
            "opco": "Atlas",
            "canal": "site",
        }
        for number, email, siret in (("CMD1", LEA, LILLE), ("CMD2", PAUL, RENNES), ("CMD3", LEA, ""))
    ],
    "inscriptions": [
        {
            "numero": number,
            "commande": order,
            "session": session,
            "nom": last_name,
            "prenom": "Zoé",
            "email_participant": f"zoe.{last_name.lower()}@armorel.example",
            "etat": "presente",
            "prix_public_ht": "2000,00",
            "prix_ht": "1900.00",
            "accord": accord,
        }
        for number, order, session, last_name, accord in (
            ("INS1", "CMD1", "S1", "Bonnet", "AC-A"),
            ("INS2", "CMD1", "S1", "Dupuis", ""),
            ("INS3", "CMD2", "S1", "Girard", "AC-V"),
            ("INS4", "CMD3", "S2", "Martin", ""),
        )
    ],
    "documents": [
        {
            "numero": number,
            "type": kind,
            "commande": order,
            "inscription": enrolment,
            "session": session,
            "siret": siret,
            "date": "07/05/2026",
            "fichier": f"{kind}/{number}.pdf",
            "remplace": "",
        }
        for number, kind, order, enrolment, session, siret in (
            ("ATT1", "attestation", "CMD1", "INS1", "S1", LILLE),
            ("FAC1", "facture", "CMD1", "", "", ""),
            ("EMA1", "emargement", "", "", "S1", LILLE),
            ("FAC2", "facture", "CMD2", "", "S1", RENNES),
        )
    ],
}


class Drop:
    """A folder of files in the making: change the rows, then `run`. Line 2 of a file is row 0."""

    def __init__(self, folder: Path, rows: dict[str, list[Row]] | None = None) -> None:
        self.folder = folder
        self.rows = {file: [dict(row) for row in rows] for file, rows in (rows or {}).items()}
        self.raw: dict[str, bytes] = {}

    @classmethod
    def base(cls, folder: Path) -> Drop:
        return cls(folder, BASE)

    def add(self, file: str, **values: str) -> Row:
        """One more row, like the first of the base but for `values`."""
        row = {**BASE[file][0], **values}
        self.rows.setdefault(file, []).append(row)
        return row

    def row(self, file: str, key: str) -> Row:
        """The row whose first column is `key`."""
        return next(row for row in self.rows[file] if next(iter(row.values())) == key)

    def only(self, *files: str) -> Drop:
        """The same drop without the other files: a later one, about these only."""
        self.rows = {file: self.rows[file] for file in files}
        return self

    def write(self, encoding: str = "utf-8", end: str = "\n") -> Drop:
        self.folder.mkdir(exist_ok=True)
        for path in self.folder.glob("*.csv"):
            path.unlink()
        for file, rows in self.rows.items():
            (self.folder / f"{file}.csv").write_bytes(text(rows, BASE[file][0], end).encode(encoding))
        for file, content in self.raw.items():
            (self.folder / f"{file}.csv").write_bytes(content)
        for row in self.rows.get("documents", []):
            self.put(row["fichier"])
        return self

    def put(self, path: str, content: bytes | None = None) -> None:
        """A file under documents/; a good PDF that says its own path, unless it is there already."""
        target = self.folder / "documents" / path
        if content is None and (target.exists() or ".." in path or path.startswith("/") or not path):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(pdf(path) if content is None else content)

    def run(self, *, dry_run: bool = False) -> ImportRun:
        self.write()
        return import_drop(self.folder, dry_run=dry_run)


def text(rows: Sequence[Row], example: Row, end: str = "\n") -> str:
    """Rows as a file, with quotes where they are needed."""
    names = list(rows[0] if rows else example)
    lines = [";".join(names), *(";".join(_field(row[name], end) for name in names) for row in rows)]
    return end.join(lines) + end


def _field(value: str, end: str) -> str:
    value = value.replace("\n", end)
    return '"' + value.replace('"', '""') + '"' if any(one in value for one in ';"\n\r') else value


def refused(run: ImportRun) -> list[tuple[str, int, str, str]]:
    """(file, line, column, value) of what was refused, in the order of the report."""
    return [(one.file, one.line, one.column, one.value) for one in run.refusals.order_by("pk")]


def reasons(run: ImportRun) -> str:
    """Why, in French, with plain spaces."""
    said = " / ".join(run.refusals.order_by("pk").values_list("reason", flat=True))
    return said.replace("\u00a0", " ").replace("\u202f", " ")


def counted(run: ImportRun, file: str) -> tuple[int, int, int, int]:
    """(created, changed, unchanged, refused) of a file."""
    counts = run.counts[f"{file}.csv"]
    return counts["created"], counts["changed"], counts["unchanged"], counts["refused"]


def in_all(run: ImportRun) -> tuple[int, int, int, int]:
    """The same, of all files together."""
    sums = [counted(run, file.removesuffix(".csv")) for file in run.counts]
    created, changed, unchanged, refused_lines = (sum(column) for column in zip(*sums, strict=True))
    return created, changed, unchanged, refused_lines


def establishment(siret: str) -> Establishment:
    return Establishment.objects.get(siret=siret)
