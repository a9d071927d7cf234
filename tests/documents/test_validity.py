"""A convocation that summons nobody any more says so, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from catalogue.models import SessionState
from documents.models import Document
from documents.validity import tell_void, with_validity
from enrolments.models import Enrolment, EnrolmentState
from enrolments.transitions import any_state
from tests.conftest import ClientFor
from tests.enrolments.changes import coming, enrolled
from tests.worlds import World, make_document


def cancel(enrolment: Enrolment, world: World) -> None:
    enrolment.state = EnrolmentState.CANCELLED
    enrolment.save()


def leave(enrolment: Enrolment, world: World) -> None:
    enrolment.session = coming(world, 60)
    enrolment.save()


def call_off(enrolment: Enrolment, world: World) -> None:
    with any_state():
        type(enrolment.session).objects.filter(pk=enrolment.session_id).update(state=SessionState.CANCELLED)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (cancel, "sans effet : l’inscription est annulée"),
        (leave, "sans effet : l’inscription a changé de session"),
        (call_off, "sans effet : la session est annulée"),
        (None, ""),
    ],
)
def test_the_pages_say_that_a_convocation_is_void(
    what: Callable[[Enrolment, World], None] | None, why: str, world: World, client_for: ClientFor
) -> None:
    enrolment = enrolled(world, coming(world, 30))
    paper = make_document(DocumentType.CONVOCATION, enrolment.order, enrolment)
    other = make_document(DocumentType.CONVENTION, enrolment.order)
    if what is not None:
        what(enrolment, world)
    told = {one.pk: one.void for one in tell_void(with_validity(Document.objects.filter(pk__in=[paper.pk, other.pk])))}
    assert told == {paper.pk: why, other.pk: ""}
    if what is call_off:
        order = client_for(world.personas["administrator"]).get(reverse("order_detail", args=[enrolment.order_id]))
        assert "Formation" not in [step.label for step in order.context["steps"]]
    client, participant = client_for(world.personas["administrator"]), enrolment.participant
    assert participant is not None
    for page in (
        reverse("order_detail", args=[enrolment.order_id]),
        reverse("enrolment_detail", args=[enrolment.pk]),
        reverse("participant_detail", args=[participant.pk]),
    ):
        assert ("sans effet" in client.get(page).text) == bool(why)
    page = reverse("document_detail", args=[paper.pk])
    assert ("Cette convocation ne vaut plus" in client.get(page).text) == bool(why)
    dashboard = client.get(reverse("dashboard")).text
    assert (
        f'{reverse("document_download", args=[paper.pk])}" download title="Télécharger la convocation' in dashboard
    ) != bool(why)


def test_nobody_leaves_for_a_session_that_was_called_off(world: World, client_for: ClientFor) -> None:
    session = coming(world, 20)
    Enrolment.objects.filter(starts_on__gte=timezone.localdate()).update(state=EnrolmentState.CANCELLED)
    enrolment = enrolled(world, session)
    client = client_for(world.personas["administrator"])
    assert "1 départ en formation" in client.get(reverse("dashboard")).text
    call_off(enrolment, world)
    assert "départ en formation" not in client.get(reverse("dashboard")).text
