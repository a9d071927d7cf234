"""Changing and taking away the accesses of others: said first, confirmed, and never one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.changing import OwnAccessError, change_access, take_away
from accounts.document_types import DocumentType
from accounts.models import Access, AccessEvent, Invitation, User
from accounts.roles import Role
from accounts.services import remove_access, types_ticked
from documents.models import Document, DocumentGrant
from documents.sharing import choose_readers
from tests.conftest import ClientFor
from tests.worlds import World, give_access, make_user

LIST = reverse("access_list")


def change(access: Access) -> str:
    return reverse("access_change", args=[access.pk])


def remove(access: Access) -> str:
    return reverse("access_remove", args=[access.pk])


@pytest.fixture
def browser(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


@pytest.fixture
def accountant(world: World) -> Access:
    return Access.objects.get(user=world.personas["standard"])


def test_the_page_says_who_has_what(world: World, browser: Client, accountant: Access) -> None:
    User.objects.filter(pk=accountant.user_id).update(last_login=timezone.now())
    Access.objects.filter(pk=accountant.pk).update(granted_by=world.personas["member_of_two"])
    page = browser.get(LIST)
    for words in ("comptable@armor.example", "Facture", "par Camille Deux", "Administrateur", "Armor Lille", "fini le"):
        assert words in page.text
    assert "Armor Nice" not in page.text
    assert "brume" not in page.text.lower()


def test_the_list_costs_the_same_for_many(world: World, browser: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as counted:
            browser.get(LIST)
        return len(counted)

    before = queries()
    for rank in range(20):
        give_access(make_user(f"p{rank}@armor.example"), world.lille, Role.STANDARD, [DocumentType.FACTURE])
    assert queries() == before <= 10


def test_only_administrators_have_the_way_there(world: World, client_for: ClientFor) -> None:
    for persona in ("administrator", "member_of_two", "neighbour"):
        assert f'href="{LIST}"' in client_for(world.personas[persona]).get(reverse("dashboard")).text
    for persona in ("standard", "responsable", "ex_member", "delegate_ended", "staff"):
        assert f'href="{LIST}"' not in client_for(world.personas[persona]).get(reverse("dashboard")).text


def test_types_are_changed_once_the_change_was_said(world: World, browser: Client, accountant: Access) -> None:
    posted = {"role": "standard", "preset": "choix", "types": ["convention", "attestation"]}
    asked = browser.post(change(accountant), posted)
    count = Document.objects.filter(establishment=world.lille, type="facture").count()
    assert f"Elle n’ouvrira plus : Facture ({count})." in asked.text
    assert "Cette personne ouvrira désormais : Convention (2), Attestation (2)." in asked.text
    assert types_ticked(accountant) == {DocumentType.FACTURE}, "nothing changed yet"
    answer = browser.post(change(accountant) + "?confirme=1", posted, follow=True)
    assert "est à jour" in answer.text
    assert types_ticked(accountant) == {DocumentType.CONVENTION, DocumentType.ATTESTATION}
    accountant.refresh_from_db()
    assert accountant.reviewed_at is not None
    assert AccessEvent.objects.latest("pk").event == "types_changed"


def test_the_confirmation_carries_everything(world: World, browser: Client, accountant: Access) -> None:
    day = timezone.localdate() + timedelta(days=30)
    posted = {"role": "standard", "preset": "choix", "types": ["convention"], "ends_on": day.isoformat()}
    page = browser.post(change(accountant), posted)
    for name, value in (("role", "standard"), ("preset", "choix"), ("types", "convention"), ("ends_on", str(day))):
        assert f'type="hidden" name="{name}" value="{value}"' in page.text
    assert "s’arrêtera de lui-même" in page.text


def test_losing_the_last_priced_type_is_said(world: World, browser: Client, accountant: Access) -> None:
    page = browser.post(change(accountant), {"role": "standard", "preset": "logistique"})
    assert "Elle ne verra plus aucun prix." in page.text
    page = browser.post(change(accountant), {"role": "standard", "preset": "factures"}, follow=True)
    assert "Rien n’a changé." in page.text


def test_promoting_and_demoting(world: World, browser: Client, accountant: Access) -> None:
    page = browser.post(change(accountant), {"role": "administrator"})
    assert "deviendra administratrice de Armor Lille" in page.text
    assert "y compris le vôtre" in page.text
    browser.post(change(accountant) + "?confirme=1", {"role": "administrator"})
    assert world.lille.pk in User.objects.rights_of(accountant.user_id).administered
    assert types_ticked(accountant) == frozenset()
    page = browser.post(change(accountant), {"role": "standard", "preset": "factures"})
    assert "ne sera plus administratrice" in page.text
    browser.post(change(accountant) + "?confirme=1", {"role": "standard", "preset": "factures"})
    rights = User.objects.rights_of(accountant.user_id)
    assert not rights.administered
    assert rights.granted == {world.lille.pk: {DocumentType.FACTURE}}


def test_removing_says_how_much_goes_and_what_stays(world: World, browser: Client, client_for: ClientFor) -> None:
    leaver = world.personas["responsable"]
    access = give_access(leaver, world.lille, Role.STANDARD, [DocumentType.FACTURE])
    session = client_for(leaver)
    invoice = Document.objects.get(establishment=world.lille, type="facture", order_email="autre@armor.example")
    assert session.get(reverse("document_download", args=[invoice.pk])).status_code == 200
    page = browser.get(remove(access))
    assert "Cette personne ne verra plus les 2 inscriptions de Armor Lille." in page.text
    assert "Elle n’ouvrira plus le document" in page.text
    assert "Elle gardera les 2 inscriptions commandées avec son adresse" in page.text
    assert Access.objects.filter(pk=access.pk).exists(), "looking changes nothing"
    answer = browser.post(remove(access), follow=True)
    assert "est retiré" in answer.text
    for route in ("document_download", "document_view", "document_detail"):
        assert session.get(reverse(route, args=[invoice.pk])).status_code == 404, "in the session that was open"
    assert "avait déjà été retiré" not in browser.get(LIST).text
    assert browser.post(remove(access)).status_code == 404


@pytest.mark.parametrize("route", [change, remove])
def test_nobody_touches_their_own(route: Any, world: World, browser: Client) -> None:
    own = Access.objects.get(user=world.personas["administrator"])
    page = browser.get(route(own))
    assert page.status_code == 200
    assert "C’est votre propre accès" in page.text
    assert "<form" not in page.text.split("<main")[1].split("</main>")[0], "no control"
    for posted in ({"role": "standard", "preset": "tout"}, {"role": "administrator", "ends_on": "2100-01-01"}, {}):
        refused = browser.post(f"{route(own)}?confirme=1", posted)
        assert refused.status_code == 403
        assert "C’est votre propre accès" in refused.text
    own.refresh_from_db()
    assert (own.role, own.ends_at) == (Role.ADMINISTRATOR, None)
    assert remove(own) not in browser.get(LIST).text
    assert remove(own) not in browser.get(reverse("access_review")).text


def test_the_services_refuse_it_too(world: World) -> None:
    boss = world.personas["administrator"]
    own = Access.objects.get(user=boss)
    with pytest.raises(OwnAccessError, match="propre accès"):
        change_access(access=own, role=Role.STANDARD, types=[], ends_at=None, actor=boss)
    with pytest.raises(OwnAccessError):
        take_away(access=own, actor=boss)
    delegate = world.personas["delegate_ended"]
    ended = Access.objects.get(user=delegate)
    with pytest.raises(OwnAccessError):
        change_access(access=ended, role=Role.ADMINISTRATOR, types=[], ends_at=None, actor=delegate)


@pytest.mark.parametrize("persona", ["standard", "neighbour", "ex_member", "responsable", "delegate_ended", "staff"])
def test_the_accesses_of_others_answer_404(persona: str, world: World, client_for: ClientFor) -> None:
    access = Access.objects.get(user=world.personas["member_of_two"], establishment=world.lille)
    before = Access.objects.filter(pk=access.pk).values().get()
    browser = client_for(world.personas[persona])
    for url in (change(access), remove(access), change(access) + "?confirme=1", remove(access) + "?revue=1"):
        assert browser.get(url).status_code == 404
        assert browser.post(url, {"role": "standard", "preset": "tout"}).status_code == 404
    assert browser.post(reverse("access_review"), {"acces": [access.pk]}).status_code == 404
    assert Access.objects.filter(pk=access.pk).values().get() == before


def test_an_end_that_is_past_is_refused_by_the_service_too(world: World, accountant: Access) -> None:
    boss, past = world.personas["administrator"], timezone.now() - timedelta(seconds=1)
    with pytest.raises(ValidationError, match="déjà passée"):
        change_access(access=accountant, role=Role.STANDARD, types=[], ends_at=past, actor=boss)
    accountant.refresh_from_db()
    assert (accountant.ends_at, types_ticked(accountant)) == (None, frozenset({DocumentType.FACTURE}))


def test_an_access_removed_while_the_page_was_open_is_not_given_back(world: World, accountant: Access) -> None:
    boss = world.personas["administrator"]
    take_away(access=Access.objects.get(pk=accountant.pk), actor=boss)
    with pytest.raises(ValidationError, match="vient d’être retiré"):
        change_access(access=accountant, role=Role.ADMINISTRATOR, types=[], ends_at=None, actor=boss)
    assert not Access.objects.filter(user=accountant.user).exists()


def test_a_right_lost_while_the_page_was_open(world: World, browser: Client, accountant: Access) -> None:
    boss = world.personas["administrator"]
    assert boss.rights.administered
    Access.objects.filter(user=boss).delete()
    with pytest.raises(PermissionDenied):
        change_access(access=accountant, role=Role.ADMINISTRATOR, types=[], ends_at=None, actor=boss)
    with pytest.raises(PermissionDenied):
        take_away(access=accountant, actor=boss)


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"role": "boss", "preset": "tout"}, "role"),
        ({"role": "standard"}, "preset"),
        ({"role": "standard", "preset": "tout", "ends_on": "31/02/2030"}, "ends_on"),
        ({"role": "standard", "preset": "tout", "ends_on": "2001-01-01"}, "ends_on"),
        ({"role": "standard", "preset": "tout", "ends_on": "9999-12-31"}, "ends_on"),
        ({"role": "standard", "preset": "choix", "types": ["secret"]}, "types"),
    ],
)
def test_bad_input_changes_nothing(posted: Any, field: str, browser: Client, accountant: Access) -> None:
    for url in (change(accountant), change(accountant) + "?confirme=1"):
        page = browser.post(url, posted)
        assert page.status_code == 200
        assert field in page.context["form"].errors
    assert types_ticked(accountant) == {DocumentType.FACTURE}


# --- What goes with an access -------------------------------------------------------------------------------------


def test_what_was_offered_before_is_closed_by_a_later_decision(world: World, accountant: Access) -> None:
    boss = world.personas["administrator"]
    for act in ("change", "remove"):
        waiting = Invitation.objects.create(
            email=accountant.user.email,
            establishment=world.lille,
            role=Role.ADMINISTRATOR,
            token_hash=act.ljust(64, "0"),
            invited_by=boss,
            expires_at=timezone.now() + timedelta(days=3),
        )
        if act == "change":
            change_access(access=accountant, role=Role.STANDARD, types=[], ends_at=None, actor=boss)
        else:
            remove_access(access=accountant, actor=boss)
        waiting.refresh_from_db()
        assert waiting.revoked_at is not None


@pytest.mark.parametrize("road", ["promotion", "removal", "given anew"])
def test_no_exception_on_a_document_is_revived(road: str, world: World, accountant: Access) -> None:
    """Shared or withheld one by one, then promoted (or removed, or ended) and back: the type alone decides again."""
    boss, user = world.personas["administrator"], accountant.user
    shared = Document.objects.filter(establishment=world.lille, type="convention").earliest("pk")
    withheld = Document.objects.filter(establishment=world.lille, type="facture").earliest("pk")
    choose_readers(document=shared, offered=[accountant.pk], opened=[accountant.pk], actor=boss)
    choose_readers(document=withheld, offered=[accountant.pk], opened=[], actor=boss)
    assert DocumentGrant.objects.filter(user=user).count() == 2
    if road == "promotion":
        change_access(access=accountant, role=Role.ADMINISTRATOR, types=[], ends_at=None, actor=boss)
        assert not DocumentGrant.objects.filter(user=user).exists()
    elif road == "removal":
        take_away(access=accountant, actor=boss)
        accountant = give_access(user, world.lille, Role.STANDARD)
    else:
        now = timezone.now()
        Access.objects.filter(pk=accountant.pk).update(granted_at=now - timedelta(days=9), ends_at=now)
    types = [DocumentType.FACTURE]
    change_access(access=accountant, role=Role.STANDARD, types=types, ends_at=None, actor=boss)
    opened = set(Document.objects.visible_to(User.objects.get(pk=user.pk)))
    assert opened == set(Document.objects.filter(establishment=world.lille, type="facture"))


def test_what_one_looks_at_hides_no_access(world: World, client_for: ClientFor) -> None:
    """The switcher narrows lists and figures, not who is responsible for whom."""
    boss = world.personas["member_of_two"]
    User.objects.filter(pk=boss.pk).update(shown_establishments=[world.nice.pk])
    browser = client_for(boss)
    for route in ("access_list", "access_review"):
        assert "comptable@armor.example" in browser.get(reverse(route)).text
    access = Access.objects.get(user=world.personas["standard"])
    assert browser.get(change(access)).status_code == 200
    assert f'href="{LIST}"' in browser.get(reverse("dashboard")).text
    page = browser.post(reverse("access_invite"), {"establishments": [world.lille.pk], "emails": "x@armor.example"})
    assert "establishments" not in page.context["form"].errors
