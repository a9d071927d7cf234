"""The page of a course: its price, its sessions and their seats, what search engines read; and its programme."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from decimal import Decimal
from multiprocessing import Pipe
from pathlib import Path
from threading import Lock, Semaphore, Thread
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from catalogue.models import Course, Session, SessionState
from documents import drawing, drawing_worker
from documents.drawing import Drawer, DrawingError
from espace_client.programme import programme_source
from espace_client.views import course as views
from tests.accords import make_accord, make_line
from tests.catalogue.courses import coming
from tests.conftest import ClientFor
from tests.worlds import World, make_order


@pytest.fixture
def course(world: World) -> Course:
    found = world.sessions[0].course
    found.objectives = "- Écrire un programme\n- Lire celui d’un autre"
    found.programme = "1. Types\n2. Fonctions"
    found.save()
    return found


def page(client: Client, course: Course) -> Any:
    return client.get(reverse("course_detail", args=[course.pk]))


def test_the_price_comes_first_and_is_explained(world: World, course: Course, client_for: ClientFor) -> None:
    accord = make_accord(world.armor.company)
    make_line(accord, course, "20")
    text = page(client_for(world.personas["administrator"]), course).text
    for said in (
        "1\u202f500,00\u00a0€",
        "1\u202f200,00\u00a0€",
        "300,00\u00a0€",
        accord.reference,
        "Armor Lille",
        "remise de 20",
    ):
        assert said in text
    assert text.index("course-price") < text.index("Prochaines sessions") < text.index('id="objectifs"')
    assert text.index('id="objectifs"') < text.index('id="programme"') < text.index('id="pratique"')
    visitor = page(client_for(None), course).text
    assert accord.reference not in visitor
    assert "Connectez-vous pour voir les prix" in visitor


def test_each_session_says_how_many_seats_are_left(world: World, course: Course, client_for: ClientFor) -> None:
    session = coming(course, 30, seats=3)
    make_order(world.lille, "autre@armor.example", [session], papers=False)
    full = coming(course, 40, seats=1)
    make_order(world.lille, "autre@armor.example", [full], papers=False)
    coming(course, 50, SessionState.CANCELLED)
    offered = page(client_for(None), course).context["sessions"]
    assert [one.session.pk for one in offered][1:] == [session.pk, full.pk]
    assert [(one.seats_words, one.few) for one in offered][1:] == [("2 places", True), ("Complète", False)]
    assert [bool(one.enrol_url) for one in offered][1:] == [True, False]
    text = page(client_for(None), course).text
    assert f'href="{reverse("enrol_start", args=[session.pk])}"' in text
    assert reverse("enrol_start", args=[full.pk]) not in text


def test_an_unknown_number_of_seats_is_not_a_full_session(world: World, course: Course, client_for: ClientFor) -> None:
    Session.objects.update(seats=0)
    assert page(client_for(None), course).context["sessions"][0].seats_words == ""


def test_without_a_session_the_page_says_what_to_do(world: World, course: Course, client_for: ClientFor) -> None:
    Session.objects.filter(pk=world.sessions[1].pk).update(state=SessionState.CANCELLED)
    assert "Aucune date n’est ouverte" in page(client_for(None), course).text


def test_what_search_engines_read(world: World, course: Course, client_for: ClientFor) -> None:
    Course.objects.filter(pk=course.pk).update(
        title="</script><script>alert(1)</script> & co", hours=Decimal("10.50"), certification="RS1"
    )
    make_line(make_accord(world.armor.company), course, "20")
    text = page(client_for(world.personas["administrator"]), course).text
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text, re.S)
    assert found
    data = json.loads(found[1])
    assert data["name"] == "</script><script>alert(1)</script> & co"
    assert "<script>alert" not in text
    assert data["offers"][0]["price"] == "1500.00", "never the price of one client"
    instance = data["hasCourseInstance"][0]
    assert instance["courseWorkload"] == "PT10H30M"
    assert instance["location"]["address"]["addressLocality"] == "Lille"
    assert instance["startDate"] == world.sessions[1].starts_on.isoformat()
    Session.objects.filter(pk=world.sessions[1].pk).update(state=SessionState.CANCELLED)
    assert "location" not in page(client_for(None), course).context["data"]


def test_the_number_of_queries_does_not_grow(
    world: World, course: Course, client_for: ClientFor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    clients = {client_for(None): 3, client_for(world.personas["administrator"]): 6}
    make_line(make_accord(world.armor.company), course, "20")
    for _round in range(2):
        for client, queries in clients.items():
            page(client, course)
            with django_assert_num_queries(queries):
                page(client, course)
        for rank in range(8):
            make_order(world.lille, "autre@armor.example", [coming(course, 20 + rank)], papers=False)


@pytest.mark.parametrize("identifier", ["0", "999999999", "9" * 30])
def test_an_unknown_course_answers_404(identifier: str, world: World, client_for: ClientFor) -> None:
    answer = client_for(None).get(f"/catalogue/{identifier}/")
    assert answer.status_code == 404
    assert "Espace client" in answer.text


# --- The programme ------------------------------------------------------------------------------------------------


@pytest.fixture
def drawer() -> Any:
    made = Drawer()
    yield made
    made.stop()


def test_the_programme_says_what_the_law_wants_told_before(course: Course) -> None:
    course.title = "<b>Python</b> & co"
    source = programme_source(course)
    for said in (
        "&lt;b&gt;Python&lt;/b&gt; &amp; co",
        "Écrire un programme",
        "Fonctions",
        "Prérequis",
        "Accessibilité",
        "HT",
    ):
        assert said in source


def test_it_is_drawn_by_another_process_and_kept(course: Course, drawer: Drawer) -> None:
    source = programme_source(course)
    content = drawer.draw(source)
    assert content.startswith(b"%PDF")
    assert drawer._process is not None
    process = drawer._process.pid
    assert drawer.draw(source) is content, "drawn once"
    drawer._process.kill()
    drawer._process.wait()
    assert drawer.draw(source + " ").startswith(b"%PDF"), "a process that died is replaced"
    assert drawer._process.pid != process


def test_a_page_that_asks_for_other_files_is_refused(drawer: Drawer) -> None:
    with pytest.raises(DrawingError, match="Error fetching"):
        drawer.draw('<img src="file:///etc/passwd">')
    with pytest.raises(DrawingError, match="Error fetching"):
        drawer.draw('<link rel="stylesheet" href="http://example.org/x.css">')


def test_one_at_a_time_and_who_waits_too_long_is_told(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "PATIENCE", 0.01)
    with drawer._turn, pytest.raises(DrawingError, match="too many"):
        drawer.draw("<p>Programme</p>")


class Turn:
    """The lock of a drawer, which tells when somebody asks for it."""

    def __init__(self) -> None:
        self.lock, self.asked = Lock(), Semaphore(0)

    def acquire(self, timeout: float) -> bool:
        self.asked.release()
        return self.lock.acquire(timeout=timeout)

    def release(self) -> None:
        self.lock.release()


def test_who_waited_for_another_to_draw_the_same_page_gets_it(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both asked before it was drawn: the second finds it kept when its turn comes."""
    turn, drawn, second = Turn(), list[bytes](), list[bytes]()
    other = Thread(target=lambda: second.append(drawer.draw("<p>Programme</p>")))

    def draw_while_another_asks(page: bytes) -> bytes:
        drawn.append(page)
        assert turn.asked.acquire(timeout=0), "one's own turn"
        other.start()
        assert turn.asked.acquire(timeout=10)
        return b"%PDF" + page

    monkeypatch.setattr(drawer, "_turn", turn)
    monkeypatch.setattr(drawer, "_drawn", draw_while_another_asks)
    first = drawer.draw("<p>Programme</p>")
    other.join(10)
    assert second == [first]
    assert len(drawn) == 1


