"""The hard cases of each paper, made by what issues them: long names, many lines, pages, rates and trainees.

With PAPERS_TO=FOLDER the PDFs are left there, to be looked at.
"""

from __future__ import annotations

import io
import os
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pikepdf
import pytest
from django.utils import timezone

from accounts.document_types import DocumentType
from catalogue.models import Course, HalfDay, Session, SessionState
from documents.facturx import checking, embedding
from documents.issuing import asking, making
from documents.issuing.asking import Subject
from documents.models import Document, Evaluation, FundingAgreement, Issue, IssueState, PaperKind
from enrolments.models import Enrolment, EnrolmentState, Order
from tests.documents.issuing.conftest import Deal
from tests.documents.issuing.reading import content_of
from tests.documents.reading import text_of
from tests.worlds import make_document, make_session, number

pytestmark = pytest.mark.django_db
TITLE = (
    "Concevoir, déployer et exploiter une plateforme de données temps réel, de l’architecture à la production,"
    " avec Kafka, Kubernetes et OpenTelemetry"
)
LAST, FIRST = "de Montmorency-Laval d’Aubigné-Wiśniewska von Habsbourg-Lothringen", "Marie-Antoinette Joséphine Zoë"
HALVES = ((time(9), time(12, 30)), (time(13, 30), time(17)))


def issue(subject: Subject) -> bytes:
    """Have one paper made, as a worker makes it; its bytes."""
    batch = asking.ask(subjects=[subject], reason="Cas difficile")
    assert batch is not None
    document = making.make(Issue.objects.get(batch=batch).pk)
    held = Issue.objects.get(batch=batch)
    assert document is not None, held.error
    assert held.state == IssueState.DONE
    return content_of(document)


def look(name: str, content: bytes) -> int:
    """Leave it for whoever asked to look at it; how many pages it has."""
    if folder := os.environ.get("PAPERS_TO"):
        Path(folder, f"{name}.pdf").write_bytes(content)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return len(pdf.pages)


@pytest.fixture
def long(deal: Deal) -> Deal:
    """Five days of a course with a title of 140 characters, for people, a house and a place with long names."""
    course = deal.session.course
    course.title, course.days, course.hours = TITLE, Decimal(5), Decimal(35)
    course.objectives = "\n".join(f"Objectif {rank} : concevoir une chaîne de bout en bout" for rank in range(1, 6))
    course.programme = "\n".join(f"Partie {rank} : courtiers, partitions, schémas et reprises" for rank in range(1, 9))
    course.prerequisites, course.audience = "Savoir programmer en Java.", "Architectes et développeurs."
    course.save()
    session = deal.session
    session.ends_on = session.starts_on + timedelta(days=4)
    session.venue = "Centre ib Cegos Part-Dieu, tour Incity, 23e étage, 116 cours Charlemagne et 35 rue des Cuirassiers"
    session.city, session.trainer = "Lyon", "Anne-Sophie Lefort-Vandenbroucke"
    session.save()
    for rank in (3, 4):
        add_day(session, rank)
    place = deal.world.lille
    place.name = "Armor Industries Électromécaniques et Systèmes Embarqués · Direction régionale des Hauts-de-France"
    place.address, place.postal_code = "12-14 avenue du Maréchal-de-Lattre-de-Tassigny, bâtiment C", "59000"
    place.save()
    Enrolment.objects.filter(order=deal.order).update(hours=Decimal(35))
    person = deal.seat.participant
    assert person is not None
    person.last_name, person.first_name = LAST, FIRST
    person.save()
    assert len(TITLE) >= 140
    return deal


def add_day(session: Session, rank: int) -> None:
    for start, end in HALVES:
        HalfDay.objects.create(
            session=session, date=session.starts_on + timedelta(days=rank), starts_at=start, ends_at=end
        )


def test_offer_and_convention(long: Deal) -> None:
    long.join()
    for kind in (PaperKind.BON_POUR_ACCORD, PaperKind.CONVENTION):
        content = issue(Subject.of_order(kind, long.order))
        assert look(kind.value, content) <= 3
        text = text_of(content)
        assert all(word in text for word in TITLE.split())
        assert "Zoë" in text or kind == PaperKind.BON_POUR_ACCORD


def test_convocation_on_one_page(long: Deal) -> None:
    content = issue(Subject.of_seat(PaperKind.CONVOCATION, long.seat))
    assert look("convocation", content) == 1
    assert LAST.upper().split()[0] in text_of(content).upper()


