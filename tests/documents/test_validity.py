"""A paper that is worth nothing any more says so, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from catalogue.models import Session, SessionState
from documents.archives.naming import README
from documents.models import Archive, Document
from documents.validity import tell_void, void_among, with_validity
from enrolments.changing import NewPerson, substitute
from enrolments.models import Enrolment, EnrolmentState
from enrolments.proposals import move_session
from enrolments.transitions import any_state
from tests.conftest import ClientFor
from tests.documents.zips import ask, download, texts
from tests.enrolments.changes import coming, enrolled
from tests.worlds import World, make_document


def move(session: Session, world: World, by: int = 7) -> None:
    session.refresh_from_db()
    days = timedelta(days=by)
    starts_on, ends_on = session.starts_on + days, session.ends_on + days
    staff = world.personas["staff"]
    move_session(session=session, actor=staff, starts_on=starts_on, ends_on=ends_on, reason="Salle fermée")


def cancel(enrolment: Enrolment, world: World) -> None:
    enrolment.state = EnrolmentState.CANCELLED
    enrolment.save()


def leave(enrolment: Enrolment, world: World) -> None:
    enrolment.session = coming(world, 60)
    enrolment.save()


def move_its_dates(enrolment: Enrolment, world: World) -> None:
    move(enrolment.session, world)


def move_and_back(enrolment: Enrolment, world: World) -> None:
    move(enrolment.session, world)
    move(enrolment.session, world, -7)


def move_away_meanwhile(enrolment: Enrolment, world: World) -> None:
    """The dates change while the order is not in the session, another one is."""
    session = enrolment.session
    enrolled(world, session)
    leave(enrolment, world)
    move(session, world)
    enrolment.session = session
    enrolment.save()


def replace(enrolment: Enrolment, world: World) -> None:
    substitute(
        actor=world.personas["administrator"], enrolment=enrolment, person=NewPerson("Martin"), agreed=Decimal(0)
    )


def replace_and_back(enrolment: Enrolment, world: World) -> None:
    before = enrolment.participant
    assert before is not None
    replace(enrolment, world)
    substitute(actor=world.personas["administrator"], enrolment=enrolment, person=before, agreed=Decimal(0))


def call_off(enrolment: Enrolment, world: World) -> None:
    with any_state():
        type(enrolment.session).objects.filter(pk=enrolment.session_id).update(state=SessionState.CANCELLED)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (cancel, "sans effet\u00a0: l’inscription est annulée"),
        (leave, "sans effet\u00a0: l’inscription a changé de session"),
        (call_off, "sans effet\u00a0: la session est annulée"),
        (move_its_dates, "sans effet\u00a0: la session a changé de dates"),
        (move_away_meanwhile, "sans effet\u00a0: la session a changé de dates"),
        (replace, "sans effet\u00a0: le participant a changé"),
        (move_and_back, ""),
        (replace_and_back, ""),
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
        enrolment.refresh_from_db()
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
    listed = client.get(reverse("document_list"), {"commande": enrolment.order.number})
    assert {row.pk: row.void for row in listed.context["documents"]} == told
    assert ("sans effet" in listed.text) == bool(why)
    page = reverse("document_detail", args=[paper.pk])
    assert ("Cette convocation ne vaut plus" in client.get(page).text) == bool(why)
    dashboard = client.get(reverse("dashboard")).text
    assert (
        f'{reverse("document_download", args=[paper.pk])}" download title="Télécharger la convocation' in dashboard
    ) != bool(why)


def test_a_convocation_that_names_no_session_goes_by_its_enrolment(world: World) -> None:
    """As the ERP may file it."""
    enrolment = enrolled(world, coming(world, 30))
    paper = make_document(DocumentType.CONVOCATION, enrolment.order, enrolment, session=None)
    assert void_among([paper.pk]) == {}
    leave(enrolment, world)
    assert void_among([paper.pk]) == {}, "which session it names is not known"
    cancel(enrolment, world)
    assert list(void_among([paper.pk])) == [paper.pk]


def test_an_archive_holds_what_is_void_and_says_so(world: World, client_for: ClientFor) -> None:
    enrolment = enrolled(world, coming(world, 30))
    paper = make_document(DocumentType.CONVOCATION, enrolment.order, enrolment)
    make_document(DocumentType.CONVENTION, enrolment.order)
    client, query = client_for(world.personas["administrator"]), f"commande={enrolment.order.number}"
    with download(client, ask(client, query)) as zipped:
        assert README not in zipped.namelist()
    cancel(enrolment, world)
    with download(client, ask(client, query)) as zipped:
        said = zipped.read(README).decode("utf-8-sig")
        [name] = [one for one in texts(zipped.namelist()) if paper.number in one]
        assert len(texts(zipped.namelist())) == 2
    assert f"- {name}\u00a0: sans effet\u00a0: l’inscription est annulée." in said


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (EnrolmentState.ABSENT, "sans effet\u00a0: aucune présence n’est établie"),
        (EnrolmentState.CANCELLED, "sans effet\u00a0: l’inscription est annulée"),
        (EnrolmentState.PARTIAL, ""),
    ],
)
def test_an_attestation_of_somebody_who_was_not_there(
    state: EnrolmentState, why: str, world: World, client_for: ClientFor
) -> None:
    enrolment = enrolled(world, coming(world, -9, state=SessionState.DONE))
    paper = make_document(DocumentType.ATTESTATION, enrolment.order, enrolment)
    with any_state():
        Enrolment.objects.filter(pk=enrolment.pk).update(state=state)
    assert void_among([paper.pk]) == ({paper.pk: why} if why else {})
    client, shown = client_for(world.personas["administrator"]), reverse("document_detail", args=[paper.pk])
    assert ("Cette attestation ne vaut plus" in client.get(shown).text) == bool(why)
    pack = reverse("opco_archive", args=[enrolment.order_id])
    client.post(pack)
    assert Archive.objects.exists() != bool(why), "a pack of nothing is not made"
    make_document(DocumentType.PRISE_EN_CHARGE, enrolment.order)
    client.post(pack)
    archive = Archive.objects.latest("pk")
    assert (paper.pk in archive.document_ids) != bool(why)
    assert (f"- {paper}\u00a0: {why}" in archive.notes) == bool(why)
    page = client_for(world.personas["staff"]).get(reverse("admin:documents_document_change", args=[paper.pk]))
    assert "Ne vaut plus" in page.text
    assert why in page.text


def test_nobody_leaves_for_a_session_that_was_called_off(world: World, client_for: ClientFor) -> None:
    session = coming(world, 20)
    Enrolment.objects.filter(starts_on__gte=timezone.localdate()).update(state=EnrolmentState.CANCELLED)
    enrolment = enrolled(world, session)
    client = client_for(world.personas["administrator"])
    assert "1 départ en formation" in client.get(reverse("dashboard")).text
    call_off(enrolment, world)
    assert "départ en formation" not in client.get(reverse("dashboard")).text
