"""Rows of every model that the management site shows: `ROWS[model](world, number)` makes `number` more of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal

from django.contrib.auth.models import Group
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.document_types import DocumentType
from accounts.models import Access, AccessEvent, Company, Establishment, Invitation, RemovedAccess, User
from accounts.roles import Role
from accounts.services import save_access
from catalogue.models import (
    AccordCadre,
    AccordCoverage,
    AccordLine,
    Course,
    Domain,
    HalfDay,
    LineKind,
    LineScope,
    Session,
)
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
    CancellationTerms,
    Enrolment,
    EnrolmentEvent,
    ErasureRequest,
    EventKind,
    Order,
    Participant,
    ParticipantMerge,
    SessionProposal,
    WaitingEntry,
)
from espace_client.models import ImportRefusal, ImportRun, ImportStatus, OutgoingMail
from espace_client.outbox import deliver
from tests.worlds import (
    World,
    give_access,
    make_document,
    make_order,
    make_session,
    make_siren,
    make_siret,
    make_user,
    number,
)


def change(row: Model) -> str:
    """The address of the management page of a row."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def unchanged(*prefixes: str) -> dict[str, int]:
    """What a page posts about inlines in which nobody touched anything."""
    return {f"{prefix}-{part}_FORMS": 0 for prefix in prefixes for part in ("TOTAL", "INITIAL")}


WARNING = "Colonne ignorée : note"
Maker = Callable[[World, int], None]


def _users(world: World, rows: int) -> None:
    for _ in range(rows):
        make_user(f"{number('personne')}@armor.example")


def _groups(world: World, rows: int) -> None:
    for _ in range(rows):
        Group.objects.create(name=number("groupe"))


def _companies(world: World, rows: int) -> None:
    for rank in range(rows):
        Company.objects.create(
            siren=make_siren(50000000 + rank + 1000 * Company.objects.count()), name=number("Société")
        )


def _establishments(world: World, rows: int) -> None:
    company = world.brume.company
    for _ in range(rows):
        rank = 100 + Establishment.objects.filter(company=company).count()
        Establishment.objects.create(company=company, siret=make_siret(company.siren, rank), name=number("Site"))


def _accesses(world: World, rows: int) -> None:
    for rank in range(rows):
        user, role = make_user(f"{number('acces')}@armor.example"), (Role.STANDARD, Role.ADMINISTRATOR)[rank % 2]
        give_access(user, world.nice, role, [DocumentType.FACTURE, DocumentType.CONVOCATION])


def _access_events(world: World, rows: int) -> None:
    for _ in range(rows):
        save_access(
            access=Access(
                user=make_user(f"{number('donne')}@armor.example"), establishment=world.nice, role=Role.STANDARD
            ),
            types=[DocumentType.FACTURE],
            actor=world.personas["staff"],
        )


def _removed_accesses(world: World, rows: int) -> None:
    for _ in range(rows):
        user = make_user(f"{number('parti')}@armor.example")
        RemovedAccess.objects.create(user=user, establishment=world.nice, removed_by=world.personas["staff"])


def _invitations(world: World, rows: int) -> None:
    for _ in range(rows):
        Invitation.objects.create(
            email=f"{number('invite')}@armor.example".lower(),
            establishment=world.nice,
            role=Role.STANDARD,
            token_hash=number("jeton"),
            invited_by=world.personas["administrator"],
            expires_at=timezone.now() + timedelta(days=14),
        )


def _domains(world: World, rows: int) -> None:
    parent = world.sessions[0].course.domain
    for _ in range(rows):
        Domain.objects.create(code=number("SD"), label=number("Sous-domaine"), parent=parent)


def _courses(world: World, rows: int) -> None:
    for _ in range(rows):
        domain = Domain.objects.create(code=number("DOM"), label=number("Domaine"))
        Course.objects.create(
            reference=number("REF"), title=number("Cours"), domain=domain, days=2, hours=14, public_price=Decimal(900)
        )


