"""Inviting: who may, what leaves, and what the form says about each line."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.document_types import DocumentType
from accounts.invitations import MOST_A_DAY, Offer, Sent, hash_of, invite, resend, revoke
from accounts.models import Access, AccessEvent, Invitation, User
from accounts.roles import Role
from tests.conftest import ClientFor
from tests.worlds import World, give_access, make_user

INVITE, LIST = reverse("access_invite"), reverse("access_list")


@pytest.fixture
def browser(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["administrator"])


def form(world: World, emails: str, **fields: Any) -> dict[str, Any]:
    return {"establishments": [world.lille.pk], "emails": emails, "role": "standard", "preset": "factures", **fields}


def link_in(message: Any) -> str:
    found = re.search(r"https?://\S+/invitation/\S+/", str(message.body))
    assert found
    return found.group()


def test_an_accountant_is_invited_for_invoices_alone(world: World, browser: Client) -> None:
    answer = browser.post(INVITE, form(world, "Compta@Armor.example", message="Bonjour, voici <b>l’accès</b>."))
    assert answer.status_code == 302
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role) == ("compta@armor.example", Role.STANDARD)
    assert invitation.document_types == ["facture"]
    assert invitation.expires_at - invitation.invited_at == timedelta(days=14)
    (message,) = mail.outbox
    assert message.to == ["compta@armor.example"]
    token = link_in(message).rstrip("/").rsplit("/", 1)[1]
    assert invitation.token_hash == hash_of(token) != token
    html = str(message.alternatives[0][0])  # type: ignore[union-attr]
    assert "&lt;b&gt;l’accès&lt;/b&gt;" in html
    assert "Facture" in str(message.body)
    assert "Armor Lille" in html
    event = AccessEvent.objects.latest("pk")
    assert (event.event, event.subject_email, event.actor_email) == (
        "invited",
        "compta@armor.example",
        "administratrice@armor.example",
    )


def test_the_inviter_never_sees_the_link(world: World, browser: Client) -> None:
    """Whoever opens it proves that the address is theirs: it would let an administrator become anybody."""
    page = browser.post(INVITE, form(world, "compta@armor.example"), follow=True)
    token = link_in(mail.outbox[0]).rstrip("/").rsplit("/", 1)[1]
    assert "compta@armor.example" in page.text
    for text in (page.text, browser.get(LIST).text, browser.get(reverse("access_review")).text):
        assert token not in text
        assert hash_of(token) not in text


@pytest.mark.parametrize(
    ("preset", "types"),
    [
        ("factures", {"facture"}),
        ("logistique", {"convocation", "emargement", "evaluation", "attestation"}),
        ("tout", set(DocumentType.values)),
        ("aucun", set()),
    ],
)
def test_presets_tick_what_they_say(preset: str, types: set[str], world: World, browser: Client) -> None:
    """Boxes that a folded list still sends count for nothing."""
    browser.post(INVITE, form(world, "x@armor.example", preset=preset, types=["convention"]))
    assert set(Invitation.objects.get().document_types) == types


def test_types_are_ticked_one_by_one_for_an_own_choice(world: World, browser: Client) -> None:
    nothing = browser.post(INVITE, form(world, "x@armor.example", preset="choix"))
    assert "Cochez au moins un type" in nothing.text
    assert "x@armor.example" in nothing.text
    browser.post(INVITE, form(world, "x@armor.example", preset="choix", types=["convention", "facture"]))
    assert Invitation.objects.get().document_types == ["convention", "facture"]


def test_the_answer_is_the_same_whether_the_address_has_an_account(world: World, browser: Client) -> None:
    answers = []
    for email in ("voisin@brume.example", "personne@brume.example"):
        Invitation.objects.all().delete()
        mail.outbox.clear()
        page = browser.post(INVITE, form(world, email), follow=True)
        body = str(mail.outbox[0].body).replace(link_in(mail.outbox[0]), "")
        answers.append((page.text.replace(email, "…"), body.replace(email, "…")))
    (first, first_mail), (second, second_mail) = answers
    strip = re.compile(r'(csrfmiddlewaretoken" value|invitations/)[^ ]+')
    assert strip.sub("", first) == strip.sub("", second)
    assert first_mail == second_mail


def test_good_lines_go_and_wrong_ones_stay_with_a_message_each(world: World, browser: Client) -> None:
    lines = [
        "bonne@armor.example",
        "pas-une-adresse",
        "comptable@armor.example",
        "administratrice@armor.example",
        "bonne@armor.example",
        "autre-bonne@armor.example",
    ]
    page = browser.post(INVITE, form(world, "\n".join(lines), message="Bienvenue"))
    assert page.status_code == 200
    assert {one.to[0] for one in mail.outbox} == {"bonne@armor.example", "autre-bonne@armor.example"}
    assert "2 invitations envoyées" in page.text
    kept = page.context["form"]["emails"].value().splitlines()
    assert kept == [lines[1], lines[2], lines[3], lines[4]]
    for sentence in ("Ligne 2", "n’est pas une adresse", "a déjà un accès à Armor Lille", "votre propre adresse"):
        assert sentence in page.text
    assert "déjà à la ligne 1" in page.text
    assert "Bienvenue" in page.text, "nothing typed is lost"


def test_an_address_already_invited_says_so(world: World, browser: Client) -> None:
    browser.post(INVITE, form(world, "x@armor.example"))
    page = browser.post(INVITE, form(world, "x@armor.example", preset="tout"))
    assert "est déjà invitée à Armor Lille" in page.text
    assert Invitation.objects.get().document_types == ["facture"]
    Invitation.objects.update(invited_at=timezone.now() - timedelta(days=20), expires_at=timezone.now())
    browser.post(INVITE, form(world, "x@armor.example", preset="tout"))
    assert Invitation.objects.pending().get().document_types == sorted(DocumentType.values)


def test_a_hundred_addresses_at_once_and_not_one_more(world: World, browser: Client) -> None:
    many = [f"p{rank}@armor.example" for rank in range(101)]
    page = browser.post(INVITE, form(world, "\n".join(many)))
    assert "100 adresses au plus" in page.text
    assert "il y en a 101" in page.text
    assert not mail.outbox
    assert page.context["form"]["emails"].value().split() == many
    assert browser.post(INVITE, form(world, ", ".join(many[:100]))).status_code == 302
    assert len(mail.outbox) == 100


@pytest.mark.parametrize("typed", [",", " ; ,\n;"])
def test_separators_alone_are_no_address(typed: str, world: World, browser: Client) -> None:
    page = browser.post(INVITE, form(world, typed))
    assert page.context["form"].errors["emails"] == ["Écrivez au moins une adresse."]
    assert not Invitation.objects.exists()


def test_inviting_to_no_establishment_sends_and_refuses_nothing(world: World) -> None:
    offer, boss = Offer(Role.STANDARD), world.personas["administrator"]
    outcome = invite(emails=["x@armor.example"], establishments=[], offer=offer, actor=boss)
    assert outcome == Sent()
    assert not Invitation.objects.exists()
    assert not mail.outbox


def test_what_was_accepted_meanwhile_is_neither_sent_again_nor_revoked(world: World, browser: Client) -> None:
    browser.post(INVITE, form(world, "x@armor.example"))
    Invitation.objects.update(accepted_at=timezone.now())
    mail.outbox.clear()
    invitation, boss = Invitation.objects.get(), world.personas["administrator"]
    for act in (resend, revoke):
        with pytest.raises(ValidationError, match="vient d’être acceptée"):
            act(invitation=invitation, actor=boss)
    invitation.refresh_from_db()
    assert invitation.revoked_at is None
    assert not mail.outbox


def test_a_look_alike_domain_waits_for_a_second_look(world: World, browser: Client) -> None:
    page = browser.post(INVITE, form(world, "a@armor.example\nb@arrnor.example"))
    assert [one.to for one in mail.outbox] == [["a@armor.example"]]
    assert "« arrnor.example » ressemble à « armor.example »" in page.text
    assert page.context["form"]["emails"].value() == "b@arrnor.example"
    browser.post(INVITE, form(world, "b@arrnor.example"))
    assert len(mail.outbox) == 1, "sending again without a word changes nothing"
    assert browser.post(INVITE, form(world, "b@arrnor.example", sure=["b@arrnor.example"])).status_code == 302
    assert mail.outbox[-1].to == ["b@arrnor.example"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("role", "superadministrator"), ("role", ""), ("preset", "everything"), ("types", ["passwords"]), ("preset", "")],
)
def test_a_forged_choice_is_refused(field: str, value: Any, world: World, browser: Client) -> None:
    page = browser.post(INVITE, form(world, "x@armor.example", **{field: value}))
    assert page.status_code == 200
    assert page.context["form"].errors
    assert not Invitation.objects.exists()


def test_another_tenants_establishment_does_not_exist(world: World, browser: Client) -> None:
    for place in (world.brume.establishments[0].pk, world.nice.pk, 999999, "x"):
        page = browser.post(INVITE, form(world, "x@armor.example", establishments=[place]))
        assert "establishments" in page.context["form"].errors
        assert "Brume" not in page.text
    assert not Invitation.objects.exists()


def test_several_establishments_are_one_mail(world: World, client_for: ClientFor) -> None:
    boss = make_user("boss@armor.example")
    for place in world.armor.establishments:
        give_access(boss, place, Role.ADMINISTRATOR)
    posted = form(world, "x@armor.example", establishments=[place.pk for place in world.armor.establishments])
    assert client_for(boss).post(INVITE, posted).status_code == 302
    (message,) = mail.outbox
    assert "Armor Lille" in str(message.body)
    assert "Armor Nice" in str(message.body)
    assert message.subject == "Camille Boss vous invite dans l’Espace client de 2 établissements"
    assert Invitation.objects.pending().count() == 2


def test_a_name_can_not_write_headers(world: World, client_for: ClientFor) -> None:
    boss = world.personas["administrator"]
    boss.first_name = "Léa\r\nBcc: tous@brume.example"
    boss.save(update_fields=["first_name"])
    world.lille.name = "Armor\nX-Evil: 1"
    world.lille.save(update_fields=["name"])
    browser = client_for(boss)
    browser.post(INVITE, form(world, "x@armor.example"))
    (message,) = mail.outbox
    assert message.recipients() == ["x@armor.example"]
    sent = message.message()
    assert sent["Bcc"] is None
    assert sent["X-Evil"] is None


@pytest.mark.parametrize("crooked", ["x@armor.example\r\nBcc: y@brume.example", "x@armor.example%0aBcc:y"])
def test_an_address_can_not_either(crooked: str, world: World, browser: Client) -> None:
    browser.post(INVITE, form(world, crooked))
    for message in mail.outbox:
        assert message.recipients() in (["x@armor.example"], ["y@brume.example"])
        assert message.message()["Bcc"] is None


def test_too_many_in_a_day_wait(world: World, browser: Client) -> None:
    boss, now = world.personas["administrator"], timezone.now()
    Invitation.objects.bulk_create(
        Invitation(
            email=f"p{rank}@armor.example",
            establishment=world.lille,
            role=Role.STANDARD,
            token_hash=f"{rank}",
            invited_by=boss,
            expires_at=now + timedelta(days=14),
        )
        for rank in range(MOST_A_DAY)
    )
    page = browser.post(INVITE, form(world, "x@armor.example"))
    assert "invitations au plus par jour" in page.text
    assert page.context["form"]["emails"].value() == "x@armor.example"
    assert not mail.outbox


def test_whoever_lost_the_right_while_writing_sends_nothing(world: World, browser: Client) -> None:
    boss = world.personas["administrator"]
    assert browser.get(INVITE).status_code == 200
    Access.objects.filter(user=boss).delete()
    assert browser.post(INVITE, form(world, "x@armor.example")).status_code == 404
    assert not Invitation.objects.exists()


def test_a_delegate_makes_no_administrator_beyond_their_own_end(world: World, client_for: ClientFor) -> None:
    delegate = make_user("delegue-actif@armor.example")
    give_access(delegate, world.lille, Role.ADMINISTRATOR, ends_at=timezone.now() + timedelta(days=5))
    browser = client_for(delegate)
    page = browser.post(INVITE, form(world, "x@armor.example", role="administrator"))
    assert "au-delà de cette date" in page.text
    assert not Invitation.objects.exists()
    soon = timezone.localdate() + timedelta(days=2)
    assert browser.post(INVITE, form(world, "x@armor.example", role="administrator", ends_on=soon)).status_code == 302
    assert browser.post(INVITE, form(world, "y@armor.example")).status_code == 302, "a standard access may last"


def test_the_form_begins_with_the_establishment_of_the_link(world: World, client_for: ClientFor) -> None:
    boss = make_user("boss@armor.example")
    for place in world.armor.establishments:
        give_access(boss, place, Role.ADMINISTRATOR)
    page = client_for(boss).get(f"{INVITE}?etablissement={world.nice.pk}&pour=factures")
    chosen = re.findall(r'name="(\w+)" value="(\w+)"[^>]*checked', page.text)
    assert {one for one in chosen if one[0] != "etablissement"} == {  # the switcher's own boxes
        ("establishments", str(world.nice.pk)),
        ("role", "standard"),
        ("preset", "factures"),
    }
    assert client_for(boss).get(INVITE, {"etablissement": "9" * 30}).status_code == 200


def test_no_account_is_made_by_inviting(world: World, browser: Client) -> None:
    before = User.objects.count()
    browser.post(INVITE, form(world, "x@armor.example"))
    assert User.objects.count() == before


def test_a_name_is_shown_as_it_is_in_the_mail(world: World, client_for: ClientFor) -> None:
    boss = world.personas["administrator"]
    boss.first_name, boss.last_name = "Léa", "D'Arc & <i>Fils</i>"
    boss.save(update_fields=["first_name", "last_name"])
    client_for(boss).post(INVITE, form(world, "x@armor.example", message="« A & B » : l'accès\nsur deux lignes"))
    (message,) = mail.outbox
    html = str(message.alternatives[0][0])  # type: ignore[union-attr]
    assert "Léa D&#x27;Arc &amp; &lt;i&gt;Fils&lt;/i&gt;" in html
    assert "&amp;amp;" not in html
    assert "<i>" not in html
    assert "sur deux lignes" in html
    assert "Léa D'Arc & <i>Fils</i>" in str(message.body)
    assert "« A & B » : l'accès\nsur deux lignes" in str(message.body)
