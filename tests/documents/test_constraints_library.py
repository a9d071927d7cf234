"""What is never false about archives, deposits and visits, and what triggers write beside documents and courses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.document_types import DocumentType
from accounts.models import Access
from accounts.roles import Role
from catalogue.models import Course, CourseIndex
from documents.models import Archive, Deposit, Document, DocumentGrant, LibraryVisit, Serving, ServingOutcome
from tests.constraints import kept_by, refused
from tests.worlds import World, make_document


def facture(world: World) -> Document:
    return Document.objects.filter(establishment=world.lille, type=DocumentType.FACTURE).earliest("pk")


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"state": "autre"}, "archive_state_known"),
        ({"total": 3}, "archive_counts_its_documents"),
        ({"done": 2, "left_out": 1}, "archive_writes_no_more"),
    ],
)
def test_an_archive(world: World, wrong: dict[str, Any], rule: str) -> None:
    values = {"user": world.personas["administrator"], "title": "Factures", "document_ids": [1, 2], "total": 2}
    archive = Archive.objects.create(**values, done=1, left_out=1)
    with refused(rule):
        Archive.objects.filter(pk=archive.pk).update(**wrong)


@pytest.mark.parametrize(
    ("wrong", "rule"), [({"scan": "autre"}, "deposit_scan_known"), ({"original_sha256": "xyz"}, "deposit_sha256_hex")]
)
def test_a_deposit(world: World, wrong: dict[str, Any], rule: str) -> None:
    values = {"document": facture(world), "user_email": "a@armor.example", "scan": "none"}
    deposit = Deposit.objects.create(**values, original_name="bon.pdf", original_sha256="0" * 64)
    with refused(rule):
        Deposit.objects.filter(pk=deposit.pk).update(**wrong)


def test_a_visit_does_not_begin_after_it_was_seen(world: World) -> None:
    now = timezone.now()
    visit = LibraryVisit.objects.create(user=world.personas["standard"], since=now - timedelta(days=1), last_at=now)
    with refused("library_visit_in_order"):
        LibraryVisit.objects.filter(pk=visit.pk).update(since=now + timedelta(seconds=1))


@kept_by("access_given_anew_takes_its_exceptions")
def test_access_given_anew_takes_its_exceptions(world: World) -> None:
    """By whatever road: here an update that knows nothing of exceptions."""
    person = world.personas["standard"]
    assign_perm(DocumentGrant.SHARED, person, facture(world))
    rows = DocumentGrant.objects.filter(user=person)
    Access.objects.filter(user=person, establishment=world.lille).update(role=Role.STANDARD)
    assert rows.exists()
    Access.objects.filter(user=person, establishment=world.lille).update(role=Role.ADMINISTRATOR)
    assert not rows.exists()


@kept_by("exceptions_follow_version")
def test_exceptions_follow_version(world: World) -> None:
    document, person = facture(world), world.personas["standard"]
    assign_perm(DocumentGrant.WITHHELD, person, document)
    assert document.order is not None
    newer = make_document(DocumentType.FACTURE, document.order, session=document.session, replaces=document)
    assert DocumentGrant.objects.filter(user=person, content_object=newer).count() == 1


@kept_by("serving_names_establishment")
def test_serving_names_establishment(world: World) -> None:
    document = facture(world)
    line = Serving.objects.create(
        document=document, requested_id=document.pk, user_email="a@armor.example", outcome=ServingOutcome.DOWNLOADED
    )
    line.refresh_from_db()
    assert line.establishment_id == world.lille.pk


@kept_by("serving_names_establishment")
def test_a_serving_is_of_a_document_that_exists(world: World) -> None:
    nothing = Document.objects.latest("pk").pk + 1
    with refused("serving_names_establishment"):
        Serving.objects.create(
            document_id=nothing, requested_id=nothing, user_email="a@armor.example", outcome=ServingOutcome.REFUSED
        )


@kept_by("course_indexed_when_changed", "courses_indexed_with_their_domain")
def test_the_index_of_a_course_follows_it(world: World) -> None:
    """What searches find is what the course and its domain are called now."""
    course = Course.objects.get(pk=world.sessions[0].course_id)
    made = CourseIndex.objects.get(course=course)
    course.title = "Élixir avancé"
    course.save()
    changed = CourseIndex.objects.get(course=course)
    assert changed.title == "elixir avance"
    assert changed.head != made.head
    course.domain.label = "Apiculture"
    course.domain.save()
    assert "apicultur" in str(CourseIndex.objects.get(course=course).head)


@kept_by("course_indexed_when_made")
def test_a_new_course_is_found_at_once(world: World) -> None:
    domain = world.sessions[0].course.domain
    made = Course.objects.create(
        reference="ELX-1",
        title="Élixir, les bases",
        domain=domain,
        in_catalogue=True,
        days=2,
        hours=14,
        public_price=900,
    )
    assert CourseIndex.objects.get(course=made).title == "elixir les bases"
