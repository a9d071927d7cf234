"""Calendars: what the matrix allows at the moment of reading, at an address that can be revoked."""

from __future__ import annotations

from datetime import time

from django.urls import reverse
from icalendar import Calendar

from accounts.models import Access, RemovedAccess
from catalogue.models import HalfDay, Session, SessionState
from enrolments.models import CalendarFeed
from tests.conftest import ClientFor
from tests.enrolments.changes import coming, enrolled
from tests.worlds import World


def events(content: bytes) -> list[tuple[str, str, str]]:
    """UID, status and description of each event."""
    found = Calendar.from_ical(content).walk("VEVENT")  # type: ignore[attr-defined,unused-ignore]
    return [(str(one["uid"]), str(one["status"]), str(one["description"])) for one in found]


def feed_of(client: object, world: World, name: str) -> str:
    client.post(reverse("calendar_settings"), {"creer": ""})  # type: ignore[attr-defined]
    return reverse("calendar_feed", args=[CalendarFeed.objects.get(user=world.personas[name]).secret])


def test_a_feed_shows_what_one_may_see_now(world: World, client_for: ClientFor) -> None:
    session = coming(world, 20)
    HalfDay.objects.create(session=session, date=session.starts_on, starts_at=time(9), ends_at=time(12, 30))
    HalfDay.objects.create(session=session, date=session.starts_on, starts_at=time(13, 30), ends_at=time(17))
    mine = enrolled(world, session)
    theirs = enrolled(world, session, "autre@armor.example")
    address = feed_of(client_for(world.personas["responsable"]), world, "responsable")
    everything = feed_of(client_for(world.personas["administrator"]), world, "administrator")
    anonymous = client_for(None)
    answer = anonymous.get(address)
    assert answer["Content-Type"].startswith("text/calendar")
    [told] = [one for one in events(answer.content) if one[0].startswith(f"session-{session.pk}-")]
    assert str(mine.participant) in told[2]
    assert str(theirs.participant) not in told[2]
    assert "€" not in answer.text
    assert str(theirs.participant) in anonymous.get(everything).text.replace("\r\n ", "")
    Access.objects.get(user=world.personas["administrator"], establishment=world.lille).delete()
    RemovedAccess.objects.create(user=world.personas["administrator"], establishment=world.lille)
    assert events(anonymous.get(everything).content) == []


def test_an_address_dies_when_changed_revoked_or_closed(world: World, client_for: ClientFor) -> None:
    client, anonymous = client_for(world.personas["responsable"]), client_for(None)
    first = feed_of(client, world, "responsable")
    assert anonymous.get(first).status_code == 200
    second = feed_of(client, world, "responsable")
    assert [anonymous.get(one).status_code for one in (first, second)] == [404, 200]
    user = world.personas["responsable"]
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert anonymous.get(second).status_code == 404
    user.is_active = True
    user.save(update_fields=["is_active"])
    client = client_for(user)
    assert second in client.get(reverse("calendar_settings")).text
    client.post(reverse("calendar_settings"), {"revoquer": ""})
    assert anonymous.get(second).status_code == 404


def test_a_session_has_its_file(world: World, client_for: ClientFor) -> None:
    session = coming(world, 20)
    mine = enrolled(world, session)
    enrolled(world, session, "autre@armor.example")
    answer = client_for(world.personas["responsable"]).get(reverse("session_calendar", args=[session.pk]))
    [(uid, status, description)] = events(answer.content)
    assert (uid.split("@")[0], status) == (f"session-{session.pk}-jours", "CONFIRMED")
    assert description.splitlines()[0] == str(mine.participant)
    Session.objects.filter(pk=session.pk).update(state=SessionState.CANCELLED)
    answer = client_for(world.personas["responsable"]).get(reverse("session_calendar", args=[session.pk]))
    assert events(answer.content)[0][1] == "CANCELLED"
    assert (
        client_for(world.personas["neighbour"]).get(reverse("session_calendar", args=[session.pk])).status_code == 404
    )
