"""The access review: what stands out, deciding in two clicks, and the reminder."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import Access, AccessEvent, AccessReview, NotificationKind, User
from accounts.notifications import choose
from accounts.reminders import remind_reviews
from accounts.reviews import PERIOD, Doubt, confirm, doubts_about, is_waiting, overdue_establishments
from accounts.roles import Role
from tests.conftest import ClientFor, RunTasks
from tests.worlds import World, give_access, make_user

REVIEW = reverse("access_review")


@pytest.fixture
def browser(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


def access_with(**fields: Any) -> Access:
    now = timezone.now()
    user = User(email=fields.pop("email", "lea@armor.example"), last_login=fields.pop("last_login", now))
    return Access(user=user, role=Role.STANDARD, **{"granted_at": now, **fields})


def test_what_stands_out() -> None:
    now, old = timezone.now(), timezone.now() - PERIOD - timedelta(hours=1)
    domains = {"armor.example"}
    assert doubts_about(access_with(), domains, now) == []
    assert doubts_about(access_with(email="lea@lyon.armor.example"), domains, now) == []
    assert doubts_about(access_with(email="lea@conseil.example"), domains, now) == [Doubt.OUTSIDE]
    assert doubts_about(access_with(last_login=old), domains, now) == [Doubt.AWAY]
    assert doubts_about(access_with(last_login=None), domains, now) == [], "given today"
    assert doubts_about(access_with(last_login=None, granted_at=old), domains, now) == [Doubt.NEVER_CAME]
    assert doubts_about(access_with(ends_at=now), domains, now) == [Doubt.ENDED]


@pytest.mark.parametrize(
    ("fields", "doubts", "waiting"),
    [
        ({}, [], False),
        ({"granted_at": -1}, [], True),
        ({}, [Doubt.OUTSIDE], True),
        ({"reviewed_at": 0}, [Doubt.OUTSIDE], False),
        ({"reviewed_at": -1}, [Doubt.OUTSIDE], True),
        ({"granted_at": -1, "reviewed_at": 0}, [], False),
        ({"reviewed_at": 0}, [Doubt.ENDED], True),
    ],
)
def test_what_waits(fields: dict[str, int], doubts: list[Doubt], waiting: bool) -> None:
    """0: now; -1: more than six months ago. A confirmation silences a doubt for six months, not an end."""
    now = timezone.now()
    moments = {name: now + value * (PERIOD + timedelta(hours=1)) for name, value in fields.items()}
    assert is_waiting(access_with(**moments), doubts, now) == waiting


def test_the_leaver_is_out_in_two_clicks(world: World, browser: Client, client_for: ClientFor) -> None:
    leaver = make_user("parti@armor.example", last_login=timezone.now() - timedelta(days=300))
    access = give_access(leaver, world.lille, Role.ADMINISTRATOR)
    session = client_for(leaver)
    User.objects.filter(pk=leaver.pk).update(last_login=timezone.now() - timedelta(days=300))
    page = browser.get(REVIEW)
    assert "Absent depuis six mois" in page.text
    assert page.text.index("parti@armor.example") < page.text.index("Rien à signaler")
    first = f"{reverse('access_remove', args=[access.pk])}?revue=1"
    assert first in page.text
    assert "ne verra plus les 4 inscriptions" in browser.get(first).text
    assert browser.post(first).headers["Location"] == REVIEW
    assert session.get(reverse("access_list")).status_code == 404
    assert not Access.objects.filter(pk=access.pk).exists()


def test_confirming_everybody_finishes_the_review(world: World, browser: Client) -> None:
    boss = world.personas["administrator"]
    Access.objects.filter(establishment=world.lille).update(granted_at=timezone.now() - timedelta(days=400))
    page = browser.get(REVIEW)
    assert "Jamais revu" in page.text
    waiting = page.context["sections"][0][1]
    assert {row.access.user.email for row in waiting} == {
        "comptable@armor.example",
        "deux@armor.example",
        "delegue@armor.example",
    }
    assert not any(row.own for row in waiting)
    ended = Access.objects.get(user=world.personas["delegate_ended"])
    confirmable = [row.access.pk for row in waiting if row.access.pk != ended.pk]
    assert "2 accès confirmés" in browser.post(REVIEW, {"acces": confirmable}, follow=True).text
    assert not AccessReview.objects.exists(), "a delegation that ended still waits"
    browser.post(f"{reverse('access_remove', args=[ended.pk])}?revue=1")
    review = AccessReview.objects.get()
    assert (review.establishment, review.finished_by, review.accesses) == (world.lille, boss, 3)
    page = browser.get(REVIEW)
    assert "Rien n’attend" in page.text
    assert "Dernière revue" in page.text
    events = list(AccessEvent.objects.order_by("pk").values_list("event", flat=True))[-4:]
    assert events == ["confirmed", "confirmed", "removed", "reviewed"]


def test_what_is_confirmed_later_the_same_day_is_the_same_review(world: World) -> None:
    boss, access = world.personas["administrator"], Access.objects.get(user=world.personas["standard"])
    Access.objects.filter(user=world.personas["delegate_ended"]).delete()
    assert confirm(accesses=[access], actor=boss) == 1
    review = AccessReview.objects.get()
    assert confirm(accesses=[access], actor=boss) == 1
    assert AccessReview.objects.get() == review
    assert AccessEvent.objects.filter(event="reviewed").count() == 1
    AccessReview.objects.update(finished_at=timezone.now() - timedelta(days=1, seconds=1))
    confirm(accesses=[access], actor=boss)
    assert AccessReview.objects.count() == 2, "another day, another review"


def test_what_ended_is_not_confirmed(world: World, browser: Client) -> None:
    ended = Access.objects.get(user=world.personas["delegate_ended"])
    with pytest.raises(ValidationError):
        confirm(accesses=[ended], actor=world.personas["administrator"])
    page = browser.post(REVIEW, {"acces": [ended.pk]}, follow=True)
    assert "Cet accès est terminé" in page.text
    ended.refresh_from_db()
    assert ended.reviewed_at is None


@pytest.mark.parametrize("posted", [[], ["x"], ["9" * 30], ["0"], ["lyon"], ["lille", "lyon"]])
def test_only_what_one_manages_is_confirmed(posted: list[str], world: World, browser: Client) -> None:
    known = {
        "lyon": Access.objects.get(user=world.personas["neighbour"]).pk,
        "lille": Access.objects.get(user=world.personas["standard"]).pk,
    }
    answer = browser.post(REVIEW, {"acces": [known.get(one, one) for one in posted]})
    assert answer.status_code == 404
    assert not Access.objects.filter(reviewed_at__isnull=False).exists()


def test_nobody_confirms_themselves(world: World, browser: Client) -> None:
    own = Access.objects.get(user=world.personas["administrator"])
    assert browser.post(REVIEW, {"acces": [own.pk]}).status_code == 404
    own.refresh_from_db()
    assert own.reviewed_at is None


def test_invitations_that_nobody_took_up_are_there_too(world: World, browser: Client) -> None:
    browser.post(
        reverse("access_invite"),
        {"establishments": [world.lille.pk], "emails": "x@armor.example", "role": "standard", "preset": "tout"},
    )
    page = browser.get(REVIEW)
    assert "x@armor.example" in page.text
    assert "Renvoyer" in page.text


# --- The reminder -------------------------------------------------------------------------------------------------


def age(world: World) -> None:
    Access.objects.filter(establishment=world.lille).update(granted_at=timezone.now() - timedelta(days=200))


def test_a_review_is_due_six_months_after_the_last(world: World) -> None:
    now = timezone.now()
    assert world.lille.pk not in overdue_establishments(now)
    age(world)
    assert overdue_establishments(now) == [world.lille.pk]
    AccessReview.objects.create(establishment=world.lille, accesses=1, finished_at=now - timedelta(days=100))
    assert overdue_establishments(now) == []
    AccessReview.objects.update(finished_at=now - timedelta(days=190))
    assert overdue_establishments(now) == [world.lille.pk]
    Access.objects.filter(establishment=world.lille).exclude(user=world.personas["administrator"]).delete()
    assert overdue_establishments(now) == [], "alone, one has nobody to review"


def test_administrators_are_reminded_and_may_decline(world: World, run_tasks: RunTasks) -> None:
    age(world)
    choose(user=world.personas["member_of_two"], wanted=set(NotificationKind) - {NotificationKind.ACCESS_REVIEW})
    remind_reviews.enqueue()
    run_tasks()
    (message,) = mail.outbox
    assert message.to == ["administratrice@armor.example"]
    assert message.subject == "Les accès de Armor Lille sont à revoir"
    assert REVIEW in str(message.body)
    assert message.extra_headers["X-Espace-Key"].startswith("access-review-")
    assert "Nice" not in str(message.body)


@pytest.mark.parametrize("why", ["inactive", "unverified", "ended"])
def test_whoever_can_not_do_it_is_not_reminded(why: str, world: World) -> None:
    age(world)
    boss = world.personas["administrator"]
    if why == "inactive":
        User.objects.filter(pk=boss.pk).update(is_active=False)
    elif why == "unverified":
        EmailAddress.objects.filter(user=boss).update(verified=False)
    else:
        Access.objects.filter(user=boss).update(ends_at=timezone.now())
    remind_reviews.call()
    assert [one.to for one in mail.outbox] == [["deux@armor.example"]]


def test_the_reminder_is_a_chore() -> None:
    assert settings.CHORES["accounts.reminders.remind_reviews"] == timedelta(days=1)


def test_types_of_a_standard_access_are_shown_in_the_review(world: World, browser: Client) -> None:
    give_access(make_user("tout@armor.example"), world.lille, Role.STANDARD, DocumentType)
    assert "Les neuf types" in browser.get(REVIEW).text