def test_the_oldest_page_is_forgotten(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = mock.Mock(side_effect=lambda page: b"%PDF" + page)
    monkeypatch.setattr(drawing, "KEPT", 2)
    monkeypatch.setattr(drawer, "_drawn", drawn)
    for source in ("a", "b", "c", "c", "a"):
        drawer.draw(source)
    assert [call.args[0] for call in drawn.call_args_list] == [b"a", b"b", b"c", b"a"]


def test_the_process_ends_when_the_web_process_does(drawer: Drawer) -> None:
    """Whose socket closes; what it could not draw before did it no harm."""
    with pytest.raises(DrawingError, match="Error fetching"):
        drawer.draw('<img src="file:///etc/passwd">')
    assert drawer.draw("<p>Programme</p>").startswith(b"%PDF")
    assert drawer._connection is not None
    assert drawer._process is not None
    drawer._connection.close()
    assert drawer._process.wait(30) == 0


def test_the_process_ends_when_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing_worker, "IDLE", 0.01)
    interrupted = signal.getsignal(signal.SIGINT)
    ours, theirs = Pipe()
    try:
        with ours, theirs:
            drawing_worker.work(theirs)
            assert ours.recv_bytes() == b"ready"
    finally:
        signal.signal(signal.SIGINT, interrupted)


def test_a_process_that_says_nothing_is_ended(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "SECONDS", 0.01)
    drawer._process = process = subprocess.Popen(["/bin/sleep", "60"])
    drawer._connection, other_end = Pipe()
    with other_end, pytest.raises(DrawingError, match="does not answer"):
        drawer.draw("<p>Programme</p>")
    assert process.returncode == -signal.SIGKILL
    assert drawer._process is None
    assert drawer._connection is None


@pytest.mark.parametrize("does", ["exit 1", "exec sleep 60"])
def test_a_process_that_can_not_start_is_told(
    does: str, drawer: Drawer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One ends at once, the other is never ready."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o700)
    monkeypatch.setattr(drawing, "START_SECONDS", 0.05)
    monkeypatch.setattr(sys, "executable", str(program))
    with pytest.raises(DrawingError, match="does not answer"):
        drawer.draw("<p>Programme</p>")
    assert drawer._process is None


def test_too_many_at_once_answers_503_with_a_word(
    world: World, course: Course, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_source: str) -> bytes:
        raise DrawingError

    url = reverse("course_programme", args=[course.pk])
    monkeypatch.setattr(views, "draw", busy)
    answer = client_for(None).get(url)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "Rechargez cette page" in answer.text
    monkeypatch.setattr(views, "draw", lambda source: b"%PDF-" + source.encode()[:10])
    answer = client_for(None).get(url)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="Programme {course.reference}.pdf"'