def _sessions(world: World, rows: int) -> None:
    for rank in range(rows):
        session = make_session(world.sessions[0].course, timezone.localdate() + timedelta(days=rank))
        HalfDay.objects.create(session=session, date=session.starts_on, starts_at=time(9), ends_at=time(12, 30))


def make_accord(world: World) -> AccordCadre:
    """An accord of Armor, with a line and an establishment."""
    today = timezone.localdate()
    accord = AccordCadre.objects.create(
        reference=number("AC"),
        company=world.armor.company,
        starts_on=today - timedelta(days=100),
        ends_on=today + timedelta(days=100),
        covers_all=False,
    )
    AccordLine.objects.create(
        accord=accord, scope=LineScope.EVERYTHING, kind=LineKind.DISCOUNT, discount_rate=Decimal("12.5")
    )
    AccordCoverage.objects.create(accord=accord, establishment=world.lille)
    return accord


def _accords(world: World, rows: int) -> None:
    for _ in range(rows):
        make_accord(world)


def _orders(world: World, rows: int) -> None:
    for _ in range(rows):
        make_order(world.lille, f"{number('mail')}@armor.example".lower(), world.sessions[:1], papers=False)


def _documents(world: World, rows: int) -> None:
    order = world.armor.orders[world.lille.pk][0]
    previous = None
    for rank in range(rows):
        document = make_document(DocumentType.CONVENTION, order, replaces=previous)
        previous = None if rank % 2 else document


def _servings(world: World, rows: int) -> None:
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


def make_import_run() -> ImportRun:
    """A finished import with a warning and a refusal."""
    run = ImportRun.objects.create(
        folder="/depot/2026-11-23",
        finished_at=timezone.now() + timedelta(seconds=5),
        status=ImportStatus.REFUSALS,
        counts={
            "acces.csv": {
                "created": 3,
                "changed": 2,
                "unchanged": 1,
                "refused": 1,
                "warnings": [WARNING],
            },
            "sessions.csv": {"created": 7, "changed": 0, "unchanged": 0, "refused": 0, "warnings": []},
        },
    )
    ImportRefusal.objects.create(
        run=run, file="acces.csv", line=12, column="siret", value="<b>123</b>", reason="SIRET inconnu."
    )
    return run


def _import_runs(world: World, rows: int) -> None:
    for _ in range(rows):
        make_import_run()


def _deposits(world: World, rows: int) -> None:
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


def _acceptances(world: World, rows: int) -> None:
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


def _mails(world: World, rows: int) -> None:
    for _ in range(rows):
        OutgoingMail.objects.create(sender="a@ib.example", recipients=["b@armor.example"], subject="Objet", raw=b"x")


def _issues(world: World, rows: int) -> None:
    batch = IssueBatch.objects.create(reason=number("Émission"), asked_by=world.personas["staff"])
    for order in _new_orders(world, rows):
        Issue.objects.create(batch=batch, kind="convention", order=order, error="Motif", state="failed")


def _batches(world: World, rows: int) -> None:
    for _ in range(rows):
        _issues(world, 1)


def _invoices(world: World, rows: int) -> None:
    for order in _new_orders(world, rows):
        document = make_document(DocumentType.FACTURE, order)
        Invoice.objects.create(
            document=document, net=100, vat=20, total=120, platform="PA", platform_status="collected"
        )


def _seats(world: World, rows: int) -> None:
    for order in _new_orders(world, rows):
        document, enrolment = make_document(DocumentType.FACTURE, order), order.enrolments.get()
        credit = Issue.objects.create(
            batch=IssueBatch.objects.create(reason="Avoir"), kind="avoir", order=order, credits=document
        )
        InvoicedSeat.objects.create(
            invoice=document, enrolment=enrolment, line=0, title="T", reference="R", session_code="S", trainee="N",
            public_price=100, price=90, vat_rate=20, credited_by=credit,
        )  # fmt: skip


def _series(world: World, rows: int) -> None:
    for _ in range(rows):
        NumberSeries.objects.create(name=number("S"), last=3, last_on=timezone.localdate())


