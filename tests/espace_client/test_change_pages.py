"""The pages by which an enrolment is changed: what it costs is read before anything happens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.document_types import DocumentType
from accounts.models import Access
from accounts.services import set_document_types
from enrolments.models import Enrolment, EnrolmentEvent, EnrolmentState, EventKind, WaitingEntry, WaitingState
from enrolments.proposals import cancel_session
from tests.conftest import ClientFor
from tests.enrolments.changes import coming, enrolled, make_terms
from tests.worlds import World


def hidden(page: Any) -> dict[str, str]:
    """What the page's confirmation sends."""
    form = page.text.split('class="card card-danger confirm"')[1]
    return dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', form))


def test_substituting_shows_all_before_it_happens(world: World, client_for: ClientFor) -> None:
    make_terms()
    session = coming(world, 20)
    enrolment, other = enrolled(world, session), enrolled(world, coming(world, 25)).participant
    assert other is not None
    client, url = client_for(world.personas["responsable"]), reverse("enrolment_substitute", args=[enrolment.pk])
    assert str(other) in client.get(url, {"q": other.last_name}).text
    assert "Choisissez une personne" in client.get(url, {"suite": "1"}).text
    both = client.get(url, {"suite": "1", "personne": str(other.pk), "nom": "Autre"}).text
    assert "pas les deux" in both
    confirm = client.get(url, {"suite": "1", "personne": str(other.pk)})
    assert f"{other} ira à" in confirm.text
    assert "gratuit jusqu’à 1 jour avant" in confirm.text
    assert not EnrolmentEvent.objects.exists()
    done = client.post(url, hidden(confirm), follow=True)
    assert f"{other} a maintenant cette place." in done.text
    assert "Participant remplacé" in done.text
    enrolment.refresh_from_db()
    assert enrolment.participant == other


def test_a_new_name_is_kept_when_something_is_wrong(world: World, client_for: ClientFor) -> None:
    enrolment = enrolled(world, coming(world, 20))
    client, url = client_for(world.personas["responsable"]), reverse("enrolment_substitute", args=[enrolment.pk])
    page = client.get(url, {"suite": "1", "nom": "Le Goff", "prenom": "Yann", "email": "pas-une-adresse"})
    assert 'value="Le Goff"' in page.text
    assert page.context["form"].errors["email"]
    stranger = Enrolment.objects.filter(establishment=world.brume.establishments[0]).earliest("pk").participant
    assert stranger is not None
    page = client.get(url, {"suite": "1", "personne": str(stranger.pk)})
    assert str(stranger) not in page.text
    assert page.context["form"].errors["personne"]


def test_cancelling_asks_again_when_the_terms_changed(world: World, client_for: ClientFor) -> None:
    make_terms()
    enrolment = enrolled(world, coming(world, 7))
    client, url = client_for(world.personas["responsable"]), reverse("enrolment_cancel", args=[enrolment.pk])
    page = client.get(url)
    assert "637,50\u00a0€ HT (50\u00a0% de 1\u202f275,00\u00a0€)" in page.text
    assert "conditions ont changé" in client.post(url, {"convenu": "0"}).text
    assert "Relisez" in client.post(url).text
    answer = client.post(url, hidden(page), follow=True)
    assert "L’inscription est annulée." in answer.text
    assert "637,50" in answer.text
    order = client.get(reverse("order_detail", args=[enrolment.order_id])).text
    assert "Inscription annulée" in order
    assert "637,50" in order
    assert "est annulée" in client.get(url, follow=True).text


def test_whoever_sees_no_amount_reads_a_percentage(world: World, client_for: ClientFor) -> None:
    make_terms()
    enrolment = enrolled(world, coming(world, 7))
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    set_document_types(access=access, types=[DocumentType.CONVOCATION])
    client, url = client_for(world.personas["standard"]), reverse("enrolment_cancel", args=[enrolment.pk])
    page = client.get(url)
    assert "Frais\u00a0: 50\u00a0% du prix" in page.text
    done = client.post(url, hidden(page), follow=True).text
    for text in (page.text, done, client.get(reverse("order_detail", args=[enrolment.order_id])).text):
        assert "637,50" not in text
        assert "1\u202f275" not in text
    assert "Avec frais." in done


