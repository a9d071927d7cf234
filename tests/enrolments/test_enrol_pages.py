"""The pages of an enrolment, from the session to the order: what is kept, what is refused, what is said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.roles import Role
from catalogue.models import Course, CourseKind, Session, SessionState
from enrolments.models import DraftSeat, Order, OrderDraft, OrderState, Participant
from tests.accords import make_accord, make_line
from tests.conftest import ClientFor
from tests.enrolments.orders import colleagues, coming_session, place, prepare
from tests.worlds import World, give_access, make_order, make_siren, make_siret, make_user


@pytest.fixture
def session(world: World) -> Session:
    return coming_session(world)


@pytest.fixture
def user(world: World) -> User:
    return world.personas["administrator"]


@pytest.fixture
def client(user: User, client_for: ClientFor) -> Client:
    return client_for(user)


def start(session: Session) -> str:
    return reverse("enrol_start", args=[session.pk])


def draft_of(user: User) -> OrderDraft:
    return OrderDraft.objects.get(owner=user, order__isnull=True)


def text_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("\u00a0", " ").replace("\u202f", " ")


def post(client: Client, session: Session, world: World, **fields: Any) -> Any:
    return client.post(start(session), {"establishment": world.lille.pk, "action": "next", **fields})


def test_three_colleagues_in_four_steps(world: World, session: Session, user: User, client: Client) -> None:
    """The session, the ticks, the order number, the confirmation."""
    three = colleagues(world.lille, 3)
    page = client.get(start(session))
    assert page.status_code == 200
    for one in three:
        assert str(one) in page.text
    answer: Any = post(client, session, world, known=[one.pk for one in three])
    draft = draft_of(user)
    assert answer.headers["Location"] == reverse("enrol_terms", args=[draft.token])
    terms = {"purchase_order_number": "BC-1", "opco": "", "order_email": user.email, "comment": ""}
    answer = client.post(answer.headers["Location"], terms)
    summary = client.get(answer.headers["Location"])
    assert "Inscrire 3 collaborateurs" in text_of(summary)
    assert "4 500,00 €" in text_of(summary)
    answer = client.post(summary.request["PATH_INFO"], {"total": "4500.00"})
    order = Order.objects.latest("pk")
    assert answer.headers["Location"] == reverse("order_detail", args=[order.pk])
    assert (order.state, order.purchase_order_number) == (OrderState.PENDING, "BC-1")
    again = client.post(summary.request["PATH_INFO"], {"total": "4500.00"})
    assert again.headers["Location"] == answer.headers["Location"]
    assert client.get(summary.request["PATH_INFO"]).headers["Location"] == answer.headers["Location"]
    for step in ("enrol_terms", "enrol_discard"):
        assert client.get(reverse(step, args=[draft.token])).headers["Location"] == answer.headers["Location"]


def test_a_draft_is_taken_up_where_it_was_left(world: World, session: Session, user: User, client: Client) -> None:
    post(client, session, world, action="stay", last_name="Roy", first_name="Ana", unnamed_seats="2")
    page = text_of(client.get(start(session)))
    assert "Ana Roy" in page
    assert "3 places retenues" in page
    dashboard = text_of(client.get(reverse("dashboard")))
    assert "En préparation" in dashboard
    assert "3 places, à confirmer" in dashboard
    assert start(session) in dashboard


def test_unticking_takes_somebody_out(world: World, session: Session, user: User, client: Client) -> None:
    post(client, session, world, known=[one.pk for one in colleagues(world.lille, 2)])
    first, second = draft_of(user).seats.order_by("pk")
    post(client, session, world, shown=[first.pk, second.pk], seat=[second.pk])
    assert list(draft_of(user).seats.all()) == [second]


def test_pasted_lines_are_kept_but_for_the_bad_ones(world: World, session: Session, user: User, client: Client) -> None:
    again = "roy\tANA\tana@armor.example"
    pasted = f"Nom\tPrénom\tEmail\nRoy\tAna\tana@armor.example\nSans\n\nDupont\tLéo\tpas-une-adresse\n{again}"
    answer = post(client, session, world, pasted=pasted)
    assert answer.status_code == 422
    page = text_of(answer)
    assert "3 lignes sont à corriger" in page
    assert "Ligne 3 « Sans » : Il faut un nom et un prénom." in page
    assert "Ligne 5 « Dupont Léo pas-une-adresse » : « pas-une-adresse » n’est pas une adresse email." in page.replace(
        "\t", " "
    )
    assert "Ligne 6" in page
    assert "Déjà nommé à la ligne 2." in page
    assert "Dupont\tLéo\tpas-une-adresse</textarea>" in page.replace(f"\n{again}", "")
    assert [str(seat) for seat in draft_of(user).seats.all()] == ["Ana Roy"]


def test_a_csv_of_five_thousand_lines_in_cp1252(world: World, session: Session, user: User, client: Client) -> None:
    lines = (
        ["Prénom;NOM;Service"]
        + [f"Zoé;Lefèvre {rank};Achats" for rank in range(4_998)]
        + [";Seul;x", "é" * 101 + ";Long;x"]
    )
    sent = SimpleUploadedFile("liste.csv", "\r\n".join(lines).encode("cp1252"))
    answer = post(client, session, world, roster=sent)
    assert answer.status_code == 422
    page = text_of(answer)
    assert "2 lignes sont à corriger" in page
    assert "Ligne 5000 «  Seul x » : Il faut un nom et un prénom." in page.replace("\t", " ")
    assert "Ligne 5001" in page
    assert "dépasse 100 caractères" in page
    assert "et 4898 autres personnes" in page
    assert draft_of(user).seats.count() == 4_998
    assert DraftSeat.objects.filter(last_name="Lefèvre 7", first_name="Zoé").count() == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"Produit;Quantit\xe9;Prix;Total\n1;2;3;4",
            "Colonnes attendues : nom, prénom, email. Colonnes trouvées : Produit, Quantité",
        ),
        (b"Prenom;Email\nAna;ana@armor.example", "Colonnes attendues"),
        (b"", "Ce fichier est vide"),
        (b"PK\x03\x04....", "Ce fichier est un classeur"),
        (b"\x81\x8d\xff", "pas un texte lisible"),
        (b'Nom;Pr\xe9nom\n"Roy;Ana' + b"x" * 200_000, "guillemet"),
        (b"a" * 2_000_001, "dépasse 2 Mo"),
    ],
)
def test_a_file_that_is_no_list(
    world: World, session: Session, user: User, client: Client, content: bytes, message: str
) -> None:
    sent = SimpleUploadedFile("liste.csv", content)
    answer = post(client, session, world, roster=sent, unnamed_seats="1")
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert draft_of(user).unnamed_seats == 1, "the rest is kept"


def test_somebody_typed_badly_is_said_and_kept(world: World, session: Session, client: Client) -> None:
    answer = post(
        client, session, world, last_name="Roy", first_name="Ana", email="ana@", known=colleagues(world.lille, 1)[0].pk
    )
    assert answer.status_code == 422
    assert "n’est pas une adresse email" in text_of(answer)
    assert 'value="ana@"' in text_of(answer)
    assert "1 place retenue" in text_of(answer)
    assert "Il faut un nom et un prénom" in text_of(post(client, session, world, first_name="Ana"))


def test_nobody_at_all(world: World, session: Session, client: Client) -> None:
    assert "Nommez au moins une personne" in text_of(post(client, session, world))


def test_a_colleague_of_another_company_can_not_be_forged(world: World, session: Session, client: Client) -> None:
    stranger = colleagues(world.brume.establishments[0], 1)[0]
    answer = post(client, session, world, known=[stranger.pk])
    assert answer.status_code == 422
    assert not DraftSeat.objects.filter(participant=stranger).exists()


def test_an_establishment_can_not_be_forged(world: World, session: Session, user: User, client: Client) -> None:
    for stranger in (world.nice, world.brume.establishments[0]):
        answer = post(client, session, world, establishment=stranger.pk, unnamed_seats="1")
        assert answer.status_code == 422
        assert draft_of(user).establishment is None
        assert stranger.name not in text_of(answer)


def test_a_price_can_not_be_forged(world: World, session: Session, user: User, client: Client) -> None:
    draft = prepare(user, session, world.lille, unnamed=1)
    answer = client.post(reverse("enrol_summary", args=[draft.token]), {"total": "1.00", "price": "1.00"})
    assert answer.status_code == 409
    assert "Le prix a changé" in text_of(answer)
    assert not Order.objects.filter(draft_token=draft.token).exists()
    assert client.post(reverse("enrol_summary", args=[draft.token]), {"total": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("siret", "message"),
    [("12345678901234", "n’est pas un SIRET"), ("", "Indiquez le SIRET"), ("822 818 662", "n’est pas un SIRET")],
)
def test_a_siret_that_is_none(world: World, session: Session, client_for: ClientFor, siret: str, message: str) -> None:
    user = make_user("nouvelle@armor.example")
    answer = client_for(user).post(start(session), {"siret": siret, "unnamed_seats": "1", "action": "next"})
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert f'value="{siret}"' in text_of(answer) or not siret


def test_the_siret_of_a_company_that_is_not_ones_own_tells_nothing(
    world: World, session: Session, client_for: ClientFor
) -> None:
    user = make_user("nouvelle@armor.example")
    unknown = make_siret(make_siren(12345678), 1)
    pages = []
    for siret in (world.nice.siret, unknown):
        client = client_for(user)
        client.post(start(session), {"siret": siret, "unnamed_seats": "1", "action": "next"})
        draft = draft_of(user)
        assert (draft.establishment, draft.declared_siret) == (None, siret)
        pages.append(text_of(client.get(reverse("enrol_summary", args=[draft.token]))).replace(siret, ""))
    strip = [page.split("<main")[1].split("csrfmiddlewaretoken")[0] for page in pages]
    assert strip[0] == strip[1]


def test_the_siret_of_ones_own_establishment_names_it(
    world: World, session: Session, user: User, client: Client
) -> None:
    post(client, session, world, establishment="autre", siret=world.lille.siret, unnamed_seats="1")
    assert (draft_of(user).establishment, draft_of(user).declared_siret) == (world.lille, "")


def test_an_order_number_too_long_and_an_address_that_is_none(
    world: World, session: Session, user: User, client: Client
) -> None:
    draft = prepare(user, session, world.lille, unnamed=1)
    posted = {"purchase_order_number": "9" * 61, "opco": "", "order_email": "chef@", "comment": ""}
    answer = client.post(reverse("enrol_terms", args=[draft.token]), posted)
    assert answer.status_code == 422
    page = text_of(answer)
    assert "au plus 60 caractères" in page
    assert "n’est pas une adresse email" in page
    assert "9" * 61 in page


def test_another_address_is_announced_before_confirming(
    world: World, session: Session, user: User, client: Client
) -> None:
    """Rule 2."""
    draft = prepare(user, session, world.lille, unnamed=1)
    posted = {"order_email": "Chef@Armor.example", "purchase_order_number": "", "opco": "", "comment": ""}
    url = client.post(reverse("enrol_terms", args=[draft.token]), posted).headers["Location"]
    page = text_of(client.get(url))
    assert "cette inscription n’apparaîtra pas dans votre historique" in page
    assert "chef@armor.example" in page
    client.post(url, {"total": "1500.00"})
    assert Order.objects.latest("pk").order_email == "chef@armor.example"


def test_whoever_will_not_see_the_order_is_sent_to_their_list(
    world: World, session: Session, client_for: ClientFor
) -> None:
    user = make_user("nouvelle@armor.example")
    draft = prepare(user, session, None, unnamed=1, siret=world.nice.siret)
    OrderDraft.objects.filter(pk=draft.pk).update(order_email="chef@armor.example")
    client = client_for(user)
    answer = client.post(reverse("enrol_summary", args=[draft.token]), {"total": "1500.00"}, follow=True)
    assert answer.redirect_chain[0][0] == reverse("order_list")
    assert "elle est à chef@armor.example" in text_of(answer)


def test_somebody_enrolled_already_asks_for_a_word(world: World, session: Session, user: User, client: Client) -> None:
    place(prepare(user, session, world.lille, known=1))
    draft = prepare(user, session, world.lille, known=1)
    url = reverse("enrol_terms", args=[draft.token])
    page = text_of(client.get(url))
    assert "est déjà dans cette session" in page
    posted = {"order_email": user.email, "purchase_order_number": "", "opco": "", "comment": ""}
    assert "Dites-le en un mot" in text_of(client.post(url, posted))
    assert client.post(url, posted | {"comment": "Deux groupes"}).status_code == 302
    other = coming_session(world, days=31)
    draft = prepare(user, other, world.lille, known=1)
    assert "suit « Python, les bases »" in text_of(client.get(reverse("enrol_terms", args=[draft.token])))


def test_a_clash_that_one_may_not_see_is_not_told(world: World, session: Session, client_for: ClientFor) -> None:
    """The colleague sits in the session through Nice, which an administrator of Lille does not see."""
    user = world.personas["administrator"]
    order = place(prepare(user, session, world.lille, known=1))
    participant = order.enrolments.get().participant
    hidden = make_order(world.nice, "autre@armor.example", [coming_session(world, days=60)], papers=False)
    hidden.enrolments.update(participant=participant)
    draft = prepare(user, hidden.enrolments.get().session, world.lille, known=1)
    assert "déjà" not in text_of(client_for(user).get(reverse("enrol_terms", args=[draft.token])))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"state": SessionState.CANCELLED}, "Cette session est annulée"),
        ({"state": SessionState.FULL}, "Cette session est complète"),
        ({"starts_on": "2020-01-01"}, "Cette session a commencé le mercredi 1er janvier 2020"),
    ],
)
def test_a_session_in_which_nobody_enrols(
    world: World, session: Session, client: Client, change: dict[str, Any], message: str
) -> None:
    other = coming_session(world, days=45)
    Session.objects.filter(pk=session.pk).update(**change)
    page = client.get(start(session))
    assert message in text_of(page)
    assert start(other) in page.text
    assert post(client, session, world, unnamed_seats="1").status_code == 200
    assert not OrderDraft.objects.exists()


@pytest.mark.parametrize("kind", [CourseKind.INTRA, CourseKind.BESPOKE])
def test_a_session_of_a_company_is_not_there(session: Session, client: Client, kind: str) -> None:
    Course.objects.update(kind=kind)
    for name in ("enrol_start", "enrol_price", "enrol_colleagues"):
        assert client.get(reverse(name, args=[session.pk])).status_code == 404


def test_a_session_that_filled_keeps_everything_and_offers_others(
    world: World, session: Session, user: User, client: Client
) -> None:
    draft = prepare(user, session, world.lille, known=2)
    OrderDraft.objects.filter(pk=draft.pk).update(purchase_order_number="BC-7")
    other = coming_session(world, days=45)
    Session.objects.filter(pk=session.pk).update(seats=1)
    page = client.post(reverse("enrol_summary", args=[draft.token]), {"total": "3000.00"})
    assert page.status_code == 409
    assert "Il ne reste que 1 place" in text_of(page)
    assert "Garder la seule place qui reste" in text_of(page)
    move = reverse("enrol_transfer", args=[draft.token, other.pk])
    assert move in page.text
    url = client.post(move).headers["Location"]
    moved = draft_of(user)
    assert url == reverse("enrol_summary", args=[moved.token])
    assert (moved.session, moved.purchase_order_number, moved.seats.count()) == (other, "BC-7", 2)
    assert not OrderDraft.objects.filter(pk=draft.pk).exists()
    assert client.post(url, {"total": "3000.00"}).status_code == 302
    placed = OrderDraft.objects.get(pk=moved.pk)
    assert (
        client.post(reverse("enrol_transfer", args=[placed.token, session.pk]))
        .headers["Location"]
        .startswith("/commandes/")
    )


def test_a_draft_joins_the_one_that_is_there(world: World, session: Session, user: User, client: Client) -> None:
    other = coming_session(world, days=45)
    prepare(user, other, world.lille, known=1, unnamed=3)
    draft = prepare(user, session, world.lille, known=2, unnamed=1)
    client.post(reverse("enrol_transfer", args=[draft.token, other.pk]))
    assert (draft_of(user).seats.count(), draft_of(user).unnamed_seats) == (2, 3)
    foreign = coming_session(world, days=50)
    course = Course.objects.create(
        reference="AUTRE", title="Autre", domain=foreign.course.domain, days=1, hours=7, public_price=100
    )
    Session.objects.filter(pk=foreign.pk).update(course=course)
    assert client.post(reverse("enrol_transfer", args=[draft_of(user).token, foreign.pk])).status_code == 404


def test_a_draft_is_thrown_away_when_one_means_it(world: World, session: Session, user: User, client: Client) -> None:
    url = reverse("enrol_discard", args=[prepare(user, session, world.lille, unnamed=2).token])
    assert "Les 2 places choisies" in text_of(client.get(url))
    assert client.post(url).headers["Location"] == reverse("dashboard")
    assert not OrderDraft.objects.exists()


def test_searching_a_colleague(world: World, session: Session, client: Client) -> None:
    two = colleagues(world.lille, 2)
    Participant.objects.filter(pk=two[1].pk).update(last_name="Lefèvre")
    url = reverse("enrol_colleagues", args=[session.pk])
    page = client.get(url, {"q": "lefevre", "known": [str(two[0].pk), "x", "9" * 30]}).text
    assert f'value="{two[0].pk}" checked' in page
    assert f'value="{two[1].pk}">' in page
    assert page.count('type="checkbox"') == 2
    assert "Aucun collègue connu" in text_of(client.get(url, {"q": "Introuvable"}))
    answer = post(client, session, world, action="search", q="lefevre", known=two[0].pk)
    assert answer.headers["Location"] == f"{start(session)}?q=lefevre#collegues"
    page = client.get(start(session), {"q": "lefevre"}).text
    assert f'value="{two[1].pk}">' in page
    assert f'name="known" value="{two[0].pk}"' not in page, "has a seat already"


def test_the_price_follows_what_is_ticked(world: World, session: Session, user: User, client: Client) -> None:
    make_line(make_accord(world.armor.company), None, "10")
    url = reverse("enrol_price", args=[session.pk])
    page = text_of(client.get(url, {"known": [1, 2], "unnamed_seats": "1", "establishment": world.lille.pk}))
    assert "1 500,00 €" in page
    assert "4 050,00 €" in page
    assert "Accord-cadre" in page
    prepare(user, session, world.lille, known=1, unnamed=1)
    seat = draft_of(user).seats.get()
    assert "1 place, HT" in text_of(client.get(url, {"shown": seat.pk, "seat": seat.pk}))
    for name, value in [("unnamed_seats", "-1"), ("unnamed_seats", "99999"), ("establishment", "x"), ("known", "x")]:
        assert client.get(url, {name: value}).status_code == 200
    assert "1 500,00" in text_of(client.get(url, {"establishment": world.nice.pk, "known": 1}))


def test_someone_without_amounts_is_shown_public_prices(world: World, session: Session, client_for: ClientFor) -> None:
    make_line(make_accord(world.armor.company), None, "10")
    user = make_user("assistante@armor.example")
    give_access(user, world.lille, Role.STANDARD, [DocumentType.CONVOCATION])
    page = text_of(client_for(user).get(start(session)))
    assert "1 350,00" not in page
    assert "1 500,00" in page


def test_a_draft_of_somebody_else_is_not_there(
    world: World, session: Session, user: User, client_for: ClientFor
) -> None:
    draft = prepare(user, session, world.lille, unnamed=1)
    other = client_for(world.personas["member_of_two"])
    for name in ("enrol_terms", "enrol_summary", "enrol_discard"):
        assert other.get(reverse(name, args=[draft.token])).status_code == 404
        assert other.post(reverse(name, args=[draft.token])).status_code == 404
    assert other.post(reverse("enrol_transfer", args=[draft.token, session.pk])).status_code == 404


@pytest.mark.parametrize("page", ["enrol_start", "enrol_terms", "enrol_summary"])
def test_a_page_costs_the_same_for_one_and_for_many(
    page: str, world: World, session: Session, user: User, client: Client
) -> None:
    counts = []
    for seats in (1, 4):
        Participant.objects.bulk_create(
            Participant(company=world.armor.company, last_name=f"Nom {rank}", first_name="Léa") for rank in range(seats)
        )
        draft = prepare(user, session, world.lille, known=seats, unnamed=seats)
        url = start(session) if page == "enrol_start" else reverse(page, args=[draft.token])
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20
    assert Decimal(1500) == session.course.public_price
