"""Write a big drop, to measure `manage.py import_erp` on: `python -m benchmarks.erp_drop FOLDER --enrolments 100000`.

The drop has the proportions of the sample: 2.5 enrolments an order, 4 a session, and 3 documents an enrolment
(convocation and attestation; facture and convention of each order; an émargement for half of the orders). Everything
in it is good, and the same arguments write the same drop. The PDFs are as small as the sample's, 600 bytes. By default
the papers of one establishment have one content (a thousand for 100,000 enrolments), hard-linked, which saves disk and
minutes but flatters the import: the store keeps each content once. With --distinct every file is its own, as in a real
drop: 4 KB of disk each, twice. Two establishments never share one: the import would refuse it.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

from stdnum.luhn import calc_check_digit

HEADERS = {
    "entreprises": "siren;raison_sociale;domaines_email",
    "etablissements": "siret;siren;nom;adresse;code_postal;ville;tva_intracom;email_facturation",
    "responsables": "email;civilite;nom;prenom;fonction;telephone",
    "acces": "email;siret;niveau;documents",
    "domaines": "code;libelle;parent",
    "formations": "reference;titre;domaine;duree_jours;duree_heures;modalite;type;prix_ht;taux_tva;objectifs;programme;"
    "prerequis;public;certification",
    "sessions": "code;formation;debut;fin;ville;lieu;places;minimum;formateur;etat",
    "accords": "reference;siren;debut;fin;etablissements",
    "accords_lignes": "accord;portee;code;type;valeur;a_partir_de",
    "commandes": "numero;date;email;siret;etat;bon_de_commande;opco;canal",
    "inscriptions": "numero;commande;session;nom;prenom;email_participant;etat;prix_public_ht;prix_ht;accord",
    "documents": "numero;type;commande;inscription;session;siret;date;fichier;remplace",
}
LAST_NAMES = ("Lefèvre", "Marchand", "Noël", "Haddad", "Nguyen", "Traoré", "Benali", "Girard", "Peña", "Moreau")
FIRST_NAMES = ("Léa", "Inès", "Benoît", "Chloé", "Jérôme", "Amadou", "Fatou", "Élodie", "Yannick", "Thomas", "Nadia")
FIRST_DAY = date(2019, 1, 7)


def pdf(text: str) -> bytes:
    """A page that says `text`, as small as the sample's."""
    stream = f"BT /F1 12 Tf 60 780 Td ({text}) Tj ET".encode("ascii")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    content, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj%sendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(content)
    return content + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


def siren_of(rank: int) -> str:
    body = f"{10_000_000 + rank}"
    return body + calc_check_digit(body)


def siret_of(rank: int) -> str:
    """Three establishments a company."""
    body = f"{siren_of(rank // 3)}{rank % 3 + 1:04d}"
    return body + calc_check_digit(body)


