"""What the team does for people: accounts opened by telephone, lost factors, and rule 4 past which a reason leads."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from accounts.closing import close_account
from accounts.models import Access, AccessEvent, User
from accounts.roles import Role
from accounts.staff_acts import leaves_none, remove_access_as_staff, reset_second_factor, save_access_as_staff
from tests.accounts.test_accounts import link_in, log_in
from tests.accounts.test_admin import user_form
from tests.admin_rows import change
from tests.conftest import ClientFor
from tests.worlds import PASSWORD, World, give_access, make_user

REASON = "Demande de la direction, appel du 23 novembre"
pytestmark = pytest.mark.usefixtures("no_rate_limit")


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


def opened(staff: Client, **fields: Any) -> Any:
    posted = {"email": "Telephone@Armor.example", "first_name": "Ana", "last_name": "Roy", **fields}
    return staff.post(reverse("admin:accounts_user_add"), posted)


def test_an_account_is_opened_with_its_accesses_and_the_link_leaves(world: World, staff: Client) -> None:
    places = [world.lille.pk, world.nice.pk]
    answer = opened(staff, establishments=places, role=Role.STANDARD, document_types=["facture"], send_link="on")
    assert answer.status_code == 302, answer.context["errors"]
    user = User.objects.get(email="telephone@armor.example")
    assert user.rights.granted == {world.lille.pk: {"facture"}, world.nice.pk: {"facture"}}
    assert user.rights.email is None, "not before they have proved the address"
    assert set(user.accesses.values_list("granted_by", flat=True)) == {world.personas["staff"].pk}
    told = AccessEvent.objects.filter(subject_email=user.email).order_by("pk").values_list("event", flat=True)
    assert list(told) == ["account_opened", "given", "given"]
    (sent,) = mail.outbox
    assert sent.to == [user.email]
    assert "vous a ouvert un compte" in str(sent.body)
    assert "Vous avez demandé" not in str(sent.body), "they asked for nothing"
    client = Client()
    url = client.get(link_in(sent), follow=True).redirect_chain[-1][0]
    client.post(url, {"password1": PASSWORD, "password2": PASSWORD})
    browser, _status = log_in(user.email)
    assert browser.get(reverse("order_list")).context["page"].total > 0
    assert User.objects.get(pk=user.pk).rights.email == user.email


def test_the_first_administrator_of_an_establishment_and_no_mail_when_not_asked(world: World, staff: Client) -> None:
    assert opened(staff, establishments=[world.nice.pk], role=Role.ADMINISTRATOR).status_code == 302
    user = User.objects.get(email="telephone@armor.example")
    assert user.rights.administered == {world.nice.pk}
    assert not mail.outbox


def test_bad_input_opens_nothing_and_keeps_what_was_typed(world: World, staff: Client) -> None:
    for fields in (
        {"establishments": [10**9]},
        {"role": "owner"},
        {"document_types": ["pigeons"]},
        {"email": "administratrice@armor.example"},
    ):
        answer = opened(staff, **{"establishments": [world.lille.pk], "send_link": "on", **fields})
        assert answer.status_code == 200
        assert 'value="Roy"' in answer.text
    assert not User.objects.filter(last_name="Roy").exists()
    assert not mail.outbox


# --- Second factors -----------------------------------------------------------------------------------------------


def with_factor(user: User) -> User:
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x"})
    return user


def test_a_lost_second_factor_is_taken_with_a_reason_and_told(world: World, staff: Client) -> None:
    user = with_factor(world.personas["standard"])
    browser = Client()
    browser.force_login(user)
    browser.get(reverse("dashboard"))
    url = reverse("admin:accounts_user_reset_factor", args=[user.pk])
    assert staff.get(url).status_code == 200
    assert staff.post(url, {"reason": ""}).status_code == 200
    assert Authenticator.objects.filter(user=user).exists()
    assert staff.post(url, {"reason": REASON}).status_code == 302
    assert not Authenticator.objects.filter(user=user).exists()
    assert REASON in AccessEvent.objects.get(event="second_factor_reset").sentence
    (sent,) = mail.outbox
    assert sent.to == [user.email]
    assert "/compte/securite/" in str(sent.body)


def test_whoever_may_have_the_lost_telephone_is_logged_out(world: World) -> None:
    user, browser = with_factor(world.personas["standard"]), Client()
    browser.force_login(user)
    browser.get(reverse("dashboard"))
    UserSession.objects.create(user=user, ip="192.0.2.1", session_key=browser.session.session_key, user_agent="x")
    assert reset_second_factor(user=user, actor=world.personas["staff"], reason=REASON) == 1
    assert browser.get(reverse("dashboard")).status_code == 302
    assert not UserSession.objects.filter(user=user).exists()


def test_the_factor_of_a_colleague_or_ones_own_is_a_superusers_or_ones_own_matter(
    world: World, client_for: ClientFor
) -> None:
    clerk = make_user("commis@ib.example", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    boss = with_factor(world.personas["staff"])
    for actor, user in ((clerk, boss), (boss, boss), (world.personas["administrator"], boss)):
        with pytest.raises(PermissionDenied):
            reset_second_factor(user=user, actor=actor, reason=REASON)
        url = reverse("admin:accounts_user_reset_factor", args=[user.pk])
        assert client_for(actor).post(url, {"reason": REASON}).status_code in (302, 403)
    assert Authenticator.objects.filter(user=boss).exists()
    assert reset_second_factor(user=with_factor(world.personas["standard"]), actor=clerk, reason=REASON) == 1


# --- The last administrator ---------------------------------------------------------------------------------------


@pytest.fixture
def last(world: World) -> Access:
    """The only administrator of Lyon."""
    return Access.objects.select_related("establishment", "user").get(user=world.personas["neighbour"])


def test_the_last_administrator_goes_with_a_reason_only(world: World, last: Access) -> None:
    boss = world.personas["staff"]
    assert leaves_none(last)
    assert leaves_none(last, role=Role.STANDARD)
    assert not leaves_none(last, role=Role.ADMINISTRATOR)
    with pytest.raises(ValidationError, match="Brume Lyon n’aurait plus"):
        remove_access_as_staff(access=last, actor=boss)
    last.role = Role.STANDARD
    with pytest.raises(ValidationError):
        save_access_as_staff(access=last, types=[], actor=boss)
    assert Access.objects.get(pk=last.pk).role == Role.ADMINISTRATOR
    assert remove_access_as_staff(access=last, actor=boss, reason=REASON)
    line = AccessEvent.objects.filter(event="removed").latest("pk")
    assert (line.actor, line.details["reason"]) == (boss, REASON)


def test_the_pages_ask_for_the_reason(world: World, staff: Client, last: Access) -> None:
    assert staff.post(reverse("admin:accounts_access_delete", args=[last.pk]), {"post": "yes"}).status_code == 403
    refused = staff.post(change(last), {"role": Role.STANDARD})
    assert refused.status_code == 200
    assert "dites pourquoi" in refused.text
    url = reverse("admin:accounts_access_remove_last", args=[last.pk])
    assert url in staff.get(change(last)).text
    assert "Plus personne" in staff.get(url).text
    assert staff.post(change(last), {"role": Role.STANDARD, "reason": REASON}).status_code == 302
    assert REASON in AccessEvent.objects.filter(event="changed").latest("pk").sentence
    Access.objects.filter(pk=last.pk).update(role=Role.ADMINISTRATOR)
    assert staff.post(url, {"reason": REASON}).status_code == 302
    assert not Access.objects.filter(pk=last.pk).exists()


def test_two_chosen_together_leave_one(world: World, staff: Client, last: Access) -> None:
    """Each alone may go; both together would leave nobody."""
    other = give_access(make_user("second@brume.example"), last.establishment, Role.ADMINISTRATOR)
    posted = {"action": "delete_selected", "_selected_action": [last.pk, other.pk], "post": "yes"}
    answer = staff.post(reverse("admin:accounts_access_changelist"), posted, follow=True)
    assert "n’aurait plus d’administrateur permanent" in answer.text
    assert Access.objects.filter(establishment=last.establishment, role=Role.ADMINISTRATOR).count() == 1


# --- Closing and reopening ----------------------------------------------------------------------------------------


def test_a_closed_account_is_reopened_and_its_owner_proves_the_address_anew(world: World, staff: Client) -> None:
    user = world.personas["responsable"]
    close_account(user=user)
    user.refresh_from_db()
    assert staff.post(change(user), user_form(user, is_active="on")).status_code == 302
    user = User.objects.get(pk=user.pk)
    assert user.is_active
    assert user.closed_at is None
    assert user.rights.email is None
    staff.post(change(user), user_form(user))
    told = AccessEvent.objects.filter(subject_email=user.email).order_by("pk").values_list("event", flat=True)
    assert list(told)[-3:] == ["account_closed", "account_reactivated", "account_deactivated"]
