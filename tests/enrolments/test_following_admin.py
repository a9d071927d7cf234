"""What staff do about terms, sessions that change, and requests of erasure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from catalogue.models import SessionState
from enrolments.erasure import ask_erasure
from enrolments.models import (
    CancellationTerms,
    ErasureRequest,
    ErasureState,
    Participant,
    SessionProposal,
)
from tests.conftest import ClientFor
from tests.enrolments.changes import coming, enrolled, make_terms
from tests.worlds import World


def bands(*rows: tuple[int, int, int]) -> dict[str, object]:
    posted: dict[str, object] = {"bands-TOTAL_FORMS": len(rows), "bands-INITIAL_FORMS": 0}
    for rank, (days, cancelling, moving) in enumerate(rows):
        posted |= {
            f"bands-{rank}-under_days": days,
            f"bands-{rank}-cancel_rate": cancelling,
            f"bands-{rank}-move_rate": moving,
        }
    return posted


def test_terms_are_written_before_they_begin(world: World, client_for: ClientFor) -> None:
    client, add = client_for(world.personas["staff"]), reverse("admin:enrolments_cancellationterms_add")
    tomorrow = timezone.localdate() + timedelta(days=1)
    terms = {"in_force_from": tomorrow.isoformat(), "day_count": "working", "free_substitution_days": 1}
    terms |= {"substitution_rate": 0}
    assert "plus le taux doit" in client.post(add, {**terms, **bands((10, 50, 0), (5, 20, 0))}).text
    assert client.post(add, {**terms, **bands((10, 50, 0), (5, 100, 50))}).status_code == 302
    kept = CancellationTerms.objects.get()
    assert [(band.under_days, band.cancel_rate) for band in kept.bands.all()] == [(10, Decimal(50)), (5, Decimal(100))]
    began = make_terms(date(2020, 1, 1))
    page = reverse("admin:enrolments_cancellationterms_change", args=[began.pk])
    assert client.post(page, terms).status_code == 403


@pytest.mark.parametrize("action", ["annuler", "deplacer"])
def test_a_session_is_cancelled_or_moved(action: str, world: World, client_for: ClientFor) -> None:
    session = coming(world, 30)
    enrolment = enrolled(world, session)
    client, url = (
        client_for(world.personas["staff"]),
        reverse("admin:catalogue_session_change_dates", args=[session.pk]),
    )
    assert enrolment.order.number in client.get(url).text
    assert "Donnez les nouvelles dates" in client.post(url, {"action": "deplacer"}).text
    dates = {"du": "01/03/2099", "au": "03/03/2099"}
    assert "1 commande prévenue." in client.post(url, {"action": action, "raison": "Neige", **dates}, follow=True).text
    session.refresh_from_db()
    assert session.state == SessionState.CANCELLED or session.starts_on == date(2099, 3, 1)
    assert SessionProposal.objects.get().reason == "Neige"


@pytest.mark.parametrize("answer", ["effacer", "refuser"])
def test_a_request_of_erasure_gets_its_answer(answer: str, world: World, client_for: ClientFor) -> None:
    participant = enrolled(world, coming(world, -30)).participant
    assert participant is not None
    Participant.objects.filter(pk=participant.pk).update(email="zoe@armor.example", erp_key="zoe@armor.example|nom|zoe")
    asked = ask_erasure(participant=participant, actor=world.personas["administrator"], reason="Départ")
    client, url = (
        client_for(world.personas["staff"]),
        reverse("admin:enrolments_erasurerequest_answer", args=[asked.pk]),
    )
    assert "L123-22" in client.get(url).text
    if answer == "refuser":
        assert "Dites pourquoi" in client.post(url, {answer: "1"}).text
    mail.outbox.clear()
    assert client.post(url, {answer: "1", "reponse": "Voici pourquoi."}).status_code == 302
    [told] = mail.outbox
    assert told.to == [world.personas["administrator"].email]
    assert "Voici pourquoi." in told.body
    assert ("Zoé" in told.body) == (answer == "refuser")
    sheet = client_for(world.personas["administrator"]).get(reverse("participant_detail", args=[participant.pk]))
    assert "Voici pourquoi." in sheet.text
    participant.refresh_from_db()
    asked.refresh_from_db()
    if answer == "effacer":
        assert (asked.state, participant.first_name, participant.email, participant.erp_key) == (
            ErasureState.DONE, "", "", "",
        )  # fmt: skip
        assert participant.last_name.startswith("Personne effacée")
        assert "L123-22" in asked.answer
    else:
        assert (asked.state, participant.first_name) == (ErasureState.REFUSED, "Zoé")
    assert "déjà sa réponse" in client.get(url, follow=True).text
    assert ErasureRequest.objects.count() == 1


def test_a_request_of_somebody_who_left_is_answered_to_nobody(world: World, client_for: ClientFor) -> None:
    participant, asker = enrolled(world, coming(world, -30)).participant, world.personas["administrator"]
    assert participant is not None
    asked = ask_erasure(participant=participant, actor=asker, reason="Départ")
    User.objects.filter(pk=asker.pk).update(is_active=False)
    mail.outbox.clear()
    url = reverse("admin:enrolments_erasurerequest_answer", args=[asked.pk])
    client_for(world.personas["staff"]).post(url, {"refuser": "1", "reponse": "Voici pourquoi."})
    asked.refresh_from_db()
    assert (asked.state, mail.outbox) == (ErasureState.REFUSED, [])