def test_twelve_trainees_over_five_days(long: Deal) -> None:
    for rank in range(11):
        person = long.join().participant
        assert person is not None
        person.first_name = FIRST
        person.last_name = f"{LAST} {rank}"
        person.save()
    content = issue(Subject.of_sheet(long.session, long.world.lille))
    assert look("emargement", content) <= 2
    text = text_of(content)
    assert text.upper().count("MONTMORENCY") == 12


def test_evaluation_and_attestation(long: Deal) -> None:
    long.close()
    kept = {
        "ratings": {"objectifs": 4, "formateur": 4, "equilibre": 3, "conditions": 2, "application": 3},
        "objectives": [[line, "acquis"] for line in long.session.course.objectives.splitlines()],
        "comment": "Très dense, mais le formateur a su s’adapter. " * 20,
    }
    now = timezone.now()
    Evaluation.objects.create(enrolment=long.seat, answers=kept, submitted_at=now, expires_at=now + timedelta(days=30))
    evaluation = issue(Subject.of_seat(PaperKind.EVALUATION, long.seat))
    assert look("evaluation", evaluation) <= 2
    attestation = issue(Subject.of_seat(PaperKind.ATTESTATION, long.seat))
    assert look("attestation", attestation) == 1
    code = Issue.objects.get(kind=PaperKind.ATTESTATION).check_code
    assert f"/verification/{code}" in text_of(attestation).replace(" ", "")


def test_forty_lines_over_two_pages(long: Deal) -> None:
    """Each at a price of its own; totals on the last page, the head of the table on both."""
    for rank in range(39):
        seat = long.join()
        Enrolment.objects.filter(pk=seat.pk).update(price=Decimal("1000.33") + rank)
    long.close()
    content = issue(Subject.of_bill(long.order, long.session))
    assert look("facture-40", content) >= 2
    assert Document.objects.get(issue__kind="facture").seats.values("line").distinct().count() == 40
    checking.check(embedding.embedded_xml(content))
    assert text_of(content).count("Montant HT") >= 2


def other_course(deal: Deal, rate: str) -> Session:
    """A session that took place, of a course with another rate, in which the order has a seat."""
    like = deal.session.course
    course = Course.objects.create(
        reference=number("REF"), title="Conduire un entretien professionnel", domain=like.domain, days=like.days,
        hours=like.hours, public_price=Decimal("1500.00"), vat_rate=Decimal(rate),
    )  # fmt: skip
    session = make_session(course, timezone.localdate() - timedelta(days=9), SessionState.DONE)
    add_day(session, 0)
    deal.join(session=session)
    Enrolment.objects.filter(session=session).update(state=EnrolmentState.PRESENT)
    return session


def test_two_rates_with_subrogation(deal: Deal) -> None:
    """An order whose two sessions are billed together, one of them exempt; an OPCO pays a part."""
    Order.objects.filter(pk=deal.order.pk).update(purchase_order_number="BC-4512", opco="Opco Atlas")
    deal.order.refresh_from_db()
    agreement = make_document(DocumentType.PRISE_EN_CHARGE, deal.order)
    FundingAgreement.objects.create(document=agreement, funder="Opco Atlas", file_number="D-77", granted=Decimal(900))
    other_course(deal, "0.00")
    other_course(deal, "5.50")
    deal.close()
    content = issue(Subject.of_order(PaperKind.FACTURE, deal.order))
    assert look("facture-taux", content) == 1
    text = text_of(content)
    for said in ("TVA 20 %", "TVA 5,5 %", "261-4-4° a du CGI", "Opco Atlas", "D-77", "900,00 €", "BC-4512"):
        assert said in text, said
    checking.check(embedding.embedded_xml(content))


def test_exempt_then_credited(deal: Deal) -> None:
    """No VAT at all, with the reason; and its avoir."""
    session = other_course(deal, "0.00")
    content = issue(Subject.of_bill(deal.order, session))
    assert look("facture-exoneree", content) == 1
    assert "261-4-4° a du CGI" in text_of(content)
    invoice = Document.objects.get(issue__kind="facture")
    assert invoice.invoice.vat == 0
    staff = deal.world.personas["staff"]
    asking.credit(invoice=invoice, seats=list(invoice.seats.all()), reason="Absence justifiée", actor=staff)
    avoir = making.make(Issue.objects.get(kind=PaperKind.AVOIR).pk)
    assert avoir is not None
    content = content_of(avoir)
    assert look("avoir", content) == 1
    assert invoice.number in text_of(content)
    checking.check(embedding.embedded_xml(content))
