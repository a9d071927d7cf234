"""The board of missing papers: each rule, who owes, what it blocks, the types one may open, and a constant cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.document_types import DocumentType
from accounts.models import Access, User
from accounts.services import set_document_types
from accounts.typography import short_date
from catalogue.models import Session, SessionState
from documents.board import papers
from documents.board.folders import Blocks, Folder, Missing, Owes
from documents.board.papers import board_of, board_of_seats
from documents.models import Acceptance, Document, Evaluation
from enrolments.models import Enrolment, EnrolmentState, Order, OrderState, ProposalKind, SessionProposal
from enrolments.proposals import move_session
from tests.conftest import ClientFor
from tests.worlds import World, make_document, make_order, make_session

URL = "/documents/manquants/"
D = DocumentType


@pytest.fixture
def coming(world: World) -> Session:
    return make_session(world.sessions[0].course, timezone.localdate() + timedelta(days=8), SessionState.CONFIRMED)


@pytest.fixture
def past(world: World) -> Session:
    return make_session(world.sessions[0].course, timezone.localdate() - timedelta(days=9), SessionState.DONE)


def ordered(world: World, *sessions: Session, **fields: Any) -> Order:
    return make_order(world.lille, "responsable@armor.example", sessions, papers=False, **fields)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def missing(world: World, order: Order, persona: str = "administrator") -> list[Missing]:
    """What is missing of one order, to one person."""
    board = board_of(fresh(world.personas[persona])).folders
    return next((folder.missing for folder in board if folder.order.pk == order.pk), [])


def said(found: list[Missing]) -> dict[str, tuple[Owes, Blocks]]:
    return {one.what: (one.owes, one.blocks) for one in found}


def test_before_the_session(world: World, coming: Session) -> None:
    order = ordered(world, coming, purchase_order_number="BC-9", opco="Atlas")
    assert said(missing(world, order)) == {
        "Convention": (Owes.PROVIDER, Blocks.OPCO),
        "Bon de commande": (Owes.CLIENT, Blocks.PAYMENT),
        "Accord de prise en charge": (Owes.OPCO, Blocks.OPCO),
        "Convocation": (Owes.PROVIDER, Blocks.START),
    }
    make_document(D.CONVENTION, order)
    make_document(D.BON_DE_COMMANDE, order)
    make_document(D.PRISE_EN_CHARGE, order)
    make_document(D.CONVOCATION, order, order.enrolments.get())
    assert said(missing(world, order)) == {"Convention signée": (Owes.CLIENT, Blocks.OPCO)}
    quote = make_document(D.BON_POUR_ACCORD, order)
    (signature,) = missing(world, order)
    assert (signature.what, signature.url) == ("Bon pour accord signé", reverse("document_sign", args=[quote.pk]))
    assert signature.tone == "warm"
    Acceptance.objects.create(
        document=quote, method="upload", name="Anne", sha256=quote.sha256, user_email="a@armor.example"
    )
    assert missing(world, order) == []


def test_a_seat_without_a_name_and_a_session_that_is_not_confirmed(world: World, coming: Session) -> None:
    order = ordered(world, coming, coming)
    seats = list(order.enrolments.order_by("pk"))
    make_document(D.CONVENTION, order)
    Enrolment.objects.filter(pk=seats[0].pk).update(participant=None)
    found = {one.what: one for one in missing(world, order)}
    assert found["Nom du participant"].detail == "1 place à désigner"
    assert found["Nom du participant"].owes == Owes.CLIENT
    assert found["Convocation"].detail == str(seats[1].participant)
    far = make_session(coming.course, timezone.localdate() + timedelta(days=60), SessionState.CONFIRMED)
    open_session = make_session(coming.course, timezone.localdate() + timedelta(days=8), SessionState.OPEN)
    later = ordered(world, far, open_session)
    later.enrolments.filter(session=far).update(participant=None)
    assert set(said(missing(world, later))) == {"Convention"}


def test_after_the_session(world: World, past: Session) -> None:
    order = ordered(world, past, past, past)
    Enrolment.objects.filter(order=order).update(state=EnrolmentState.PRESENT)
    seats = list(order.enrolments.order_by("pk"))
    found = {one.what: one for one in missing(world, order)}
    assert said(list(found.values())) == {
        "Convention": (Owes.PROVIDER, Blocks.OPCO),
        "Émargement signé": (Owes.PROVIDER, Blocks.OPCO),
        "Attestation ou certificat de réalisation": (Owes.PROVIDER, Blocks.OPCO),
        "Facture": (Owes.PROVIDER, Blocks.PAYMENT),
    }
    assert found["Attestation ou certificat de réalisation"].detail.endswith("et 1 autre")
    for seat in seats:
        make_document(D.ATTESTATION, order, seat)
    make_document(D.CONVENTION, order)
    make_document(D.FACTURE, order)
    sheet = Document.objects.latest("pk")
    Document.objects.create(
        type=D.EMARGEMENT,
        number="EM-1",
        issued_on=timezone.localdate(),
        session=past,
        establishment=world.lille,
        file=sheet.file,
        sha256=sheet.sha256,
        size=sheet.size,
    )
    assert missing(world, order) == []
    evaluation = Evaluation.objects.create(enrolment=seats[0], expires_at=timezone.now() + timedelta(days=9))
    assert said(missing(world, order)) == {"Évaluation": (Owes.PARTICIPANT, Blocks.QUALITY)}
    Evaluation.objects.filter(pk=evaluation.pk).update(submitted_at=timezone.now())
    assert missing(world, order) == []


def move_on(session: Session, world: World) -> None:
    session.refresh_from_db()
    days, staff = timedelta(days=30), world.personas["staff"]
    starts_on, ends_on = session.starts_on + days, session.ends_on + days
    move_session(session=session, actor=staff, starts_on=starts_on, ends_on=ends_on, reason="Salle fermée")


def test_what_says_the_old_dates_is_to_be_made_again(world: World, coming: Session, client_for: ClientFor) -> None:
    """Papers that are not ours: nobody makes them anew by itself. One that is filed after the move ends it."""
    order, other = ordered(world, coming), ordered(world, coming)
    seat = order.enrolments.get()
    papers = [make_document(D.CONVENTION, order), make_document(D.CONVOCATION, order, seat)]
    papers.append(make_document(D.EMARGEMENT, order, session=coming))
    for kind, enrolment in ((D.CONVENTION, None), (D.CONVOCATION, other.enrolments.get())):
        make_document(kind, other, enrolment, recorded_at=timezone.now() + timedelta(hours=1))
    signed = {"Convention signée": (Owes.CLIENT, Blocks.OPCO)}
    assert said(missing(world, order)) == signed
    move_on(coming, world)
    found = {one.what: one for one in missing(world, order)}
    assert said(list(found.values())) == signed | {
        "Convention à refaire": (Owes.PROVIDER, Blocks.OPCO),
        "Convocation à refaire": (Owes.PROVIDER, Blocks.START),
        "Feuille d’émargement à refaire": (Owes.PROVIDER, Blocks.OPCO),
    }
    assert {one.pk for name in found for one in found[name].remade} == {one.pk for one in papers}
    assert found["Convocation à refaire"].detail == str(seat.participant)
    assert said(missing(world, other)) == signed, "filed since"
    staff = client_for(world.personas["staff"])
    page = staff.get(reverse("admin:documents_missing")).text
    form = staff.get(reverse("admin:documents_document_add"), {"type": "convention", "replaces": f"{papers[0].pk}"})
    assert f"?type=convention&amp;replaces={papers[0].pk}" in page
    assert form.context["adminform"].form["replaces"].value() == str(papers[0].pk)
    for paper in papers:
        make_document(D(paper.type), order, paper.enrolment, session=paper.session, replaces=paper)
    assert said(missing(world, order)) == signed


def test_a_convention_of_each_session(world: World, coming: Session) -> None:
    """One that says the old dates is to be made again, whatever the others of the order say."""
    order = ordered(world, coming, make_session(coming.course, coming.starts_on + timedelta(days=60)))
    one, two = [seat.session for seat in order.enrolments.order_by("starts_on")]
    old = make_document(D.CONVENTION, order, session=one)
    make_document(D.CONVENTION, order, session=two)
    move_on(one, world)
    found = {paper.what: paper.remade for paper in missing(world, order)}
    assert [paper.pk for paper in found["Convention à refaire"]] == [old.pk]
    make_document(D.CONVENTION, order, session=one)
    assert "Convention à refaire" not in said(missing(world, order))
    move_on(one, world)
    assert "Convention à refaire" in said(missing(world, order))
    whole = make_document(D.CONVENTION, order)
    assert "Convention à refaire" not in said(missing(world, order))
    move_on(one, world)
    remade = {paper.what: paper.remade for paper in missing(world, order)}["Convention à refaire"]
    assert whole.pk in {paper.pk for paper in remade}
    make_document(D.CONVENTION, order, session=one)
    assert "Convention à refaire" not in said(missing(world, order)), "each session has its own"


def test_a_shared_sheet_of_the_old_dates(world: World, coming: Session) -> None:
    order = ordered(world, coming)
    convention = make_document(D.CONVENTION, order)
    sheet = Document.objects.create(
        type=D.EMARGEMENT, number="EM-1", issued_on=timezone.localdate(), session=coming, establishment=world.lille,
        file=convention.file, sha256=convention.sha256, size=convention.size,
    )  # fmt: skip
    assert set(said(missing(world, order))) == {"Convention signée", "Convocation"}
    day = timedelta(days=1)
    SessionProposal.objects.create(
        order=order, session=coming, kind=ProposalKind.MOVED,
        previous_starts_on=coming.starts_on - day, previous_ends_on=coming.ends_on - day,
    )  # fmt: skip
    found = {one.what: one.remade for one in missing(world, order)}
    assert [one.pk for one in found["Feuille d’émargement à refaire"]] == [sheet.pk]


def test_what_is_not_looked_at(world: World, coming: Session, past: Session) -> None:
    old = make_session(past.course, timezone.localdate() - timedelta(days=200), SessionState.DONE)
    cancelled = make_session(past.course, timezone.localdate() + timedelta(days=9), SessionState.CANCELLED)
    for order in (
        ordered(world, old),
        ordered(world, cancelled),
        ordered(world, coming, state=OrderState.CANCELLED),
        ordered(world, coming, state=OrderState.TO_APPROVE),
        ordered(world, coming, state=OrderState.PENDING),
    ):
        assert missing(world, order) == [], order.state


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([D.FACTURE], {"Facture"}),
        ([D.CONVOCATION], set()),
        ([D.EMARGEMENT, D.EVALUATION], {"Émargement signé"}),
        ([D.ATTESTATION], {"Attestation ou certificat de réalisation"}),
        ([D.BON_DE_COMMANDE, D.PRISE_EN_CHARGE], {"Bon de commande", "Accord de prise en charge"}),
        ([D.BON_POUR_ACCORD, D.CONVENTION], {"Convention"}),
        ([], set()),
    ],
)
def test_only_the_types_one_may_open(types: list[D], expected: set[str], world: World, past: Session) -> None:
    order = ordered(world, past, purchase_order_number="BC-9", opco="Atlas")
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    set_document_types(access=access, types=types)
    assert set(said(missing(world, order, "standard"))) == expected


def test_signatures_are_asked_of_those_who_may_open_them(world: World, coming: Session) -> None:
    order = ordered(world, coming)
    make_document(D.BON_POUR_ACCORD, order)
    make_document(D.CONVENTION, order)
    make_document(D.CONVOCATION, order, order.enrolments.get())
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    for types, expected in (
        ([D.CONVENTION], {"Convention signée"}),
        ([D.BON_POUR_ACCORD], {"Bon pour accord signé"}),
        ([D.FACTURE], set()),
    ):
        set_document_types(access=access, types=types)
        assert set(said(missing(world, order, "standard"))) == expected


def test_the_page(world: World, coming: Session, past: Session, client_for: ClientFor) -> None:
    mine = ordered(world, coming, opco="Atlas", purchase_order_number="BC-9")
    theirs = ordered(world, past)
    client = client_for(world.personas["administrator"])
    page = client.get(URL).text
    assert mine.number in page
    assert theirs.number in page
    assert "bloque le paiement de la facture" in page
    only = client.get(URL, {"par": "vous"}).text
    assert mine.number in only
    assert theirs.number not in only
    assert mine.number not in client_for(world.personas["neighbour"]).get(URL).text
    assert "Rien ne manque" in client_for(world.personas["ex_member"]).get(URL).text


def test_the_number_of_queries_does_not_grow(
    world: World,
    coming: Session,
    past: Session,
    client_for: ClientFor,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ordered(world, coming)
    client = client_for(world.personas["administrator"])
    client.get(URL)
    with django_assert_num_queries(5):
        client.get(URL)
    for _ in range(12):
        ordered(world, past, coming)
    with django_assert_num_queries(5):
        client.get(URL)


def test_staff_see_the_board_of_everybody(world: World, coming: Session, client_for: ClientFor) -> None:
    order = ordered(world, coming)
    client: Client = client_for(world.personas["staff"])
    page = client.get(reverse("admin:documents_missing"))
    assert order.number in page.text
    assert reverse("admin:enrolments_order_change", args=[order.pk]) in page.text
    other = world.personas["neighbour"]
    User.objects.filter(pk=other.pk).update(is_staff=True)
    assert client_for(other).get(reverse("admin:documents_missing")).status_code == 403
    board: list[Folder] = board_of_seats(Enrolment.objects.none(), lambda _order: frozenset(), 9).folders
    assert board == []


@pytest.mark.parametrize(
    ("persona", "url", "most"),
    [("staff", "/gestion/documents/document/manquants/", "MOST_SEATS_OF_TEAM"), ("administrator", URL, "MOST_SEATS")],
)
def test_a_board_says_when_it_left_seats_out(
    world: World,
    coming: Session,
    client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
    persona: str,
    url: str,
    most: str,
) -> None:
    later = make_session(coming.course, coming.starts_on + timedelta(days=9), SessionState.CONFIRMED)
    Enrolment.objects.update(state=EnrolmentState.CANCELLED)
    first, last = ordered(world, coming), ordered(world, later)
    client = client_for(world.personas[persona])
    monkeypatch.setattr(papers, most, 2)
    whole = client.get(url)
    assert "n’y sont pas" not in whole.text
    assert first.number in whole.text
    monkeypatch.setattr(papers, most, 1)
    cut = client.get(url).text
    assert last.number in cut
    assert first.number not in cut
    assert "au plus 1\u00a0inscriptions, celles des sessions qui commencent le plus tard" in cut
    assert f"commençant le {short_date(later.starts_on)} ou avant, certaines n’y sont pas" in cut