class Drop:
    """The sizes that follow from the number of enrolments, and the lines of each file."""

    def __init__(self, enrolments: int) -> None:
        self.enrolments = enrolments
        self.orders = max(1, enrolments * 2 // 5)
        self.sessions = max(1, enrolments // 4)
        self.companies = max(1, enrolments // 300)
        self.courses = 400

    def order_of(self, enrolment: int) -> int:
        return enrolment * self.orders // self.enrolments

    def session_of(self, order: int) -> int:
        """All the enrolments of an order are in one session."""
        return order * 7 % self.sessions

    def establishment_of(self, order: int) -> int:
        return order % (self.companies * 3)

    def lines(self) -> Iterator[tuple[str, list[object]]]:
        yield from self._people()
        yield from self._catalogue()
        for order in range(self.orders):
            place, day = self.establishment_of(order), self._day(self.session_of(order)) - timedelta(days=30)
            email = f"responsable{place}@client{place // 3}.example"
            yield "commandes", [
                f"CMD{order:07d}", f"{day:%d/%m/%Y}", email, siret_of(place), "validee", f"BC-{order}", "Atlas", "site",
            ]  # fmt: skip
        for enrolment in range(self.enrolments):
            yield from self._enrolment(enrolment)
        yield from self._documents()

    def _day(self, session: int) -> date:
        return FIRST_DAY + timedelta(days=session * 13 % 2800)

    def _people(self) -> Iterator[tuple[str, list[object]]]:
        for company in range(self.companies):
            yield "entreprises", [siren_of(company), f"Client {company}", f"client{company}.example"]
            yield "accords", [f"AC-{company:05d}", siren_of(company), "2019-01-01", "2029-12-31", "*"]
            yield "accords_lignes", [f"AC-{company:05d}", "tout", "", "remise", "10", ""]
        for place in range(self.companies * 3):
            email = f"responsable{place}@client{place // 3}.example"
            yield "etablissements", [
                siret_of(place), siren_of(place // 3), f"Site {place}", "1 rue de la République", "59000", "Lille",
                "", "",
            ]  # fmt: skip
            yield (
                "responsables",
                [email, "Mme", LAST_NAMES[place % 10], FIRST_NAMES[place % 11], "RH", "03 20 00 00 00"],
            )
            level = ["administrateur", ""] if place % 2 else ["standard", "facture|attestation"]
            yield "acces", [email, siret_of(place), *level]

    def _catalogue(self) -> Iterator[tuple[str, list[object]]]:
        for domain in range(8):
            yield "domaines", [f"D{domain}", f"Domaine {domain}", ""]
            yield "domaines", [f"D{domain}-S", f"Sous-domaine {domain}", f"D{domain}"]
        for course in range(self.courses):
            yield "formations", [
                f"F{course:04d}", f"Formation {course}", f"D{course % 8}-S", "3", "21", "presentiel", "inter",
                "2 000,00", "20", "Savoir faire.\nSavoir dire.", "1. Le début\n2. La fin", "Aucun", "Tous", "",
            ]  # fmt: skip
        for session in range(self.sessions):
            day = self._day(session)
            yield "sessions", [
                f"S{session:06d}", f"F{session % self.courses:04d}", f"{day:%d/%m/%Y}",
                f"{day + timedelta(2):%d/%m/%Y}", "Lille", "Centre de formation", "12", "3", "Claire Rousseau",
                "realisee",
            ]  # fmt: skip

    def _enrolment(self, enrolment: int) -> Iterator[tuple[str, list[object]]]:
        order = self.order_of(enrolment)
        place = self.establishment_of(order)
        person = enrolment // 3  # who comes back for other courses
        last, first = LAST_NAMES[person % 10], FIRST_NAMES[person % 11]
        yield "inscriptions", [
            f"INS{enrolment:07d}", f"CMD{order:07d}", f"S{self.session_of(order):06d}", last, first,
            f"p{person}@client{place // 3}.example", "presente", "2000,00", "1 800,00", f"AC-{place // 3:05d}",
        ]  # fmt: skip

    def _documents(self) -> Iterator[tuple[str, list[object]]]:
        for enrolment in range(self.enrolments):
            order = self.order_of(enrolment)
            for code, kind in (("CON", "convocation"), ("ATT", "attestation")):
                yield self._document(code, kind, enrolment, order, f"INS{enrolment:07d}")
        for order in range(self.orders):
            kinds = [("FAC", "facture"), ("CNV", "convention"), *([("EMA", "emargement")] if order % 2 else [])]
            for code, kind in kinds:
                yield self._document(code, kind, order, order, "")

    def _document(self, code: str, kind: str, rank: int, order: int, enrolment: str) -> tuple[str, list[object]]:
        number = f"{code}{rank:07d}"
        session = self.session_of(order)
        return "documents", [
            number, kind, f"CMD{order:07d}", enrolment, f"S{session:06d}", siret_of(self.establishment_of(order)),
            f"{self._day(session):%d/%m/%Y}", f"{kind}/{rank // 1000:04d}/{number}.pdf", "",
        ]  # fmt: skip


class PdfWriter:
    """Writes a PDF at each path; unless they must be distinct, the first of an establishment serves for its others."""

    def __init__(self, folder: Path, *, distinct: bool) -> None:
        self._folder = folder
        self._distinct = distinct
        self._first: dict[str, Path] = {}

    def write(self, path: str, siret: str) -> None:
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._distinct or siret not in self._first:
            target.write_bytes(pdf(path))
            self._first[siret] = target
        else:
            os.link(self._first[siret], target)


def write(folder: Path, enrolments: int, *, distinct: bool) -> None:
    """Write the CSV files and the PDFs of a drop in a new folder."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        writers = {}
        for name, header in HEADERS.items():
            file = stack.enter_context((folder / f"{name}.csv").open("w", encoding="utf-8", newline=""))
            writers[name] = csv.writer(file, delimiter=";", lineterminator="\n")
            writers[name].writerow(header.split(";"))
        pdfs = PdfWriter(folder / "documents", distinct=distinct)
        for name, line in Drop(enrolments).lines():
            writers[name].writerow(line)
            if name == "documents":
                pdfs.write(str(line[7]), str(line[5]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--enrolments", type=int, default=100_000)
    parser.add_argument("--distinct", action="store_true")
    arguments = parser.parse_args()
    write(arguments.folder, arguments.enrolments, distinct=arguments.distinct)


if __name__ == "__main__":
    main()
