"""Évaluations by a private link: asked for, reminded, answered on one's phone, final, summed without a face."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.models import Access
from accounts.services import set_document_types
from catalogue.models import Course, SessionState
from documents.evaluations import chores, services
from documents.evaluations.forms import EvaluationForm
from documents.evaluations.questions import QUESTIONS, answers_of, objectives_of
from documents.evaluations.results import results_for, summary_of
from documents.evaluations.services import AlreadySubmittedError, found_by, invite, keep_answers, new_link
from documents.models import Evaluation, EvaluationLink, Issue, PaperKind
from enrolments import signals
from enrolments.models import Enrolment, EnrolmentState, OrderState, Participant
from tests.conftest import ClientFor, RunTasks
from tests.constraints import refused
from tests.worlds import World, make_document, make_order, make_session

WHOLE = {f"note_{key}": "4" for key in QUESTIONS}


@pytest.fixture
def seat(world: World) -> Enrolment:
    """Somebody who was in a session that ended the day before yesterday."""
    course = world.sessions[0].course
    Course.objects.filter(pk=course.pk).update(objectives="- Écrire un programme\n- Lire un fichier")
    session = make_session(course, timezone.localdate() - timedelta(days=4), SessionState.CONFIRMED)
    order = make_order(world.lille, "responsable@armor.example", [session], papers=False)
    order.enrolments.update(state=EnrolmentState.PRESENT)
    Participant.objects.filter(enrolments__order=order).update(email="zoe@armor.example")
    return order.enrolments.select_related("session__course", "participant").get()


def link_in(message: Any) -> str:
    found = re.search(r"https?://[^/]+(/evaluation/\S+)", str(message.body))
    assert found
    return found[1]


def invited(seat: Enrolment) -> str:
    """The path of the link that was mailed."""
    evaluation = invite(seat.pk)
    assert evaluation is not None
    return "/" + new_link(evaluation).split("/", 3)[3]


def test_closing_a_session_mails_each_participant_a_link(seat: Enrolment, run_tasks: RunTasks) -> None:
    signals.session_closed.send(type(seat.session), session=seat.session)
    signals.session_closed.send(type(seat.session), session=seat.session)
    run_tasks()
    sent = [message for message in mail.outbox if message.to == ["zoe@armor.example"]]
    assert len(sent) == 1, "asked once, whatever happens twice"
    assert "Votre avis sur la formation «\u00a0Python, les bases\u00a0»" in sent[0].subject
    path = link_in(sent[0])
    assert Client().get(path).status_code == 200
    assert path.split("/")[2] not in str(list(EvaluationLink.objects.values()))
    assert str(seat.pk) in str(Evaluation.objects.get())
    assert str(EvaluationLink.objects.get()).startswith(str(Evaluation.objects.get().pk))


def test_the_chore_asks_after_sessions_that_nobody_closed(seat: Enrolment, run_tasks: RunTasks) -> None:
    chores.invite_after_sessions.enqueue()
    run_tasks()
    assert Evaluation.objects.get().enrolment == seat


@pytest.mark.parametrize(
    "change",
    [
        lambda seat: Enrolment.objects.filter(pk=seat.pk).update(state=EnrolmentState.ABSENT),
        lambda seat: Enrolment.objects.filter(pk=seat.pk).update(participant=None),
        lambda seat: type(seat.order).objects.filter(pk=seat.order_id).update(state=OrderState.CANCELLED),
        lambda seat: make_document(DocumentType.EVALUATION, seat.order, seat),
        lambda seat: type(seat.session).objects.filter(pk=seat.session_id).update(state=SessionState.CANCELLED),
        lambda seat: type(seat.session).objects.filter(pk=seat.session_id).update(ends_on=timezone.localdate()),
    ],
)
def test_who_is_not_asked(change: Any, seat: Enrolment, run_tasks: RunTasks) -> None:
    change(seat)
    chores.invite_after_sessions.enqueue()
    run_tasks()
    assert not Evaluation.objects.exists()
    assert invite(0) is None


def test_without_an_address_nothing_is_mailed(seat: Enrolment, run_tasks: RunTasks) -> None:
    Participant.objects.update(email="")
    assert invite(seat.pk)
    run_tasks()
    assert not mail.outbox
    assert not EvaluationLink.objects.exists()


def test_reminders_go_twice_and_then_stop(seat: Enrolment, run_tasks: RunTasks) -> None:
    evaluation = invite(seat.pk)
    assert evaluation is not None
    for _day in range(4):
        Evaluation.objects.update(invited_at=timezone.now() - timedelta(days=5), reminded_at=None)
        chores.remind_participants.enqueue()
        run_tasks()
    subjects = [message.subject for message in mail.outbox]
    assert [subject.startswith("Rappel") for subject in subjects] == [False, True, True]
    for message in mail.outbox:
        assert Client().get(link_in(message)).status_code == 200, "every link that was mailed works"
    assert not services.remind(evaluation.pk)


def test_nobody_is_reminded_too_soon_or_for_nothing(seat: Enrolment) -> None:
    evaluation = invite(seat.pk)
    assert evaluation is not None
    assert not services.remind(evaluation.pk)
    Evaluation.objects.update(invited_at=timezone.now() - timedelta(days=5), submitted_at=timezone.now())
    assert not services.remind(evaluation.pk)


def test_a_corrected_address_is_used_and_a_seat_emptied_since_is_kept(seat: Enrolment, run_tasks: RunTasks) -> None:
    evaluation = invite(seat.pk)
    assert evaluation is not None
    Participant.objects.filter(enrolments=seat).update(email="corrige@armor.example")
    Evaluation.objects.update(invited_at=timezone.now() - timedelta(days=5))
    assert services.remind(evaluation.pk)
    Enrolment.objects.filter(pk=seat.pk).update(participant=None)
    Evaluation.objects.update(reminded_at=timezone.now() - timedelta(days=5))
    assert services.remind(evaluation.pk)
    run_tasks()
    assert [message.to[0] for message in mail.outbox][1:] == ["corrige@armor.example"] * 2


# --- Answering --------------------------------------------------------------------------------------------------------


def test_answers_are_kept_as_they_are_typed_then_submitted_once(seat: Enrolment, run_tasks: RunTasks) -> None:
    path, client = invited(seat), Client()
    page = client.get(path)
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in page["Cache-Control"]
    assert "Écrire un programme" in page.text
    kept = client.post(path, {"action": "save", "note_objectifs": "3", "comment": "Bien <b>"}, follow=True)
    assert "Vos réponses sont gardées" in kept.text
    assert "Bien &lt;b&gt;" in kept.text
    assert client.post(path, {"action": "save", "note_formateur": "9"}, HTTP_HX_REQUEST="true").status_code == 204
    assert Evaluation.objects.get().answers == {"ratings": {}, "objectives": [], "comment": ""}
    refused_page = client.post(path, {**WHOLE, "action": "submit", "objectif_0": "acquis"})
    assert "Choisissez une réponse." in refused_page.text
    assert Evaluation.objects.get().answers["ratings"] == dict.fromkeys(QUESTIONS, 4), "nothing chosen is lost"
    assert answers_of(seat) is None
    done = client.post(
        path,
        {**WHOLE, "action": "submit", "objectif_0": "acquis", "objectif_1": "en_cours", "comment": "Très bien"},
        follow=True,
    )
    assert "Merci de votre avis" in done.text
    assert "Merci de votre avis" in client.post(path, {"action": "save"}).text
    found = answers_of(Enrolment.objects.get(pk=seat.pk))
    assert found is not None
    assert [rating.score for rating in found.ratings] == [4] * 5
    assert [(one.objective, one.level) for one in found.achievements] == [
        ("Écrire un programme", "Acquis"),
        ("Lire un fichier", "En cours d’acquisition"),
    ]
    assert (found.comment, found.score) == ("Très bien", None)


def test_no_answers_without_an_evaluation(world: World) -> None:
    assert answers_of(Enrolment.objects.earliest("pk")) is None


def test_what_was_submitted_is_final(seat: Enrolment) -> None:
    invited(seat)
    evaluation = Evaluation.objects.get()
    answers = {"ratings": {"objectifs": 4}, "objectives": [], "comment": ""}
    keep_answers(evaluation=evaluation, answers=answers, final=True)
    with pytest.raises(AlreadySubmittedError):
        keep_answers(evaluation=evaluation, answers={}, final=False)
    with refused("evaluation_once_submitted_is_final"):
        Evaluation.objects.update(answers={})
    with refused("evaluation_once_submitted_is_final"):
        Evaluation.objects.update(submitted_at=None)
    Evaluation.objects.update(reminders=1)
    with refused("evaluation_expires_later"):
        Evaluation.objects.update(expires_at=evaluation.invited_at)


def test_submitted_in_another_window_meanwhile(seat: Enrolment, monkeypatch: pytest.MonkeyPatch) -> None:
    path = invited(seat)

    def too_late(**_arguments: Any) -> None:
        raise AlreadySubmittedError

    monkeypatch.setattr("documents.evaluations.views.keep_answers", too_late)
    assert Client().post(path, {"action": "save"}).status_code == 302


def test_a_link_opens_nothing_else_and_expires(seat: Enrolment) -> None:
    path = invited(seat)
    for token in ("x", "0" * 43, path.split("/")[2][:-1]):
        assert Client().get(f"/evaluation/{token}/").status_code == 404
        assert found_by(token) is None
    Evaluation.objects.update(invited_at=timezone.now() - timedelta(days=60), expires_at=timezone.now())
    for answer in (Client().get(path), Client().post(path, {**WHOLE, "action": "submit"})):
        assert answer.status_code == 410
        assert "Ce lien a expiré" in answer.text
    assert Evaluation.objects.get().submitted_at is None


def test_a_course_without_objectives_asks_about_itself(seat: Enrolment) -> None:
    course = seat.session.course
    assert objectives_of(course) == ["Écrire un programme", "Lire un fichier"]
    course.objectives = "  \n-"
    assert objectives_of(course) == [course.title]


# --- Results ----------------------------------------------------------------------------------------------------------


def answered(
    world: World, place: Any, session: Any, count: int, note: int = 4, email: str = "autre@armor.example"
) -> None:
    """So many submitted evaluations of an establishment in a session."""
    for rank in range(count):
        order = make_order(place, email, [session], papers=False)
        Evaluation.objects.create(
            enrolment=order.enrolments.get(),
            expires_at=timezone.now() + timedelta(days=30),
            submitted_at=timezone.now(),
            answers={
                "ratings": dict.fromkeys(QUESTIONS, note),
                "objectives": [["Lire", "acquis" if rank else "en_cours"]],
                "comment": f"Avis {rank}" if rank else "",
            },
        )


def test_results_are_summed_and_small_groups_hidden(world: World, client_for: ClientFor) -> None:
    past, coming = world.sessions
    answered(world, world.lille, past, 3)
    answered(world, world.lille, coming, 2, note=1)
    client = client_for(world.personas["administrator"])
    page = client.get(reverse("evaluation_results"))
    (course,) = page.context["courses"]
    assert (course.summary.count, course.summary.average, course.hidden) == (3, 4, 2)
    assert course.summary.reached == 67
    assert course.summary.comments == ["Avis 1", "Avis 2"]
    hidden, shown = course.sessions
    assert (hidden.summary, hidden.hidden) == (None, 2)
    assert (shown.summary.count, shown.hidden) == (3, 0)
    assert "masqué" in page.text
    assert "4,0 sur 4" in page.text


def test_no_figure_has_one_or_two_answers_more_than_another(world: World) -> None:
    """Someone with two establishments, and their colleague with one of them, can't find the others' answers."""
    past, coming = world.sessions
    answered(world, world.lille, past, 3)
    answered(world, world.nice, past, 1, note=1)
    user = world.personas["member_of_two"]
    access = Access.objects.get(user=user, establishment=world.nice)
    set_document_types(access=access, types=[DocumentType.EVALUATION])
    (course,) = results_for(type(user).objects.get(pk=user.pk))
    (session,) = course.sessions
    assert session.summary is not None
    assert (session.summary.count, session.summary.average, session.hidden) == (3, Decimal(4), 1)
    answered(world, world.nice, coming, 2, note=1)
    (course,) = results_for(type(user).objects.get(pk=user.pk))
    assert course.summary is not None
    assert (course.summary.count, course.hidden) == (6, 0), "three hidden answers together may be told"
    assert [one.summary and one.summary.count for one in course.sessions] == [None, 3]
    answered(world, world.lille, coming, 1)
    (course,) = results_for(type(user).objects.get(pk=user.pk))
    assert [one.summary and one.summary.count for one in course.sessions] == [3, 3]
    assert course.hidden == 1


def test_too_few_for_the_course(world: World, client_for: ClientFor) -> None:
    answered(world, world.lille, world.sessions[0], 2)
    page = client_for(world.personas["administrator"]).get(reverse("evaluation_results"))
    assert "Trop peu de réponses" in page.text
    assert page.context["courses"][0].summary is None


def test_who_sees_results(world: World, client_for: ClientFor) -> None:
    answered(world, world.lille, world.sessions[0], 4, email="responsable@armor.example")
    seeing = {
        name
        for name, user in world.personas.items()
        if client_for(user).get(reverse("evaluation_results")).context["courses"]
    }
    assert seeing == {"administrator", "member_of_two", "responsable"}
    access = Access.objects.get(user=world.personas["standard"], establishment=world.lille)
    set_document_types(access=access, types=[DocumentType.EVALUATION])
    assert results_for(type(access.user).objects.get(pk=access.user_id))
    assert not Evaluation.objects.visible_to(AnonymousUser()).exists()


def test_figures_of_answers_that_lack_something() -> None:
    assert summary_of([]) is None
    summary = summary_of([{"ratings": {}, "objectives": []}])
    assert summary is not None
    assert [summary.average, summary.reached, summary.comments] == [Decimal(0), None, []]


def test_the_paper_is_asked_for_once_answered(seat: Enrolment) -> None:
    invited(seat)
    answers = {"ratings": dict.fromkeys(QUESTIONS, 3), "objectives": [["Écrire", "acquis"]], "comment": ""}
    keep_answers(evaluation=Evaluation.objects.get(), answers=answers, final=True)
    assert Issue.objects.get(enrolment=seat).kind == PaperKind.EVALUATION


def test_staff_follow_and_send_again(seat: Enrolment, world: World, client_for: ClientFor, run_tasks: RunTasks) -> None:
    invited(seat)
    evaluation = Evaluation.objects.get()
    client, url = client_for(world.personas["staff"]), reverse("admin:documents_evaluation_changelist")
    for answer, listed in (("attendue", True), ("recue", False), ("sans-adresse", False)):
        assert (seat.number in client.get(url, {"reponse": answer}).text) is listed
    action = {"action": "send_again", "_selected_action": [evaluation.pk]}
    assert "1 lien(s) envoyé(s)." in client.post(url, action, follow=True).text
    run_tasks()
    assert mail.outbox[-1].subject.startswith("Rappel")
    assert client.get(reverse("admin:documents_evaluation_change", args=[evaluation.pk])).status_code == 200
    Enrolment.objects.filter(pk=seat.pk).update(participant=None)
    assert "0 lien(s) envoyé(s)." in client.post(url, action, follow=True).text
    assert not services.mail_again(0)


def test_a_label_has_no_full_stop_for_a_colon_follows_it() -> None:
    form = EvaluationForm(["Écrire un programme."], {})
    assert form.fields["objectif_0"].label == "Écrire un programme"
    assert form.objectives == ["Écrire un programme."], "what is kept is what the course says"