def _agreements(world: World, rows: int) -> None:
    for order in _new_orders(world, rows):
        document = make_document(DocumentType.PRISE_EN_CHARGE, order)
        FundingAgreement.objects.create(document=document, funder=number("Opco"), granted=900)


def _file_checks(world: World, rows: int) -> None:
    pk = Document.objects.earliest("pk").pk
    for _ in range(rows):
        now = timezone.now()
        FileCheck.objects.create(begun_at=now, ended_at=now, checked=3, missing=[pk], altered=[pk])


def _new_orders(world: World, rows: int) -> list[Order]:
    sessions = world.sessions[:1]
    return [
        make_order(world.lille, f"{number('mail')}@armor.example".lower(), sessions, papers=False) for _ in range(rows)
    ]


def _tasks(world: World, rows: int) -> None:
    for _ in range(rows):
        deliver.enqueue(0)


def _evaluations(world: World, rows: int) -> None:
    for _ in range(rows):
        order = make_order(world.lille, "autre@armor.example", world.sessions[:1], papers=False)
        seat = order.enrolments.get()
        expires_at = timezone.now() + timedelta(days=30)
        Evaluation.objects.create(enrolment=seat, invited_to="zoe@armor.example", expires_at=expires_at)


def _terms(world: World, rows: int) -> None:
    for _ in range(rows):
        days = CancellationTerms.objects.count()
        terms = CancellationTerms.objects.create(in_force_from=timezone.localdate() + timedelta(days=days))
        terms.bands.create(under_days=10, cancel_rate=50, move_rate=20)


def _events(world: World, rows: int) -> None:
    for _ in range(rows):
        enrolment = make_order(world.lille, "journal@armor.example", world.sessions[:1], papers=False).enrolments.get()
        EnrolmentEvent.objects.create(enrolment=enrolment, kind=EventKind.CANCELLED, fee=Decimal(10))


def _proposals(world: World, rows: int) -> None:
    for _ in range(rows):
        order = make_order(world.lille, "journal@armor.example", world.sessions[:1], papers=False)
        day = timezone.localdate()
        SessionProposal.objects.create(
            order=order, session=world.sessions[0], kind="cancelled", previous_starts_on=day, previous_ends_on=day
        )


def _waiting(world: World, rows: int) -> None:
    for _ in range(rows):
        WaitingEntry.objects.create(session=world.sessions[1], order_email="attente@armor.example")


def _person(world: World) -> Participant:
    return Participant.objects.create(company=world.armor.company, last_name=number("Doublon"))


def _merges(world: World, rows: int) -> None:
    for _ in range(rows):
        ParticipantMerge.objects.create(kept=_person(world), merged=_person(world))


def _erasures(world: World, rows: int) -> None:
    for _ in range(rows):
        ErasureRequest.objects.create(participant=_person(world))


ROWS: dict[type[Model], Maker] = {
    Evaluation: _evaluations,
    CancellationTerms: _terms,
    EnrolmentEvent: _events,
    ErasureRequest: _erasures,
    ParticipantMerge: _merges,
    SessionProposal: _proposals,
    WaitingEntry: _waiting,
    Acceptance: _acceptances,
    Deposit: _deposits,
    Access: _accesses,
    AccessEvent: _access_events,
    AccordCadre: _accords,
    AccordLine: _accords,
    Company: _companies,
    DBTaskResult: _tasks,
    Course: _courses,
    Document: _documents,
    Domain: _domains,
    Enrolment: _orders,
    Establishment: _establishments,
    FileCheck: _file_checks,
    FundingAgreement: _agreements,
    Group: _groups,
    ImportRefusal: _import_runs,
    ImportRun: _import_runs,
    Invitation: _invitations,
    Invoice: _invoices,
    InvoicedSeat: _seats,
    Issue: _issues,
    IssueBatch: _batches,
    NumberSeries: _series,
    Order: _orders,
    OutgoingMail: _mails,
    Participant: _orders,
    RemovedAccess: _removed_accesses,
    Serving: _servings,
    Session: _sessions,
    User: _users,
}
