"""What the pages of an enrolment refuse: what is forged, somebody else's, too long, invented, or no longer for sale."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.models import User
from accounts.roles import Role
from catalogue.models import Course, CourseKind, Session, SessionState
from enrolments.models import DraftSeat, Order, OrderDraft
from tests.accords import make_accord, make_line
from tests.conftest import ClientFor
from tests.enrolments.enrolling import client, draft_of, post, session, start, text_of, user
from tests.enrolments.orders import colleagues, coming_session, prepare
from tests.worlds import World, give_access, make_siren, make_siret, make_user

__all__ = ["client", "session", "user"]


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
