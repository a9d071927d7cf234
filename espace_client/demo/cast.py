"""Who plays in the demonstration: client companies, their establishments, and the people with an account."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from accounts.document_types import DocumentType
from accounts.roles import Role

PASSWORD = "Demonstration-2026!"  # noqa: S105 - printed on purpose, for invented accounts on this machine only
STAFF_EMAIL = "equipe@ib-cegos.example"

ALL = tuple(DocumentType)
ADMINISTRATOR, STANDARD = Role.ADMINISTRATOR, Role.STANDARD


@dataclass(frozen=True)
class Place:
    """An establishment. `past` and `coming` are how many orders it has in the full demonstration."""

    key: str
    name: str
    address: str
    postal_code: str
    city: str
    past: int
    coming: int
    orderers: tuple[str, ...]


@dataclass(frozen=True)
class Firm:
    """A company; `siren_body` is its SIREN without the key, `email_domains` those of its own people."""

    siren_body: str
    name: str
    domain: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Entry:
    """An access: to which establishment, at which level, with which types; `days_left` until it ends, if it ends."""

    place: str
    role: Role
    types: tuple[DocumentType, ...] = ()
    days_left: int | None = None


@dataclass(frozen=True)
class Person:
    """An account. `shows` is its line of the printed table, empty for the extras; `seen`: days since the last login."""

    email: str
    civility: str
    first_name: str
    last_name: str
    job_title: str
    entries: tuple[Entry, ...] = ()
    shows: str = ""
    seen: int | None = 3
    removed_from: tuple[str, ...] = ()
    staff: bool = False


FIRMS = (
    Firm(
        "84217396",
        "Groupe Solvane",
        "solvane.example",
        (
            Place("siege", "Solvane Siège", "42 esplanade du Général-de-Gaulle", "92800", "Puteaux", 15, 3,
                  ("helene.garnier@solvane.example", "claire.fontaine@solvane.example")),
            Place("lyon", "Solvane Lyon", "18 quai Perrache", "69002", "Lyon", 22, 4,
                  ("claire.fontaine@solvane.example", "nadia.benali@solvane.example")),
            Place("toulouse", "Solvane Toulouse", "7 avenue de l’Europe", "31520", "Ramonville-Saint-Agne", 13, 3,
                  ("nadia.benali@solvane.example", "olivier.blanc@solvane.example")),
            Place("nantes", "Solvane Nantes", "3 boulevard de la Prairie-au-Duc", "44200", "Nantes", 8, 1,
                  ("aurelie.rey@solvane.example",)),
            Place("lille", "Solvane Lille", "95 rue de Tournai", "59800", "Lille", 7, 1,
                  ("david.schmitt@solvane.example",)),
        ),
    ),
    Firm(
        "51938264",
        "Cabinet Morvan & Associés",
        "morvan-associes.example",
        (
            Place("morvan", "Cabinet Morvan & Associés", "11 rue Saint-Melaine", "35000", "Rennes", 10, 2,
                  ("yves.morvan@morvan-associes.example", "lea.kervella@morvan-associes.example")),
        ),
    ),
    Firm(
        "24590317",
        "Métropole de Bréval",
        "breval.example",
        (
            Place("dgs", "Bréval, direction générale des services", "1 place de la République", "45130", "Bréval", 6, 1,
                  ("christine.aubert@breval.example",)),
            Place("numerique", "Bréval, direction du numérique", "24 rue des Tanneurs", "45130", "Bréval", 13, 3,
                  ("karim.haddad@breval.example",)),
            Place("eau", "Bréval, régie de l’eau", "Route du Val", "45130", "Bréval", 8, 2,
                  ("bruno.caron@breval.example",)),
        ),
    ),
    Firm(
        "39750682",
        "Hélianthe Assurances",
        "helianthe.example",
        (
            Place("niort", "Hélianthe Niort", "60 avenue de Paris", "79000", "Niort", 7, 1,
                  ("sandrine.pottier@helianthe.example",)),
            Place("paris", "Hélianthe Paris", "133 boulevard Haussmann", "75008", "Paris", 6, 1,
                  ("julien.arnaud@helianthe.example",)),
        ),
    ),
    Firm(
        "80361549",
        "Ateliers Kermadec",
        "kermadec.example",
        (Place("kermadec", "Ateliers Kermadec", "2 quai Malbert", "29200", "Brest", 5, 1,
               ("gwenaelle.lebihan@kermadec.example",)),),
    ),
)  # fmt: skip

PEOPLE = (
    Person("claire.fontaine@solvane.example", "Mme", "Claire", "Fontaine", "Responsable formation", seen=1,
           shows="Responsable d’inscription, sans accès donné : ses commandes, par son adresse email ; prix négociés"),
    Person("thomas.lemoine@kermadec.example", "M.", "Thomas", "Lemoine", "Chef d’atelier", seen=2,
           shows="Responsable débutant : une première inscription en attente, donc encore les prix publics"),
    Person("yves.morvan@morvan-associes.example", "M.", "Yves", "Morvan", "Associé gérant",
           (Entry("morvan", ADMINISTRATOR),), shows="Seul administrateur de son établissement", seen=4),
    Person("nadia.benali@solvane.example", "Mme", "Nadia", "Benali", "Responsable des ressources humaines",
           (Entry("lyon", ADMINISTRATOR), Entry("toulouse", ADMINISTRATOR)), seen=0,
           shows="Administratrice de deux établissements (Lyon et Toulouse) sur les cinq du groupe"),
    Person("helene.garnier@solvane.example", "Mme", "Hélène", "Garnier", "Directrice de la formation",
           tuple(Entry(key, ADMINISTRATOR) for key in ("siege", "lyon", "toulouse", "nantes", "lille")), seen=1,
           shows="Administratrice des cinq établissements : invitations, revue des accès"),
    Person("marc.delorme@solvane.example", "M.", "Marc", "Delorme", "Comptable",
           (Entry("lyon", STANDARD, (DocumentType.FACTURE, DocumentType.CONVENTION)),), seen=6,
           shows="Accès standard à Lyon : tout l’historique, et les seules factures et conventions"),
    Person("julie.petit@solvane.example", "Mme", "Julie", "Petit", "Assistante d’agence",
           (Entry("lyon", STANDARD),), seen=9,
           shows="Accès standard à Lyon sans aucun type coché : l’historique, ni document ni prix"),
    Person("sophie.marchal@solvane.example", "Mme", "Sophie", "Marchal", "Responsable paie",
           (Entry("toulouse", STANDARD, ALL, days_left=20),), seen=2,
           shows="Accès standard temporaire à Toulouse, neuf types cochés, qui prend fin dans vingt jours"),
    Person("karim.haddad@breval.example", "M.", "Karim", "Haddad", "Directeur adjoint du numérique",
           (Entry("numerique", ADMINISTRATOR),
            Entry("eau", STANDARD, (DocumentType.CONVOCATION, DocumentType.EMARGEMENT, DocumentType.ATTESTATION))),
           shows="Tout à la fois : administrateur ici, standard sans prix là, une commande à son seul email", seen=1),
    Person("paul.roche@solvane.example", "M.", "Paul", "Roche", "Ancien responsable formation", seen=40,
           removed_from=("lyon", "toulouse"),
           shows="Ancien administrateur : son accès a été retiré, il ne voit plus rien"),
    Person(STAFF_EMAIL, "", "Équipe", "ib Cegos", "Service clients", staff=True, seen=0,
           shows="L’équipe interne : la gestion, à l’adresse /gestion/"),
    Person("m.tessier@conseil-rh.example", "M.", "Michel", "Tessier", "Consultant externe",
           (Entry("toulouse", ADMINISTRATOR),), seen=260),
    Person("luc.vasseur@solvane.example", "M.", "Luc", "Vasseur", "Assistant intérimaire",
           (Entry("lyon", STANDARD, (DocumentType.CONVOCATION, DocumentType.ATTESTATION), days_left=-4),), seen=5),
    Person("olivier.blanc@solvane.example", "M.", "Olivier", "Blanc", "Responsable de site"),
    Person("aurelie.rey@solvane.example", "Mme", "Aurélie", "Rey", "Assistante de direction"),
    Person("david.schmitt@solvane.example", "M.", "David", "Schmitt", "Responsable de site", seen=75),
    Person("lea.kervella@morvan-associes.example", "Mme", "Léa", "Kervella", "Office manager",
           (Entry("morvan", STANDARD, (DocumentType.CONVOCATION, DocumentType.ATTESTATION)),)),
    Person("christine.aubert@breval.example", "Mme", "Christine", "Aubert", "Directrice des ressources humaines",
           (Entry("dgs", ADMINISTRATOR), Entry("eau", ADMINISTRATOR), Entry("numerique", ADMINISTRATOR))),
    Person("bruno.caron@breval.example", "M.", "Bruno", "Caron", "Chef de service",
           (Entry("eau", STANDARD, ALL),), seen=190),
    Person("sandrine.pottier@helianthe.example", "Mme", "Sandrine", "Pottier", "Responsable formation",
           (Entry("niort", ADMINISTRATOR), Entry("paris", ADMINISTRATOR))),
    Person("julien.arnaud@helianthe.example", "M.", "Julien", "Arnaud", "Gestionnaire de formation",
           (Entry("paris", ADMINISTRATOR),)),
    Person("gwenaelle.lebihan@kermadec.example", "Mme", "Gwenaëlle", "Le Bihan", "Secrétaire générale"),
)  # fmt: skip

# Offered and not yet accepted: who, where, level, types, sent so many days ago.
INVITATIONS = (
    ("camille.vidal@solvane.example", "lyon", ADMINISTRATOR, (), 2),
    ("audit@cabinet-lesage.example", "lyon", STANDARD, (DocumentType.FACTURE,), 6),
    ("maelle.riou@morvan-associes.example", "morvan", ADMINISTRATOR, (), 1),
    ("stage.rh@solvane.example", "toulouse", STANDARD, (DocumentType.CONVOCATION,), 20),
)

# Reviews of accesses that were finished: where, by whom, so many days ago.
REVIEWS = (
    ("lyon", "helene.garnier@solvane.example", 200),
    ("siege", "helene.garnier@solvane.example", 200),
    ("dgs", "christine.aubert@breval.example", 40),
)

_NAMES = tomllib.loads(Path(__file__).with_name("names.toml").read_text())
FIRST_NAMES: list[str] = _NAMES["first"]
LAST_NAMES: list[str] = _NAMES["last"]
TRAINERS = (
    "Anaïs Lefort", "Bertrand Coulon", "Cécile Maurin", "Didier Asselin", "Estelle Vallet", "Farid Zerrouki",
    "Gilles Tournier", "Houria Mansour", "Ivan Petrovic", "Judith Kahn", "Loïc Guillou", "Mireille Astier",
)  # fmt: skip
VENUES = (
    ("Paris", "PAR", "Centre ib Cegos Montparnasse, 8 rue du Départ"),
    ("Lyon", "LYO", "Centre ib Cegos Part-Dieu, 35 rue des Cuirassiers"),
    ("Lille", "LIL", "Centre ib Cegos Euralille, 12 place des Buisses"),
    ("Nantes", "NAN", "Centre ib Cegos Île de Nantes, 4 rue La Noue-Bras-de-Fer"),
    ("Toulouse", "TLS", "Centre ib Cegos Compans, 5 esplanade Compans-Caffarelli"),
)
PUBLIC_FUND = "Fonds de formation territoriale"  # a public body has no OPCO
OPCOS = ("Opco Numérique et Conseil", "Opco Énergies et Industries", "Opco Proximité")
