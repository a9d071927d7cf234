"""Colleagues: the eight-year view, corrections, merges that can be undone, and requests of erasure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from catalogue.models import Session
from enrolments.erasure import ask_erasure
from enrolments.merging import correct_name, merge, undo_merge
from enrolments.models import Enrolment, EnrolmentState, ErasureRequest, Participant, ParticipantMerge
from enrolments.participants import Home, participants_by_key
from enrolments.stocktaking import FINE, LONG_AGO, NONE, stock_of, years_before
from tests.conftest import ClientFor
from tests.constraints import refused
from tests.enrolments.changes import coming, enrolled
from tests.worlds import World


def followed(world: World, years: int, email: str = "responsable@armor.example") -> Participant:
    """Somebody of Lille who followed 21 hours so many years ago."""
    enrolment = enrolled(world, coming(world, 5), email)
    day = years_before(timezone.localdate(), years) - timedelta(days=9)
    past = Session.objects.filter(pk=enrolment.session_id)
    past.update(starts_on=day, ends_on=day + timedelta(days=2))
    Enrolment.objects.filter(pk=enrolment.pk).update(state=EnrolmentState.PRESENT)
    assert enrolment.participant is not None
    return enrolment.participant


def test_who_had_no_training_for_longest_comes_first(world: World) -> None:
    recent, long_ago, forgotten = followed(world, 1), followed(world, 6), followed(world, 9)
    never = enrolled(world, coming(world, 5)).participant
    rows = list(stock_of(User.objects.get(pk=world.personas["responsable"].pk), timezone.localdate()))
    standing = {row: (row.standing, row.trainings, row.hours) for row in rows}  # type: ignore[attr-defined]
    assert standing[never] == (NONE, 0, 0)  # type: ignore[index]
    assert standing[forgotten] == (NONE, 0, 0)
    assert standing[long_ago] == (LONG_AGO, 1, 21)
    assert standing[recent] == (FINE, 1, 21)
    order = [rows.index(one) for one in (never, forgotten, long_ago, recent)]  # type: ignore[arg-type]
    assert order == sorted(order)


def test_each_sees_their_own_stock(world: World, client_for: ClientFor) -> None:
    mine, theirs = followed(world, 7), followed(world, 7, "autre@armor.example")
    page = client_for(world.personas["responsable"]).get(reverse("stocktaking"))
    assert mine.last_name in page.text
    assert theirs.last_name not in page.text
    assert "L6315-1" in page.text
    assert theirs.last_name in client_for(world.personas["administrator"]).get(reverse("stocktaking")).text
    assert mine.last_name not in client_for(world.personas["neighbour"]).get(reverse("stocktaking")).text


def test_the_stock_costs_the_same_for_more_people(world: World, client_for: ClientFor) -> None:
    client, counts = client_for(world.personas["administrator"]), []
    for _round in range(2):
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("stocktaking"))
        counts.append(len(seen))
        followed(world, 3)
        followed(world, 7)
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2024, 2, 29), date(2018, 2, 28)), (date(2026, 11, 23), date(2020, 11, 23))]
)
def test_years_before(day: date, expected: date) -> None:
    assert years_before(day, 6) == expected


def test_a_merge_moves_the_history_and_can_be_undone(world: World) -> None:
    kept, double = followed(world, 1), followed(world, 2)
    Participant.objects.filter(pk=double.pk).update(erp_key="|roy|ana")
    user = world.personas["administrator"]
    done = merge(actor=user, kept=kept, merged=double)
    assert Enrolment.objects.filter(participant=kept).count() == 2
    assert not Participant.objects.visible_to(user).filter(pk=double.pk).exists()
    place = (Home(world.armor.company.pk, ""), "|roy|ana")
    assert participants_by_key([place]) == {place: kept}, "what the ERP calls the duplicate is the one that was kept"
    with pytest.raises(ValidationError, match="différentes"):
        merge(actor=user, kept=kept, merged=kept)
    undo_merge(actor=user, merge=done)
    assert [Enrolment.objects.filter(participant=one).count() for one in (kept, double)] == [1, 1]
    assert participants_by_key([place]) == {place: double}
    with pytest.raises(ValidationError, match="déjà défaite"):
        undo_merge(actor=user, merge=done)
    done.refresh_from_db()
    assert done.undone_by == user


def test_two_who_sit_together_are_two(world: World) -> None:
    session = coming(world, 5)
    one, other = enrolled(world, session).participant, enrolled(world, session).participant
    assert one is not None
    assert other is not None
    with pytest.raises(ValidationError, match="même session"):
        merge(actor=world.personas["administrator"], kept=one, merged=other)


@pytest.mark.parametrize(
    ("persona", "own", "others"),
    [
        ("administrator", True, True),
        ("member_of_two", True, True),
        ("responsable", True, False),
        ("standard", False, False),
        ("neighbour", False, False),
        ("unverified", False, False),
        ("ex_member", False, False),
    ],
)
def test_who_may_manage_whom(persona: str, own: bool, others: bool, world: World) -> None:
    """Administrators; a responsable those whom only they enrolled."""
    alone, shared = followed(world, 1), followed(world, 1)
    order = enrolled(world, coming(world, 60), "autre@armor.example")
    Enrolment.objects.filter(pk=order.pk).update(participant=shared)
    user = world.personas[persona]
    found = Participant.objects.manageable_by(User.objects.get(pk=user.pk))
    assert (found.filter(pk=alone.pk).exists(), found.filter(pk=shared.pk).exists()) == (own, others)
    for allowed, person in [(own, alone), (others, shared)]:
        if allowed:
            assert ask_erasure(participant=person, actor=user, reason="").participant == person
            continue
        with pytest.raises(Participant.DoesNotExist):
            correct_name(actor=user, participant=person, last_name="X", first_name="", email="")
        with pytest.raises(Participant.DoesNotExist):
            ask_erasure(participant=person, actor=user, reason="")
        with pytest.raises(Participant.DoesNotExist):
            merge(actor=user, kept=alone, merged=shared)


def test_the_pages_of_a_colleague(world: World, client_for: ClientFor) -> None:
    kept, double = followed(world, 1), followed(world, 2)
    Participant.objects.filter(pk=double.pk).update(last_name=kept.last_name)
    client, detail = client_for(world.personas["administrator"]), reverse("participant_detail", args=[kept.pk])
    page = client.get(detail)
    assert page.context["years"] == [(kept.enrolments.get().starts_on.year, Decimal("21.00"))]
    correct = reverse("participant_correct", args=[kept.pk])
    wrong = client.post(correct, {"nom": "", "prenom": "Ana", "email": "non"})
    assert wrong.context["form"].errors.keys() == {"nom", "email"}
    assert 'value="Ana"' in wrong.text
    client.post(correct, {"nom": "Roy", "prenom": "Ana", "email": ""})
    Participant.objects.filter(pk=double.pk).update(last_name="ROY")
    fusion = reverse("participant_merge", args=[kept.pk])
    assert f"?avec={double.pk}" in client.get(fusion).text
    assert "1 inscription passe" in client.get(fusion, {"avec": str(double.pk)}).text
    assert "n’en font plus qu’une" in client.post(fusion, {"avec": str(double.pk)}, follow=True).text
    found = ParticipantMerge.objects.get()
    assert client.post(reverse("participant_unmerge", args=[found.pk]), follow=True).status_code == 200
    assert not ParticipantMerge.objects.in_force().exists()
    client.post(reverse("participant_erase", args=[kept.pk]), {"precisions": "Départ"})
    assert ErasureRequest.objects.get().reason == "Départ"
    assert "À traiter" in client.get(detail).text
    stranger = client_for(world.personas["neighbour"])
    assert stranger.post(reverse("participant_unmerge", args=[found.pk])).status_code == 404


def test_the_database_keeps_merges_and_requests_sound(world: World) -> None:
    one, other = followed(world, 1), followed(world, 2)
    ParticipantMerge.objects.create(kept=one, merged=other)
    with refused("merged_once"):
        ParticipantMerge.objects.create(kept=one, merged=other)
    with refused("merge_of_two"):
        ParticipantMerge.objects.create(kept=one, merged=one)
    ErasureRequest.objects.create(participant=one)
    with refused("erasure_open_once"):
        ErasureRequest.objects.create(participant=one)
    with refused("erasure_handled_when_answered"):
        ErasureRequest.objects.update(state="done")
