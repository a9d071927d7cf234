"""One paper of each type, of objects that are in no database; texts are cut where the database would refuse them."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from accounts.document_types import DocumentType
from accounts.models import Company, Establishment
from catalogue.models import AccordCadre, Course, Domain, HalfDay, Session
from documents.papers import Paper, Provider, attendance, commercial
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState, Participant
from espace_client.demo import received

PROVIDER = Provider(
    name="ib Cegos",
    address="19 rue René-Jacques, 92130 Issy-les-Moulineaux",
    phone="01 40 00 00 00",
    email="contact@ib-cegos.example",
    siret="90184726900015",
    nda="11922345692",
    legal="SAS au capital de 500 000 € · RCS Nanterre 901 847 269",
    iban="FR7630001007941234567890185",
)
MONDAY = date(2026, 12, 7)
HALVES = ((time(9), time(12, 30)), (time(13, 30), time(17)))


class Case:
    """An order of `trainees` seats for a course of `days`, its texts being `text` wherever a client could write."""

    def __init__(self, *, title: str = "Python, les bases", trainees: int = 3, days: int = 3, text: str = "") -> None:
        company = Company(pk=1, siren="842173969", name=text[:200] or "Groupe Solvane")
        self.establishment = Establishment(
            pk=1,
            company=company,
            siret="84217396900024",
            name=text[:200] or "Solvane Lyon",
            address=text[:300] or "18 quai Perrache",
            postal_code="69002",
            city=text[:100] or "Lyon",
            vat_number="FR40842173969",
            billing_email="factures@solvane.example",
        )
        self.course = Course(
            pk=1,
            reference=text[:30] or "PYB-04",
            title=text[:250] or title,
            domain=Domain(pk=1, code="DEV", label="Développement"),
            days=Decimal(days),
            hours=Decimal(days * 7),
            public_price=Decimal("2290.00"),
            vat_rate=Decimal(20),
            objectives="\n".join([text or "Écrire un programme lisible et testé."] * 4),
            programme="\n".join([text or "Types, opérateurs, boucles et fonctions"] * 8),
            prerequisites=text or "Avoir déjà programmé.",
            audience=text or "Développeurs.",
            certification=text[:100],
        )
        self.session = Session(
            pk=1,
            code=text[:40] or "PYB-261207-LYO",
            course=self.course,
            starts_on=MONDAY,
            ends_on=MONDAY + timedelta(days=days - 1),
            city=text[:100] or "Lyon",
            venue=text[:300] or "Centre ib Cegos Part-Dieu, 35 rue des Cuirassiers",
            trainer=text[:150] or "Anaïs Lefort",
        )
        self.half_days = [
            HalfDay(session=self.session, date=MONDAY + timedelta(days=rank), starts_at=start, ends_at=end)
            for rank in range(days)
            for start, end in HALVES
        ]
        self.order = Order(
            pk=1,
            number="CMD-2026-0412",
            placed_on=date(2026, 11, 3),
            order_email="claire.fontaine@solvane.example",
            establishment=self.establishment,
            state=OrderState.VALIDATED,
            purchase_order_number=text[:60] or "BC-4512",
            opco=text[:100] or "Opco Numérique et Conseil",
        )
        self.enrolments = [self.enrolment(rank, text) for rank in range(trainees)]

    def enrolment(self, rank: int, text: str = "") -> Enrolment:
        return Enrolment(
            pk=rank + 1,
            number=f"INS-2026-{rank + 1:05d}",
            order=self.order,
            session=self.session,
            participant=Participant(
                pk=rank + 1, last_name=text[:100] or f"Wiśniewski-{rank}", first_name=text[:100] or "Zoë"
            ),
            state=EnrolmentState.PRESENT,
            public_price=Decimal("2290.00"),
            price=Decimal("1946.50"),
            accord=AccordCadre(pk=1, reference=text[:60] or "AC-2026-014"),
        )

    def papers(self, text: str = "") -> dict[DocumentType, Paper]:
        """One paper of each of the nine types."""
        whole: Any = partial(dict, provider=PROVIDER, order=self.order, enrolments=self.enrolments)
        one: Any = partial(dict, provider=PROVIDER, enrolment=self.enrolments[0])
        achievements = [attendance.Achievement(text or "Écrire un programme.", "Acquis")]
        day, later = date(2026, 11, 5), date(2026, 12, 10)
        return {
            DocumentType.BON_POUR_ACCORD: commercial.bon_pour_accord(**whole(number="BPA2026-00001", issued_on=day)),
            DocumentType.BON_DE_COMMANDE: received.bon_de_commande(**whole(number="BDC2026-00001", issued_on=day)),
            DocumentType.CONVENTION: commercial.convention(**whole(number="CNV2026-00001", issued_on=day)),
            DocumentType.PRISE_EN_CHARGE: received.prise_en_charge(
                **whole(number="PEC2026-00001", issued_on=day), share=Decimal("0.7"), subrogation=True
            ),
            DocumentType.CONVOCATION: attendance.convocation(
                **one(number="CVC2026-00001", issued_on=day), half_days=self.half_days
            ),
            DocumentType.EMARGEMENT: self.attendance_sheet(),
            DocumentType.EVALUATION: attendance.evaluation(
                **one(number="EVA2026-00001", issued_on=later),
                ratings=[attendance.Rating(text[:200] or "Les objectifs ont été atteints", 3)],
                achievements=achievements,
                comment=text[:2000] or "Très clair.",
                score=85,
            ),
            DocumentType.ATTESTATION: attendance.attestation(
                **one(number="ATT2026-00001", issued_on=later),
                hours_attended=Decimal("17.5"),
                achievements=achievements,
            ),
            DocumentType.FACTURE: commercial.facture(**whole(number="FA2026-00001", issued_on=later)),
        }

    def attendance_sheet(self) -> Paper:
        return attendance.emargement(
            provider=PROVIDER,
            establishment=self.establishment,
            session=self.session,
            enrolments=self.enrolments,
            half_days=self.half_days,
            number="EMA2026-00001",
            issued_on=date(2026, 12, 4),
        )

    def credit_note(self) -> Paper:
        return commercial.avoir(
            provider=PROVIDER,
            order=self.order,
            enrolments=self.enrolments[:1],
            number="AV2026-00001",
            issued_on=date(2026, 12, 18),
            invoice_number="FA2026-00001",
            invoice_date=date(2026, 12, 10),
            reason="Absence justifiée",
        )
