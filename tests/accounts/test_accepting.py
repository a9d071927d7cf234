"""The invitation's link: single use, bound to its address, read again when it is taken up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.accepting import accept
from accounts.document_types import DocumentType
from accounts.invitations import Offer, hash_of, invite, revoke
from accounts.models import Access, AccessEvent, Invitation, RemovedAccess, User
from accounts.roles import Role
from accounts.services import remove_access, types_ticked
from tests.accounts.test_accounts import link_in as link_to_confirm
from tests.accounts.test_invitations import link_in
from tests.conftest import ClientFor
from tests.worlds import PASSWORD, World, give_access, make_user

PAGE = reverse("invitation")
NEWCOMER = "nouvelle@armor.example"
INVOICES = Offer(Role.STANDARD, frozenset({DocumentType.FACTURE}))
SIGNUP = {
    "first_name": "Nora",
    "last_name": "Neuve",
    "email": NEWCOMER,
    "password1": "Un-secret-assez-long-7",
    "password2": "Un-secret-assez-long-7",
}

pytestmark = pytest.mark.usefixtures("no_rate_limit")


def sent(world: World, email: str = NEWCOMER, offer: Offer = INVOICES, **where: Any) -> str:
    """The link of an invitation by the administrator of Lille."""
    actor = where.get("actor", world.personas["administrator"])
    places = where.get("places", [world.lille])
    assert invite(emails=[email], establishments=places, offer=offer, actor=actor).sent == [email]
    return link_in(mail.outbox[-1])


def test_a_newcomer_signs_up_verified_and_enters(world: World) -> None:
    browser, link = Client(), sent(world)
    page = browser.get(link, follow=True)
    assert page.redirect_chain == [(PAGE, 302)], "the token leaves the address"
    assert "Créer mon compte" in page.text
    signup = browser.get(reverse("account_signup"), {"next": PAGE})
    assert f'value="{NEWCOMER}"' in signup.text
    assert "disabled" in signup.text
    mail.outbox.clear()
    answer = browser.post(reverse("account_signup"), {**SIGNUP, "next": PAGE}, follow=True)
    assert answer.redirect_chain[-1][0] == PAGE
    assert "Accepter l’invitation" in answer.text
    assert not mail.outbox, "the link has proved the address: no other mail asks for it"
    assert EmailAddress.objects.get(email=NEWCOMER).verified
    entered = browser.post(PAGE, follow=True)
    assert "vous avez accès à Armor Lille" in entered.text
    user = User.objects.get(email=NEWCOMER)
    assert user.rights.granted == {world.lille.pk: {DocumentType.FACTURE}}
    access = Access.objects.get(user=user)
    assert access.granted_by == world.personas["administrator"]
    assert AccessEvent.objects.filter(event="invitation_accepted", actor=user, subject_email=NEWCOMER).exists()


def test_the_link_signs_up_no_other_address(world: World) -> None:
    browser = Client()
    browser.get(sent(world), follow=True)
    forged = {**SIGNUP, "email": "patron@armor.example"}
    browser.post(reverse("account_signup"), {**forged, "next": PAGE}, follow=True)
    assert User.objects.get(email=NEWCOMER).rights.email == NEWCOMER
    assert not EmailAddress.objects.filter(email="patron@armor.example").exists()


def test_a_visitor_without_the_link_proves_nothing(world: World) -> None:
    sent(world)
    browser = Client()
    browser.post(reverse("account_signup"), SIGNUP)
    assert User.objects.get(email=NEWCOMER).rights.email is None


def test_someone_with_an_account_logs_in_and_accepts(world: World) -> None:
    user = make_user(NEWCOMER)
    browser, link = Client(), sent(world)
    page = browser.get(link, follow=True)
    assert "connectez-vous pour accepter" in page.text
    answer = browser.post(reverse("account_login"), {"login": NEWCOMER, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == PAGE, "the login comes back to the invitation"
    browser.post(PAGE)
    assert world.lille.pk in User.objects.rights_of(user.pk).granted
    assert browser.get(reverse("dashboard")).status_code == 200


@pytest.mark.parametrize("verified", [True, False])
def test_it_is_bound_to_its_address_verified(verified: bool, world: World, client_for: ClientFor) -> None:
    user = make_user("autre-personne@armor.example" if verified else NEWCOMER, verified=verified)
    browser, link = client_for(user), sent(world)
    page = browser.get(link, follow=True)
    assert "l’invitation est pour" in page.text
    assert "Accepter" not in page.text
    browser.post(PAGE)
    assert not Access.objects.filter(user=user).exists()
    with pytest.raises(PermissionDenied):
        accept(invitation=Invitation.objects.get(), user=user)
    switched = browser.post(PAGE, {"changer": "1"}, follow=True)
    assert "_auth_user_id" not in browser.session
    assert "Votre invitation" in switched.text


def test_it_serves_once(world: World, client_for: ClientFor) -> None:
    link = sent(world)
    browser = client_for(make_user(NEWCOMER))
    browser.get(link)
    browser.post(PAGE)
    page = browser.get(link, follow=True)
    assert page.status_code == 410
    assert "a déjà servi" in page.text
    Access.objects.all().delete()
    browser.get(link)
    browser.post(PAGE)
    assert not Access.objects.exists()


def spoil(world: World, how: str) -> None:
    row, boss = Invitation.objects.get(), world.personas["administrator"]
    now = timezone.now()
    match how:
        case "expired":
            Invitation.objects.update(invited_at=now - timedelta(days=15), expires_at=now - timedelta(days=1))
        case "revoked":
            revoke(invitation=row, actor=world.personas["member_of_two"])
        case "demoted":
            Access.objects.filter(user=boss).update(role=Role.STANDARD)
        case "removed":
            remove_access(access=Access.objects.get(user=boss), actor=world.personas["member_of_two"])
        case "ended":
            Access.objects.filter(user=boss).update(granted_at=now - timedelta(days=9), ends_at=now)
        case "inactive":
            User.objects.filter(pk=boss.pk).update(is_active=False)
        case "unverified":
            EmailAddress.objects.filter(user=boss).update(verified=False)
        case "delegation over":
            Invitation.objects.update(access_ends_at=now)


SPOILT = ["expired", "revoked", "demoted", "removed", "ended", "inactive", "delegation over"]


@pytest.mark.parametrize("how", SPOILT)
def test_a_link_that_no_longer_works_says_what_to_do(how: str, world: World) -> None:
    link = sent(world)
    spoil(world, how)
    page = Client().get(link, follow=True)
    assert page.status_code == 410
    assert "emande" in page.text, "Demandez…"


@pytest.mark.parametrize("how", SPOILT)
def test_it_is_read_again_when_it_is_accepted(how: str, world: World, client_for: ClientFor) -> None:
    """The page was open, with its button, when the invitation stopped being meant."""
    user, link = make_user(NEWCOMER), sent(world)
    browser = client_for(user)
    assert "Accepter l’invitation" in browser.get(link, follow=True).text
    invitation = Invitation.objects.get()
    spoil(world, how)
    assert browser.post(PAGE, follow=True).status_code == 410
    assert accept(invitation=invitation, user=user) == []
    assert not Access.objects.filter(user=user).exists()
    assert not Invitation.objects.filter(accepted_at__isnull=False).exists()


@pytest.mark.parametrize("token", ["nonsense", "%00", "a" * 500, "..%2f"])
def test_nonsense_is_no_invitation(token: str, world: World) -> None:
    page = Client().get(f"/invitation/{token}/", follow=True)
    assert page.status_code == 404


def test_looking_accepts_nothing(world: World, client_for: ClientFor) -> None:
    """Programs that look into mails open every link."""
    browser, link = client_for(make_user(NEWCOMER)), sent(world)
    for _ in range(3):
        browser.get(link, follow=True)
    assert Invitation.objects.pending().exists()
    assert not Access.objects.filter(user__email=NEWCOMER).exists()


def test_the_hash_in_the_table_opens_nothing(world: World) -> None:
    sent(world)
    stored = Invitation.objects.get().token_hash
    assert Client().get(reverse("invitation_open", args=[stored]), follow=True).status_code == 404
    assert hash_of(stored) != stored


def test_one_link_opens_all_that_waits_for_the_address(world: World, client_for: ClientFor) -> None:
    neighbour = world.personas["neighbour"]
    link = sent(world)
    sent(world, actor=neighbour, places=world.brume.establishments)
    user = make_user(NEWCOMER)
    page = client_for(user).get(link, follow=True)
    assert "Armor Lille" in page.text
    assert "Brume Lyon" in page.text
    places = accept(invitation=Invitation.objects.get(establishment=world.lille), user=user)
    assert {place.name for place in places} == {"Armor Lille", "Brume Lyon"}


def test_a_stranger_to_the_mailbox_is_not_told_what_else_waits(world: World) -> None:
    link = sent(world)
    sent(world, actor=world.personas["neighbour"], places=world.brume.establishments)
    assert "Brume" not in Client().get(link, follow=True).text


@pytest.mark.parametrize("role", Role)
def test_inviting_an_administrator_lower_changes_nothing(role: Role, world: World) -> None:
    """Rule 4, by the road of an invitation: the address was invited before its owner became an administrator."""
    sent(world, offer=Offer(role, ends_at=timezone.now() + timedelta(days=2)))
    user = make_user(NEWCOMER)
    give_access(user, world.lille, Role.ADMINISTRATOR)
    assert accept(invitation=Invitation.objects.get(), user=user)
    access = Access.objects.get(user=user)
    assert (access.role, access.ends_at) == (Role.ADMINISTRATOR, None)


def test_inviting_oneself_under_another_address_lowers_nobody(world: World) -> None:
    boss = world.personas["administrator"]
    sent(world, email="moi@armor.example")
    EmailAddress.objects.filter(user=boss).update(email="moi@armor.example")
    User.objects.filter(pk=boss.pk).update(email="moi@armor.example")
    boss.refresh_from_db()
    accept(invitation=Invitation.objects.get(), user=boss)
    assert world.lille.pk in User.objects.rights_of(boss.pk).administered


def test_it_gives_what_was_offered_and_never_more(world: World) -> None:
    """A standard access that someone gave meanwhile becomes what was offered: nothing is added up."""
    end = timezone.now() + timedelta(days=3)
    sent(world, offer=Offer(Role.STANDARD, frozenset({DocumentType.CONVOCATION}), ends_at=end))
    user = make_user(NEWCOMER)
    give_access(user, world.lille, Role.STANDARD, [DocumentType.FACTURE])
    accept(invitation=Invitation.objects.get(), user=user)
    access = Access.objects.get(user=user)
    assert types_ticked(access) == {DocumentType.CONVOCATION}
    assert access.ends_at == end


def test_an_access_that_ended_is_given_anew(world: World) -> None:
    user, now = make_user(NEWCOMER), timezone.now()
    old = give_access(
        user, world.lille, Role.ADMINISTRATOR, granted_at=now - timedelta(days=9), ends_at=now - timedelta(days=1)
    )
    sent(world)
    accept(invitation=Invitation.objects.get(), user=user)
    access = Access.objects.get(user=user)
    assert access.pk != old.pk
    assert access.role == Role.STANDARD
    assert access.granted_at > now


def test_someone_who_was_removed_may_come_back_by_a_new_invitation_only(world: World) -> None:
    leaver = world.personas["ex_member"]
    sent(world, email=leaver.email)
    accept(invitation=Invitation.objects.get(), user=leaver)
    assert not RemovedAccess.objects.filter(user=leaver).exists()
    waiting = Invitation.objects.create(
        email=leaver.email,
        establishment=world.lille,
        role=Role.ADMINISTRATOR,
        token_hash="1" * 64,
        invited_by=world.personas["administrator"],
        expires_at=timezone.now() + timedelta(days=3),
    )
    remove_access(access=Access.objects.get(user=leaver), actor=world.personas["administrator"])
    assert accept(invitation=waiting, user=leaver) == []
    assert not User.objects.rights_of(leaver.pk).establishments


def test_the_end_of_a_delegation_comes_with_it(world: World) -> None:
    end = timezone.now() + timedelta(days=3)
    sent(world, offer=Offer(Role.ADMINISTRATOR, ends_at=end))
    user = make_user(NEWCOMER)
    accept(invitation=Invitation.objects.get(), user=user)
    assert Access.objects.get(user=user).ends_at == end
    assert world.lille.pk in User.objects.rights_of(user.pk).administered


@pytest.mark.parametrize("role", Role)
def test_changing_ones_address_is_no_road_to_lose_ones_own_right(role: Role, world: World) -> None:
    """Rule 4, by the road of the login address, which becomes one that was invited at a lower level."""
    boss = world.personas["administrator"]
    link = sent(world, email="moi@armor.example", offer=Offer(role, ends_at=timezone.now() + timedelta(days=2)))
    browser, others = Client(), Client()
    for one in (browser, others):
        one.post(reverse("account_login"), {"login": boss.email, "password": PASSWORD})

    def administers() -> bool:
        access = Access.objects.get(user=boss)
        return (access.role, access.ends_at) == (Role.ADMINISTRATOR, None) and (
            world.lille.pk in User.objects.rights_of(boss.pk).administered
        )

    asked = browser.post(reverse("account_email"), {"email": "moi@armor.example", "action_add": ""})
    browser.post(asked["Location"], {"password": PASSWORD})
    assert administers(), "while the new address waits"
    confirmation = next(one for one in mail.outbox if "/confirmer-mon-adresse/" in str(one.body))
    assert confirmation.to == ["moi@armor.example"]
    browser.post(link_to_confirm(confirmation))
    assert User.objects.get(pk=boss.pk).email == "moi@armor.example"
    assert administers(), "once it is confirmed"
    assert browser.get(reverse("access_list")).status_code == 200
    assert others.get(reverse("access_list")).status_code == 302, "the other sessions end, the right does not"
    assert "Accepter l’invitation" in browser.get(link, follow=True).text
    browser.post(PAGE, follow=True)
    assert administers(), "once the invitation is accepted"
    own = Access.objects.get(user=boss)
    for route in ("access_change", "access_remove"):
        url = reverse(route, args=[own.pk]) + "?confirme=1"
        assert browser.post(url, {"role": "standard", "preset": "tout"}).status_code == 403
    assert administers()


def test_an_administrator_right_is_not_taken_up_beyond_the_inviters_own(world: World, client_for: ClientFor) -> None:
    """The inviter's right was given an end after they had offered one without: the rest of the offer stands."""
    boss, user = make_user("passage@armor.example"), make_user(NEWCOMER)
    for place in world.armor.establishments:
        give_access(boss, place, Role.ADMINISTRATOR)
    sent(world, offer=Offer(Role.ADMINISTRATOR), actor=boss, places=[world.lille])
    link = sent(world, actor=boss, places=[world.nice])
    Access.objects.filter(user=boss).update(ends_at=timezone.now() + timedelta(days=5))
    browser = client_for(user)
    browser.get(link, follow=True)
    entered = browser.post(PAGE, follow=True)
    assert "vous avez accès à Armor Nice" in entered.text
    assert User.objects.rights_of(user.pk).establishments == {world.nice.pk}
    assert Invitation.objects.get(establishment=world.lille).accepted_at is None
    assert AccessEvent.objects.filter(event="invitation_accepted").count() == 1


def test_a_sign_up_without_a_way_back_ends_at_the_invitation_all_the_same(world: World) -> None:
    browser = Client()
    browser.get(sent(world), follow=True)
    assert browser.post(reverse("account_signup"), SIGNUP)["Location"] == PAGE
