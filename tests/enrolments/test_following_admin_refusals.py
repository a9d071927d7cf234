"""What the pages of the team about sessions refuse, and what their lists say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from catalogue.models import Session, SessionState
from enrolments.transitions import any_state
from tests.admin_rows import change
from tests.conftest import ClientFor
from tests.enrolments.changes import coming, enrolled
from tests.worlds import World, make_user


@pytest.fixture
def reader(world: World) -> User:
    """Somebody of the team who may look at sessions and change none."""
    user = make_user("stagiaire@ib.example")
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="view_session", content_type__app_label="catalogue"))
    return user


@pytest.mark.parametrize("route", ["attendance", "change_dates"])
def test_whoever_may_only_look_changes_nothing(route: str, world: World, reader: User, client_for: ClientFor) -> None:
    url = reverse(f"admin:catalogue_session_{route}", args=[coming(world, 20).pk])
    assert client_for(reader).get(url).status_code == 403
    assert client_for(world.personas["staff"]).get(url).status_code == 200


def test_a_session_that_is_over_stays_as_it_is(world: World, client_for: ClientFor) -> None:
    session = coming(world, 20)
    with any_state():
        Session.objects.filter(pk=session.pk).update(state=SessionState.DONE)
    client = client_for(world.personas["staff"])
    url = reverse("admin:catalogue_session_change_dates", args=[session.pk])
    day = (timezone.localdate() + timedelta(days=60)).strftime("%d/%m/%Y")
    assert "déjà annulée, ou a eu lieu" in client.post(url, {"action": "annuler", "raison": "Neige"}).text
    moved = client.post(url, {"action": "deplacer", "raison": "Neige", "du": day, "au": day})
    assert "a commencé, ou n’a pas lieu" in moved.text.replace("&#x27;", "’")
    session.refresh_from_db()
    assert session.state == SessionState.DONE


def test_lists_say_how_many_sit_there_and_what_somebody_followed(world: World, client_for: ClientFor) -> None:
    enrolment = enrolled(world, coming(world, 20))
    client = client_for(world.personas["staff"])
    row = client.get(reverse("admin:catalogue_session_changelist"), {"q": enrolment.session.code}).text
    assert '<td class="field-enrolled">1</td>' in row
    assert enrolment.participant is not None
    assert enrolment.session.course.title in client.get(change(enrolment.participant)).text


def test_the_dates_of_a_session_with_people_change_by_the_road_that_asks_them(
    world: World, client_for: ClientFor
) -> None:
    client, session = client_for(world.personas["staff"]), coming(world, 20)
    road = f'href="{reverse("admin:catalogue_session_change_dates", args=[session.pk])}">déplacez la session</a>'
    for then, fixed in (
        (lambda: None, False),
        (lambda: enrolled(world, session), True),
        (lambda: Session.objects.filter(pk=session.pk).update(starts_on=timezone.localdate()), False),
    ):
        then()
        page = client.get(change(session))
        assert ("starts_on" not in page.context["adminform"].form.fields) == fixed
        assert ("ends_on" not in page.context["adminform"].form.fields) == fixed
        assert (road in page.text) == fixed
