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
    Serving,
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
from tests import admin_paper_rows as papers
from tests.worlds import (
    World,
    give_access,
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


def _mails(world: World, rows: int) -> None:
    for _ in range(rows):
        OutgoingMail.objects.create(sender="a@ib.example", recipients=["b@armor.example"], subject="Objet", raw=b"x")


def _tasks(world: World, rows: int) -> None:
    for _ in range(rows):
        deliver.enqueue(0)


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
    Evaluation: papers.evaluations,
    CancellationTerms: _terms,
    EnrolmentEvent: _events,
    ErasureRequest: _erasures,
    ParticipantMerge: _merges,
    SessionProposal: _proposals,
    WaitingEntry: _waiting,
    Acceptance: papers.acceptances,
    Deposit: papers.deposits,
    Access: _accesses,
    AccessEvent: _access_events,
    AccordCadre: _accords,
    AccordLine: _accords,
    Company: _companies,
    DBTaskResult: _tasks,
    Course: _courses,
    Document: papers.documents,
    Domain: _domains,
    Enrolment: _orders,
    Establishment: _establishments,
    FileCheck: papers.file_checks,
    FundingAgreement: papers.agreements,
    Group: _groups,
    ImportRefusal: _import_runs,
    ImportRun: _import_runs,
    Invitation: _invitations,
    Invoice: papers.invoices,
    InvoicedSeat: papers.seats,
    Issue: papers.issues,
    IssueBatch: papers.batches,
    NumberSeries: papers.series,
    Order: _orders,
    OutgoingMail: _mails,
    Participant: _orders,
    RemovedAccess: _removed_accesses,
    Serving: papers.servings,
    Session: _sessions,
    User: _users,
}
