"""Rows of the papers and of what is kept about them, for tests/admin_rows.py."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.document_types import DocumentType
from documents.models import (
    Acceptance,
    AcceptanceMethod,
    Deposit,
    Document,
    Evaluation,
    FileCheck,
    FundingAgreement,
    Invoice,
    InvoicedSeat,
    Issue,
    IssueBatch,
    NumberSeries,
    Scan,
    Serving,
    ServingOutcome,
)
from enrolments.models import (
    Order,
)
from tests.worlds import (
    World,
    make_document,
    make_order,
    number,
)


def documents(world: World, rows: int) -> None:
    order = world.armor.orders[world.lille.pk][0]
    previous = None
    for rank in range(rows):
        document = make_document(DocumentType.CONVENTION, order, replaces=previous)
        previous = None if rank % 2 else document


def servings(world: World, rows: int) -> None:
    document = Document.objects.earliest("pk")
    for _ in range(rows):
        Serving.objects.create(
            document=document,
            requested_id=document.pk,
            user=world.personas["administrator"],
            user_email=world.personas["administrator"].email,
            outcome=ServingOutcome.DOWNLOADED,
            ip_address="192.0.2.7",
        )


def deposits(world: World, rows: int) -> None:
    order = world.armor.orders[world.lille.pk][0]
    for _ in range(rows):
        document = make_document(DocumentType.BON_DE_COMMANDE, order)
        Deposit.objects.create(
            document=document,
            user=world.personas["administrator"],
            user_email=world.personas["administrator"].email,
            original_name="scan.pdf",
            original_sha256=document.sha256,
            scan=Scan.NONE,
        )


def acceptances(world: World, rows: int) -> None:
    order = world.armor.orders[world.lille.pk][0]
    for _ in range(rows):
        document = make_document(DocumentType.BON_POUR_ACCORD, order)
        Acceptance.objects.create(
            document=document,
            method=AcceptanceMethod.PORTAL,
            name="Anne Le Goff",
            job_title="DRH",
            statement="Bon pour accord",
            sha256=document.sha256,
            user_email="administratrice@armor.example",
        )


def issues(world: World, rows: int) -> None:
    batch = IssueBatch.objects.create(reason=number("Émission"), asked_by=world.personas["staff"])
    for order in new_orders(world, rows):
        Issue.objects.create(batch=batch, kind="convention", order=order, error="Motif", state="failed")


def batches(world: World, rows: int) -> None:
    for _ in range(rows):
        issues(world, 1)


def invoices(world: World, rows: int) -> None:
    for order in new_orders(world, rows):
        document = make_document(DocumentType.FACTURE, order)
        Invoice.objects.create(
            document=document, net=100, vat=20, total=120, platform="PA", platform_status="collected"
        )


def seats(world: World, rows: int) -> None:
    for order in new_orders(world, rows):
        document, enrolment = make_document(DocumentType.FACTURE, order), order.enrolments.get()
        credit = Issue.objects.create(
            batch=IssueBatch.objects.create(reason="Avoir"), kind="avoir", order=order, credits=document
        )
        InvoicedSeat.objects.create(
            invoice=document, enrolment=enrolment, line=0, title="T", reference="R", session_code="S", trainee="N",
            public_price=100, price=90, vat_rate=20, credited_by=credit,
        )  # fmt: skip


def series(world: World, rows: int) -> None:
    for _ in range(rows):
        NumberSeries.objects.create(name=number("S"), last=3, last_on=timezone.localdate())


def agreements(world: World, rows: int) -> None:
    for order in new_orders(world, rows):
        document = make_document(DocumentType.PRISE_EN_CHARGE, order)
        FundingAgreement.objects.create(document=document, funder=number("Opco"), granted=900)


def file_checks(world: World, rows: int) -> None:
    pk = Document.objects.earliest("pk").pk
    for _ in range(rows):
        now = timezone.now()
        FileCheck.objects.create(begun_at=now, ended_at=now, checked=3, missing=[pk], altered=[pk])


def new_orders(world: World, rows: int) -> list[Order]:
    sessions = world.sessions[:1]
    return [
        make_order(world.lille, f"{number('mail')}@armor.example".lower(), sessions, papers=False) for _ in range(rows)
    ]


def evaluations(world: World, rows: int) -> None:
    for _ in range(rows):
        order = make_order(world.lille, "autre@armor.example", world.sessions[:1], papers=False)
        seat = order.enrolments.get()
        expires_at = timezone.now() + timedelta(days=30)
        Evaluation.objects.create(enrolment=seat, invited_to="zoe@armor.example", expires_at=expires_at)