def test_moving_offers_the_sessions_with_a_seat(world: World, client_for: ClientFor) -> None:
    enrolment, chosen, full = enrolled(world, coming(world, 20)), coming(world, 30), coming(world, 35, seats=0)
    client, url = client_for(world.personas["responsable"]), reverse("enrolment_move", args=[enrolment.pk])
    page = client.get(url)
    assert f'value="{chosen.pk}"' in page.text
    assert f'value="{full.pk}"' not in page.text
    assert "Choisissez une session." in client.get(url, {"suite": "1"}).text
    confirm = client.get(url, {"suite": "1", "session": str(chosen.pk)})
    assert "Le prix reste celui de la commande." in confirm.text
    assert "est déplacée" in client.post(url, hidden(confirm), follow=True).text
    forged = client.post(url, {"suite": "1", "session": str(full.pk), "convenu": "0"})
    assert "dernière place" in forged.text


def test_a_proposal_is_answered_person_by_person(world: World, client_for: ClientFor) -> None:
    session, elsewhere = coming(world, 20), coming(world, 30)
    enrolment = enrolled(world, session)
    [proposal] = cancel_session(session=session, actor=world.personas["staff"], reason="Neige")
    client, url = client_for(world.personas["responsable"]), reverse("proposal_detail", args=[proposal.pk])
    assert (
        reverse("proposal_detail", args=[proposal.pk])
        in client.get(reverse("enrolment_detail", args=[enrolment.pk])).text
    )
    assert "Neige" in client.get(url).text
    assert "Choisissez pour une personne" in client.post(url).text
    assert "n’a plus de place" in client.post(url, {f"choix-{enrolment.pk}": "session-1"}).text
    assert (
        "Tout est répondu" in client.post(url, {f"choix-{enrolment.pk}": f"session-{elsewhere.pk}"}, follow=True).text
    )
    enrolment.refresh_from_db()
    assert (enrolment.session, enrolment.state) == (elsewhere, EnrolmentState.CONFIRMED)


def test_waiting_for_a_seat_and_taking_it(world: World, client_for: ClientFor) -> None:
    session = coming(world, 30, seats=1)
    enrolment = enrolled(world, session)
    client = client_for(world.personas["administrator"])
    join = reverse("waiting_join", args=[session.pk])
    page = client.post(join, {"etablissement": world.lille.pk, "personne": ""}, follow=True)
    assert "Vous êtes n° 1 sur la liste" in page.text
    entry = WaitingEntry.objects.get()
    detail = reverse("waiting_detail", args=[entry.pk])
    assert "Aucune place n’est libre" in client.post(detail, {"accepter": "", "total": "1500"}).text
    owner = client_for(world.personas["responsable"])
    owner.post(reverse("enrolment_cancel", args=[enrolment.pk]), {"convenu": "0"})
    offer = client.get(detail)
    assert "Une place est libre pour vous" in offer.text
    assert "Relisez le prix" in client.post(detail, {"accepter": "", "total": "x"}).text
    total = re.findall(r'name="total" value="([^"]*)"', offer.text)[0]
    assert "La place est à vous" in client.post(detail, {"accepter": "", "total": total}, follow=True).text
    entry.refresh_from_db()
    assert entry.state == WaitingState.ACCEPTED
    assert "Acceptée" in client.get(reverse("waiting_list")).text
    assert "pas de liste d’attente" in client.get(reverse("waiting_join", args=[coming(world, 9).pk])).text


@pytest.mark.parametrize("route", ["enrolment_substitute", "enrolment_move", "enrolment_cancel"])
def test_nobody_changes_what_they_do_not_see(route: str, world: World, client_for: ClientFor) -> None:
    enrolment = enrolled(world, coming(world, 20))
    for name in ("neighbour", "ex_member", "unverified"):
        client = client_for(world.personas[name])
        assert client.post(reverse(route, args=[enrolment.pk]), {"convenu": "0", "suite": "1"}).status_code == 404
    enrolment.refresh_from_db()
    assert enrolment.state == EnrolmentState.CONFIRMED


@pytest.mark.parametrize("route", ["enrolment_detail", "order_detail", "participant_detail"])
def test_a_long_history_costs_no_more_queries(route: str, world: World, client_for: ClientFor) -> None:
    enrolment = enrolled(world, coming(world, 20))
    about = {
        "enrolment_detail": enrolment.pk,
        "order_detail": enrolment.order_id,
        "participant_detail": Enrolment.objects.values_list("participant_id", flat=True).get(pk=enrolment.pk),
    }
    client, counts = client_for(world.personas["administrator"]), []
    for rank in range(2):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(reverse(route, args=[about[route]])).status_code == 200
        counts.append(len(seen))
        for days in (30 + rank, 40 + rank):
            EnrolmentEvent.objects.create(
                enrolment=enrolment, kind=EventKind.MOVED, session_before=coming(world, days),
                session_after=enrolment.session, participant_before=enrolment.participant, fee=10,
            )  # fmt: skip
    assert counts[0] == counts[1], counts
    assert counts[0] <= 14
