"""The demonstration: each documented account has what it promises, and the same day gives the same data."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings
from stdnum.fr import siren, siret

from accounts.document_types import DocumentType
from accounts.models import Access, Company, Establishment, Invitation, RemovedAccess, User
from accounts.roles import Role
from catalogue.models import AccordCadre, Course, Domain, Session, SessionState
from documents import rendering
from documents.facturx import checking, embedding
from documents.issuing.numbering import next_number
from documents.issuing.verifying import verify
from documents.models import Document, DocumentGrant, FundingAgreement, Issue, PaperKind, Serving
from enrolments.approving import needs_approval
from enrolments.models import Enrolment, Order, OrderState
from enrolments.seats import seats_of
from espace_client.demo import build as demo
from espace_client.demo.cast import FIRMS, PASSWORD, PEOPLE, STAFF_EMAIL
from espace_client.demo.filing import number_sheets
from espace_client.demo.papers import all_sheets
from espace_client.demo.press import plain
from espace_client.demo.story import SMALL, Story
from espace_client.demo.working_days import easter, holidays, is_open, session_start
from espace_client.management.commands import demo as command
from tests.documents.sample_papers import Case

DAY = date(2026, 11, 23)
ALL_TYPES = set(DocumentType)


@pytest.fixture(scope="module")
def store_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def story(django_db_setup: None, django_db_blocker: DjangoDbBlocker, store_root: Path) -> Iterator[Story]:
    """One small demonstration for the tests that only look."""
    with django_db_blocker.unblock(), store_in(store_root), transaction.atomic():
        yield demo.build(today=timezone.localdate(), press=plain, scale=SMALL)
        transaction.set_rollback(True)


def store_in(folder: Path) -> Any:
    private = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}}
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    return override_settings(STORAGES={"default": private, "documents": private, "staticfiles": static})


def person(email: str) -> User:
    """Read again, so that rights are those of now."""
    return User.objects.get(email=email)


def types_of(user: User) -> set[str]:
    return set(Document.objects.visible_to(user).values_list("type", flat=True))


def test_each_documented_account_can_log_in(story: Story) -> None:
    hashed = {user.password for user in User.objects.all()}
    assert len(hashed) == 1
    assert person(STAFF_EMAIL).check_password(PASSWORD)
    for entry in PEOPLE:
        address = EmailAddress.objects.get(user=person(entry.email))
        assert (address.email, address.verified, address.primary) == (entry.email, True, True)


@pytest.mark.parametrize(
    "email",
    ["claire.fontaine@solvane.example", "yves.morvan@morvan-associes.example", "nadia.benali@solvane.example",
     "helene.garnier@solvane.example", "karim.haddad@breval.example"],
)  # fmt: skip
def test_sees_all_nine_types_and_sessions_to_come(email: str, story: Story) -> None:
    user = person(email)
    assert types_of(user) == ALL_TYPES
    coming = Enrolment.objects.visible_to(user).active().filter(session__starts_on__gt=story.today)
    assert coming.exists()
    convocations = Document.objects.visible_to(user).filter(type=DocumentType.CONVOCATION)
    assert convocations.filter(session__starts_on__gt=story.today).exists()


def test_responsable_has_no_access_but_her_orders(story: Story) -> None:
    claire = person("claire.fontaine@solvane.example")
    assert not claire.rights.establishments
    assert set(Order.objects.visible_to(claire).values_list("order_email", flat=True)) == {claire.email}
    assert {OrderState.TO_APPROVE, OrderState.PENDING, OrderState.VALIDATED} <= set(
        Order.objects.visible_to(claire).values_list("state", flat=True)
    )
    assert Enrolment.objects.visible_to(claire).filter(participant=None).exists()


def test_what_waits_for_approval_is_what_the_rule_makes_wait(story: Story) -> None:
    waiting = Order.objects.filter(state=OrderState.TO_APPROVE).select_related("establishment", "ordered_by")
    assert waiting
    for order in waiting:
        total = sum((one.price for one in order.enrolments.active()), Decimal(0))
        assert order.establishment is not None
        assert order.ordered_by is not None
        assert needs_approval(order.establishment, order.ordered_by, total)


def test_beginner_waits_for_a_first_validation(story: Story) -> None:
    thomas = person("thomas.lemoine@kermadec.example")
    order = Order.objects.visible_to(thomas).get()
    assert (order.state, order.establishment, order.declared_siret) == (
        OrderState.PENDING, None, Establishment.objects.get(name="Ateliers Kermadec").siret,
    )  # fmt: skip
    enrolment = order.enrolments.get()
    assert enrolment.price == enrolment.public_price
    assert Document.objects.visible_to(thomas).exists()


def test_administrators_of_one_of_two_and_of_five(story: Story) -> None:
    for email, count in (
        ("yves.morvan@morvan-associes.example", 1),
        ("nadia.benali@solvane.example", 2),
        ("helene.garnier@solvane.example", 5),
    ):
        assert Establishment.objects.manageable_by(person(email)).count() == count
    assert Access.objects.filter(establishment__name="Cabinet Morvan & Associés", role=Role.ADMINISTRATOR).count() == 1


def test_standard_accesses(story: Story) -> None:
    marc, julie = person("marc.delorme@solvane.example"), person("julie.petit@solvane.example")
    lyon = story.places["lyon"]
    assert marc.rights.granted == {lyon.pk: {DocumentType.FACTURE, DocumentType.CONVENTION}}
    assert julie.rights.granted == {lyon.pk: frozenset()}
    assert Order.objects.visible_to(julie).exists()
    assert not Document.objects.visible_to(julie).exists()
    assert not julie.rights.sees_amounts(lyon.pk, "")
    shared = DocumentGrant.objects.get(user=marc, permission__codename=DocumentGrant.SHARED).content_object
    withheld = DocumentGrant.objects.get(user=marc, permission__codename=DocumentGrant.WITHHELD).content_object
    seen = Document.objects.visible_to(marc)
    assert seen.filter(pk=shared.pk).exists()
    assert shared.type not in marc.rights.granted[lyon.pk]
    assert not seen.filter(pk=withheld.pk).exists()
    assert withheld.type in marc.rights.granted[lyon.pk]


def test_several_at_once_temporary_and_gone(story: Story) -> None:
    karim = person("karim.haddad@breval.example").rights
    assert karim.administered == {story.places["numerique"].pk}
    assert set(karim.granted) == {story.places["eau"].pk}
    assert Order.objects.filter(order_email=karim.email, establishment=None).exists()
    sophie = Access.objects.get(user__email="sophie.marchal@solvane.example")
    assert sophie.ends_at is not None
    assert timedelta(days=19) < sophie.ends_at - timezone.now() < timedelta(days=21)
    paul = person("paul.roche@solvane.example")
    assert RemovedAccess.objects.filter(user=paul).count() == 2
    assert not Order.objects.visible_to(paul).exists()
    assert not Document.objects.visible_to(paul).exists()


def test_what_waits_and_who_was_invited(story: Story) -> None:
    assert Invitation.objects.pending().count() == 3
    assert Access.objects.filter(user__email="m.tessier@conseil-rh.example").exists()
    assert Serving.objects.count() > 100


def test_catalogue(story: Story) -> None:
    assert Course.objects.count() == 40
    assert Domain.objects.filter(parent=None).count() == 8
    assert not Domain.objects.filter(parent=None, children=None).exists()
    coming = Session.objects.filter(starts_on__gt=story.today)
    assert set(coming.values_list("state", flat=True)) == set(SessionState) - {SessionState.DONE}
    for session in coming.prefetch_related("half_days", "enrolments"):
        assert session.half_days.count() == 2 * ((session.ends_on - session.starts_on).days + 1)
        taken = session.enrolments.active().count()
        assert taken <= session.seats
        if session.state == SessionState.FULL:  # a seat held for somebody of the waiting list is taken too
            assert seats_of(session).left == 0


def test_numbers_are_valid_and_addresses_invented(story: Story) -> None:
    assert all(siren.is_valid(one.siren) for one in Company.objects.all())
    assert all(siret.is_valid(one.siret) for one in Establishment.objects.all())
    assert all(one.domain.endswith(".example") for one in FIRMS)
    assert all(user.email.endswith(".example") for user in User.objects.all())


def test_accords_and_frozen_prices(story: Story) -> None:
    in_force = AccordCadre.objects.filter(starts_on__lte=story.today, ends_on__gte=story.today)
    assert in_force.count() == 2
    assert AccordCadre.objects.filter(ends_on__lt=story.today).count() == 1
    priced = Enrolment.objects.filter(accord__isnull=False).select_related("accord", "accord_line", "order")
    assert priced.exists()
    for enrolment in priced:
        assert enrolment.accord is not None
        assert enrolment.accord_line is not None
        assert enrolment.price < enrolment.public_price
        assert enrolment.accord.starts_on <= enrolment.order.placed_on <= enrolment.accord.ends_on


def test_documents(story: Story, store_root: Path) -> None:
    documents = Document.objects.all()
    assert set(documents.values_list("type", flat=True)) == ALL_TYPES
    assert not documents.filter(issued_on__gt=story.today).exists()
    credit = documents.filter(number__startswith="AV")
    assert credit.exists()
    assert all(one.amount is not None and one.amount < 0 and one.replaces is None for one in credit)
    replaced = documents.filter(replaces__isnull=False)
    assert {DocumentType.CONVENTION, DocumentType.EMARGEMENT} <= set(replaced.values_list("type", flat=True))
    assert documents.filter(type=DocumentType.EMARGEMENT, order=None).exists()
    for document in documents:
        content = (store_root / str(document.file)).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (document.sha256, document.size)


def test_invoice_numbers_have_no_gap(story: Story) -> None:
    numbers = Document.objects.filter(number__startswith="FA").order_by("number").values_list("number", "issued_on")
    for year, group in itertools.groupby(numbers, key=lambda row: row[0][2:6]):
        rows = list(group)
        assert [number for number, _day in rows] == [f"FA{year}-{rank:05d}" for rank in range(1, len(rows) + 1)]
        assert [day for _number, day in rows] == sorted(day for _number, day in rows)


def test_pages_open_for_the_demonstration(story: Story) -> None:
    client = Client()
    client.force_login(person("nadia.benali@solvane.example"))
    assert client.get("/").status_code in (200, 302)


def summary() -> list[Any]:
    """What a build made, without the keys of the database."""
    return [
        list(Order.objects.order_by("number").values_list("number", "placed_on", "order_email", "state")),
        list(Enrolment.objects.order_by("number").values_list("number", "order__number", "session__code", "price")),
        list(Document.objects.order_by("number").values_list("number", "issued_on", "sha256", "replaces__number")),
        list(Serving.objects.order_by("at", "pk").values_list("document__number", "user_email", "outcome")),
    ]


@pytest.mark.django_db
def test_same_day_same_data() -> None:
    made = []
    for _attempt in range(2):
        with transaction.atomic():
            demo.build(today=DAY, press=plain, scale=SMALL)
            made.append(summary())
            transaction.set_rollback(True)
    assert made[0] == made[1]
    assert all(made[0])


@pytest.mark.django_db(transaction=True)
def test_command_is_idempotent_and_reset_rebuilds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Settings, private_store: Path
) -> None:
    small = functools.partial(demo.build, scale=SMALL)
    monkeypatch.setattr(command, "printing_works", lambda: contextlib.nullcontext(plain))
    monkeypatch.setattr(demo, "build", small)
    call_command("demo")
    first, accounts = summary(), capsys.readouterr().out
    assert all(entry.email in accounts for entry in PEOPLE if entry.shows)
    assert PASSWORD in accounts
    call_command("demo")
    assert "déjà là" in capsys.readouterr().out
    assert summary() == first
    Company.objects.create(siren="732829320", name="De trop")
    call_command("demo", "--reset")
    assert not Company.objects.filter(name="De trop").exists()
    assert summary() == first
    files = {path.name for path in private_store.rglob("*.pdf")}
    assert files == {f"{digest}.pdf" for digest in Document.objects.values_list("sha256", flat=True)}


@pytest.mark.django_db
def test_refuses_foreign_data_and_production(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(command, "printing_works", lambda: contextlib.nullcontext(plain))
    User.objects.create_user("quelqu.un@ailleurs.example")
    with pytest.raises(CommandError, match="--reset"):
        call_command("demo")
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        call_command("demo", "--reset")
    assert User.objects.count() == 1


def test_port_in_use_is_said_at_once() -> None:
    with socket.socket() as busy:
        busy.bind((command.HOST, 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(CommandError, match=f"port {port} n’est pas libre"):
            call_command("demo", "--serve", "--port", str(port))


def test_the_plain_press_makes_pdfs(tmp_path: Path) -> None:
    [content] = plain([Case().credit_note()])
    (tmp_path / "x.pdf").write_bytes(content)
    with pikepdf.open(tmp_path / "x.pdf") as pdf:
        assert len(pdf.pages) == 1


def test_working_days() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2027)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28),
    ]  # fmt: skip
    assert len(holidays(2026)) == 11
    assert not is_open(date(2026, 5, 14))  # Ascension
    assert not is_open(date(2026, 11, 22))  # a Sunday
    start = session_start(Story(DAY, SMALL).rng, date(2026, 5, 13), 5)
    assert start == date(2026, 5, 18)  # the week of the Ascension has no five days, the next one has


def test_its_invoices_are_factur_x(story: Story) -> None:
    """Really printed: one of each kind passes the official XSD and schematrons."""
    sheets = all_sheets(story, {})
    number_sheets(sheets)
    for sheet in sheets:
        sheet.paper = sheet.draw(sheet.number)
    bills = [sheet.drawn for sheet in sheets if sheet.bills]
    funded = [paper for paper in bills if paper.facts["funding"]]
    assert funded
    for paper in (bills[-1], funded[-1]):
        checking.check(embedding.embedded_xml(rendering.render(paper)))


def test_what_it_issued_is_written_down(story: Story) -> None:
    """Every generated document has what asked for it, invoices have their figures, attestations can be checked."""
    assert not Document.objects.filter(type="facture", invoice__isnull=True).exists()
    assert Issue.objects.filter(kind="avoir", credits__isnull=False).exists()
    assert FundingAgreement.objects.filter(subrogation=True).exists()
    attestation = Issue.objects.filter(kind="attestation").latest("pk")
    assert verify(str(attestation.check_code)).number == attestation.number
    today = timezone.localdate()
    with transaction.atomic():
        number, _day = next_number(PaperKind.FACTURE)
        transaction.set_rollback(True)
    assert number not in set(Document.objects.values_list("number", flat=True))
    assert number.startswith(f"FA{today.year}-")
