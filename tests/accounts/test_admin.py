"""What staff do with accounts, and what the management site does not let them do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.forms import inlineformset_factory
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.admin.people_forms import PasswordLinkForm
from accounts.admin.security import SessionFormSet
from accounts.models import NotificationChoices, User
from accounts.services import open_account
from tests.admin_rows import change, unchanged
from tests.conftest import ClientFor
from tests.worlds import World, make_user

USERS = reverse("admin:accounts_user_changelist")


@pytest.fixture
def staff(world: World, client_for: ClientFor) -> Client:
    return client_for(world.personas["staff"])


@pytest.fixture
def clerk(world: World) -> User:
    """A member of the team with rights on people and accesses, who is no superuser."""
    user = make_user("commis@ib.example", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return user


def user_form(user: User, **fields: Any) -> dict[str, Any]:
    """What the page of a person posts."""
    inlines = unchanged("accesses", "emailaddress_set", "authenticator_set", "usersession_set", "notification_choices")
    return {"civility": "", "first_name": user.first_name, "last_name": user.last_name, **inlines, **fields}


def test_an_account_is_opened_with_an_address_and_no_password(staff: Client) -> None:
    posted = {"email": " Nouvelle.Personne@Armor.Example ", "first_name": "Ana", "last_name": "Roy"}
    answer = staff.post(reverse("admin:accounts_user_add"), posted)
    user = User.objects.get(email="nouvelle.personne@armor.example")
    assert answer.status_code == 302
    assert not user.has_usable_password()
    assert not user.is_staff
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == (user.email, False, True)
    assert User.objects.rights_of(user.pk).email is None


@pytest.mark.parametrize("email", ["administratrice@armor.example", "ADMINISTRATRICE@armor.example", "pas une adresse"])
def test_an_address_in_use_or_malformed_is_refused_in_french(staff: Client, email: str) -> None:
    before = User.objects.count()
    answer = staff.post(reverse("admin:accounts_user_add"), {"email": email})
    assert answer.status_code == 200
    assert "adresse" in str(answer.context["errors"])
    assert User.objects.count() == before


def test_open_account_leaves_nothing_when_it_fails(world: World) -> None:
    taken = world.personas["administrator"]
    EmailAddress.objects.filter(user=taken).delete()
    before = EmailAddress.objects.count()
    with pytest.raises(Exception, match="user_email_unique"):
        open_account(user=User(email=taken.email))
    assert EmailAddress.objects.count() == before


def test_the_link_is_the_mail_of_the_forgotten_password(world: World, staff: Client, client_for: ClientFor) -> None:
    user = world.personas["unverified"]
    answer = staff.post(reverse("admin:accounts_user_password_link", args=[user.pk]), follow=True)
    assert "1 lien envoyé" in answer.text
    [sent] = mail.outbox
    assert sent.to == [user.email]
    client_for(None).post(reverse("account_reset_password"), {"email": user.email})
    assert mail.outbox[1].subject == sent.subject
    link = next(word for word in str(sent.body).split() if "/mot-de-passe-oublie/lien/" in word)
    visitor = Client()
    form = visitor.get(link, follow=True)
    chosen = {"password1": "Phrase-tres-longue-7", "password2": "Phrase-tres-longue-7"}
    visitor.post(form.request["PATH_INFO"], chosen)
    user.refresh_from_db()
    assert user.check_password("Phrase-tres-longue-7")
    assert User.objects.rights_of(user.pk).email == user.email, "whoever opened the mail has proved the address"


def test_links_go_to_every_chosen_account_that_is_active(world: World, staff: Client) -> None:
    gone, here = world.personas["ex_member"], world.personas["standard"]
    User.objects.filter(pk=gone.pk).update(is_active=False)
    answer = staff.post(USERS, {"action": "send_password_links", "_selected_action": [gone.pk, here.pk]}, follow=True)
    assert [message.to for message in mail.outbox] == [[here.email]]
    assert "désactivé" in answer.text


def test_when_every_chosen_account_is_inactive_no_link_is_said_to_have_left(world: World, staff: Client) -> None:
    gone = world.personas["ex_member"]
    User.objects.filter(pk=gone.pk).update(is_active=False)
    answer = staff.post(USERS, {"action": "send_password_links", "_selected_action": [gone.pk]}, follow=True)
    assert mail.outbox == []
    assert [str(one) for one in answer.context["messages"]] == [f"{gone} est désactivé\u00a0: aucun lien envoyé."]


def test_an_address_that_is_none_gets_no_link(db: None) -> None:
    with pytest.raises(ValueError, match="adresse"):
        PasswordLinkForm(User(email="personne")).send(RequestFactory().post("/"))
    assert mail.outbox == []


def test_a_link_is_asked_for_by_post_only(world: World, staff: Client) -> None:
    link = reverse("admin:accounts_user_password_link", args=[world.personas["standard"].pk])
    assert staff.get(link).status_code == 405
    assert mail.outbox == []


def test_the_address_and_the_password_are_not_for_staff_to_change(world: World, staff: Client) -> None:
    user = world.personas["standard"]
    hashed = user.password
    page = staff.get(change(user))
    assert hashed not in page.text
    posted = user_form(user, email="voleur@ailleurs.example", password="x", is_active="on", first_name="Zoé")
    assert staff.post(change(user), posted).status_code == 302
    user.refresh_from_db()
    assert (user.email, user.password, user.first_name) == ("comptable@armor.example", hashed, "Zoé")
    assert user.decided_in_portal == ["first_name"]


def test_a_person_shows_what_they_may_enter(world: World, staff: Client) -> None:
    page = staff.get(change(world.personas["member_of_two"])).text
    for access in world.personas["member_of_two"].accesses.all():
        assert change(access) in page


def test_a_person_shows_their_sessions_and_the_mails_that_they_refused(world: World, staff: Client) -> None:
    user = world.personas["standard"]
    NotificationChoices.objects.create(user=user, declined=["documents", "papers"])
    UserSession.objects.create(user=user, ip="192.0.2.77", session_key="x" * 32, user_agent="Navigateur de Zoé")
    page = staff.get(change(user)).text
    for shown in ("Nouveaux documents, Pièces à fournir", "192.0.2.77", "Navigateur de Zoé"):
        assert shown in page


def test_whoever_is_no_superuser_makes_no_team(world: World, clerk: User, client_for: ClientFor) -> None:
    client, group = client_for(clerk), Group.objects.create(name="Tout")
    boss, other = world.personas["staff"], world.personas["standard"]
    rise = {"is_staff": "on", "is_superuser": "on", "groups": [group.pk], "is_active": "on"}
    client.post(change(other), user_form(other, **rise))
    client.post(change(clerk), user_form(clerk, **rise))
    assert client.post(change(boss), user_form(boss, first_name="Pirate")).status_code == 403
    for user in (other, clerk, boss):
        user.refresh_from_db()
    assert not other.is_staff
    assert not clerk.is_superuser
    assert not clerk.groups.exists()
    assert boss.first_name != "Pirate"


def test_nobody_changes_their_own_place_in_the_team(world: World, staff: Client) -> None:
    boss = world.personas["staff"]
    staff.post(change(boss), user_form(boss))
    boss.refresh_from_db()
    assert boss.is_active
    assert boss.is_staff
    assert boss.is_superuser


def test_accounts_are_deactivated_but_never_ones_own(world: World, staff: Client, client_for: ClientFor) -> None:
    boss, leaving = world.personas["staff"], world.personas["administrator"]
    session = client_for(leaving)
    assert session.get(reverse("dashboard")).status_code == 200
    staff.post(USERS, {"action": "deactivate", "_selected_action": [boss.pk, leaving.pk]})
    boss.refresh_from_db()
    leaving.refresh_from_db()
    assert boss.is_active
    assert not leaving.is_active
    assert leaving.decided_in_portal == ["is_active"]
    assert session.get(reverse("dashboard")).status_code == 302, "an open session is out on its next request"


def test_an_account_that_was_used_stays(world: World, staff: Client) -> None:
    used, unused = world.personas["administrator"], make_user("jamais@armor.example")
    User.objects.filter(pk=used.pk).update(last_login=timezone.now())
    assert staff.post(reverse("admin:accounts_user_delete", args=[used.pk]), {"post": "yes"}).status_code == 403
    staff.post(USERS, {"action": "delete_selected", "_selected_action": [used.pk, unused.pk], "post": "yes"})
    assert User.objects.filter(pk__in=[used.pk, unused.pk]).count() == 2
    staff.post(reverse("admin:accounts_user_delete", args=[unused.pk]), {"post": "yes"})
    assert not User.objects.filter(pk=unused.pk).exists()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"verifiee": "non"}, {"autre@armor.example"}),
        ({"is_staff__exact": "1"}, {"equipe@ib.example"}),
        ({"connexion": "ancienne"}, {"comptable@armor.example"}),
        ({"q": "COMPTABLE"}, {"comptable@armor.example"}),
    ],
)
def test_the_questions_about_people(world: World, staff: Client, query: dict[str, str], expected: set[str]) -> None:
    User.objects.filter(email="comptable@armor.example").update(last_login=timezone.now() - timedelta(days=400))
    listed = staff.get(USERS, query).context["cl"].result_list
    assert {user.email for user in listed} == expected


def test_second_factors_show_no_secret_and_are_removed_by_a_superuser_only(
    world: World, staff: Client, clerk: User, client_for: ClientFor
) -> None:
    user = world.personas["standard"]
    factor = Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "SECRET-DU-MOBILE"})
    prefix = "authenticator_set"
    delete: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": 1, f"{prefix}-INITIAL_FORMS": 1, f"{prefix}-0-id": factor.pk}
    delete |= {f"{prefix}-0-user": user.pk, f"{prefix}-0-DELETE": "on"}
    assert "SECRET-DU-MOBILE" not in staff.get(change(user)).text
    client_for(clerk).post(change(user), user_form(user, is_active="on", **delete))
    assert Authenticator.objects.filter(pk=factor.pk).exists()
    staff.post(change(user), user_form(user, is_active="on", **delete))
    assert not Authenticator.objects.filter(pk=factor.pk).exists()


def test_deleting_a_session_logs_that_browser_out(world: World, staff: Client) -> None:
    user, browser = world.personas["standard"], Client()
    browser.force_login(user)
    browser.get(reverse("dashboard"))
    row = UserSession.objects.create(user=user, ip="192.0.2.1", session_key=browser.session.session_key, user_agent="x")
    delete: dict[str, Any] = {
        "usersession_set-TOTAL_FORMS": 1,
        "usersession_set-INITIAL_FORMS": 1,
        "usersession_set-0-id": row.pk,
    }
    delete |= {"usersession_set-0-user": user.pk, "usersession_set-0-DELETE": "on"}
    staff.post(change(user), user_form(user, is_active="on", **delete))
    assert browser.get(reverse("dashboard")).status_code == 302


def test_a_session_ends_when_the_page_is_saved_and_not_before(world: World) -> None:
    user, browser = world.personas["standard"], Client()
    browser.force_login(user)
    browser.get(reverse("dashboard"))
    row = UserSession.objects.create(user=user, ip="192.0.2.1", session_key=browser.session.session_key, user_agent="x")
    made: Any = inlineformset_factory(User, UserSession, formset=SessionFormSet, fields=["ip"])
    posted = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 1, "0-id": row.pk, "0-user": user.pk, "0-ip": row.ip, "0-DELETE": "on"}
    formset = made({f"{made.get_default_prefix()}-{name}": value for name, value in posted.items()}, instance=user)
    formset.save(commit=False)
    assert formset.deleted_objects == [row]
    assert browser.get(reverse("dashboard")).status_code == 200
    formset.save()
    assert browser.get(reverse("dashboard")).status_code == 302
