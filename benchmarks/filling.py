"""Fill a database with a world: people through the models, history through SQL with triggers and indexes put aside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.management.color import no_style
from django.db import connection, transaction
from stdnum.luhn import calc_check_digit

from accounts.document_types import DocumentType
from accounts.models import Access, Company, Establishment, EstablishmentGrant, User
from accounts.roles import Role
from benchmarks.world import COMPANIES, Share, World, company_of, shares
from documents.store import StoredFile

SQL = Path(__file__).with_name("world.sql")
LOADED = (
    *("catalogue_domain", "catalogue_course", "catalogue_session", "enrolments_participant", "enrolments_order"),
    *("enrolments_enrolment", "documents_document", "documents_serving", "django_session"),
)
STANDARD_TYPES = (DocumentType.CONVENTION, DocumentType.FACTURE, DocumentType.CONVOCATION, DocumentType.ATTESTATION)


def fill(world: World, paper: StoredFile) -> None:
    """Fill the database in use; every document is `paper`, which is in the store."""
    with transaction.atomic():
        _fill_companies(world)
        _fill_people(world)
    with transaction.atomic(), _without_indexes():
        _fill_history(world, paper)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(apps.get_models())):
            cursor.execute(statement)
        cursor.execute("VACUUM (ANALYZE)")  # what autovacuum does in time: statistics, and the visibility map
        cursor.execute("CHECKPOINT")


def _fill_companies(world: World) -> None:
    sirens = [_with_check_digit(f"{rank:08d}") for rank in range(1, COMPANIES + 1)]
    companies = [Company(pk=rank, siren=siren, name=f"Société {rank}") for rank, siren in enumerate(sirens, 1)]
    Company.objects.bulk_create(companies)
    Establishment.objects.bulk_create(
        Establishment(
            pk=rank,
            company_id=company_of(rank),
            siret=_with_check_digit(f"{sirens[company_of(rank) - 1]}{rank:04d}"),
            name=f"Société {company_of(rank)}, site {rank}",
            city="Lyon",
        )
        for rank in range(1, world.establishments + 1)
    )


def _with_check_digit(body: str) -> str:
    return body + calc_check_digit(body)


def _fill_people(world: World) -> None:
    """Two people an establishment: an administrator, and a standard access with a few types."""
    people = User.objects.bulk_create(
        User(pk=rank, email=f"p{rank}@bench.example", first_name="Camille", last_name=f"Martin {rank}", password="!")
        for rank in range(1, world.people + 1)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, verified=True, primary=True) for person in people
    )
    with connection.cursor() as cursor:
        cursor.execute(*connection.ops.sequence_reset_sql(no_style(), [User]))
    for rank, person in enumerate(people):
        establishment = rank % world.establishments + 1
        role = Role.ADMINISTRATOR if rank < world.establishments else Role.STANDARD
        Access.objects.create(user=person, establishment_id=establishment, role=role)
    _grant_types(people[world.establishments :])


def _grant_types(people: list[User]) -> None:
    """Tick a few types, for people with one standard access, in two queries."""
    codenames = [document_type.codename for document_type in STANDARD_TYPES]
    permissions = Permission.objects.filter(codename__in=codenames)
    places = dict(Access.objects.filter(user__in=people).values_list("user_id", "establishment_id"))
    EstablishmentGrant.objects.bulk_create(
        EstablishmentGrant(user=person, permission=permission, content_object_id=places[person.pk])
        for permission in permissions
        for person in people
    )


def _fill_history(world: World, paper: StoredFile) -> None:
    """Run world.sql. Foreign keys are triggers too, so nothing is checked here: benchmarks.checking does it after."""
    parameters: dict[str, Any] = {
        "per_day": world.sessions_a_day,
        "responsable_every": world.responsable_every,
        "people": world.people,
        "file": paper.name,
        "sha256": paper.sha256,
        "size": paper.size,
    }
    columns = ", ".join(f"{field.name} integer" for field in fields(Share))
    rows = "".join("\t".join(map(str, astuple(share))) + "\n" for share in shares(world))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE share ({columns}) ON COMMIT DROP")
        with cursor.copy("COPY share FROM STDIN") as copy:
            copy.write(rows)
        cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL work_mem = '256MB'; ANALYZE share")
        # The file has the operator % as PostgreSQL writes it; psycopg wants it doubled beside parameters.
        for statement in SQL.read_text().replace(" % ", " %% ").split(";\n"):
            if statement.strip():
                cursor.execute(statement, parameters)


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Drop the indexes of the loaded tables that no constraint needs, and make them again after: three times faster."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique",
            [list(LOADED)],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for _name, definition in indexes:
            cursor.execute(definition)
